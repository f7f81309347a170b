"""Figures through a whole run: evidence, copies counted once, years, places, tables, any number of processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import dedup
from dedup import schemas
from dedup.engines import attributing, figure_texts, figuring, tabling
from dedup.engines.local import run
from dedup.engines.table_spans import TableSpans
from dedup.releases import Release
from dedup.settings import load_settings
from dedup.sources import resolve_sources
from tests.command import FISHERY, KANGYUAN, LINDU, LINDU_COPIED

#: Last year's text taken over into another report of the next year, and a table of its own.
NEXT_YEAR = (
    "各位代表：\n现在，我代表枫桥县人民政府，向大会报告政府工作，请予审议。\n一、2010年工作回顾\n"
    "2010年，全县实现生产总值61.8亿元，比上年增长12.4%；新建村级卫生室37所，改造危桥11座。\n"
    "农业结构调整迈出新步伐。新建蔬菜大棚1360座，发展林果2.4万亩，粮食总产量达到18.7万吨。\n"
    "二、2011年主要任务\n今年要突出抓好城镇建设，全年安排重点项目55个。\n\n"
    "| 指标 | 单位 | 2010年 |\n| --- | --- | ---: |\n"
    "| 生产总值 | 亿元 | 61.8 |\n| 卫生室 | 所 | 37 |\n| 危桥 | 座 | 11 |\n"
)
NEW = ("attributions", "observations", "checks", "facts", "extracted_tables", "table_cells")


def write(folder: Path) -> Path:
    pages = {
        "gov/lindu.txt": LINDU,
        "gov/fengqiao.md": NEXT_YEAR,
        "share/fanwen.txt": f"政府工作报告范文\n区政府工作报告篇一\n{LINDU_COPIED}\n区政府工作报告篇二\n{KANGYUAN}\n",
        "harbour/board.txt": FISHERY,
    }
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def publish(folder: Path, warehouse: Path, **changes: object) -> Release:
    settings = load_settings(warehouse=warehouse, **changes)
    summary = run(settings, resolve_sources([str(folder)], settings))
    assert summary.outcome == "published", summary.problems
    return dedup.open_release(warehouse)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("figures") / "pages")


@pytest.fixture(scope="module")
def release(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Release:
    return publish(pages, tmp_path_factory.mktemp("figures") / "w")


def test_every_observation_quotes_the_page_and_its_number(release: Release) -> None:
    texts = dict(release.sql("select doc_id, text from documents").to_pandas().itertuples(index=False))
    rows = release.arrow("observations").to_pylist()
    assert len(rows) > 40
    for row in rows:
        text = texts[row["doc_id"]]
        assert text[row["char_start"] : row["char_end"]] == row["quote"]
        assert row["char_start"] <= row["value_start"] < row["value_end"] <= row["char_end"]
        assert row["value_text"] == "".join(text[row["value_start"] : row["value_end"]].split())


def test_a_fact_counts_once_however_many_copies_state_it(release: Release) -> None:
    rows = release.sql(
        "select n_copies, n_sections, f.quote, d.uri from facts f join documents d using (doc_id)"
        " where indicator like '%蔬菜大棚' and obs_value = 1360 order by n_copies desc"
    ).to_pylist()
    # The copy and the original are one report, the report that took the sentence over is another.
    assert [(r["n_copies"], r["n_sections"], r["uri"].rsplit("/")[-1]) for r in rows] == [
        (2, 2, "lindu.txt"),
        (1, 1, "fengqiao.md"),
    ]


def test_what_copies_state_differently_is_a_fact_each_and_flagged(release: Release) -> None:
    rows = release.sql(
        "select obs_value, unit, n_copies, flags from facts where indicator like '%县乡公路'"
        " or indicator = '人口自然增长率' order by obs_value, unit"
    ).to_pylist()
    assert [(r["obs_value"], r["unit"], r["n_copies"]) for r in rows] == [
        (5.2, "%", 1),
        (5.2, "‰", 1),
        (126.0, "公里", 1),
        (162.0, "公里", 1),
    ]
    assert all(any(flag.startswith("copies_differ:") for flag in row["flags"]) for row in rows)


def test_years_are_those_of_the_section_and_never_filled_from_a_copy(release: Release) -> None:
    rows = release.sql(
        "select d.uri, o.year, o.year_basis, o.obs_status from observations o join documents d using (doc_id)"
        " where indicator like '%生产总值' and measure = 'level' order by d.uri"
    ).to_pylist()
    by_page = {r["uri"].rsplit("/")[-1]: (r["year"], r["year_basis"]) for r in rows}
    assert by_page["lindu.txt"] == (2009, "printed")
    assert by_page["fengqiao.md"] == (2010, "printed")
    assert by_page["fanwen.txt"] == (None, "masked")
    report = release.sql(
        "select region_name, region_basis, year_review, year_plan, year_review_evidence, clean_text from reports"
        " where uri like '%lindu.txt'"
    ).to_pylist()[0]
    assert (report["region_name"], report["region_basis"]) == ("林渡县", "printed")
    assert (report["year_review"], report["year_plan"]) == (2009, 2010)
    assert report["year_review_evidence"] in report["clean_text"]


def test_who_was_earlier_is_said_where_both_years_are_printed(release: Release) -> None:
    edges = release.sql(
        "select a.uri as a, b.uri as b, year_gap, direction from reuse_edges e"
        " join reports a on a.cluster_id = from_cluster join reports b on b.cluster_id = to_cluster"
    ).to_pylist()
    (edge,) = edges
    lindu_first = edge["a"].endswith("lindu.txt")
    assert {edge["a"].rsplit("/")[-1], edge["b"].rsplit("/")[-1]} == {"lindu.txt", "fengqiao.md"}
    assert (edge["year_gap"], edge["direction"]) == ((1, "from") if lindu_first else (-1, "to"))


def test_tables_of_pages_become_cells_with_their_headers(release: Release) -> None:
    (table,) = release.arrow("extracted_tables").to_pylist()
    assert (table["origin"], table["n_rows"], table["n_columns"], table["header_rows"]) == ("markdown", 4, 3, 1)
    (cell,) = release.sql(
        "select row_header, column_header, value, unit from table_cells where row_index = 1 and col_index = 2"
    ).to_pylist()
    assert cell["row_header"] == "生产总值"
    assert (cell["column_header"], cell["value"], cell["unit"]) == ("2010年", 61.8, "亿元")


def test_cells_of_tables_are_no_figures_of_the_text(release: Release) -> None:
    (table,) = release.sql("select doc_id, char_start, char_end from extracted_tables").to_pylist()
    inside = release.sql(
        "select quote from observations where doc_id = $doc_id and value_start >= $char_start"
        " and value_start < $char_end",
        table,
    )
    assert inside.num_rows == 0
    # A table of a page in HTML, whose rows stand in its main text as lines.
    spans = TableSpans(
        pa.table(
            {"doc_id": ["d_b", "d_a", "d_a", "d_b"], "char_start": [5, 40, 10, None], "char_end": [9, 50, 20, None]}
        ),
        pa.array(["d_a", "d_b"]),
    )
    places = [("d_a", 9), ("d_a", 10), ("d_a", 19), ("d_a", 20), ("d_a", 45), ("d_b", 8), ("d_b", 9), ("d_b", 45)]
    held = spans.hold(pa.array([doc for doc, _ in places]), np.array([at for _, at in places], dtype=np.int32))
    assert held.tolist() == [False, True, True, False, True, True, False, False]


def test_texts_in_other_languages_state_no_figures(release: Release) -> None:
    board = release.sql(
        "select count(o.observation_id) as n from documents d left join observations o using (doc_id)"
        " where d.uri like '%board.txt'"
    ).to_pylist()
    assert board == [{"n": 0}]


def test_processes_and_small_parts_change_no_row(
    pages: Path, release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figuring, "ALONE_CHARS", 0)
    monkeypatch.setattr(figuring, "PART_CHARS", 1)
    monkeypatch.setattr(figuring, "PIECE_CHARS", 1)
    monkeypatch.setattr(attributing, "ALONE_CHARS", 0)
    monkeypatch.setattr(attributing, "PIECE_CHARS", 1)
    monkeypatch.setattr(tabling, "ALONE_SIZE", 0)
    monkeypatch.setattr(tabling, "PIECE_SIZE", 1)
    other = publish(pages, tmp_path / "w", workers=2)
    for name in NEW:
        assert other.arrow(name).equals(release.arrow(name)), name


def test_a_text_that_the_grammar_fails_on_is_quarantined_and_the_rest_published(
    pages: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = figure_texts.find_figures

    def failing(texts: pa.Array, overwritten: object) -> pa.Table:
        if any("商贸综合体" in text for text in texts.to_pylist()):
            raise RuntimeError("no such clause")
        return real(texts, overwritten)

    monkeypatch.setattr(figure_texts, "find_figures", failing)
    release = publish(pages, tmp_path / "w")
    (row,) = release.sql("select * from quarantine where dataset = 'observations'").to_pylist()
    assert row["rule"] == "unreadable_figures"
    assert "no such clause" in row["reason"]
    assert release.sql("select 1 from sections where section_id = ?", [row["record_id"]]).num_rows == 1
    assert release.arrow("observations").num_rows > 20
    assert not release.sql("select 1 from observations where section_id = ?", [row["record_id"]]).num_rows


def test_extraction_can_be_turned_off(pages: Path, tmp_path: Path) -> None:
    release = publish(pages, tmp_path / "w", extract={"enabled": False})
    for name in NEW[1:]:
        assert release.arrow(name).num_rows == 0, name
    bases = release.sql("select distinct region_basis, year_review_basis from reports").to_pylist()
    assert bases == [{"region_basis": "none", "year_review_basis": "none"}]
    assert release.arrow("attributions").schema.names == schemas.ATTRIBUTIONS.names
