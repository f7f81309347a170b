"""Which column of a record holds what."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dedup.settings import ColumnSettings
from dedup.sources.errors import Refused

#: What a record can tell; `text` or `html` must be there.
ROLES = ("text", "html", "id", "title", "url", "published_at", "publisher", "fetched_at", "license")

_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def _plain(name: str) -> str:
    return name.strip(" \t\r\n\ufeff\u3000").translate(_ASCII_LOWER)


def map_columns(names: Sequence[str], settings: ColumnSettings) -> dict[str, str]:
    """Return the column of each role: the first name of the settings that is there; case and blanks do not matter."""
    there: dict[str, str] = {}
    for name in names:
        there.setdefault(_plain(name), name)
    found = {}
    for role in ROLES:
        column = next((there[_plain(n)] for n in getattr(settings, role) if _plain(n) in there), None)
        if column is not None:
            found[role] = column
    return found


def no_text_column(names: Iterable[str], settings: ColumnSettings) -> Refused:
    """Return the refusal of records in which no column holds text."""
    shown = ", ".join(list(names)[:40]) or "none at all"
    wanted = ", ".join((*settings.text, *settings.html))
    return Refused(
        "no_text_column",
        f"no column holds the text. Found: {shown}. Looked for: {wanted}; name yours under `columns` of the source",
    )
