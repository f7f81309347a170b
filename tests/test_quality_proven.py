"""Rows that are taken over from the last release are not held against rules that it obeyed; all others are."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from dedup import open_release
from dedup.engines.local import LocalRun
from dedup.quality import validating
from dedup.settings import Settings, SourceSettings
from tests.test_incremental import crawl, page

_OLD = {f"p{n:02d}.txt": page(n) for n in range(8)}
_NEW = {f"p{n:02d}.txt": page(n) for n in range(20, 23)}
#: Breaks for rows of the first release only, and for rows of the second only.
_BEYOND_OLD = {"dataset": "observations", "name": "no_fives", "sql": "value_text <> '105.5'", "severity": "warning"}
_BEYOND_NEW = {"dataset": "observations", "name": "no_120", "sql": "value_text <> '120.0'", "severity": "warning"}


@pytest.fixture(scope="module")
def first(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("proven")
    publish(crawl(folder / "in", _OLD), folder / "w")
    return folder / "w"


def finish(run: LocalRun) -> None:
    """Do all stages."""
    stages = ("read", "check", "match", "measure_recall", "cluster", "attribute", "find_reuse", "extract", "validate")
    for stage in (*stages, "publish"):
        getattr(run, stage)()


def publish(source: Path, warehouse: Path, *rules: dict[str, str], looked_at: dict[str, int] | None = None):
    """Run over a folder; returns the report of the gate.

    Parameters
    ----------
    looked_at : gets the largest number of rows of each dataset that Great Expectations saw
    """
    settings = Settings(warehouse=warehouse, workers=1, quality={"rule": rules})
    with LocalRun(settings, [SourceSettings(path=str(source))]) as run, pytest.MonkeyPatch.context() as patch:
        if looked_at is not None:
            evaluate = validating.Evaluator.evaluate

            def watch(self, dataset, frame, expectations, parameters):
                if any(e["meta"]["rule"] == f"{dataset}.{_WATCHED.get(dataset)}" for e in expectations):
                    looked_at[dataset] = looked_at.get(dataset, 0) + len(frame)
                return evaluate(self, dataset, frame, expectations, parameters)

            patch.setattr(validating.Evaluator, "evaluate", watch)
        finish(run)
        assert run.quality is not None
        return run.quality


_WATCHED = {
    "documents": "doc_id.well_formed",
    "sections": "section_id.well_formed",
    "observations": "observation_id.well_formed",
    "facts": "fact_id.well_formed",
}


@pytest.fixture
def warehouse(first, tmp_path) -> Path:
    return Path(shutil.copytree(first, tmp_path / "w"))


def rows(warehouse: Path) -> dict[str, int]:
    return {name: open_release(warehouse).arrow(name).num_rows for name in _WATCHED}


def test_only_new_rows_are_held_against_rules_on_rows(warehouse, tmp_path):
    before = rows(warehouse)
    seen: dict[str, int] = {}
    report = publish(crawl(tmp_path / "more", _NEW), warehouse, looked_at=seen)
    after = rows(warehouse)
    assert seen == {name: after[name] - before[name] for name in _WATCHED}
    assert all(seen.values())
    # What is told of the release is told of all of it.
    assert {name: report.rows[name] for name in _WATCHED} == after
    assert not report.broken


def test_a_new_row_that_breaks_a_rule_is_found(tmp_path):
    warehouse = tmp_path / "w"
    # The rule stood in the run before too, and held.
    publish(crawl(tmp_path / "old", _OLD), warehouse, _BEYOND_NEW)
    report = publish(crawl(tmp_path / "more", _NEW), warehouse, _BEYOND_NEW)
    assert [(r.rule, r.n_failing) for r in report.broken] == [("no_120", 1)]
    texts = open_release(warehouse).arrow("observations", ["value_text"]).column(0).to_pylist()
    assert "120.0" not in texts
    assert "105.5" in texts


def test_a_rule_that_is_new_is_asked_of_old_rows(warehouse, tmp_path):
    report = publish(crawl(tmp_path / "more", _NEW), warehouse, _BEYOND_OLD)
    assert [(r.rule, r.n_failing) for r in report.broken] == [("no_fives", 1)]
    assert "105.5" not in open_release(warehouse).arrow("observations", ["value_text"]).column(0).to_pylist()


def test_rows_that_are_only_counted_are_counted_again(tmp_path):
    warehouse = tmp_path / "w"
    counted = _BEYOND_OLD | {"severity": "info"}
    assert [r.n_failing for r in publish(crawl(tmp_path / "old", _OLD), warehouse, counted).broken] == [1]
    assert [r.n_failing for r in publish(crawl(tmp_path / "more", _NEW), warehouse, counted).broken] == [1]


def test_a_release_that_was_not_validated_proves_nothing(tmp_path):
    warehouse = tmp_path / "w"
    with LocalRun(
        Settings(warehouse=warehouse, workers=1, quality={"enabled": False}),
        [SourceSettings(path=str(crawl(tmp_path / "old", _OLD)))],
    ) as run:
        finish(run)
    seen: dict[str, int] = {}
    publish(crawl(tmp_path / "more", _NEW), warehouse, looked_at=seen)
    assert seen == rows(warehouse)
