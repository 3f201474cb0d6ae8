"""Reading a JSON file field by field, so that whatever is wrong with it is named with its place."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import NoReturn


class Field:
    """A value and where it stands in the file (`detection[3].tokens`). Every reader raises ValueError."""

    def __init__(self, place: str, value: object) -> None:
        self.place = place
        self.value = value

    def refuse(self, why: str) -> NoReturn:
        """Raise ValueError with the place."""
        raise ValueError(f"{self.place or 'the file'} {why}")

    def __getitem__(self, name: str) -> Field:
        """The field of this object called `name`, which must be there."""
        found = self._object()
        if name not in found:
            self.refuse(f"lacks {name!r}")
        return Field(f"{self.place}.{name}" if self.place else name, found[name])

    def fields(self) -> Iterator[tuple[str, Field]]:
        """Every field of this object."""
        for name in self._object():
            yield name, self[name]

    def items(self) -> Iterator[Field]:
        """Every item of this list."""
        if not isinstance(self.value, list):
            self.refuse("must be a list")
        for index, item in enumerate(self.value):
            yield Field(f"{self.place}[{index}]", item)

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.refuse("must be a text that is not empty")
        return self.value

    def number(self) -> float:
        """A finite number that is not negative."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.refuse("must be a number")
        if not math.isfinite(self.value) or self.value < 0:
            self.refuse(f"must be finite and not negative, not {self.value}")
        return self.value

    def share(self) -> float:
        """A number from 0 to 1."""
        found = self.number()
        if found > 1:
            self.refuse(f"must lie between 0 and 1, not {found}")
        return found

    def count(self, *, least: int = 0, most: int | None = None) -> int:
        """A whole number from `least` to `most`."""
        found = self.value
        if isinstance(found, bool) or not isinstance(found, int) or found < least:
            self.refuse(f"must be a whole number of at least {least}, not {found!r}")
        if most is not None and found > most:
            self.refuse(f"is {found}, which is more than the {most} it is counted among")
        return found

    def moment(self) -> datetime:
        """A date and time with its offset, in ISO 8601."""
        try:
            found = datetime.fromisoformat(self.text())
        except ValueError:
            self.refuse(f"must be a date and time in ISO 8601, not {self.value!r}")
        if found.tzinfo is None:
            self.refuse("must say its offset from UTC")
        return found

    def _object(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            self.refuse("must be an object")
        return self.value
