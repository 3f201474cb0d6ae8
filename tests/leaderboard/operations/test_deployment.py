"""What the guide and its examples say is so: what they name exists, and units start what they should."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands

from leaderboard.variables import VARIABLES

ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / "leaderboard" / "operations"
GUIDE = (FOLDER / "deployment.md").read_text("utf-8")
NGINX = (FOLDER / "nginx.conf").read_text("utf-8")
UNITS = sorted((FOLDER / "systemd").iterdir())
PROCESSES = ("web", "worker", "beat")
BIN = "/srv/assay/.venv/bin/"
SECTIONS = {"Unit", "Service", "Install", "Timer"}


def unit(name: str) -> dict[str, list[str]]:
    """The values of each key, in order. Fails on a line that systemd would not take."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in (FOLDER / "systemd" / name).read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            section = line.strip("[]")
            assert section in SECTIONS, line
            continue
        match = re.fullmatch(r"([A-Z][A-Za-z]+)=(\S.*)", line)
        assert match, line
        assert section, line
        found.setdefault(match[1], []).append(match[2])
    return found


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    return dict(line.split(": ", 1) for line in lines)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_unit_starts_what_the_procfile_does(name: str) -> None:
    found, line = unit(f"assay-{name}.service"), procfile()[name]
    assert found["ExecStart"] == [BIN + re.sub(r"\$\{(\w+):-[^}]*\}", r"${\1}", line)]
    given = dict(pair.split("=", 1) for pair in " ".join(found["Environment"]).split())
    assert given["DEBUG"] == "false"
    for variable, default in re.findall(r"\$\{(\w+):-([^}]*)\}", line):
        assert given[variable] == default
    assert set(given) - {"PATH"} <= set(VARIABLES)


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_well_formed_and_run_as_nobody_else(path: Path) -> None:
    found = unit(path.name)
    if path.suffix == ".service":
        assert found["User"] == ["assay"]
        assert found["WorkingDirectory"] == ["/srv/assay"]
        assert found["EnvironmentFile"] == ["/etc/assay/environment"]
        assert found["NoNewPrivileges"] == ["true"]
        assert found["ProtectSystem"] == ["strict"]
    else:
        assert (FOLDER / "systemd" / path.name).with_suffix(".service").exists()


@pytest.mark.parametrize("name", ["backup.sh", "restore.sh"])
def test_scripts_are_what_a_plain_shell_reads(name: str) -> None:
    done = subprocess.run(["sh", "-n", str(FOLDER / name)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_proxy_tells_what_the_application_reads() -> None:
    plain = re.sub(r"#.*", "", NGINX)
    assert plain.count("{") == plain.count("}")
    for statement in re.split(r"[;{}]", plain):
        assert "\n" not in statement.strip(), f"a semicolon is missing: {statement}"
    passed = re.findall(r"location [^{]*\{[^}]*\}", plain)
    assert len(passed) == 2
    for location in passed:
        assert "proxy_set_header Host $host;" in location
        assert "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;" in location
        assert "proxy_set_header X-Forwarded-Proto $scheme;" in location
    assert "proxy_set_header X-Request-ID $request_id;" in passed[0]


def test_every_command_that_the_guide_names_exists() -> None:
    commands = set(re.findall(r"manage\.py (\w+)", GUIDE))
    assert commands >= {"migrate", "verify_log", "rotate_keys", "rotate_signing_key", "retire_pool"}
    assert commands <= set(get_commands())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", GUIDE)) <= targets


def test_every_variable_that_the_guide_names_exists() -> None:
    named = set(re.findall(r"^\s*([A-Z][A-Z_]+)=", GUIDE, re.MULTILINE))
    named |= set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", GUIDE))
    assert len(named) > 10
    assert named <= set(VARIABLES)


def test_every_file_that_the_guide_links_exists() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", GUIDE)
    assert len(links) > 7
    assert not [link for link in links if not (FOLDER / link).exists()]
    assert not [
        path for path in re.findall(r"leaderboard/operations/[\w.]+", GUIDE) if not (ROOT / path).exists()
    ]
    for name in re.findall(r"(assay-\w+\.(?:timer|service))", GUIDE):
        assert (FOLDER / "systemd" / name).exists()
