"""What the pages of the inspector show of a release, and what one can do there."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import dedup
from dedup.inspector.addresses import PATHS, Written, served
from dedup.inspector.language import LANGUAGES, catalogue, choose_language
from dedup.inspector.static_site import NotOurs, write_site
from dedup.inspector.store import Store
from dedup.inspector.text.diff import side_by_side
from dedup.inspector.text.highlight import Mark, cut_runs
from dedup.inspector.text.skeleton import skeleton_parts
from dedup.inspector.text.snippets import snippet
from tests.command import KANGYUAN, LINDU, LINDU_COPIED, call, write_pages
from tests.inspected import Visitor, links_of, text_of, visiting

TEMPLATES = Path(dedup.__file__).parent / "inspector" / "templates"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect")
    config = write_pages(folder / "pages")
    done = call("run", "--no-prefect", "-q", "-w", folder / "w", "-c", config)
    assert done.code == 0, done.err
    return folder / "w"


@pytest.fixture(scope="module")
def visitor(warehouse: Path) -> Iterator[Visitor]:
    with visiting(warehouse) as somebody:
        yield somebody


@pytest.fixture(scope="module")
def lindu(visitor: Visitor) -> dict[str, str]:
    """The cluster with a damaged copy: its id, its canonical section, its copy."""
    (row,) = visitor.shelf.store().rows(
        "SELECT c.cluster_id AS cluster, c.canonical_section AS canonical, m.section_id AS copy FROM clusters c"
        " JOIN membership m USING (cluster_id) WHERE NOT m.is_canonical AND m.rule <> 'exact'"
    )
    return row


def test_the_overview_counts_what_the_release_holds(visitor: Visitor) -> None:
    page = visitor.get("/")
    assert "3 distinct reports are left" in text_of(page) or "2 distinct reports are left" in text_of(page)
    for title in ("Copies by source", "On what years and places rest", "Similarity of pairs", "Over the runs"):
        assert title in page
    assert page.count("<svg") >= 6


def test_every_page_links_only_to_pages_that_are_there(visitor: Visitor) -> None:
    seen: set[str] = set()
    waiting = ["/"]
    while waiting and len(seen) < 140:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        answer = visitor.client.get(path)
        assert answer.status_code == 200, (path, text_of(answer.text)[:200])
        if answer.headers["content-type"].startswith("text/html"):
            found = {link.partition("#")[0] for link in links_of(answer.text)} - seen - {""}
            waiting += sorted(link for link in found if "lang=" not in link and "theme=" not in link)
    assert len(seen) > 60


def test_words_lead_to_the_cluster_that_holds_them(visitor: Visitor, lindu: dict[str, str]) -> None:
    for words in ("蔬菜大棚", "蔬菜 林果", "粮食总产量达到18.7万吨", "政府工作"):
        assert lindu["cluster"] in visitor.get(f"/clusters?q={words}"), words
    assert "No cluster meets these filters" in visitor.get("/clusters?q=蔬菜龙虾")
    assert lindu["cluster"] not in visitor.get("/clusters?q=商贸综合体")


def test_an_index_finds_what_titles_do_not_say(visitor: Visitor) -> None:
    page = visitor.get("/clusters?q=herring")
    assert "1 cluster" in text_of(page)
    assert "only titles were searched" not in page


def test_lists_are_narrowed_and_sorted(visitor: Visitor, lindu: dict[str, str]) -> None:
    every = visitor.get("/clusters?least=1&sort=similarity")
    assert every.index(lindu["cluster"]) < len(every) - every[::-1].index("c_"[::-1])
    assert "1 cluster" in text_of(visitor.get("/clusters?source=harbour&least=1"))
    assert lindu["cluster"] in visitor.get("/clusters?relation=conflict")
    assert "0 clusters" in text_of(visitor.get("/clusters?kind=essay"))


def test_a_long_list_goes_on_where_it_ended(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dedup.inspector.views.clusters.ROWS", 1)
    seen: list[str] = []
    paths = ["/clusters?least=1&sort=doubt"]
    for path in paths:
        page = visitor.get(path)
        seen += re.findall(r'<a href="/clusters/(c_[0-9a-f]{16})" class="title"', page)
        paths += [link for link in links_of(page) if "after=" in link and "lang=" not in link and "theme=" not in link]
        assert len(paths) < 9
    assert len(seen) == len(set(seen)) == len(visitor.ids("SELECT cluster_id FROM clusters"))


def test_a_cluster_says_why_each_copy_is_in_it(visitor: Visitor, lindu: dict[str, str]) -> None:
    page = visitor.get(f"/clusters/{lindu['cluster']}")
    words = text_of(page)
    assert lindu["copy"] in page
    assert "126公里" in words
    assert "162公里" in words
    assert "Jaccard similarity of at least 0.7" in words
    assert f"/pairs/{lindu['canonical']}/{lindu['copy']}" in page


def test_two_copies_stand_side_by_side(visitor: Visitor, lindu: dict[str, str]) -> None:
    page = visitor.get(f"/pairs/{lindu['canonical']}/{lindu['copy']}")
    assert re.search(r'<del class="d-figure"[^>]*>126公里</del>', page)
    assert re.search(r'<ins class="d-figure"[^>]*>162公里</ins>', page)
    assert 'class="d-mask"' in page
    assert "joined in" in page
    assert 'class="d-line_break"' not in visitor.get(f"/pairs/{lindu['canonical']}/{lindu['copy']}?essential=1")


def test_a_page_shows_its_text_whole_with_what_was_found(visitor: Visitor) -> None:
    (doc,) = visitor.ids("SELECT doc_id FROM documents WHERE uri LIKE '%fanwen%'")
    text = visitor.shelf.store().page_text(doc)
    page = visitor.get(f"/documents/{doc}")
    shown = "".join(re.findall(r'<div class="reading" lang="zh">(.*?)</div>', page, re.DOTALL))
    assert re.sub(r"\s", "", re.sub("<[^>]*>", "", shown)) == re.sub(r"\s", "", text)
    assert "m-mask" in page
    assert "m-figure" in page
    figure = next(link for link in links_of(page) if "/facts/o_" in link)
    assert "Evidence" in visitor.get(figure)


def test_a_section_leads_to_its_place_on_the_page(visitor: Visitor, lindu: dict[str, str]) -> None:
    answer = visitor.client.get(f"/sections/{lindu['copy']}", follow_redirects=False)
    assert answer.headers["location"].endswith(f"#{lindu['copy']}")
    assert f'id="{lindu["copy"]}"' in visitor.get(answer.headers["location"])


def test_a_figure_is_shown_with_its_evidence(visitor: Visitor) -> None:
    fact = visitor.ids("SELECT fact_id FROM facts WHERE value_text = '46.3'")[0]
    page = visitor.get(f"/facts/{fact}")
    assert "46.3亿元" in text_of(page).replace(" ", "")
    assert "<mark>" in visitor.get(f"/facts/{fact}/context")
    assert "生产总值" in visitor.get("/facts?all=1&q=生产总值")


@pytest.mark.parametrize("path", ["/clusters?least=1", "/facts?all=1", "/documents", "/templates", "/phrases",
                                  "/quality", "/quarantine", "/network", "/decisions"])  # fmt: skip
def test_any_list_can_be_taken_along(visitor: Visitor, path: str) -> None:
    sign = "&" if "?" in path else "?"
    text = visitor.client.get(f"{path}{sign}format=csv")
    assert text.headers["content-disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(text.content.decode("utf-8-sig"))))
    table = pq.read_table(io.BytesIO(visitor.client.get(f"{path}{sign}format=parquet").content))
    assert table.num_rows == max(0, len(rows) - 1)


def test_the_search_box_knows_ids_and_addresses(visitor: Visitor, lindu: dict[str, str]) -> None:
    def leads(words: str) -> str:
        answer = visitor.client.get("/find", params={"q": words}, follow_redirects=False)
        return str(answer.headers["location"])

    assert leads(lindu["cluster"][:9]) == f"/clusters/{lindu['cluster']}"
    assert leads(lindu["copy"]) == f"/sections/{lindu['copy']}"
    assert leads("gov/lindu.txt").startswith("/documents?q=")
    assert leads("区长") == served("clusters", q="区长")


def test_what_is_not_there_is_said_so(visitor: Visitor) -> None:
    assert "Not in this release" in visitor.get("/clusters/c_0000000000000000", 404)
    assert "There is no such page" in visitor.get("/nowhere", 404)


def test_both_languages_say_everything() -> None:
    used: set[str] = set()
    for template in TEMPLATES.glob("*.html"):
        used |= set(re.findall(r"\bt(?:\.count)?\('([a-z_.A-Z]+)'", template.read_text("utf-8")))
    english, chinese = (catalogue(code)._words for code in LANGUAGES)
    assert not [k for k in used if k not in english and f"{k}.many" not in english and not k.endswith(".")]
    assert {k for k in english if not k.endswith(".one")} == {k for k in chinese if not k.endswith(".one")}
    for key, words in english.items():
        if key in chinese:
            assert set(re.findall(r"\{\w*", words)) == set(re.findall(r"\{\w*", chinese[key])), key


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "chosen"),
    [
        ("zh", "en", "en", "zh"),
        (None, "zh", "en", "zh"),
        (None, None, "de, zh-CN;q=0.9, en;q=0.5", "zh"),
        (None, None, "fr", "en"),
        ("xx", None, ";;q=,zh;q=x", "en"),
        (None, None, None, "en"),
    ],
)
def test_the_language_is_chosen(asked: str | None, cookie: str | None, accepted: str | None, chosen: str) -> None:
    assert choose_language(asked, cookie, accepted) == chosen


def test_a_chosen_language_is_kept(warehouse: Path) -> None:
    with visiting(warehouse) as somebody:
        assert "重复簇" in somebody.get("/clusters?lang=zh&theme=dark")
        page = somebody.get("/clusters")
        assert 'lang="zh-Hans"' in page
        assert 'data-theme="dark"' in page


def test_a_new_release_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    from tests import small_release

    monkeypatch.setattr("dedup.inspector.serving.LOOK_AGAIN", 0.0)
    first = small_release.publish(tmp_path)
    with visiting(tmp_path) as somebody:
        assert first.id in somebody.get("/releases")
        second = small_release.publish(tmp_path, now=small_release.NOW + timedelta(days=1))
        page = somebody.get("/releases")
        assert f"<code>{second.id}</code>" in page
        assert f"/releases/changes?since={first.id}" in page
        assert "Same" in somebody.get(f"/releases/changes?since={first.id}")


def test_a_decision_is_recorded_shown_and_taken_back(tmp_path: Path) -> None:
    from tests import small_release

    tables = small_release.small_tables()
    small_release.publish(tmp_path, tables)
    with visiting(tmp_path) as somebody:
        (copy,) = somebody.ids("SELECT section_id FROM membership WHERE NOT is_canonical")
        (other,) = somebody.ids("SELECT canonical_section FROM clusters WHERE n_sections = 1")
        where = somebody.post("/decide", kind="not_same", a=copy, b=other, note="another county", back="/decisions")
        page = somebody.get(where)
        assert "Recorded" in page
        assert "another county" in page
        assert "tester" in page
        done = re.search(r"g_[0-9a-f]{16}", where)
        assert done is not None
        somebody.post("/who", who="  Lin  Hua ", back="/decisions")
        assert "undone=" in somebody.post("/undo", id=done[0], back="/decisions")
        assert "Nothing was decided yet" in somebody.get("/decisions")
        trail = somebody.get("/decisions?history=1")
        assert "taken back" in trail
        assert "Lin Hua" in trail
        assert somebody.client.post("/undo", data={"id": done[0]}).status_code == 403
        somebody.post("/decide", 409, kind="same", a=copy, b=copy, back="/")


def test_the_queue_is_judged_pair_by_pair(warehouse: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(warehouse, tmp_path / "w")
    with visiting(tmp_path / "w") as somebody:
        page = somebody.get("/queue")
        assert not (tmp_path / "w" / "decisions.sqlite").exists()
        a, b = (re.search(rf'name="{side}" value="(s_\w+)"', page) for side in "ab")
        assert a is not None
        assert b is not None
        total = int(re.search(r"0 of (\d+) judged", page)[1])  # type: ignore[index]
        later = somebody.post("/judge", verdict="skip", a=a[1], b=b[1], skip="0")
        assert "skip=1" in later
        where = somebody.post("/judge", verdict="no", a=a[1], b=b[1], skip="0")
        assert f"1 of {total} judged" in somebody.get(where)
        assert "not the same" in somebody.get("/decisions")


def test_thresholds_can_be_tried(visitor: Visitor) -> None:
    page = visitor.get("/thresholds?jaccard=0.99&floor=0.98&edit=0.999")
    assert re.search(r"1 section leaves|[1-9]\d* sections leave", text_of(page))
    assert "lower than in release" in visitor.get("/thresholds?jaccard=0.2")


def test_without_a_desk_nothing_is_decided(warehouse: Path) -> None:
    with visiting(warehouse, decide=False) as somebody:
        assert '<form class="judge"' not in somebody.get("/clusters?least=1")
        assert "read-only" in somebody.get("/queue", 400)


def test_pages_are_written_as_files_that_link_to_each_other(warehouse: Path, tmp_path: Path) -> None:
    store = Store(dedup.open_release(warehouse))
    try:
        site = write_site(store, tmp_path / "site", lang="zh", clusters=1)
        assert site.clusters == 1
        assert site.of == 2
        pages = list((tmp_path / "site").rglob("*.html"))
        assert len(pages) == site.files
        for page in pages:
            text = page.read_text("utf-8")
            assert "<script" not in text
            assert "<form" not in text
            assert "hx-" not in text
            for link in links_of(text) - {"#main"}:
                assert not link.startswith("/"), (page, link)
                path, _, anchor = link.partition("#")
                target = (page.parent / path).resolve() if path else page
                assert target.is_file(), (page, link)
                if anchor.startswith(("s_", "d_")):
                    assert f'id="{anchor}"' in target.read_text("utf-8"), (page, link)
        write_site(store, tmp_path / "site", clusters=2)
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "letter.txt").write_text("dear")
        with pytest.raises(NotOurs):
            write_site(store, tmp_path / "mine")
        assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"
    finally:
        store.close()


def test_addresses_escape_what_they_are_given() -> None:
    assert served("cluster", id="a/../b?c#d") == "/clusters/a%2F..%2Fb%3Fc%23d"
    assert served("clusters", q="a&b=c 区", least=None, all=True) == "/clusters?q=a%26b%3Dc+%E5%8C%BA&all=1"
    written = Written("clusters/c_1.html", {"index.html", "pairs/a/b.html"})
    assert written("overview") == "../index.html"
    assert written("pair", a="a", b="b", anchor="d1") == "../pairs/a/b.html#d1"
    assert written("facts") is None
    assert all(path.startswith("/") for path in PATHS.values())


def test_a_diff_shows_both_texts_whole_and_folds_what_is_equal() -> None:
    from dedup.clusters.differences import align

    a = LINDU + "相同的句子在此重复。" * 60 + KANGYUAN
    b = LINDU_COPIED + "相同的句子在此重复。" * 60 + KANGYUAN.replace("214亿元", "241亿元")
    laid = side_by_side(a, b, align(a, b))
    assert "".join(p.text for row in laid.rows for p in row.a) == a
    assert "".join(p.text for row in laid.rows for p in row.b) == b
    assert any(row.folded and row.chars > 400 for row in laid.rows)
    assert laid.shown == laid.total == len(align(a, b))
    changed = [p for row in laid.rows if not row.folded for p in row.a if p.kind == "figure"]
    assert "214亿元" in [p.text for p in changed]
    assert side_by_side("", "", ()).rows == ()


def test_marks_may_overlap() -> None:
    text = "abcdefghij"
    marks = [Mark(0, 6, "template", "T", "/t", 5), Mark(4, 8, "figure", "F", "/f", 1), Mark(9, 30, "mask", "M")]
    runs = cut_runs(text, marks)
    assert "".join(run.text for run in runs) == text
    assert [(run.text, run.kinds, run.href) for run in runs] == [
        ("abcd", ("template",), "/t"),
        ("ef", ("figure", "template"), "/f"),
        ("gh", ("figure",), "/f"),
        ("i", (), None),
        ("j", ("mask",), None),
    ]
    assert "".join(run.text for run in cut_runs(text, marks, 3, 7)) == "defg"


def test_words_are_found_across_lines_and_widths() -> None:
    assert snippet("前文，区\n长讲话", "区长") == [(False, "前文，"), (True, "区\n长"), (False, "讲话")]
    assert snippet("共ＡＢＣ个", "abc")[1] == (True, "ＡＢＣ")
    assert snippet("没有", "区长") == []
    assert snippet("", "区长") == []


def test_slots_of_a_skeleton_stand_out() -> None:
    assert skeleton_parts("全市{number}亿，{x y}{place}") == [
        (False, "全市"),
        (True, "number"),
        (False, "亿，{x y}"),
        (True, "place"),
    ]
