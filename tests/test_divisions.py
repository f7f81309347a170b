"""The shipped table of administrative divisions: what it holds, and that it is quick to open."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.extraction.attribution.divisions import KINDS, Divisions, divisions, kind_of
from dedup.reference import reference_file


@pytest.fixture(scope="module")
def table() -> Divisions:
    return divisions()


@pytest.mark.parametrize(
    ("name", "code", "path"),
    [
        ("湖南省", "430000", "湖南省"),
        ("长沙市", "430100", "湖南省长沙市"),
        ("浏阳市", "430181", "湖南省长沙市浏阳市"),
        ("枨冲镇", "430181114", "湖南省长沙市浏阳市枨冲镇"),
        ("信州区", "361102", "江西省上饶市信州区"),
        ("重庆市", "500000", "重庆市"),
        ("浦东新区", "310115", "上海市浦东新区"),
    ],
)
def test_divisions_of_all_levels_are_there_with_their_codes(table: Divisions, name: str, code: str, path: str) -> None:
    (found,) = table.standing(table.named(name), None)
    assert (found.code, table.path(found)) == (code, path)


def test_counties_that_became_districts_have_the_years_of_both_names(table: Divisions) -> None:
    (county,), (district,) = table.named("繁昌县"), table.named("繁昌区")
    assert (county.until, district.since) == (2019, 2020)
    assert county.stood(2004)
    assert not district.stood(2004)
    assert district.stood(None)


def test_a_county_that_got_another_code_is_one_place(table: Divisions) -> None:
    assert len(table.named("德惠市")) == 2
    assert [d.code for d in table.standing(table.named("德惠市"), None)] == ["220183"]


def test_townships_that_share_a_name_stay_apart(table: Divisions) -> None:
    assert len({d.code[:6] for d in table.standing(table.named("河东乡"), None)}) > 3


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("恩施土家族苗族自治州", "恩施"),
        ("内蒙古自治区", "内蒙古"),
        ("任县", "任县"),
        ("枨冲镇", "枨冲"),
        ("东乡族自治县", "东乡"),
    ],
)
def test_the_stem_is_the_name_without_its_generic_ending(table: Divisions, name: str, stem: str) -> None:
    assert table.named(name)[0].short == stem


def test_words_of_every_day_are_marked(table: Divisions) -> None:
    assert table.named("富裕县")[0].is_word
    assert not table.named("枨冲镇")[0].is_word


def test_a_name_that_is_not_there_is_not_invented(table: Divisions) -> None:
    assert table.named("澜泊县") == []
    assert "澜泊县" not in table.names


@given(st.integers(0, 51_000))
def test_every_row_is_found_by_its_name_and_belongs_to_a_province(index: int) -> None:
    table = divisions()
    row = table.row(index)
    assert row in table.named(row.name)
    assert row.kind in {*KINDS, ""}
    assert row.kind == kind_of(row.name)
    assert 2 <= row.stem <= len(row.name)
    assert table.path(row).endswith(row.name)
    assert table.path(row).startswith(table.with_code(row.code[:2] + "0000").name)


def test_the_table_is_small_and_not_read_before_it_is_asked_for() -> None:
    assert reference_file("divisions.parquet").stat().st_size < 1_000_000
    code = (
        "from dedup.extraction.attribution import divisions as d, attribute_sections;"
        "print(d.divisions.cache_info().currsize)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"
