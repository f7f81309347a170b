"""Alarms: what is out of the ordinary in a run, by the runs before it, and what is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup import schemas
from dedup.alert_settings import AlarmSettings
from dedup.alerts.history import RunRecord, read_history
from dedup.alerts.rules import Alarm, find_alarms
from tests.command import LINDU, call, write_pages

START = datetime(2031, 1, 1, 2, tzinfo=UTC)
DEFAULT = AlarmSettings()


def night(i: int, *, seconds: float = 100.0, run: dict[str, float] | None = None, **source: float) -> RunRecord:
    """The i-th nightly run over one source, in which nothing is out of the ordinary."""
    usual = {"seen": 500, "new": 50, "changed": 5, "gone": 0, "fresh_sections": 100, "fresh_repeated": 20}
    values = {
        "source:gov": {**usual, "documents": 500 + 50 * i, "quarantined": 10, **source},
        "stage:match": {"wall_s": seconds * 0.4},
        "stage:extract": {"wall_s": seconds * 0.6},
        "audit": {"recall": 1.0, "recall_low": 0.99, "recall_high": 1.0, **(run or {})},
    }
    return RunRecord(f"r_{i}", f"2031-01-{i + 1:02d}.1", START + timedelta(days=i), values)


def alarms(history: list[RunRecord], **settings: float) -> list[Alarm]:
    return find_alarms(history, AlarmSettings(**settings))


def kinds(history: list[RunRecord], **settings: float) -> list[str]:
    return [alarm.kind for alarm in alarms(history, **settings)]


def test_ordinary_nights_raise_nothing() -> None:
    history = [night(i, fresh_repeated=20 + i % 3, quarantined=8 + i % 5, seconds=100 + 7 * (i % 4)) for i in range(20)]
    for n in range(1, 21):
        assert find_alarms(history[:n], DEFAULT) == []
    assert find_alarms([], DEFAULT) == []


def test_more_duplicates_than_usual() -> None:
    (alarm,) = alarms([*(night(i) for i in range(8)), night(8, fresh_repeated=85)])
    assert (alarm.kind, alarm.source, alarm.value, alarm.usual) == ("duplicates", "gov", 0.85, 0.2)
    assert alarm.message == "85% of what is new in gov repeats other sections; usually it is 20%"


def test_more_in_quarantine_than_usual() -> None:
    (alarm,) = alarms([*(night(i) for i in range(8)), night(8, seen=300, quarantined=210)])
    assert (alarm.kind, alarm.source) == ("quarantine", "gov")
    assert alarm.value == pytest.approx(210 / 510)
    assert alarm.usual == pytest.approx(10 / 510)


def test_one_bad_night_does_not_decide_what_is_usual() -> None:
    history = [night(i, fresh_repeated=95 if i == 3 else 20) for i in range(10)]
    assert kinds([*history, night(10, fresh_repeated=90)]) == ["duplicates"]
    assert kinds([*history, night(10, fresh_repeated=22)]) == []


def test_a_source_that_varies_may_vary() -> None:
    history = [night(i, fresh_repeated=share) for i, share in enumerate([10, 45, 20, 60, 15, 50, 30, 40])]
    assert kinds([*history, night(8, fresh_repeated=65)]) == []


def test_rates_of_little_and_histories_of_little_say_nothing() -> None:
    history = [night(i) for i in range(8)]
    assert kinds([*history, night(8, fresh_sections=5, fresh_repeated=5)]) == []
    assert kinds([*history[:3], night(3, fresh_repeated=90)]) == []
    assert kinds([*history[:3], night(3, fresh_repeated=90)], least_runs=3) == ["duplicates"]
    # Nights in which little came are no history either.
    few = [night(i, fresh_sections=4, fresh_repeated=1) for i in range(8)]
    assert kinds([*few, night(8, fresh_repeated=90)]) == []


def test_a_source_goes_silent() -> None:
    quiet = {"new": 0.0, "changed": 0.0, "fresh_sections": 0.0, "fresh_repeated": 0.0}
    history = [night(i) for i in range(6)]
    for i in range(6, 10):
        history.append(night(i, **quiet))
        # Nothing new on four days in a row; on the third it could be a long weekend.
        assert kinds(history) == (["silent"] if i == 9 else [])
    (alarm,) = find_alarms(history, DEFAULT)
    assert alarm.message == (
        "gov has had nothing new for 4 runs, since 2031-01-06; usually something comes every 24 hours"
    )
    assert (alarm.value, alarm.usual) == (4.0, 1.0)
    # One page is enough.
    assert kinds([*history, night(10, **{**quiet, "changed": 1})]) == ["back"]


def told_of_silence(nights: list[RunRecord], **settings: float) -> list[tuple[int, str]]:
    """Which nights told what of a source, each by what was known then."""
    return [(n, kind) for n in range(len(nights)) for kind in kinds(nights[: n + 1], **settings)]


def test_a_silence_is_told_when_it_begins_when_it_doubles_and_when_it_ends() -> None:
    quiet = {"new": 0.0, "changed": 0.0, "fresh_sections": 0.0, "fresh_repeated": 0.0}
    nights = [night(i) for i in range(6)] + [night(i, **quiet) for i in range(6, 40)]
    # The last night with something new is number 5; four nights later it is first told.
    assert told_of_silence(nights) == [(5 + n, "silent") for n in (4, 8, 16, 32)]
    back = night(40, new=3, changed=1)
    assert told_of_silence([*nights, back])[-1] == (40, "back")
    (alarm,) = alarms([*nights, back])
    assert alarm.message == "gov speaks again: 4 new or changed documents, after 34 runs and 35 days without any"
    assert alarm.is_good
    assert (alarm.value, alarm.usual) == (35.0, 1.0)
    # From then on it is as if nothing had been, and the next silence is told anew.
    later = [*nights, back, *(night(i) for i in range(41, 44)), *(night(i, **quiet) for i in range(44, 50))]
    assert told_of_silence(later)[-2:] == [(40, "back"), (47, "silent")]


def test_a_pause_that_was_never_told_ends_without_a_word() -> None:
    quiet = {"new": 0.0, "changed": 0.0}
    nights = [*(night(i) for i in range(6)), night(6, **quiet), night(7, **quiet), night(8), night(9)]
    assert told_of_silence(nights) == []


def test_nights_with_a_limit_are_not_counted_as_silent() -> None:
    quiet = {"new": 0.0, "changed": 0.0}
    nights = [night(i) for i in range(6)] + [night(i, **quiet) for i in range(6, 14)]
    limited = night(10, **quiet)
    limited = RunRecord("r_l", "2031-01-11.2", limited.started_at, {**limited.values, "run": {"limited": 1.0}})
    with_limited = [*nights[:11], limited, *nights[11:]]
    assert [kind for _, kind in told_of_silence(nights)] == [kind for _, kind in told_of_silence(with_limited)]


def test_silence_is_measured_by_the_usual_interval() -> None:
    quiet = {"new": 0.0, "changed": 0.0}
    weekly = [night(i, **({} if i % 7 == 0 else quiet)) for i in range(22)]
    assert [n for n in range(1, 22) if kinds(weekly[:n])] == []
    silent = weekly + [night(i, **quiet) for i in range(22, 44)]
    first = next(n for n in range(22, 45) if kinds(silent[:n]))
    # Its last day with something new was day 21; more than three weeks later it is silent.
    assert first - 1 == 43


def test_a_source_that_was_read_once_is_not_silent() -> None:
    quiet = {"new": 0.0, "changed": 0.0}
    assert kinds([night(0), *(night(i, **quiet) for i in range(1, 40))]) == []


def test_a_source_that_gives_nothing_at_all() -> None:
    (alarm,) = alarms([night(0), night(1, seen=0, new=0, changed=0, quarantined=3, fresh_sections=0)])
    assert (alarm.kind, alarm.usual) == ("empty", 500)
    assert alarm.message == "gov gave no readable document, 3 were refused; usually it gives 500"
    assert kinds([night(0, seen=0, new=0)]) == []


def test_low_recall_for_certain() -> None:
    low = {"recall": 0.9, "recall_low": 0.86, "recall_high": 0.93}
    unsure = {"recall": 0.95, "recall_low": 0.7, "recall_high": 0.997}
    assert kinds([night(0, run=low)]) == ["recall"]
    assert kinds([night(0, run=unsure)]) == []
    unmeasured = night(0)
    assert kinds([RunRecord("r", "2031-01-01.1", START, {**unmeasured.values, "audit": {"true_pairs": 0}})]) == []


def test_a_slow_run() -> None:
    history = [night(i) for i in range(8)]
    (alarm,) = alarms([*history, night(8, seconds=400)])
    assert (alarm.kind, alarm.source, alarm.value, alarm.usual) == ("slow", "", 400.0, 100.0)
    # Four times the pages may take four times as long, and nobody waits for seconds.
    assert kinds([*history, night(8, seconds=400, new=220, changed=0)]) == []
    quick = [night(i, seconds=2) for i in range(8)]
    assert kinds([*quick, night(8, seconds=30)]) == []


def test_runs_with_a_limit_count_neither_way() -> None:
    history = [night(i) for i in range(8)]
    limited = night(8, seen=0, new=0, run={"recall_high": 0.1})
    values = {**limited.values, "run": {"limited": 1.0}}
    limited = RunRecord(limited.run_id, limited.release_id, limited.started_at, values)
    assert kinds([*history, limited]) == []
    assert kinds([limited, *history[:6], night(7, fresh_repeated=90)]) == ["duplicates"]


def test_a_source_that_was_not_read_is_not_judged() -> None:
    history = [night(i) for i in range(8)]
    other = RunRecord("r_8", "2031-01-09.1", START + timedelta(days=8), {"source:wenku": {"seen": 3.0}})
    assert find_alarms([*history, other], DEFAULT) == []


def test_alarms_can_be_turned_off() -> None:
    history = [*(night(i) for i in range(8)), night(8, fresh_repeated=99)]
    assert kinds(history) == ["duplicates"]
    assert find_alarms(history, AlarmSettings(enabled=False)) == []


rates = st.lists(st.integers(0, 100), min_size=5, max_size=25)


@given(rates, st.integers(0, 100))
def test_no_rate_below_the_usual_one_raises_an_alarm(shares: list[int], last: int) -> None:
    history = [night(i, fresh_repeated=share) for i, share in enumerate(shares)]
    raised = kinds([*history, night(len(shares), fresh_repeated=last)])
    if last <= median(shares) + 10:
        assert raised == []
    if raised:
        # What is higher still raises it too.
        assert kinds([*history, night(len(shares), fresh_repeated=100)]) == ["duplicates"]


def test_runs_are_in_the_order_of_their_releases_whatever_the_clock_said() -> None:
    rows = [
        {"run_id": f"r_{i}", "release_id": rid, "started_at": START - timedelta(days=i), "stage": "run", "metric": "m",
         "value": float(i)}
        for i, rid in enumerate(["2031-01-01.9", "2031-01-01.10", "2031-01-02.1"])
    ]  # fmt: skip
    table = pa.Table.from_pylist(rows[::-1], schema=schemas.RUNS)
    assert [run.release_id for run in read_history(table)] == ["2031-01-01.9", "2031-01-01.10", "2031-01-02.1"]
    assert [run.get("run", "m") for run in read_history(table, 2)] == [1.0, 2.0]


def test_runs_measure_their_sources_and_say_what_is_out_of_the_ordinary(tmp_path: Path) -> None:
    config = write_pages(tmp_path / "pages")
    config.write_text(config.read_text("utf-8") + "[alarms]\nsilent_runs = 1\nsilent_factor = 1.0\n", "utf-8")
    gov = tmp_path / "pages" / "gov"

    def run() -> tuple[dict[str, float], str]:
        done = call("run", "--no-prefect", "-w", tmp_path / "w", "-c", config)
        assert done.code == 0, done.err
        history = read_history(dedup.open_release(tmp_path / "w").arrow("runs"))
        return dict(history[-1].of_source("gov")), done.out

    def some(found: dict[str, float], *names: str) -> tuple[float, ...]:
        return tuple(found[name] for name in names)

    names = ("documents", "seen", "new", "changed", "gone", "sections", "fresh_sections", "fresh_repeated")
    first, _ = run()
    # Both of its reports stand on the page of another source too.
    assert some(first, *names) == (2, 2, 2, 0, 0, 2, 2, 2)
    again, _ = run()
    assert some(again, *names) == (2, 2, 0, 0, 0, 2, 0, 0)
    (gov / "kangyuan.txt").write_text("各位代表：\n" + "全区改造老旧小区若干，群众满意。" * 30, "utf-8")
    (gov / "more.txt").write_text(LINDU.replace("林渡", "青岚").replace("县", "区"), "utf-8")
    (gov / "scan.txt").write_bytes(bytes(range(256)) * 40)
    changed, _ = run()
    assert some(changed, *names[:5], "quarantined") == (3, 3, 1, 1, 0, 1)
    for path in gov.iterdir():
        path.unlink()
    (gov / "scan.txt").write_bytes(bytes(range(256)) * 40)
    emptied, out = run()
    assert some(emptied, *names[:5], "quarantined") == (3, 0, 0, 0, 0, 1)
    assert "alarm       gov gave no readable document, 1 were refused; usually it gives 2" in out
