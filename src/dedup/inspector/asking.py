"""What a visitor asks for, checked: nothing from an address reaches a query or a file unlooked at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: Characters of a text that somebody types.
TEXT_CHARS = 200
_ID = re.compile(r"[a-z]_[0-9a-f]{16}")
_RELEASE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\.[1-9][0-9]{0,5}")


class Unclear(ValueError):
    """A parameter is not what it may be; the message names it."""


@dataclass(frozen=True)
class Asked:
    """Parameters of an address, of its path and of its query; all of them are text until asked for as something.

    `file` holds the bytes of a file that came with a form.
    """

    values: Mapping[str, str]
    file: bytes | None = field(default=None, repr=False)

    def text(self, name: str, most: int = TEXT_CHARS) -> str:
        """Return a text without blanks around it; '' where there is none."""
        value = self.values.get(name, "").strip()
        if len(value) > most:
            raise Unclear(f"{name}: at most {most} characters")
        return value.replace("\x00", "")

    def choice(self, name: str, choices: Sequence[str], default: str = "") -> str:
        """Return one of `choices`."""
        value = self.values.get(name, "") or default
        if value != default and value not in choices:
            raise Unclear(f"{name}: expected one of {', '.join(choices)}")
        return value

    def whole(self, name: str, default: int, least: int = 0, most: int = 10**9) -> int:
        """Return a whole number."""
        value = self.values.get(name, "")
        if not value:
            return default
        if not re.fullmatch(r"-?[0-9]{1,10}", value) or not least <= int(value) <= most:
            raise Unclear(f"{name}: expected a whole number from {least:,} to {most:,}")
        return int(value)

    def real(self, name: str, default: float, least: float = 0.0, most: float = 1.0) -> float:
        """Return a number."""
        value = self.values.get(name, "")
        if not value:
            return default
        if not re.fullmatch(r"[0-9]{0,6}(\.[0-9]{0,12})?", value) or value == "." or not least <= float(value) <= most:
            raise Unclear(f"{name}: expected a number from {least:g} to {most:g}")
        return float(value)

    def flag(self, name: str) -> bool:
        """Return whether something was ticked."""
        return self.values.get(name, "") in ("1", "on", "true", "yes")

    def id(self, name: str, prefix: str) -> str:
        """Return an id such as `c_0123456789abcdef`."""
        value = self.values.get(name, "")
        if not _ID.fullmatch(value) or value[0] not in prefix:
            raise Unclear(f"{name}: expected an id such as {prefix[0]}_0123456789abcdef")
        return value

    def optional_id(self, name: str, prefix: str) -> str:
        """Return an id, '' where none is given."""
        return self.id(name, prefix) if self.values.get(name) else ""

    def release(self, name: str) -> str:
        """Return the id of a release, '' where none is given."""
        value = self.values.get(name, "")
        if value and not _RELEASE.fullmatch(value):
            raise Unclear(f"{name}: expected a release such as 2026-11-21.1")
        return value
