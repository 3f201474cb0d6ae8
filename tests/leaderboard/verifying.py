"""What `manage.py verify_log` says."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command


def verified(*arguments: str) -> str:
    """What `verify_log` prints when all is well."""
    out = io.StringIO()
    call_command("verify_log", *arguments, stdout=out)
    return out.getvalue()


def differences(*arguments: str) -> str:
    """What it complains of; it must complain, and end with a failure."""
    err = io.StringIO()
    with pytest.raises(CommandError, match="differences: what is published"):
        call_command("verify_log", *arguments, stdout=io.StringIO(), stderr=err)
    return err.getvalue()
