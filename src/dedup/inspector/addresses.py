"""Where each view stands: one place that turns a view and what it shows into an address.

Served, a view is a path with a query; written out as files, it is a file name relative to the page that links to it,
and what was not written has no address, so that its name stands there without a link.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Protocol
from urllib.parse import quote, urlencode

#: View -> path; parts in braces are taken from the parameters, all others become the query.
PATHS = {
    "overview": "/",
    "clusters": "/clusters",
    "cluster": "/clusters/{id}",
    "pair": "/pairs/{a}/{b}",
    "document": "/documents/{id}",
    "documents": "/documents",
    "section": "/sections/{id}",
    "passage": "/passages/{id}",
    "templates": "/templates",
    "template": "/templates/{id}",
    "phrases": "/phrases",
    "facts": "/facts",
    "fact": "/facts/{id}",
    "fact_context": "/facts/{id}/context",
    "network": "/network",
    "quality": "/quality",
    "quarantine": "/quarantine",
    "releases": "/releases",
    "release_changes": "/releases/changes",
    "queue": "/queue",
    "decisions": "/decisions",
    "decide": "/decide",
    "undo": "/undo",
    "import": "/decisions/import",
    "judge": "/judge",
    "who": "/who",
    "thresholds": "/thresholds",
    "snippet": "/snippets/{id}",
    "find": "/find",
    "static": "/static/{name}",
}
_PART = re.compile(r"\{(\w+)\}")


class Addresses(Protocol):
    """Gives the address of a view."""

    def __call__(self, view: str, /, **values: object) -> str | None:
        """Return the address; None where the view is not to be had."""


def _filled(view: str, values: dict[str, object]) -> tuple[str, dict[str, object]]:
    rest = dict(values)

    def part(match: re.Match[str]) -> str:
        return quote(str(rest.pop(match[1])), safe="")

    return _PART.sub(part, PATHS[view]), rest


def served(view: str, /, **values: object) -> str:
    """Return the path and query of a view; parameters that are None, empty or False are left out.

    `anchor` becomes the fragment.
    """
    path, rest = _filled(view, values)
    anchor = rest.pop("anchor", None)
    query = urlencode([(k, "1" if v is True else str(v)) for k, v in rest.items() if v not in (None, "", False)])
    return path + (f"?{query}" if query else "") + (f"#{quote(str(anchor))}" if anchor else "")


def file_name(view: str, /, **values: object) -> str:
    """Return the file of a view below the folder that static pages are written to."""
    path, rest = _filled(view, values)
    if view == "static":
        return path.strip("/")
    name = path.strip("/") or "index"
    extra = "".join(f"-{key}-{re.sub(r'[^A-Za-z0-9]+', '_', str(rest[key]))}" for key in sorted(rest))
    return f"{name}{extra}.html"


class Written:
    """Addresses between files.

    Parameters
    ----------
    here : file of the page that links
    there : files that are written
    """

    def __init__(self, here: str, there: Collection[str]) -> None:
        self._up = "../" * here.count("/")
        self._there = there

    def __call__(self, view: str, /, **values: object) -> str | None:
        """Return the file relative to `here`, None where it is not written."""
        anchor = values.pop("anchor", None)
        kept = {k: v for k, v in values.items() if v not in (None, "", False)}
        name = file_name(view, **kept)
        if view != "static" and name not in self._there:
            return None
        return self._up + name + (f"#{quote(str(anchor))}" if anchor else "")
