"""Evidence bundles: one run's settings and every observation, as gzipped JSON lines.

Written as the answers come, so that an interrupted run keeps what it saw. `recheck` needs nothing else
but the baseline.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from verifier.checks.base import Observation, Probe
from verifier.checks.session import Settings
from verifier.evidence.codec import observation_from_json, observation_to_json, probe_to_json

FORMAT = 1
MAX_LINE = 8 * 2**20


class BundleError(Exception):
    """The bundle cannot be written or read; the message says why."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a run was asked to do: enough, with the observations, to judge it again."""

    settings: Settings
    endpoint: Mapping[str, str]
    baseline: str

    def to_json(self) -> dict[str, Any]:
        return {
            "assay_bundle": FORMAT,
            "settings": asdict(self.settings),
            "endpoint": dict(self.endpoint),
            "baseline": self.baseline,
        }


class BundleStore:
    """A store for `runner.drive` that keeps observations in memory and, given a path, in a bundle."""

    def __init__(self, header: Header, path: Path | None) -> None:
        self.observations: dict[str, Observation] = {}
        self._file = None
        if path is not None:
            try:
                self._file = gzip.open(path, "wt", encoding="utf-8")  # noqa: SIM115  (closed in __exit__)
            except OSError as error:
                raise BundleError(f"cannot write the evidence to {path}: {error}") from error
            try:
                self._write(header.to_json())
            except BundleError:
                with suppress(OSError):
                    self._file.close()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            try:
                self._file.close()
            except OSError as failure:
                if error is None:
                    raise BundleError(f"cannot write the evidence: {failure}") from failure

    async def known(self) -> Mapping[str, Observation]:
        return {}

    async def save(self, probe: Probe, observation: Observation) -> None:
        self.observations[probe.key] = observation
        self._write({"probe": probe_to_json(probe), "observation": observation_to_json(observation)})

    def _write(self, record: Mapping[str, Any]) -> None:
        if self._file is not None:
            try:
                self._file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
                self._file.flush()
            except OSError as error:
                raise BundleError(f"cannot write the evidence: {error}") from error


def read(path: Path) -> tuple[Header, dict[str, Observation]]:
    """The header and the observations by probe key. Raises OSError or BundleError."""
    observations: dict[str, Observation] = {}
    header: Header | None = None
    try:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(iter(lambda: lines.readline(MAX_LINE), ""), start=1):
                try:
                    record = json.loads(line)
                    if header is None:
                        header = _header(record)
                    elif "sealed" in record:
                        raise BundleError(
                            "its answers to hidden prompts are sealed until their pool is retired"
                        )
                    else:
                        observation = observation_from_json(record["observation"])
                        observations[observation.key] = observation
                except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
                    raise BundleError(
                        f"line {number} is not a line of an evidence bundle: {error!r}"
                    ) from error
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise BundleError(f"it is damaged or no gzip file: {error}") from error
    if header is None:
        raise BundleError("it is empty")
    return header, observations


def _header(record: Mapping[str, Any]) -> Header:
    if record.get("assay_bundle") != FORMAT:
        raise ValueError(f"expected assay_bundle {FORMAT}, found {record.get('assay_bundle')!r}")
    settings = Settings(**record["settings"])
    if not isinstance(record["settings"].get("declared"), str | None):
        raise TypeError("the declared quantization is not a text")
    return Header(settings, dict(record["endpoint"]), str(record["baseline"]))
