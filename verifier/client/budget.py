"""What a run may spend, and what it has spent."""

from __future__ import annotations

from threading import Lock


class BudgetExceeded(Exception):
    """The next request would go beyond what the run may spend."""


class Budget:
    """Counts sends and tokens; safe to share between threads and tasks.

    `max_requests` bounds sends, retries included. `max_tokens` bounds prompt and completion tokens
    together: no request is sent once it is reached, so requests already in flight may go beyond it.
    None means no bound.
    """

    def __init__(self, max_requests: int | None = None, max_tokens: int | None = None) -> None:
        self.max_requests = max_requests
        self.max_tokens = max_tokens
        self._lock = Lock()
        self._requests = 0
        self._prompt_tokens = 0
        self._completion_tokens = 0

    @property
    def requests(self) -> int:
        return self._requests

    @property
    def prompt_tokens(self) -> int:
        return self._prompt_tokens

    @property
    def completion_tokens(self) -> int:
        return self._completion_tokens

    def spend_request(self) -> None:
        """Count one send, before it is made.

        Raises:
            BudgetExceeded: nothing is left; the send must not be made and is not counted.
        """
        with self._lock:
            if self.max_requests is not None and self._requests >= self.max_requests:
                raise BudgetExceeded(f"The budget of {self.max_requests} requests is spent.")
            tokens = self._prompt_tokens + self._completion_tokens
            if self.max_tokens is not None and tokens >= self.max_tokens:
                raise BudgetExceeded(f"The budget of {self.max_tokens} tokens is spent ({tokens} used).")
            self._requests += 1

    def spend_tokens(self, *, prompt: int, completion: int) -> None:
        """Book the tokens of an answer that has arrived."""
        with self._lock:
            self._prompt_tokens += prompt
            self._completion_tokens += completion

    def __repr__(self) -> str:
        return (
            f"Budget(requests={self._requests}, prompt_tokens={self._prompt_tokens}, "
            f"completion_tokens={self._completion_tokens})"
        )
