"""Dates and urls as pages state them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.sources.dates import date_in_url, find_date, parse_date, parse_moment
from dedup.sources.provenance import Occurrences, clean_url, content_key, url_host


@pytest.mark.parametrize(
    "written",
    [
        "2015-03-02",
        "2015/3/2",
        "2015.03.02",
        "2015年3月2日",
        "2015 年 03 月 02 日",
        "20150302",
        "2015-03-02 08:15:00",
        "2015-03-02T08:15:00+08:00",
        "2015-03-02T08:15:00.123Z",
        "2015年03月02日 08:15",
        "2015-03-02 星期一",
        "2 March 2015",
        "March 2, 2015",
        "Mon, 02 Mar 2015 08:15:00 GMT",
        "  2015-3-2  ",
    ],
)
def test_dates_are_read_in_the_forms_pages_use(written: str) -> None:
    assert parse_date(written) == date(2015, 3, 2)


@pytest.mark.parametrize(
    "written",
    [
        *("", "2015", "2015年3月", "2015-13-01", "2015-02-30", "15-03-02", "1015-03-02", "2015-3/2", "昨天"),
        *("13912345678", "2015-03-02 25:00", "第2015-03-02号文件发布以来"),
    ],
)
def test_what_is_no_date_stays_unknown(written: str) -> None:
    assert parse_date(written) is None


def test_a_date_in_a_line_of_text_is_found() -> None:
    assert find_date("发布机构：办公室　2015年3月2日　点击 12 次") == date(2015, 3, 2)


@given(st.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_every_day_survives_every_form(day: date) -> None:
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%d %B %Y", "%B %d, %Y"):
        assert parse_date(day.strftime(form)) == day


def test_moments_are_in_utc_whatever_the_zone() -> None:
    expected = datetime(2015, 3, 2, 0, 15, tzinfo=UTC)
    assert parse_moment("2015-03-02T08:15:00+08:00") == expected
    assert parse_moment("2015-03-02 00:15:00") == expected
    assert parse_moment(str(int(expected.timestamp()))) == expected
    assert parse_moment(f"{int(expected.timestamp())}250") == expected + timedelta(milliseconds=250)
    assert parse_moment("just now") is None


@pytest.mark.parametrize(
    ("url", "day"),
    [
        ("http://a.example/2015/03/02/x.html", date(2015, 3, 2)),
        ("http://a.example/art/2015/3/2/art_12_7.html", date(2015, 3, 2)),
        ("http://a.example/xw/201503/02/x.html", date(2015, 3, 2)),
        ("http://a.example/xw/t20150302_91.html", date(2015, 3, 2)),
        ("http://a.example/2015-03-02-title", date(2015, 3, 2)),
        ("http://a.example/2015/13/02/x.html", None),
        ("http://a.example/article/20150302991.html", None),
        ("http://a.example/x?d=2015/03/02/", None),
    ],
)
def test_the_date_in_a_url(url: str, day: date | None) -> None:
    assert date_in_url(url) == day


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("http://Reader:Secret@News.Example:80/A?b=1#top", "http://news.example/A?b=1"),
        ("https://a.example/x?id=3&token=abc&Access_Token=1&page=2", "https://a.example/x?id=3&page=2"),
        ("https://a.example/x;jsessionid=0A1B?sessionId=7", "https://a.example/x"),
        ("https://a.example/x?X-Amz-Signature=1&X-Amz-Date=2&k=3", "https://a.example/x?k=3"),
        ("https://a.example/#/report/12", "https://a.example/#/report/12"),
        ("https://a.example/#!/report/12", "https://a.example/#!/report/12"),
        ("https://a.example/#/cb?access_token=1", "https://a.example/"),
        ("https://a.example:8443", "https://a.example:8443/"),
        ("//a.example/x", "http://a.example/x"),
        (" http://政府.example/公告 ", "http://政府.example/公告"),
        ("a.html", None),
        ("无", None),
        ("http://", None),
        ("http://a b/", None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("http://[::1", None),
        (None, None),
    ],
)
def test_urls_keep_what_names_a_page_and_lose_what_opens_doors(given: str | None, clean: str | None) -> None:
    assert clean_url(given) == clean


@given(st.text(max_size=80))
def test_cleaning_a_url_twice_changes_nothing(tail: str) -> None:
    for text in (tail, "https://a.example/" + tail):
        once = clean_url(text)
        if once is not None:
            assert clean_url(once) == once
            assert url_host(once)


def test_equal_keys_are_numbered_and_parts_do_not_run_together() -> None:
    names = Occurrences()
    assert [names.name(k) for k in ("a", "b", "a", "a")] == ["a", "b", "a-2", "a-3"]
    assert content_key("ab", "c") != content_key("a", "bc")
    assert content_key("x", None) == content_key("x", "")
