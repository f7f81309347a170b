"""A release says what its texts share: passages, templates, edges, contained texts, conflicts, repairs."""

from __future__ import annotations

import csv
import random
from pathlib import Path
from xml.etree import ElementTree

import pytest

import dedup
from dedup.engines.local import run
from dedup.settings import SourceSettings, load_settings
from dedup.sources import resolve_sources
from dedup.text.normalise import normalise
from tests.command import call
from tests.small_release import publish, small_tables

OPENING = "现在，我代表{}人民政府，向大会作工作报告，请予审议，并请各位列席人员提出意见。"
CARRIED = (
    "坚持把粮食安全放在首位，新修水渠三百余里，改造低产田万余亩，"
    "推广良种良法配套技术，农机合作社由小到大，农民得到了看得见的实惠。"
)
PLACES = ("青石县", "白杨县", "云岭县", "河口县", "松原镇")


def body(seed: int, sentences: int = 30) -> str:
    """Sentences that no other seed has."""
    draw = random.Random(seed)
    letters = [chr(c) for c in range(0x4E00, 0x9FA0)]
    return "".join("".join(draw.choices(letters, k=draw.randint(12, 25))) + "。" for _ in range(sentences))


def published(folder: Path, pages: dict[str, str], **changes) -> dedup.Release:
    source = folder / "pages"
    for name, text in pages.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    settings = load_settings(warehouse=folder / "warehouse", **changes)
    assert run(settings, resolve_sources([str(source)], settings)).outcome == "published"
    return dedup.open_release(folder / "warehouse")


def reports() -> dict[str, str]:
    """Five reports that open alike; the first two share a paragraph; a sixth page quotes the third whole."""
    pages = {f"site{i}/r{i}.txt": f"各位代表：\n{OPENING.format(place)}\n{body(i)}\n" for i, place in enumerate(PLACES)}
    pages["site0/r0.txt"] += CARRIED + body(100, 4)
    pages["site1/r1.txt"] += body(101, 3) + CARRIED.replace("三百余里", "四百余里") + body(102, 2)
    pages["site5/quoting.txt"] = "编者按：全文如下。\n" + pages["site2/r2.txt"] + body(105, 45)
    return pages


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> dedup.Release:
    return published(tmp_path_factory.mktemp("shared"), reports())


def by_page(release, sql, **values):
    return release.sql(sql, values).to_pylist()


def test_every_passage_quotes_the_page_it_stands_in(release):
    rows = by_page(
        release,
        "SELECT d.text, s.clean_text, p.* EXCLUDE (section_id) FROM passages p JOIN sections s USING (section_id)"
        " JOIN documents d USING (doc_id)",
    )
    assert rows
    for row in rows:
        clean = normalise(row["clean_text"][row["clean_start"] : row["clean_end"]])
        assert normalise(row["text"][row["char_start"] : row["char_end"]]) == clean
        assert len(clean) == row["n_chars"]


def test_a_paragraph_copied_with_an_edit_is_one_passage_of_two_reports(release):
    rows = by_page(
        release,
        "SELECT t.*, count(*) OVER () AS n FROM passage_stats t WHERE kind = 'copied' AND contains(text, $word)",
        word="推广良种良法",
    )
    assert len(rows) == 1
    assert rows[0]["df"] == 2
    assert rows[0]["n_chars"] >= len(normalise(CARRIED)) - 2


def test_the_opening_is_one_template_with_a_place(release):
    (row,) = [t for t in release.arrow("templates").to_pylist() if "请予审议" in t["skeleton"]]
    assert row["skeleton"].startswith("现在，我代表{")
    assert row["df"] >= 5
    assert row["n_variants"] >= 5
    assert {v for slot in row["slots"] for v in slot["values"]} >= {"青石县", "白杨县"}
    occurrences = by_page(
        release,
        "SELECT d.text, o.char_start, o.char_end FROM template_occurrences o JOIN sections USING (section_id)"
        " JOIN documents d USING (doc_id) WHERE template_id = $id",
        id=row["template_id"],
    )
    assert len(occurrences) == row["n_sections"]
    assert all(o["text"][o["char_start"] : o["char_end"]].startswith("现在，我代表") for o in occurrences)


