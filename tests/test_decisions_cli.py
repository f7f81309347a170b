"""Deciding, judging and asking for thresholds at the command line."""

from __future__ import annotations

import io
import json
import sys
from unittest.mock import patch

import pytest

from dedup.decisions import open_store
from dedup.settings import Settings
from tests.command import call
from tests.decided_pages import PAGES, publish, sections, write_pages


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    write_pages(folder, PAGES)
    _, release = publish(folder)
    return folder / "warehouse", sections(release)


@pytest.fixture
def warehouse(released, tmp_path):
    import shutil

    shutil.copytree(released[0], tmp_path / "w")
    return tmp_path / "w"


def typed(lines: str, *arguments):
    with patch.object(sys, "stdin", io.StringIO(lines)):
        return call(*arguments)


def test_a_decision_is_recorded_listed_and_taken_back(warehouse, released):
    a, b = (released[1][name]["section_id"] for name in ("gov/report.txt", "share/late.txt"))
    done = call("decide", a, b, "not-same", "-m", "another year", "--who", "Ren", "-w", warehouse)
    assert done.code == 0
    decision = done.out.split()[0]
    assert "the next run applies it" in done.err
    again = call("decide", "share/late.txt", a, "same", "--who", "Lu", "-w", warehouse)
    assert f"replaces {decision}: not-same, decided by Ren on " in again.err
    (row,) = call("decisions", "list", "-w", warehouse, "--json").json()
    assert (row["kind"], row["who"], row["replaces"], row["outcome"]) == ("same", "Lu", decision, None)
    assert "not run yet" in call("decisions", "list", "-w", warehouse).out
    undone = call("decisions", "undo", row["decision_id"][:9], "--who", "Ren", "-w", warehouse)
    assert f"in force again: {decision}: not-same" in undone.err
    assert [r["kind"] for r in call("decisions", "history", "-w", warehouse, "--json").json()] == [
        "not_same", "same", "undo",
    ]  # fmt: skip
    with open_store(Settings(warehouse=warehouse)) as store:
        assert [d.note for d in store.in_force()] == ["another year"]


def test_decisions_travel_as_a_file(warehouse, released, tmp_path):
    call("decide", "gov/other.txt", "split", "--who", "Ren", "-w", warehouse)
    assert call("decisions", "export", tmp_path / "d.parquet", "-w", warehouse).code == 0
    target = tmp_path / "other"
    target.mkdir()
    assert "1 new row" in call("decisions", "import", tmp_path / "d.parquet", "-w", target).err
    assert "0 new rows" in call("decisions", "import", tmp_path / "d.parquet", "-w", target).err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["c_", "perhaps"], 2, "the last word is one of same, not-same"),
        (["gov/report.txt", "same"], 2, "same is said of 2 texts, 1 given"),
        (["gov/report.txt", "gov/report.txt", "same"], 2, "same text"),
        (["gov/nothing.txt", "split"], 1, "has no page"),
    ],
)
def test_mistakes_are_explained_and_decide_nothing(warehouse, words, code, says):
    done = call("decide", *words, "--who", "Ren", "-w", warehouse)
    assert (done.code, done.out) == (code, "")
    assert says in done.err
    assert call("decisions", "list", "-w", warehouse, "--json").json() == []


def test_the_queue_is_judged_by_keys_and_what_was_judged_stays_when_the_input_ends(warehouse):
    done = typed("what?\ny\n", "decide", "--who", "Ren", "-w", warehouse)
    assert done.code == 0
    assert "'what?' is no answer" in done.err
    assert "Jaccard" in done.out
    (row,) = call("decisions", "list", "-w", warehouse, "--json").json()
    assert row["kind"] == "same"
    assert "1 of " in done.err


def test_a_sample_is_drawn_judged_blind_and_weighted(warehouse):
    drawn = call("label", "--n", "3", "--who", "Ren", "-w", warehouse, "--json").json()
    assert drawn["progress"] == {"done": 0, "total": 3}
    judged = typed("y\ns\ne\nq\n", "label", "--judge", "--who", "Ren", "-w", warehouse)
    assert "2 of 3 pairs judged, 1 skipped" in judged.err
    assert "Jaccard" not in judged.out, "what the machine thinks would sway the judge"
    (listed,) = call("label", "--list", "-w", warehouse, "--json").json()
    assert listed["progress"]["done"] == 2
    typed("y\n", "label", "--judge", "--who", "Ren", "-w", warehouse)
    found = call("evaluate", "--labels", "-w", warehouse, "--json")
    assert found.code == 0
    score = found.json()
    assert (score["judged"], score["drawn"], score["task_id"]) == (3, 3, drawn["task_id"])
    assert score["copies"]["value"] == pytest.approx(2 / 3)
    assert "precision, as people see it" in call("evaluate", "--labels", "-w", warehouse).out
    assert call("decisions", "list", "-w", warehouse, "--json").json() == []


def test_evaluate_wants_a_truth_or_labels(warehouse):
    assert "TRUTH" in call("evaluate", "-w", warehouse).err
    none = call("evaluate", "--labels", "-w", warehouse)
    assert (none.code, "dedup label --n 200" in none.err) == (1, True)


def test_thresholds_are_shown_beside_each_other_or_with_those_that_leave(warehouse):
    grid = call("thresholds", "-w", warehouse, "--json").json()
    assert [row["match"]["jaccard"] for row in grid] == [0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    assert grid[0]["leaving"] == 0
    one = call("thresholds", "--threshold", "1", "--edit", "1", "-w", warehouse)
    assert "2 sections leave" in one.out
    lower = call("thresholds", "-t", "0.5", "-w", warehouse)
    assert (lower.code, "knows no pairs below its own" in lower.err) == (2, True)


def test_a_run_says_what_became_of_decisions(released, tmp_path):
    import shutil

    shutil.copytree(released[0].parent, tmp_path / "c")
    warehouse = tmp_path / "c" / "warehouse"
    call("decide", "gov/other.txt", "split", "--who", "Ren", "-w", warehouse)
    with open_store(Settings(warehouse=warehouse)) as store:
        store.record("split", "f" * 32, who="Ren")
    (tmp_path / "dedup.toml").write_text("[quality]\nenabled = false\n")
    done = call(
        "run", tmp_path / "c" / "gov", "--no-prefect", "--json", "-w", warehouse, "-c",
        tmp_path / "dedup.toml",
    )  # fmt: skip
    assert json.loads(done.out)["decisions"] == {
        "applied": 1, "overruled": 0, "not_found": 1, "not_possible": 0, "noted": 0
    }  # fmt: skip
    assert "not applied: text not found" in call("decisions", "list", "-w", warehouse).out


def test_the_doctor_tells_when_decisions_wait_for_a_run(warehouse):
    call("decide", "gov/other.txt", "split", "--who", "Ren", "-w", warehouse)
    checks = {c["name"]: c for c in call("doctor", "-w", warehouse, "--json").json()["checks"]}
    assert checks["decisions"]["message"] == "1 decision in force, not all known to the newest release"
    (warehouse / "decisions.sqlite").write_bytes(b"x" * 4096)
    done = call("doctor", "-w", warehouse, "--json")
    assert (done.code, {c["name"]: c["status"] for c in done.json()["checks"]}["decisions"]) == (1, "error")
