"""Looking at figures from the command line: facts, one fact, its evidence and checks, a table, a page before a run."""

from __future__ import annotations

from pathlib import Path

import pytest

import dedup
from tests.command import call
from tests.test_engine_figures import write


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    write(folder / "pages")
    done = call("run", str(folder / "pages"), "--no-prefect", "-w", folder / "w")
    assert done.code == 0, done.err
    assert "extracted   " in done.out
    return folder / "w"


def test_facts_are_found_by_words_place_year_code_and_flag(warehouse: Path) -> None:
    greenhouses = call("facts", "蔬菜大棚", "-w", warehouse, "--json").json()
    assert sorted((f["obs_value"], f["n_copies"]) for f in greenhouses) == [(1360.0, 1), (1360.0, 2)]
    assert {f["year"] for f in call("facts", "--year", "2010", "-w", warehouse, "--limit", "0", "--json").json()} == {
        2010
    }
    named = call("facts", "--region", "林渡", "-w", warehouse, "--limit", "0", "--json").json()
    assert {f["region_name"] for f in named} == {"林渡县"}
    gdp = call("facts", "--indicator", "gdp", "-w", warehouse, "--json").json()
    assert {f["indicator"] for f in gdp} == {"生产总值"}
    flagged = call("facts", "--flagged", "-w", warehouse, "--json").json()
    assert {f["obs_value"] for f in flagged} >= {126.0, 162.0}
    assert all(f["flags"] for f in flagged)


def test_facts_print_value_year_and_words(warehouse: Path) -> None:
    shown = call("facts", "生产总值", "-w", warehouse)
    assert shown.code == 0
    assert "46.3亿元" in shown.out
    assert "growth 11.6%" in shown.out
    assert "2009" in shown.out
    assert "1 more" in call("facts", "蔬菜大棚", "--limit", "1", "-w", warehouse).err
    assert "no facts like that" in call("facts", "太空电梯", "-w", warehouse).out


def test_a_fact_shows_its_words_in_their_context_and_what_contradicts_it(warehouse: Path) -> None:
    (fact,) = [f for f in call("facts", "县乡公路", "-w", warehouse, "--json").json() if f["obs_value"] == 126.0]
    shown = call("show", fact["fact_id"], "-w", warehouse)
    assert shown.code == 0, shown.err
    assert "改造县乡公路126公里" in shown.out
    assert "基础设施不断改善" in shown.out
    assert "contradicts" in shown.out
    assert "copies_differ" in shown.out
    observation = call("show", fact["observation_id"][:9], "-w", warehouse, "--json").json()
    assert observation["quote"] == fact["quote"]
    assert observation["checks"][0]["rule"] == "copies_differ"


def test_a_section_and_a_cluster_say_their_place_and_years(warehouse: Path) -> None:
    (report,) = (
        dedup.open_release(warehouse)
        .sql("select cluster_id, section_id from reports where region_name = '林渡县'")
        .to_pylist()
    )
    for name in report.values():
        shown = call("show", name, "-w", warehouse).out
        assert "林渡县 · printed" in shown
        assert "2009 · printed" in shown
    assert "facts" in call("show", report["cluster_id"], "-w", warehouse).out


def test_a_table_is_printed_with_its_rows(warehouse: Path) -> None:
    (table_id,) = dedup.open_release(warehouse).arrow("extracted_tables")["table_id"].to_pylist()
    shown = call("show", table_id, "-w", warehouse).out.splitlines()
    assert any(line.split() == ["生产总值", "亿元", "61.8"] for line in shown)
    assert len(call("show", table_id, "-w", warehouse, "--json").json()["cells"]) == 12


def test_preview_names_place_years_and_figures(warehouse: Path) -> None:
    shown = call("preview", warehouse.parent / "pages" / "gov" / "lindu.txt")
    assert "林渡县 · printed" in shown.out
    assert "生产总值 46.3亿元" in shown.out
    (page,) = call("preview", warehouse.parent / "pages" / "gov" / "lindu.txt", "--json").json()
    (part,) = page["sections"]
    assert part["attribution"]["year_review"] == 2009
    assert len(part["figures"]) > 10
