"""The inspector over a release, asked without a socket."""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedup.inspector.app import create_app
from dedup.inspector.desk import Desk
from dedup.inspector.security import Guard
from dedup.inspector.serving import Shelf
from dedup.settings import load_settings
from tests import small_release

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

HERE = "http://127.0.0.1:8600"
HOSTILE = "<script>alert('x')</script>\"'&{{7*7}}{% raw %}\u202egnp.exe\x1b[2J"


@contextmanager
def visiting(
    warehouse: Path, *, guard: Guard | None = None, decide: bool = True, base: str = HERE
) -> Iterator[Visitor]:
    """Give a visitor of the inspector over a warehouse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from fastapi.testclient import TestClient
    shelf = Shelf(warehouse)
    desk = Desk(load_settings(None, warehouse=warehouse), "tester") if decide else None
    client = TestClient(create_app(shelf, guard, desk), base_url=base)
    try:
        yield Visitor(client, shelf)
    finally:
        client.close()
        if desk is not None:
            desk.close()
        shelf.close()


class Visitor:
    """Somebody with a browser, as far as HTTP goes."""

    def __init__(self, client: TestClient, shelf: Shelf) -> None:
        self.client = client
        self.shelf = shelf

    def get(self, path: str, status: int = 200, **more: Any) -> str:
        answer = self.client.get(path, **more)
        assert answer.status_code == status, (path, answer.status_code, text_of(answer.text)[:400])
        return answer.text

    def post(self, path: str, status: int = 303, **fields: Any) -> str:
        """Send a form with the mark of this visitor; gives where the answer leads."""
        mark = re.search(r'name="csrf" value="(\w+)"', self.get("/decisions"))
        assert mark is not None
        answer = self.client.post(path, data={"csrf": mark[1], **fields}, follow_redirects=False)
        assert answer.status_code == status, (path, answer.status_code, text_of(answer.text)[:400])
        return answer.headers.get("location", "")

    def ids(self, query: str) -> list[str]:
        return [str(next(iter(row.values()))) for row in self.shelf.store().rows(query)]


def text_of(page: str) -> str:
    """The words of a page as they are read."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page)).split())


def links_of(page: str) -> set[str]:
    return {unescape(href) for href in re.findall(r'href="([^"]*)"', page)}


def hostile_release(warehouse: Path) -> None:
    """A release whose every text was written by somebody who means harm."""
    tables = small_release.small_tables()
    for name, columns in {
        "sections": ("title", "kind_reason"),
        "reports": ("title",),
        "documents": ("title", "publisher"),
        "membership": ("reason",),
        "records": ("reason",),
    }.items():
        for row in range(tables[name].num_rows):
            tables[name] = small_release.replace(tables[name], row, **dict.fromkeys(columns, HOSTILE))
    text = small_release.REPORT[:10] + HOSTILE + small_release.REPORT[10:]
    for row in range(2):
        tables["documents"] = small_release.replace(tables["documents"], row, text=text, n_chars=len(text))
        tables["sections"] = small_release.replace(
            tables["sections"], row, clean_text=text, char_end=len(text), clean_map=[0, 0, len(text)], n_chars=len(text)
        )
    quarantine = {"dataset": "documents", "record_id": HOSTILE, "source": HOSTILE, "rule": "r", "reason": HOSTILE}
    tables["quarantine"] = small_release.table([quarantine | {"record": HOSTILE}], tables["quarantine"].schema)
    small_release.publish(warehouse, tables)
