"""What verifier tells those who listen. It knows none of them."""

from __future__ import annotations

from django.dispatch import Signal

run_ended = Signal()
"""A run is complete, failed or cancelled, and that is committed. Sent with `run_id` (a UUID) and `state`.

It is sent again when a listener raised or the worker died in between, so listeners must do the same thing
twice without harm.
"""
