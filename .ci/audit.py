"""What `make audit` says of pip-audit's report: `audit.py REPORT LOCK`.

Exit status 0: everything that the lock pins was looked up, and nothing is known against it. 1: something is,
and is named. 2: nobody could be asked. pip-audit itself is content when it finds no package at all, as where
the package index is a mirror without advisories.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

EXPLAINED = """\
Not audited: {why}.
The advisories come from the JSON service of pypi.org, which this machine does not reach or its package index
does not offer. Run `make audit` where it does; until then nothing is known about {what}."""


def main(report: Path, lock: Path) -> int:
    """Print what is known; the exit status."""
    pinned = dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", lock.read_text("utf-8"), re.MULTILINE))
    found = _found(report)
    if found is None:
        print(EXPLAINED.format(why="pip-audit ended without a report", what=lock.name), file=sys.stderr)
        return 2
    known = [(name, one) for name, one in found.items() if one.get("vulns")]
    for name, one in sorted(known):
        for flaw in one["vulns"]:
            mended = ", ".join(flaw.get("fix_versions", ())) or "no version yet"
            print(f"{name} {one['version']}: {flaw['id']}, mended in {mended}")
    missing = sorted(name for name in pinned if "vulns" not in found.get(name, {}))
    if missing:
        why = f"{len(missing)} of {len(pinned)} packages were not found ({', '.join(missing[:5])}, ...)"
        print(EXPLAINED.format(why=why, what="these"), file=sys.stderr)
    if not known and not missing:
        print(f"Nothing is known against the {len(pinned)} packages of {lock.name}.")
    return 1 if known else 2 if missing else 0


def _found(report: Path) -> dict[str, dict[str, Any]] | None:
    """What was told of each package, by its name; None without a report."""
    try:
        return {one["name"]: one for one in json.loads(report.read_text("utf-8"))["dependencies"]}
    except (OSError, ValueError, KeyError):
        return None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
