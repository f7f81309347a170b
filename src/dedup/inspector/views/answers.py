"""What views give back beside pages, and what several of them do alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dedup.inspector.asking import Asked
from dedup.inspector.downloads import FORMS, Download, Form
from dedup.inspector.rendering import Look, Page

#: Rows of a list on one page.
ROWS = 50


@dataclass(frozen=True)
class Redirect:
    """Go on there; an address of this server."""

    address: str


Answer = Page | Download | Redirect
View = Callable[[Look, Asked], Answer]


def asked_form(asked: Asked) -> Form | None:
    """Return the form of a download, None where a page is asked for."""
    value = asked.choice("format", FORMS)
    return "csv" if value == "csv" else "parquet" if value == "parquet" else None


def downloads(look: Look, view: str, **values: Any) -> dict[str, str]:
    """Return form -> address of a list as a file; nothing where pages are files themselves."""
    if not look.live:
        return {}
    return {form: look.address(view, **values, format=form) or "" for form in FORMS}
