"""The one error of the lab: a sentence for a person, who can act on it."""

from __future__ import annotations


class LabError(Exception):
    """The lab could not do what was asked; the message says what, what was expected and what to do."""
