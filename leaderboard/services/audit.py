"""The audit log: every act that changes a published fact, written with the change itself.

Who acts is known from the request (leaderboard.middleware) or said with `acting`; nobody means the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import models

from leaderboard.models import AuditEvent, Organisation

SERVER, OPERATOR = "server", "operator"

_actor: ContextVar[Callable[[], Any] | None] = ContextVar("assay_actor", default=None)


@contextmanager
def acting(who: Callable[[], AbstractBaseUser | None]) -> Iterator[None]:
    """Whatever is recorded within was done by `who()`, which is asked only when something is recorded."""
    token = _actor.set(who)
    try:
        yield
    finally:
        _actor.reset(token)


def actor() -> User | None:
    """The person who acts now; None for the server."""
    ask = _actor.get()
    found = None if ask is None else ask()
    return found if isinstance(found, User) and found.is_authenticated else None


def record(
    action: str,
    subject: models.Model,
    *,
    organisation: Organisation | None = None,
    by: User | None = None,
    details: Mapping[str, Any] | None = None,
) -> AuditEvent:
    """Write one event, in the transaction of the change. `details` is JSON and never holds a key.

    `by`: who did it, where that is known better than from the request.
    """
    by = by or actor()
    return AuditEvent.objects.create(
        actor=by,
        acted_as=_acted_as(by, organisation),
        organisation=organisation,
        action=action,
        subject_kind=str(subject._meta.model_name),
        subject_id=str(subject.pk),
        details=dict(details or {}),
    )


def _acted_as(by: User | None, organisation: Organisation | None) -> str:
    if organisation is not None and by is not None:
        return organisation.name
    if by is not None and by.is_staff:
        return OPERATOR
    return SERVER if by is None else "an account"
