"""Skeletons of templates: words and named slots."""

from __future__ import annotations

import re

_SLOT = re.compile(r"\{([a-z_]+[0-9]*)\}")


def skeleton_parts(skeleton: str) -> list[tuple[bool, str]]:
    """Return (is a slot, words or the name of the slot), in order."""
    parts: list[tuple[bool, str]] = []
    at = 0
    for match in _SLOT.finditer(skeleton):
        parts += [(False, skeleton[at : match.start()]), (True, match[1])]
        at = match.end()
    parts.append((False, skeleton[at:]))
    return [part for part in parts if part[1]]