def test_a_report_inside_a_longer_page_is_published_and_says_so(release):
    (pair,) = by_page(
        release,
        "SELECT p.*, da.uri AS uri_a, db.uri AS uri_b FROM pairs p"
        " JOIN sections a ON a.section_id = section_a JOIN documents da ON da.doc_id = a.doc_id"
        " JOIN sections b ON b.section_id = section_b JOIN documents db ON db.doc_id = b.doc_id",
    )
    assert pair["relation"] == "contains"
    inside = {pair["uri_a"]: pair["containment_a"], pair["uri_b"]: pair["containment_b"]}
    assert inside["pages/site2/r2.txt"] > 0.9 > inside["pages/site5/quoting.txt"]
    (report,) = by_page(release, "SELECT * FROM reports WHERE contained_in IS NOT NULL")
    assert report["uri"] == "pages/site2/r2.txt"
    (record,) = by_page(release, "SELECT * FROM records WHERE outcome = 'contained'")
    assert record["uri"] == "pages/site2/r2.txt"
    assert record["stands_for_source_id"] == "site5/quoting.txt" or "quoting.txt" in record["reason"]


def test_ratios_are_shares_of_each_text(release):
    rows = by_page(release, "SELECT * FROM membership")
    assert all(0 <= r["template_ratio"] <= 1 and 0 <= r["copied_ratio"] <= 1 for r in rows)
    quoted = by_page(
        release,
        "SELECT m.copied_ratio FROM membership m JOIN sections USING (section_id) JOIN documents d USING (doc_id)"
        " WHERE ends_with(d.uri, 'r2.txt')",
    )
    assert quoted[0]["copied_ratio"] > 0.85


def test_edges_tie_reports_that_share_more_than_formulae(release):
    edges = by_page(
        release,
        "SELECT e.*, least(a.uri, b.uri) AS a, greatest(a.uri, b.uri) AS b FROM reuse_edges e"
        " JOIN reports a ON a.cluster_id = from_cluster JOIN reports b ON b.cluster_id = to_cluster"
        " ORDER BY shared_chars DESC",
    )
    assert [(e["a"][-8:], e["b"][-8:]) for e in edges[:2]] == [("2/r2.txt", "oting.txt"[-8:]), ("0/r0.txt", "1/r1.txt")]
    assert edges[0]["shared_chars"] > 500
    assert all(e["direction"] is None and e["year_gap"] is None for e in edges)


def test_copies_of_a_page_change_no_count_of_other_reports(release, tmp_path):
    pages = reports()
    pages |= {f"mirror{i}/copy.txt": pages["site0/r0.txt"] for i in range(10)}
    crowded = published(tmp_path, pages)
    counted = "SELECT {} FROM {} ORDER BY ALL"
    for columns, table in (
        ("kind, df, df_ratio, n_chars", "passage_stats"),
        ("skeleton, df, df_ratio, n_variants", "templates"),
        ("text, df, df_ratio", "phrases"),
        ("shared_chars, least(share_from, share_to), greatest(share_from, share_to), longest", "reuse_edges"),
    ):
        query = counted.format(columns, table)
        assert crowded.sql(query).to_pylist() == release.sql(query).to_pylist()
    ratios = (
        "SELECT any_value(template_ratio), any_value(copied_ratio) FROM membership GROUP BY cluster_id ORDER BY ALL"
    )
    assert crowded.sql(ratios).to_pylist() == release.sql(ratios).to_pylist()


def test_copies_that_disagree_are_conflicts_and_damage_is_repaired(tmp_path):
    facts = "人口自然增长率控制在8‰以内。乡镇卫生院、市场、社会福利院相继建成。"
    text = f"各位代表：\n{OPENING.format('青石县')}\n{body(7)}{facts}{body(8)}\n"
    damaged = text.replace("8‰", "8%").replace("市场、社会", "市尝社会")
    release = published(tmp_path, {"a/whole.txt": text, "b/damaged.txt": damaged})
    conflicts = release.arrow("conflicts").to_pylist()
    assert {frozenset((c["canonical_quote"], c["quote"])) for c in conflicts if c["type"] == "unit"} == {
        frozenset(("8‰", "8%"))
    }
    rows = release.sql("SELECT section_id, text FROM sections JOIN documents USING (doc_id)").to_pylist()
    documents = {row["section_id"]: row["text"] for row in rows}
    for c in conflicts:
        assert documents[c["section_id"]][c["char_start"] : c["char_end"]] == c["quote"]
        assert documents[c["canonical_section"]][c["canonical_start"] : c["canonical_end"]] == c["canonical_quote"]
    (repair,) = [r for r in release.arrow("repairs").to_pylist() if r["kind"] == "lost_bytes"]
    assert (repair["quote"], repair["repaired"]) == ("尝", "场、")
    assert "8‰" not in {r["repaired"] for r in release.arrow("repairs").to_pylist()}


