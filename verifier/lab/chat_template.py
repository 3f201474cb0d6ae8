"""The model's own chat template, as its file carries it."""

from __future__ import annotations

from verifier.lab import source
from verifier.lab.gguf_file import ModelFile

_FIELD = "tokenizer.chat_template"


def chat_template() -> str:
    """The Jinja source. Raises LabError when the model's file is not installed."""
    return str(ModelFile(source.find()).fields[_FIELD].value)
