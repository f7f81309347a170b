"""Dates as pages and records state them: parsed strictly, without locale, impossible ones are None."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

#: Outside these years a "date" on a web page is a phone number, a file number or a broken clock.
FIRST_YEAR, LAST_YEAR = 1900, 2099

_YEAR = r"(?<![0-9])((?:19|20)[0-9]{2})"
_TIME = r"(?:[ T日\u3000\xa0]*([0-9]{1,2})[:时点：]([0-9]{1,2})(?:[:分：]([0-9]{1,2}))?(?:[.,][0-9]+)?)?"
_ZONE = r"[ \u3000]*(Z|UTC|GMT|[+-][0-9]{2}:?[0-9]{2})?"
_NUMERIC = re.compile(_YEAR + r"([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])" + _TIME + _ZONE)
_CHINESE = re.compile(
    _YEAR + r"[ \u3000]*年[ \u3000]*([0-9]{1,2})[ \u3000]*月[ \u3000]*([0-9]{1,2})[ \u3000]*日?" + _TIME
)
_COMPACT = re.compile(_YEAR + r"([0-9]{2})([0-9]{2})(?:T?([0-9]{2})([0-9]{2})([0-9]{2}))?(Z)?(?![0-9])")
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?"
_DAY_FIRST = re.compile(r"(?<![0-9])([0-9]{1,2})[ -]" + _MONTH + r",?[ -]" + _YEAR + _TIME + _ZONE, re.I | re.A)
_MONTH_FIRST = re.compile(_MONTH + r"[ -]([0-9]{1,2})(?:st|nd|rd|th)?,?[ -]" + _YEAR + _TIME + _ZONE, re.I | re.A)
_WEEKDAY = re.compile(r"(?:星期|周)[一二三四五六日天]")
_EPOCH = re.compile(r"([0-9]{10})([0-9]{3})?(?:\.[0-9]+)?")
_URL_DATE = re.compile(
    r"/(?:[a-z]+)?((?:19|20)[0-9]{2})(?:([-/])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})/?([0-9]{2}))(?=[/_.\-]|$)", re.A
)


def _moment(
    year: str, month: int, day: str, hour: str | None, minute: str | None, second: str | None
) -> datetime | None:
    """Return the naive moment, or None when the calendar has no such day or the clock no such time."""
    if not FIRST_YEAR <= int(year) <= LAST_YEAR:
        return None
    try:
        return datetime(int(year), month, int(day), int(hour or 0), int(minute or 0), int(second or 0))  # noqa: DTZ001
    except ValueError:
        return None


def _offset(zone: str | None) -> timezone:
    """Return the zone as written; without one the time is taken as UTC, so that no machine's zone enters."""
    if zone is None or zone in {"Z", "UTC", "GMT"}:
        return UTC
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    if minutes >= 24 * 60:
        return UTC
    return timezone(timedelta(minutes=minutes if zone[0] == "+" else -minutes))


def _match(pattern: re.Pattern[str], value: str, whole: bool) -> re.Match[str] | None:
    # A field that *is* a date must be nothing else, apart from a weekday before and a zone's name behind.
    found = pattern.search(value)
    if found and whole:
        before, behind = value[: found.start()], _WEEKDAY.sub("", value[found.end() :])
        if (
            not re.fullmatch(r"[A-Za-z]{0,9}[,. ]*", before)
            or len(behind) > 24
            or re.search(r"[0-9\u4e00-\u9fff]{3}", behind)
        ):
            return None
    return found


def _parse(value: str, whole: bool) -> tuple[datetime, timezone] | None:
    """Return (naive moment, zone) of the first date form that `value` holds."""
    moment: datetime | None
    if m := _match(_NUMERIC, value, whole):
        moment = _moment(m[1], int(m[3]), m[4], m[5], m[6], m[7])
        return (moment, _offset(m[8])) if moment else None
    if m := _match(_CHINESE, value, whole):
        moment = _moment(m[1], int(m[2]), m[3], m[4], m[5], m[6])
        return (moment, UTC) if moment else None
    if m := _match(_DAY_FIRST, value, whole):
        moment = _moment(m[3], _MONTHS[m[2].lower()], m[1], m[4], m[5], m[6])
        return (moment, _offset(m[7])) if moment else None
    if m := _match(_MONTH_FIRST, value, whole):
        moment = _moment(m[3], _MONTHS[m[1].lower()], m[2], m[4], m[5], m[6])
        return (moment, _offset(m[7])) if moment else None
    if m := _match(_COMPACT, value, whole):
        moment = _moment(m[1], int(m[2]), m[3], m[4], m[5], m[6])
        return (moment, UTC) if moment else None
    return None


@lru_cache(maxsize=65536)
def parse_date(value: str) -> date | None:
    """Return the calendar day that `value` states, as written (not moved to another time zone).

    Known forms: 2015-03-02, 2015/3/2, 2015.3.2, 2015年3月2日, 20150302, 2 March 2015, March 2, 2015, each with or
    without a time. A month alone, two-digit years and days that the calendar does not have give None.
    """
    found = _parse(value.strip(), whole=True)
    return found[0].date() if found else None


def find_date(text: str) -> date | None:
    """Return the first full date in running text; same forms as `parse_date`."""
    found = _parse(text, whole=False)
    return found[0].date() if found else None


@lru_cache(maxsize=65536)
def parse_moment(value: str) -> datetime | None:
    """Return the moment that `value` states, in UTC; Unix seconds or milliseconds are understood, no zone means UTC."""
    value = value.strip()
    if m := _EPOCH.fullmatch(value):
        moment = datetime.fromtimestamp(int(m[1]), UTC)
        return moment + timedelta(milliseconds=int(m[2])) if m[2] else moment
    found = _parse(value, whole=True)
    return found[0].replace(tzinfo=found[1]).astimezone(UTC) if found else None


def date_in_url(url: str) -> date | None:
    """Return the date in a url's path: `/2015/03/02/`, `/2015-3-2/`, `/201503/02/` or `/t20150302_7.html`."""
    path = url.split("?", 1)[0].split("#", 1)[0]
    for m in _URL_DATE.finditer(path):
        moment = _moment(m[1], int(m[3] or m[5]) if 1 <= int(m[3] or m[5]) <= 12 else 0, m[4] or m[6], None, None, None)
        if moment:
            return moment.date()
    return None