def test_reference_sources_are_matched_and_never_counted(tmp_path):
    (tmp_path / "above").mkdir()
    (tmp_path / "above" / "plan.txt").write_text(f"{body(50)}\n{CARRIED}\n{body(51)}", "utf-8")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "r.txt").write_text(f"{body(52)}{CARRIED}{body(53)}", "utf-8")
    settings = load_settings(warehouse=tmp_path / "warehouse")
    sources = (
        SourceSettings(name="plans", path=str(tmp_path / "above"), role="reference"),
        SourceSettings(name="pages", path=str(tmp_path / "pages")),
    )
    assert run(settings, sources).outcome == "published"
    release = dedup.open_release(tmp_path / "warehouse")
    (row,) = release.arrow("passage_stats").to_pylist()
    assert row["in_reference"]
    assert row["df"] == 1
    assert release.arrow("reuse_edges").num_rows == 0
    assert release.arrow("reports").num_rows == 1


def test_it_can_be_turned_off(tmp_path):
    release = published(tmp_path, reports(), reuse={"enabled": False})
    assert release.arrow("passages").num_rows == 0
    assert release.arrow("records").num_rows == len(reports())
    assert release.arrow("membership")["template_ratio"].null_count == release.rows("membership")


def test_templates_are_listed_searched_and_shown(release):
    warehouse = str(release.path)
    listed = call("templates", "-w", warehouse)
    assert "现在，我代表{" in listed.out
    template = next(t for t in release.arrow("templates").to_pylist() if "请予审议" in t["skeleton"])
    assert template["template_id"] in call("templates", "请予审议", "-w", warehouse).out
    assert "no templates" in call("templates", "没有的话", "-w", warehouse).out
    shown = call("templates", template["template_id"][:10], "-w", warehouse)
    assert "青石县" in shown.out
    assert call("show", template["template_id"], "-w", warehouse).out == shown.out
    assert call("templates", "t_ffffffffff", "-w", warehouse).code == 2
    assert call("templates", "--phrases", "-w", warehouse, "--json").json()


def test_a_section_is_shown_with_its_passages_marked(release):
    (row,) = by_page(
        release, "SELECT section_id FROM sections JOIN documents USING (doc_id) WHERE ends_with(uri, 'r0.txt')"
    )
    shown = call("show", row["section_id"], "--full", "-w", str(release.path)).out
    assert "坚持把粮食安全放在首位" in shown
    assert shown.count("⟦") == shown.count("⟧") >= 2
    passage = by_page(
        release, "SELECT passage_id FROM passages WHERE section_id = $id ORDER BY n_chars DESC", id=row["section_id"]
    )[0]["passage_id"]
    assert passage in shown
    where = call("show", passage, "-w", str(release.path)).out
    assert "r1.txt" in where
    refused = call("explain", passage, "-w", str(release.path))
    assert refused.code != 0
    assert "is a passage" in refused.err


def test_the_network_is_exported_for_other_programs(release, tmp_path):
    table = tmp_path / "edges.csv"
    assert call("export", "edges", "--by", "site", "-o", str(table), "-w", str(release.path)).code == 0
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {"source", "target", "shared_chars"} <= set(rows[0])
    assert {rows[0]["source"], rows[0]["target"]} == {"site2", "site5"}
    graph = tmp_path / "edges.graphml"
    assert call("export", "edges", "-o", str(graph), "-w", str(release.path)).code == 0
    root = ElementTree.parse(graph).getroot()
    space = {"g": "http://graphml.graphdrawing.org/xmlns"}
    assert len(root.findall(".//g:node", space)) == release.rows("clusters")
    assert len(root.findall(".//g:edge", space)) == release.rows("reuse_edges")
    wrong = call("export", "edges", "--by", "colour", "-o", "-", "-w", str(release.path))
    assert wrong.code == 2
    assert "region" in wrong.err


@pytest.mark.parametrize("words", [["templates"], ["templates", "t_34"], ["export", "edges", "-o", "-"]])
def test_a_release_from_before_shared_text_was_looked_for_says_so(tmp_path: Path, words: list[str]) -> None:
    tables = small_tables()
    for dataset in ("templates", "phrases", "reuse_edges"):
        tables.pop(dataset, None)
    publish(tmp_path / "w", tables)
    outcome = call(*words, "-w", tmp_path / "w")
    assert outcome.code == 1
    assert "was published without" in outcome.err
