"""A model's own chat template, rendered as its makers' tokenizer renders it.

Chat templates are Jinja (the dialect of `transformers`' `apply_chat_template`). They come from outside, so
they run in Jinja's immutable sandbox, and what they make is used as a prompt only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

_BROKEN = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What reading or rendering a template may raise: it holds expressions, and Jinja compiles it to Python."""


class TemplateFault(ValueError):
    """The template cannot be read or rendered; the message says why."""


class ChatTemplate:
    """A compiled template. Raises TemplateFault for a source that is no template."""

    def __init__(self, source: str, *, bos_token: str = "", eos_token: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.filters["tojson"] = _tojson
        environment.globals["raise_exception"] = _refuse
        try:
            self._template = environment.from_string(source)
        except _BROKEN as error:
            raise TemplateFault(f"the chat template cannot be read: {error}") from error
        self._tokens = {"bos_token": bos_token, "eos_token": eos_token}

    def render(self, messages: Sequence[Mapping[str, str]]) -> str:
        """The text of the messages up to where the answer begins. Raises TemplateFault."""
        try:
            return self._template.render(
                messages=[dict(message) for message in messages], add_generation_prompt=True, **self._tokens
            )
        except _BROKEN as error:
            raise TemplateFault(f"the chat template does not take these messages: {error}") from error


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """As `transformers` has it: plain JSON, not Jinja's HTML-safe one."""
    return json.dumps(
        value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
    )


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)
