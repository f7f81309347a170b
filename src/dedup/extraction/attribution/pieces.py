"""Which piece of its report a section is, as the pagination says that a site left under it."""

from __future__ import annotations

import re

_PAGINATION = re.compile(
    r"共[ \t]*(?P<of>[0-9]{1,3})[ \t]*页[ \t，,、/|]*(?:当前)?第?[ \t]*(?P<at>[0-9]{1,3})[ \t]*页"
    r"|(?:当前)?第[ \t]*(?P<at2>[0-9]{1,3})[ \t]*页[ \t，,、/|(（]*共[ \t]*(?P<of2>[0-9]{1,3})[ \t]*页"
    r"|当前第[ \t]*(?P<at3>[0-9]{1,3})[ \t]*页"
)
#: Pagination stands under a text; what follows it are links to the other pages.
TAIL = 400


def read_piece(text: str, start: int, end: int) -> tuple[int | None, int | None]:
    """Return (which piece, of how many) as the page says near the end of a section.

    Parameters
    ----------
    text : the document as decoded
    start, end : the section in it

    Notes
    -----
    A text with several different page numbers is one whose own pages are numbered (a scan): no piece of anything.
    """
    if "页" not in text[max(start, end - TAIL) : end]:
        return None, None
    found = {
        (int(m["at"] or m["at2"] or m["at3"]), int(m["of"] or m["of2"] or 0))
        for m in _PAGINATION.finditer(text, start, end)
    }
    if len(found) != 1:
        return None, None
    piece, pieces = found.pop()
    if piece < 1 or (pieces and piece > pieces) or pieces == 1:
        return None, None
    return piece, pieces or None
