"""The one exception inside the client: a send that gave no usable answer, with its typed fault."""

from __future__ import annotations

from verifier.checks.base import ErrorShape, Fault


class Failure(Exception):
    """A send without a usable answer.

    `detail` is one plain sentence, not yet redacted. `http_status` and `error_shape` are set where they
    came. `transient` failures may be tried again; `retry_after` is the wait the server asked for, in seconds.
    `stale` marks a kept-alive connection that broke before it answered, which says nothing about the
    endpoint.
    """

    def __init__(
        self,
        fault: Fault,
        detail: str,
        *,
        transient: bool = False,
        retry_after: float | None = None,
        stale: bool = False,
    ) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail
        self.http_status: int | None = None
        self.error_shape: ErrorShape | None = None
        self.transient = transient
        self.retry_after = retry_after
        self.stale = stale


def malformed(detail: str) -> Failure:
    """A failure for an answer that breaks the API's shape."""
    return Failure(Fault.MALFORMED, detail)
