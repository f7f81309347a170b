"""Skeletons of templates: words and named slots."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedup.inspector.language import Catalogue

_SLOT = re.compile(r"\{([a-z_]+[0-9]*)\}")
_NUMBERED = re.compile(r"([a-z_]+)([0-9]*)")


def slot_words(name: str, t: Catalogue) -> str:
    """Return the name of a slot in the language of the page: `other2` keeps its number."""
    match = _NUMBERED.fullmatch(name)
    return t.named("slot", match[1]) + match[2] if match else name


def skeleton_parts(skeleton: str) -> list[tuple[bool, str]]:
    """Return (is a slot, words or the name of the slot), in order."""
    parts: list[tuple[bool, str]] = []
    at = 0
    for match in _SLOT.finditer(skeleton):
        parts += [(False, skeleton[at : match.start()]), (True, match[1])]
        at = match.end()
    parts.append((False, skeleton[at:]))
    return [part for part in parts if part[1]]
