"""A decision that joined or parted two texts is named where they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dedup.decisions import open_store
from dedup.inspector.static_site import write_site
from dedup.inspector.store import Store
from dedup.releases import open_release
from tests.decided_pages import PAGES, publish, sections, settings_for, write_pages
from tests.inspected import Visitor, text_of, visiting


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("decided")
    write_pages(folder, PAGES)
    _, release = publish(folder)
    found = sections(release)
    with open_store(settings_for(folder)) as store:
        report, late, other = (found[name]["key"] for name in ("gov/report.txt", "share/late.txt", "gov/other.txt"))
        store.record("not_same", report, late, who="Ren Yu", note="another <b>year</b>")
        store.record("same", report, other, who="Gu")
    publish(folder)
    return folder


@pytest.fixture(scope="module")
def visitor(folder: Path) -> Iterator[Visitor]:
    with visiting(settings_for(folder).warehouse) as somebody:
        yield somebody


@pytest.fixture(scope="module")
def ids(folder: Path) -> dict[str, str]:
    return {uri: row["section_id"] for uri, row in sections(open_release(settings_for(folder).warehouse)).items()}


def test_the_verdict_names_who_parted_two_texts_when_and_why(visitor: Visitor, ids: dict[str, str]) -> None:
    path = f"/pairs/{ids['gov/report.txt']}/{ids['share/late.txt']}"
    page = visitor.get(f"{path}?lang=en")
    assert "kept apart, decided by Ren Yu on 20" in text_of(page)
    assert "(not same: “another <b>year</b>”); by the rules: " in text_of(page)
    assert "<b>year</b>" not in page
    chinese = text_of(visitor.get(f"{path}?lang=zh"))
    assert "不合并，Ren Yu 于 20" in chinese
    assert "裁定（不是同一篇：“another <b>year</b>”）；按规则：" in chinese


def test_the_verdict_names_who_joined_two_texts(visitor: Visitor, ids: dict[str, str]) -> None:
    text = text_of(visitor.get(f"/pairs/{ids['gov/other.txt']}/{ids['gov/report.txt']}?lang=en"))
    assert "joined in c_" in text
    assert ", decided by Gu on 20" in text
    assert "(same); by the rules: Jaccard " in text


def test_texts_about_which_nobody_decided_are_explained_by_the_rules(visitor: Visitor, ids: dict[str, str]) -> None:
    text = text_of(visitor.get(f"/pairs/{ids['gov/report.txt']}/{ids['share/copy.txt']}"))
    assert "decided by" not in text.partition("stands for")[0]


def test_the_page_of_a_cluster_says_what_was_decided_about_its_texts(
    visitor: Visitor, folder: Path, ids: dict[str, str], tmp_path: Path
) -> None:
    warehouse = settings_for(folder).warehouse
    (cluster,) = visitor.ids(f"SELECT cluster_id FROM membership WHERE section_id = '{ids['gov/other.txt']}'")
    assert "another <b>year</b>" in text_of(visitor.get(f"/clusters/{cluster}?lang=en"))
    # Without the store of decisions, the release itself still knows who decided.
    with visiting(warehouse, decide=False) as somebody:
        text = text_of(somebody.get(f"/clusters/{cluster}"))
        assert "What people decided" in text
        assert "Gu" in text
        assert "another <b>" not in text
    store = Store(open_release(warehouse))
    try:
        write_site(store, tmp_path / "site")
    finally:
        store.close()
    pages = [text_of(p.read_text("utf-8")) for p in (tmp_path / "site").rglob("*.html")]
    assert any("What people decided" in page and "Ren Yu" in page for page in pages)
