"""Versioned prompt sets, kept as data files beside their loader."""

from verifier.suites.loader import Prompt, Suite, SuiteError, load, names

__all__ = ["Prompt", "Suite", "SuiteError", "load", "names"]
