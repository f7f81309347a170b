"""`dedup runs`: figures of runs over time, in a terminal, as a page and for scripts."""

from __future__ import annotations

import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from dedup import schemas
from dedup.alert_settings import AlarmSettings
from dedup.alerts.chart import line_chart
from dedup.alerts.history import RunRecord
from dedup.alerts.page import runs_page
from dedup.alerts.series import Series, series_of_runs, series_of_source, sparkline
from tests.command import call
from tests.small_release import NOW, publish, small_tables

HOSTILE = '<script>alert(1)</script>"&'


def metrics(i: int, **source: float) -> dict[str, dict[str, float]]:
    """Metrics of the i-th nightly run."""
    usual = {"documents": 100 + i, "seen": 100, "new": 40, "fresh_sections": 80, "fresh_repeated": 8, "quarantined": 2}
    return {
        "run": {"documents": 100 + i, "new": 40, "clusters": 90, "copies": 10, "quarantined": 2, "reports": 80},
        "audit": {"recall": 0.995, "recall_low": 0.99, "recall_high": 0.999},
        "stage:match": {"wall_s": 10.0 + i, "peak_rss_mb": 500.0},
        f"source:{HOSTILE}": {**usual, **source},
    }


def rows(nights: int) -> pa.Table:
    found = [
        {"run_id": f"r_{i:016x}", "release_id": f"2031-03-{i + 1:02d}.1", "started_at": NOW + timedelta(days=i),
         "stage": stage, "metric": metric, "value": float(value)}
        for i in range(nights)
        for stage, values in metrics(i, **({"fresh_repeated": 70} if i == nights - 1 else {})).items()
        for metric, value in values.items()
    ]  # fmt: skip
    return pa.Table.from_pylist(found, schema=schemas.RUNS)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    publish(tmp_path / "w", {**small_tables(), "runs": rows(9)})
    return tmp_path / "w"


def test_the_newest_runs_stand_on_top_with_their_alarms(warehouse: Path) -> None:
    shown = call("runs", "-w", warehouse)
    assert shown.code == 0, shown.err
    table, trends = shown.out.split("\n\n")
    first, *lines = table.splitlines()
    assert first.split()[:3] == ["release", "begun", "(UTC)"]
    assert [line.split()[0] for line in lines] == [f"2031-03-{i:02d}.1" for i in range(9, 0, -1)]
    assert "usually it is 10%" in lines[0]
    assert "usually" not in lines[1]
    documents = next(line for line in trends.splitlines() if line.startswith("documents "))
    assert documents.split()[-4:] == ["▁▂▃▄▅▅▆▇█", "100", "108", "108"]
    assert "99.5%" in trends


def test_one_source_and_few_runs(warehouse: Path) -> None:
    shown = call("runs", "-w", warehouse, "--source", HOSTILE, "--limit", "2")
    lines = shown.out.split("\n\n")[0].splitlines()
    assert len(lines) == 3
    assert "of those repeated" in lines[0]
    assert "87.5%" in lines[1]
    # The runs that are not shown are still what the shown ones are compared with.
    assert "usually it is 10%" in lines[1]
    wrong = call("runs", "-w", warehouse, "--source", "nobody")
    assert wrong.code == 2
    assert "no source 'nobody'" in wrong.err


def test_scripts_get_metrics_and_alarms(warehouse: Path) -> None:
    found = call("runs", "-w", warehouse, "--json").json()
    assert [run["release_id"] for run in found] == [f"2031-03-{i:02d}.1" for i in range(1, 10)]
    assert found[0]["alarms"] == []
    assert found[0]["metrics"]["run"]["documents"] == 100
    assert [alarm["kind"] for alarm in found[-1]["alarms"]] == ["duplicates"]


class Tags(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.alarms = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.alarms += ("class", "alarm") in attrs
        if tag not in ("meta", "br", "line", "circle", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "circle", "polyline"):
            assert self.open.pop() == tag


def test_the_page_needs_nothing_and_shows_what_pages_wrote_as_text(warehouse: Path, tmp_path: Path) -> None:
    page = tmp_path / "out" / "runs.html"
    done = call("runs", "-w", warehouse, "--html", page)
    assert (done.code, done.out) == (0, "")
    text = page.read_text("utf-8")
    tags = Tags(text)
    assert tags.open == []
    assert "script" not in tags.tags
    assert not any(name in ("src", "href", "style", "onload") for name, _ in tags.attributes)
    assert "default-src 'none'" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert tags.tags.count("svg") > 10
    # The last run raised an alarm about the source: its point in the figure it is about is marked.
    assert tags.alarms == 1
    about = text.partition("of those repeated")[2].partition("</figure>")[0]
    assert Tags(about.partition("</figcaption>")[2]).alarms == 1
    assert "usually it is 10%" in text


def test_figures_that_no_run_measured_are_left_out() -> None:
    old = RunRecord("r", "2031-03-04.1", NOW, {"cut": {"sections": 3.0}})
    assert [s.title for s in series_of_runs([old]) if s.known] == []
    assert "<svg" not in runs_page([old], AlarmSettings(), "t")
    assert "0 runs" in runs_page([], AlarmSettings(), "t")


def test_shares_of_nothing_are_not_measured() -> None:
    run = RunRecord("r", "2031-03-04.1", NOW, {"source:a": {"seen": 0.0, "quarantined": 0.0, "fresh_sections": 0.0}})
    by_title = {s.title: s for s in series_of_source([run], "a")}
    assert by_title["in quarantine"].values == (None,)
    assert by_title["of those repeated"].values == (None,)


@pytest.mark.parametrize(
    ("values", "drawn"),
    [([1, 2, 3], "▁▅█"), ([5, 5], "▁▁"), ([None, 4, 0], "·█▁"), ([None], "·"), ([], ""), ([-1, 1], "▁█")],
)
def test_sparklines(values: list[float | None], drawn: str) -> None:
    assert sparkline(values) == drawn


@pytest.mark.parametrize(
    ("values", "unit", "least", "most"),
    [
        ([3, 18], "", "0", "20"),
        ([0.991, 0.999], "%", "99%", "100%"),
        ([0.1, 0.3], "%", "0%", "30%"),
        ([12_000, 31_000], "", "0", "40k"),
        ([7], "s", "0", "8"),
        ([0, 0], "", "0", "1"),
    ],
)
def test_axes_end_at_round_numbers_and_begin_at_zero_where_that_is_honest(
    values: list[float], unit: str, least: str, most: str
) -> None:
    chart = line_chart(Series("t", tuple(values), unit), [f"r{i}" for i in values], [False] * len(values))
    ticks = re.findall(r'text-anchor="end">([^<]+)</text>', chart)
    ticks = [tick for tick in ticks if not tick.startswith("r")]
    assert (ticks[0], ticks[-1]) == (least, most)
    heights = [float(y) for y in re.findall(r'cy="([0-9.]+)"', chart)]
    assert all(0 <= y <= 150 for y in heights)


def test_a_gap_parts_the_line() -> None:
    chart = line_chart(Series("t", (1.0, None, 2.0)), ["a", "b", "c"], [False, False, True])
    assert chart.count("<polyline") == 2
    assert chart.count("<circle") == 2
    assert line_chart(Series("t", (None, None)), ["a", "b"], [False, False]) == ""
