"""The cache folder of built weights: where it is, what is in it, and who may write it."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from verifier.lab.errors import LabError
from verifier.lab.recipes import RECIPES, key

VARIABLE = "ASSAY_LAB_CACHE"

_PARTIAL = ".part"
_STALE_SECONDS = 7 * 24 * 3600


def folder() -> Path:
    """The cache folder, made if needed: $ASSAY_LAB_CACHE or ~/.cache/assay-lab."""
    path = Path(os.environ.get(VARIABLE) or Path.home() / ".cache" / "assay-lab").expanduser()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(
            f"the lab cannot keep its weights in {path} ({error.strerror}); set {VARIABLE} to a folder "
            "this user may write, with 16 GB free"
        ) from error
    return path


def path_of(recipe: str) -> Path:
    """Where the weights of a recipe lie, built or not."""
    return folder() / f"{key(RECIPES[recipe])}.gguf"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of one weights file: a second build of the same file waits here, in any process."""
    with open(path.with_suffix(".lock"), "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        for left in path.parent.glob(f".{path.stem}-*{_PARTIAL}"):  # of a build that was killed
            left.unlink(missing_ok=True)
        yield


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file that becomes `path` in one step when the block succeeds, else vanishes."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=_PARTIAL, dir=path.parent)
    os.close(descriptor)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def touch(path: Path) -> None:
    """Note that a weights file is in use (as far as this user may)."""
    with suppress(OSError):
        os.utime(path)


def forget_stale() -> None:
    """Remove weights that no recipe of this version names and nobody used for a week."""
    current = {key(recipe) for recipe in RECIPES.values()}
    oldest = time.time() - _STALE_SECONDS
    for path in folder().glob("*.gguf"):
        with suppress(OSError):  # another build may be tidying up too
            if path.stem not in current and path.stat().st_mtime < oldest:
                path.unlink()
                path.with_suffix(".lock").unlink()
