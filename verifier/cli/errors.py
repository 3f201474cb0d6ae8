"""How a command says that it could not do its work."""

from __future__ import annotations

NOT_MEASURED = 3
"""Exit status: unreachable, refused, or arguments that make no sense."""


class CommandError(Exception):
    """One clear line for stderr: what went wrong, what was expected, what to do."""
