"""Looking at a release from the command line: clusters, pages, explanations, look-ups, SQL."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

import dedup
from dedup.cli.difference_view import cut_hunks, print_differences
from dedup.clusters.differences import align
from tests.command import KANGYUAN, LINDU, LINDU_COPIED, call, write_pages


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("look")
    config = write_pages(folder / "pages")
    done = call("run", "--no-prefect", "-q", "-w", folder / "w", "-c", config)
    assert done.code == 0, done.err
    return folder / "w"


@pytest.fixture(scope="module")
def cluster_ids(warehouse: Path) -> dict[str, str]:
    """The cluster of each report, by a word of it."""
    rows = dedup.open_release(warehouse).arrow("reports", ["cluster_id", "clean_text"]).to_pylist()
    words = {"lindu": "蔬菜大棚", "kangyuan": "商贸综合体", "harbour": "herring"}
    return {name: next(r["cluster_id"] for r in rows if word in r["clean_text"]) for name, word in words.items()}


def test_clusters_lists_copies_with_the_most_copied_first(warehouse: Path, cluster_ids: dict[str, str]) -> None:
    listed = call("clusters", "-w", warehouse)
    assert listed.code == 0
    assert cluster_ids["lindu"] in listed.out
    assert cluster_ids["kangyuan"] in listed.out
    assert cluster_ids["harbour"] not in listed.out
    rows = call("clusters", "-w", warehouse, "--json", "--sort", "similarity").json()
    assert [r["cluster_id"] for r in rows] == [cluster_ids["lindu"], cluster_ids["kangyuan"]]
    assert rows[0]["min_similarity"] < rows[1]["min_similarity"] == 1.0


def test_clusters_can_be_narrowed(warehouse: Path, cluster_ids: dict[str, str]) -> None:
    alone = call("clusters", "-w", warehouse, "--min-size", "1", "--source", "harbour", "--json").json()
    assert [r["cluster_id"] for r in alone] == [cluster_ids["harbour"]]
    assert call("clusters", "-w", warehouse, "--kind", "essay", "--json").json() == []
    assert "no clusters of 9 copies" in call("clusters", "-w", warehouse, "--min-size", "9").out
    cut = call("clusters", "-w", warehouse, "--limit", "1")
    assert "1 more" in cut.err


def test_show_a_cluster_says_who_is_canonical_and_why(warehouse: Path, cluster_ids: dict[str, str]) -> None:
    shown = call("show", cluster_ids["lindu"][:9], "-w", warehouse)
    (canonical,) = [line for line in shown.out.splitlines() if line.startswith("*")]
    assert "gov/lindu.txt" in canonical
    assert "the fewest masked places" in canonical
    assert "more masked places than the canonical copy" in shown.out
    members = call("show", cluster_ids["lindu"], "-w", warehouse, "--json").json()["members"]
    assert [m["is_canonical"] for m in members] == [True, False]


def test_show_a_page_lists_its_parts(warehouse: Path) -> None:
    shown = call("show", "fanwen.txt", "-w", warehouse)
    assert shown.code == 0, shown.err
    assert "preamble" in shown.out
    assert shown.out.count("copy") >= 1
    page = call("show", "share/fanwen.txt", "-w", warehouse, "--json").json()
    assert [s["kind"] for s in page["sections"]].count("report") == 2
    assert page["record"]["uri"] == "share/fanwen.txt"


def test_show_a_section_gives_its_text(warehouse: Path) -> None:
    page = call("show", "gov/kangyuan.txt", "-w", warehouse, "--json").json()
    section = page["sections"][0]["section_id"]
    assert "建成保障性住房3860套" in call("show", section, "-w", warehouse, "--full").out
    plain = call("show", section, "-w", warehouse, "--json").json()
    assert (plain["section_id"], plain["kind"], plain["char_start"]) == (section, "report", 0)


def test_explain_a_cluster_shows_scores_rule_choice_and_changes(warehouse: Path, cluster_ids: dict[str, str]) -> None:
    shown = call("explain", cluster_ids["lindu"], "-w", warehouse)
    assert shown.code == 0, shown.err
    assert "joined in" in shown.out
    assert "A stands for B (more masked places than the canonical copy)" in shown.out
    for change in ("[-2009年-]{+20xx年+}", "[-林渡-]{+xx+}", "[-126公里-]{+162公里+}", "[-5.2‰-]{+5.2%+}"):
        assert change in shown.out
    assert "1 figure, 1 unit, 3 masks" in shown.out
    assert "\x1b" not in shown.out


def test_explain_gives_exact_scores_as_json(warehouse: Path, cluster_ids: dict[str, str]) -> None:
    found = call("explain", cluster_ids["lindu"], "-w", warehouse, "--json").json()
    clean = [
        dedup.open_release(warehouse).sql(
            "select clean_text from sections where section_id = ?", [found[s]["section_id"]]
        )
        for s in ("a", "b")
    ]
    expected = dedup.compare(*(table.column(0)[0].as_py() for table in clean))
    assert found["jaccard"] == expected.jaccard == found["published_pair"]["jaccard"]
    assert found["edit_similarity"] == expected.edit_similarity
    assert (found["same_cluster"], found["relation"]) == (True, "near_duplicate")
    assert {d["kind"] for d in found["differences"]} >= {"figure", "unit", "mask"}


def test_explain_two_pages_takes_their_most_similar_parts(warehouse: Path) -> None:
    found = call("explain", "gov/kangyuan.txt", "share/fanwen.txt", "-w", warehouse, "--json").json()
    assert found["relation"] == "exact"
    assert found["a"]["uri"] == "gov/kangyuan.txt"
    assert found["differences"] == []


def test_explain_why_two_are_kept_apart(warehouse: Path) -> None:
    apart = call("explain", "gov/lindu.txt", "gov/kangyuan.txt", "-w", warehouse)
    assert "kept apart: Jaccard 0.0" in apart.out
    assert "below the floor of 0.35" in apart.out
    intro = call("show", "share/fanwen.txt", "-w", warehouse, "--json").json()["sections"][0]["section_id"]
    unmatched = call("explain", intro, "gov/lindu.txt", "-w", warehouse)
    assert "not matched: A is a preamble" in unmatched.out


def test_explain_side_by_side_marks_each_side_with_its_own(warehouse: Path, cluster_ids: dict[str, str]) -> None:
    shown = call("explain", cluster_ids["lindu"], "-w", warehouse, "--side-by-side").out
    left = [line for line in shown.splitlines() if "  A  " in line]
    right = [line for line in shown.splitlines() if "  B  " in line]
    assert left
    assert len(left) == len(right)
    assert not any("{+" in line for line in left)
    assert not any("[-" in line for line in right)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("c_ffffffffffff", "no cluster c_ffffffffffff; `dedup clusters` lists"),
        ("s_", "is the beginning of"),
        ("nothing.txt", "no page 'nothing.txt'"),
        ("gov/", "stands for 2 pages: gov/kangyuan.txt, gov/lindu.txt"),
        ("board.txt", "has no copies to be explained with"),
    ],
)
def test_names_that_lead_nowhere_are_explained(warehouse: Path, name: str, says: str) -> None:
    failed = call("explain", name, "-w", warehouse)
    assert failed.code == 1
    assert says in failed.err


def test_lookup_finds_the_cluster_of_a_new_page(warehouse: Path, cluster_ids: dict[str, str], tmp_path: Path) -> None:
    page = tmp_path / "new.txt"
    news = "各位代表：\n本月我们清点了山上的羊群，修好了水渠的闸门，种下了三百棵核桃树，等待春天的雨水到来。\n" * 3
    page.write_text(f"镇政府工作报告篇一\n{LINDU_COPIED}\n镇政府工作报告篇二\n{news}", encoding="gb18030")
    known, new = call("lookup", page, "-w", warehouse, "--json").json()
    assert known["cluster_id"] == cluster_ids["lindu"]
    assert {hit["relation"] for hit in known["hits"]} <= {"exact", "near_duplicate"}
    assert known["hits"][0]["jaccard"] == 1.0
    assert new["cluster_id"] is None
    shown = call("lookup", page, "-w", warehouse)
    assert "2 texts on 1 page: 1 known to release" in shown.out
    assert "new: no copy of it is published" in shown.out


def test_lookup_refuses_fingerprints_of_another_kind(
    warehouse: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "new.txt"
    page.write_text(LINDU, "utf-8")
    monkeypatch.setattr("dedup.fingerprinting.minhash.NORMALISER_VERSION", "another")
    failed = call("lookup", page, "-w", warehouse)
    assert failed.code == 1
    assert "another normaliser" in failed.err


def test_preview_shows_what_the_text_stage_does(tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    text = f"县政府工作报告篇一\n{LINDU_COPIED}共3页，当前第1页123\n"
    page.write_text(text, encoding="gb18030")
    (found,) = call("preview", page, "--json").json()
    assert found["encoding"] == "gb18030"
    section = next(s for s in found["sections"] if s["kind"] == "report")
    assert section["placeholders"]["20xx"] == 2
    assert section["joined_lines"] == 1
    assert section["dropped"] == ["共3页，当前第1页123"]
    shown = call("preview", page, "--text").out
    assert "粮食总产量达到" in shown
    assert "dropped  共3页，当前第1页123" in shown
    assert "placeholders, never filled: 20xx ×2" in shown


def test_preview_says_why_a_file_cannot_be_read(tmp_path: Path) -> None:
    page = tmp_path / "photo.txt"
    page.write_bytes(bytes(range(256)) * 64)
    failed = call("preview", page)
    assert failed.code == 1
    assert "photo.txt: " in failed.err


def test_sql_writes_tables_csv_json_and_parquet(warehouse: Path, tmp_path: Path) -> None:
    query = "select source, count(*) as n from records group by source order by source"
    assert call("sql", query, "-w", warehouse).out.splitlines()[0].split() == ["source", "n"]
    rows = list(csv.reader(io.StringIO(call("sql", query, "-w", warehouse, "--format", "csv").out)))
    assert rows == [["source", "n"], ["gov", "2"], ["harbour", "1"], ["share", "2"]]
    lines = call("sql", query, "-w", warehouse, "--format", "json").out.splitlines()
    assert [json.loads(line)["n"] for line in lines] == [2, 1, 2]
    target = tmp_path / "deep" / "records.parquet"
    assert call("sql", query, "-w", warehouse, "--format", "parquet", "-o", target).code == 0
    assert pq.read_table(target).column("source").to_pylist() == ["gov", "harbour", "share"]
    assert call("sql", query, "-w", warehouse, "--format", "parquet").code == 2


def test_sql_reads_the_release_and_nothing_else(warehouse: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n", "utf-8")
    for query in (f"select * from '{tmp_path / 'secret.csv'}'", "drop view reports", "select 1; select 2"):
        failed = call("sql", query, "-w", warehouse)
        assert failed.code == 1, query
        assert failed.out == ""


def test_releases_are_listed_verified_and_compared(tmp_path: Path) -> None:
    config = write_pages(tmp_path / "pages")
    for name in ("gov", "share"):
        assert call("run", name, "--no-prefect", "-q", "-w", tmp_path / "w", "-c", config).code == 0
    listed = call("releases", "list", "-w", tmp_path / "w", "--json").json()
    newer, elder = (r["id"] for r in listed)
    assert [r["is_latest"] for r in listed] == [True, False]
    assert "is as it was published" in call("releases", "verify", "-w", tmp_path / "w").out
    compared = call("releases", "diff", "-w", tmp_path / "w", "--json").json()
    assert (compared["from"], compared["to"]) == (elder, newer)
    documents = next(d for d in compared["datasets"] if d["name"] == "documents")
    assert (documents["added"], documents["removed"]) == (1, 0)
    shown = call("releases", "diff", elder, newer, "-w", tmp_path / "w", "--examples", "1").out
    assert f"from {elder} to {newer}" in shown
    victim = next((tmp_path / "w" / "releases" / newer / "reports").glob("*.parquet"))
    victim.write_bytes(victim.read_bytes()[:-9] + b"different")
    broken = call("releases", "verify", "-w", tmp_path / "w")
    assert broken.code == 1
    assert "reports/" in broken.out


def test_hunks_hold_every_difference_once_with_what_is_around_it() -> None:
    differences = align(LINDU, LINDU_COPIED)
    for context in (0, 4, 1000):
        hunks = cut_hunks(LINDU, LINDU_COPIED, differences, context)
        changed = [(left, right) for h in hunks for kind, left, right in h.parts if kind != "same"]
        assert changed == [(d.a, d.b) for d in differences]
    # All hunks together with everything around them are the texts themselves: nothing stands twice.
    around = cut_hunks(LINDU, LINDU_COPIED, differences[:3], 10_000)
    shown = "".join(left for h in around for _, left, _ in h.parts).replace("…", "")
    assert shown == LINDU
    assert cut_hunks(KANGYUAN, KANGYUAN, [], 10) == []


def test_signs_and_line_breaks_are_hidden_until_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    comparison = dedup.compare(LINDU, LINDU.replace("126公里", "162公里").replace("，", ",").replace("粮食", "粮\n食"))
    print_differences(comparison)
    short = capsys.readouterr().out.splitlines()
    assert len(short) == 2
    assert "改造县乡公路[-126公里-]{+162公里+}，新建桥梁" in short[0]
    n = LINDU.count("，") + 1
    assert short[1] == f"… {n} differences in line breaks, spaces and signs; --full shows all"
    print_differences(comparison, full=True)
    full = capsys.readouterr().out
    assert "粮{+⏎+}食" in full
    assert full.count("[-，-]{+,+}") == LINDU.count("，")
    assert "--full" not in full


def test_nothing_in_a_page_can_drive_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    print_differences(dedup.compare("safe \x1b[31m text and more of it", "safe \x1b[32m text and more of it"))
    assert "\x1b" not in capsys.readouterr().out
    page = tmp_path / "evil\x1b[2J.txt"
    page.write_text(f"\x1b]0;owned\x07{LINDU}\u202e reversed", "utf-8")
    shown = call("preview", page, "--text")
    assert shown.code == 0, shown.err
    assert "林渡县" in shown.out
    assert not {"\x1b", "\x07", "\u202e"} & set(shown.out + shown.err)


def test_dense_changes_are_shown_in_pieces_that_fit_a_screen() -> None:
    a, b = "各县级市长" * 800, "各县级市村" * 800
    hunks = cut_hunks(a, b, align(a, b), 16)
    for hunk in hunks:
        assert sum(len(left) for _, left, _ in hunk.parts) <= 200 + 2 * 16 + 2
    changed = [p for h in hunks for p in h.parts if p[0] != "same"]
    assert len(changed) == len(align(a, b))
