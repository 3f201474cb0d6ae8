"""`make fuzz-guided`: atheris grows inputs by which lines of the parsers they reach.

Beside `make fuzz`, whose inputs know what answers look like, these know only what they found out. They begin
with the answers of tests/fuzz/inputs.py; what breaks a parser is kept in a file that is named at the end. The
first argument is an empty folder to grow them in, the others are libFuzzer's (ARGS="-runs=5000000").
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["verifier.client"]):
    from tests.fuzz.targets import given_bytes

from tests.fuzz.inputs import EVENTS, WHOLE

RUNS, LONGEST = 250_000, 4096


def begin_with(folder: Path) -> None:
    """One file for each answer and for a whole stream, for every parser and two ways to cut."""
    stream = b"".join(b"data: " + json.dumps(one).encode() + b"\n\n" for one in EVENTS) + b"data: [DONE]\n\n"
    bodies = {f"answer{number}": json.dumps(one).encode() for number, one in enumerate(WHOLE)}
    for name, body in bodies.items():
        for way in range(2):
            (folder / f"{name}.{way}").write_bytes(bytes([way]) + body)
    for way in (4, 5, 252, 253):
        (folder / f"stream.{way}").write_bytes(bytes([way]) + stream)


def main() -> None:
    """libFuzzer ends the process: status 0 after so many inputs, another one at the first that breaks."""
    folder = Path(sys.argv[1])
    begin_with(folder)
    kept = f"-artifact_prefix={tempfile.gettempdir()}/assay-"
    given = [f"-runs={RUNS}", f"-max_len={LONGEST}", kept, *sys.argv[2:]]
    atheris.Setup([sys.argv[0], *given, str(folder)], given_bytes)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
