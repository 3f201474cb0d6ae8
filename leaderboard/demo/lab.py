"""The demo's lab: `python -m leaderboard.demo.lab NAME=PORT …` serves these deployments until it is stopped.

Prints one JSON line as each weights file is built, `{"built", "done", "total"}`, and one as each deployment
answers, `{"ready"}`.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Mapping, Sequence

from verifier.lab.build import Built
from verifier.lab.errors import LabError
from verifier.lab.serve import Served, serving


def serve(ports: Mapping[str, int]) -> None:
    """Serve until SIGTERM. Raises LabError."""
    with serving(ports, ports=ports, on_built=_tell_built, on_ready=_tell_ready):
        signal.pause()


def _tell_built(built: Built) -> None:
    _tell({"built": built.recipe, "done": built.done, "total": built.total})


def _tell_ready(served: Served) -> None:
    _tell({"ready": served.deployment.name})


def _tell(line: Mapping[str, object]) -> None:
    print(json.dumps(line), flush=True)


def main(arguments: Sequence[str]) -> int:
    """Exit status 0 when stopped, 1 with a line on stderr when the lab could not be served."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve({name: int(port) for name, port in (argument.split("=") for argument in arguments)})
    except KeyboardInterrupt:
        return 0
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
