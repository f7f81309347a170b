"""Which year a figure holds for, as its period is named."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.extraction.attribution import resolve_periods

REPORT = {
    "year_review": 2013,
    "year_review_basis": "printed",
    "year_plan": 2014,
    "year_plan_basis": "printed",
    "overwritten_year": None,
    "year_review_evidence": "一、2013年工作回顾",
    "year_plan_evidence": "二、2014年工作安排",
}
BASES = ("printed", "resolved", "inferred", "masked", "overwritten", "none")


def resolve(
    period: str | None, status: str = "actual", comparison: str | None = None, **changes: object
) -> tuple[int | None, str]:
    row = REPORT | changes
    figures = pa.table(
        {
            "period_text": pa.array([period], pa.string()),
            "obs_status": [status],
            "comparison": pa.array([comparison], pa.string()),
        }
    )
    columns = {name: pa.array([value], None if value is not None else pa.int32()) for name, value in row.items()}
    year, basis = resolve_periods(figures, pa.table(columns))
    assert (year.type, basis.type) == (pa.int32(), pa.string())
    return year[0].as_py(), basis[0].as_py()


@pytest.mark.parametrize(
    ("period", "status", "expected"),
    [
        (None, "actual", (2013, "resolved")),
        (None, "target", (2014, "resolved")),
        ("全年", "actual", (2013, "resolved")),
        ("全年", "estimate", (2013, "resolved")),
        ("年内", "target", (2014, "resolved")),
        ("11月末", "actual", (2013, "resolved")),
        ("2012年", "actual", (2012, "printed")),
        ("2012年上半年", "actual", (2012, "printed")),
        ("二〇一二年", "actual", (2012, "printed")),
        ("到2015年", "target", (2015, "printed")),
        ("2008—2012年", "actual", (2012, "printed")),
        ("03年", "actual", (2003, "printed")),
        ("98年", "actual", (1998, "printed")),
        ("今年", "target", (2014, "resolved")),
        ("今年", "actual", (None, "none")),
        ("去年", "actual", (2013, "resolved")),
        ("五年", "actual", (2013, "resolved")),
        ("过去五年", "actual", (2013, "resolved")),
        ("连续13年", "actual", (2013, "resolved")),
        ("今后五年", "target", (2018, "resolved")),
        ("三年内", "target", (2016, "resolved")),
        ("“十一五”期间", "actual", (2010, "resolved")),
        ("“十二五”期间", "actual", (2013, "resolved")),
        ("“十二五”期间", "target", (2015, "resolved")),
        ("“十五”计划末", "actual", (2005, "resolved")),
        ("“十二五”规划的开局之年", "actual", (2011, "resolved")),
        ("20xx年", "actual", (None, "masked")),
        ("xx年", "target", (None, "masked")),
        ("～年", "actual", (None, "masked")),
        ("每年", "actual", (None, "none")),
        ("原来", "actual", (None, "none")),
        ("前一年", "actual", (None, "none")),
        ("过去的一年", "target", (2013, "resolved")),
        ("目前", "target", (2013, "resolved")),
        ("近三年", "actual", (2013, "resolved")),
        ("2013年", "target", (None, "none")),
    ],
)
def test_periods_are_resolved_against_the_years_of_the_report(
    period: str | None, status: str, expected: tuple[int | None, str]
) -> None:
    assert resolve(period, status) == expected


@pytest.mark.parametrize(
    ("period", "status", "expected"),
    [
        ("1998年特大洪水以来", "actual", (2013, "resolved")),
        ("2012年以来", "actual", (2013, "resolved")),
        ("从2006年起", "actual", (2013, "resolved")),
        ("2010年至今", "actual", (2013, "resolved")),
        ("今", "actual", (2013, "resolved")),
        ("“十一五”以来", "actual", (2013, "resolved")),
        # It begins after the year looked back on.
        ("2015年以来", "actual", (None, "none")),
        ("2015年起", "target", (2015, "printed")),
        ("2011、2012两年", "actual", (2012, "printed")),
        ("2011-2013年", "actual", (2013, "printed")),
        ("“十二五”末", "actual", (2015, "resolved")),
        ("“十三五”末", "target", (2020, "resolved")),
        ("截至6月底", "actual", (2013, "resolved")),
        ("1-6月", "actual", (2013, "resolved")),
        ("到2020年", "actual", (2020, "printed")),
    ],
)
def test_a_span_that_goes_on_ends_in_the_year_looked_back_on(
    period: str, status: str, expected: tuple[int | None, str]
) -> None:
    assert resolve(period, status) == expected


def test_a_span_that_goes_on_has_no_year_without_one_looked_back_on() -> None:
    assert resolve("2012年以来", year_review=None, year_review_basis="none") == (None, "none")
    assert resolve("2012年以来", year_review=None, year_review_basis="masked") == (None, "masked")


def test_a_change_since_a_year_started_in_it() -> None:
    assert resolve("2012年以来", comparison="from_to_start") == (2012, "printed")
    assert resolve("2024年以来", comparison="from_to_start", overwritten_year=2024) == (None, "none")


@pytest.mark.parametrize(
    ("period", "status", "expected"),
    [
        ("今年", "actual", (2013, "resolved")),
        ("去年", "actual", (2012, "resolved")),
        ("上年", "target", (2012, "resolved")),
        ("明年", "target", (2014, "resolved")),
        ("全年", "target", (2013, "resolved")),
    ],
)
def test_a_report_of_half_a_year_calls_that_year_this_year(
    period: str, status: str, expected: tuple[int | None, str]
) -> None:
    assert resolve(period, status, year_plan=2013) == expected


def test_a_report_that_plans_for_the_next_year_by_that_word_was_read_before_its_year_ended() -> None:
    december = {"year_plan_evidence": "明年的主要任务是：修路"}
    assert resolve("今年", "actual", **december) == (2013, "resolved")
    assert resolve("去年", "actual", **december) == (2012, "resolved")


def test_the_date_of_a_session_of_december_says_what_this_year_is() -> None:
    cover = {"year_review_evidence": "2013年12月20日在筠岙镇第八届人民代表大会第九次会议上", "year_plan_evidence": None}
    assert resolve("今年以来", "actual", **cover) == (2013, "resolved")
    assert resolve("去年", "actual", **cover) == (2012, "resolved")
    spring = cover | {"year_review_evidence": "2014年1月20日在筠岙镇第八届人民代表大会第九次会议上"}
    assert resolve("去年", "actual", **spring) == (2013, "resolved")


def test_the_period_of_a_sentence_dates_the_end_of_a_change() -> None:
    row = {**REPORT, "year_review": 2016, "year_plan": 2017}
    sections = pa.table(
        {name: pa.array([value] * 6, None if value is not None else pa.int32()) for name, value in row.items()}
    )
    figures = pa.table(
        {
            "period_text": ["2015年", "2015年", "2012年", "2015年", "2015年", "2015年"],
            "obs_status": ["actual"] * 6,
            # 2015年，由3000元增加到5000元; 由2012年的3亿元增加到2015年的5亿元; a start alone, another figure
            "comparison": ["from_to_start", "from_to_end", "from_to_start", "from_to_end", "from_to_start", None],
        }
    )
    year, _ = resolve_periods(figures, sections)
    assert year.to_pylist() == [None, 2015, 2012, 2015, 2015, 2015]


@pytest.mark.parametrize(
    ("period", "status", "expected"),
    [
        ("1998年—2013年", "actual", (1998, "printed")),
        ("1998年—～年", "actual", (1998, "printed")),
        ("2010年", "actual", (2010, "printed")),
        ("2013年", "actual", (None, "none")),
        ("五年", "actual", (2008, "resolved")),
        ("去年", "actual", (2013, "resolved")),
        ("上年", "actual", (2012, "resolved")),
        ("上年", "target", (2013, "resolved")),
        (None, "actual", (None, "none")),
    ],
)
def test_what_a_change_started_from_holds_for_an_earlier_year(
    period: str | None, status: str, expected: tuple[int | None, str]
) -> None:
    assert resolve(period, status, "from_to_start") == expected


def test_the_end_of_a_masked_range_is_masked() -> None:
    assert resolve("1998年—～年", "actual", "from_to_end") == (None, "masked")


def test_a_year_that_the_page_put_in_is_no_year() -> None:
    assert resolve("2024年", overwritten_year=2024) == (None, "overwritten")
    assert resolve("2023年", overwritten_year=2024) == (2023, "printed")


def test_what_is_resolved_against_an_inferred_year_is_inferred() -> None:
    assert resolve("全年", year_review_basis="inferred") == (2013, "inferred")


@pytest.mark.parametrize("basis", ["masked", "overwritten", "none"])
def test_without_the_year_of_the_report_there_is_none(basis: str) -> None:
    assert resolve("全年", year_review=None, year_review_basis=basis) == (None, basis)


def test_a_report_of_december_calls_the_year_it_reviews_this_year() -> None:
    december = {"year_review_evidence": "今年以来，全镇上下齐心"}
    assert resolve("今年", "actual", **december) == (2013, "resolved")
    assert resolve("明年", "target", **december) == (2014, "resolved")
    assert resolve("去年", "actual", **december) == (2012, "resolved")


@given(
    st.text(alphabet="0123456789年xX～—至到“”十五一二期间末初今去明上下半全来内后连续个规划", max_size=14) | st.none(),
    st.sampled_from(["actual", "target", "estimate"]),
    st.sampled_from([None, "yoy", "annual_average", "from_to_start", "from_to_end"]),
    st.sampled_from([None, 2024]),
)
def test_any_period_gives_a_plausible_year_or_none(
    period: str | None, status: str, comparison: str | None, put_in: int | None
) -> None:
    year, basis = resolve(period, status, comparison, overwritten_year=put_in)
    assert basis in BASES
    assert (year is None) == (basis in ("masked", "overwritten", "none"))
    assert year is None or 1949 <= year <= 2100
    assert basis != "printed" or year != put_in
