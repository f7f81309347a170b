"""The quality gate of a run: rows set aside before matching, releases stopped, the last one left as it is."""

import json

import dedup
from dedup.engines.local import run
from dedup.settings import load_settings
from dedup.sources import resolve_sources
from tests.test_engine_promises import report


def suites_in(folder, dataset, kind, severity, **kwargs):
    folder.mkdir()
    expectation = {
        "type": kind,
        "severity": severity,
        "kwargs": kwargs,
        "meta": {"rule": "mine", "why": "a house rule"},
    }
    (folder / f"{dataset}.json").write_text(json.dumps({"name": dataset, "expectations": [expectation]}), "utf-8")
    return {"suites": str(folder)}


def run_with(tmp_path, quality):
    settings = load_settings(warehouse=tmp_path / "w", quality=quality)
    return run(settings, resolve_sources([str(tmp_path / "in")], settings))


def test_a_broken_critical_rule_publishes_nothing_and_leaves_the_last_release(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.txt").write_text(report("柳湾县", 1), "utf-8")
    assert run_with(tmp_path, {}).outcome == "published"
    before = dedup.open_release(tmp_path / "w")
    (tmp_path / "in" / "2.txt").write_text(report("石桥镇", 2), "utf-8")
    quality = suites_in(tmp_path / "s", "reports", "expect_table_row_count_to_equal", "critical", value=1)
    summary = run_with(tmp_path, quality)
    assert summary.outcome == "rejected"
    assert any("mine" in problem for problem in summary.problems)
    after = dedup.open_release(tmp_path / "w")
    assert after.id == before.id
    assert after.arrow("reports").equals(before.arrow("reports"))
    assert summary.release_path is not None
    kept = dedup.open_release(summary.release_path)
    assert kept.arrow("reports").num_rows == 2
    assert "mine" in (kept.path / "quality" / "index.html").read_text("utf-8")
    assert run_with(tmp_path, {}).outcome == "published"


def test_only_what_stopped_a_release_is_named_as_its_reason(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "short.txt").write_text("今年修了一座小桥，大家都很高兴，明年还要再修一座。", "utf-8")
    quality = suites_in(tmp_path / "s", "reports", "expect_table_row_count_to_equal", "critical", value=9)
    summary = run_with(tmp_path, quality)
    assert "INFO=" in summary.quality
    assert len(summary.problems) == 1
    assert "mine" in summary.problems[0]


def test_rows_that_break_a_warning_go_to_quarantine_with_what_refers_to_them(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "long.txt").write_text(report("柳湾县", 1, sentences=60), "utf-8")
    (tmp_path / "in" / "short.txt").write_text(report("石桥镇", 2, sentences=6), "utf-8")
    kind = "expect_column_values_to_be_between"
    quality = suites_in(tmp_path / "s", "documents", kind, "warning", column="n_chars", min_value=1000)
    summary = run_with(tmp_path, quality)
    assert summary.outcome == "published"
    release = dedup.open_release(tmp_path / "w")
    assert [d["uri"] for d in release.arrow("documents").to_pylist()] == ["in/long.txt"]
    assert release.arrow("reports").num_rows == 1
    (refused,) = release.arrow("quarantine").to_pylist()
    assert (refused["record_id"], refused["rule"]) == ("in/short.txt", "mine")
    outcomes = {r["uri"]: r["outcome"] for r in release.arrow("records").to_pylist()}
    assert outcomes == {"in/long.txt": "published", "in/short.txt": "quarantined"}


def test_sections_that_break_a_warning_are_not_matched_and_their_record_says_so(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.txt").write_text(report("柳湾县", 1), "utf-8")
    (tmp_path / "in" / "short.txt").write_text(report("石桥镇", 2, sentences=6), "utf-8")
    kind = "expect_column_values_to_be_between"
    quality = suites_in(tmp_path / "s", "sections", kind, "warning", column="n_chars", min_value=1000)
    run_with(tmp_path, quality)
    release = dedup.open_release(tmp_path / "w")
    assert release.arrow("sections").num_rows == 3
    assert release.arrow("membership").num_rows == release.arrow("fingerprints").num_rows == 2
    records = {r["uri"]: (r["outcome"], r["rule"]) for r in release.arrow("records").to_pylist()}
    assert records["in/short.txt"] == ("quarantined", "mine")


def test_a_rule_that_cannot_be_evaluated_stops_the_release(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.txt").write_text(report("柳湾县", 1), "utf-8")
    kind = "expect_column_values_to_be_between"
    quality = suites_in(tmp_path / "s", "clusters", kind, "info", column="kind", min_value=1)
    summary = run_with(tmp_path, quality)
    assert summary.outcome == "rejected"
    assert "ERROR=1" in summary.quality


def test_rows_that_go_on_breaking_a_warning_stand_in_quarantine_once(tmp_path):
    for name, number in (("a", 1), ("b", 2)):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "1.txt").write_text(report(f"柳湾{name}县", number), "utf-8")
    (tmp_path / "in" / "a" / "empty.txt").write_text("", "utf-8")
    rule = {"dataset": "reports", "name": "no reports", "sql": "false", "severity": "warning", "why": "a house rule"}
    settings = load_settings(warehouse=tmp_path / "w", quality={"rule": [rule]})
    kept = []
    for folder in ("a", "b", "b"):
        run(settings, resolve_sources([str(tmp_path / "in" / folder)], settings))
        rows = dedup.open_release(tmp_path / "w").arrow("quarantine").to_pylist()
        kept.append(sorted((row["dataset"], row["rule"]) for row in rows if row["dataset"] != "facts"))
    first = [("documents", "empty"), ("reports", "no reports")]
    assert kept == [first, [*first, ("reports", "no reports")], [*first, ("reports", "no reports")]]


def test_a_rule_of_the_configuration_on_pages_keeps_them_out_before_anything_is_matched(tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        (tmp_path / "in" / f"{name}.txt").write_text(report("柳湾县", 1), "utf-8")
    rule = {"dataset": "documents", "name": "no b", "sql": "uri not like '%b.txt'", "severity": "warning", "why": "old"}
    summary = run_with(tmp_path, {"rule": [rule]})
    assert (summary.outcome, summary.documents, summary.copies) == ("published", 1, 0)
    records = dedup.open_release(tmp_path / "w").arrow("records").to_pylist()
    outcomes = {row["uri"]: (row["outcome"], row["rule"]) for row in records}
    assert outcomes["in/b.txt"] == ("quarantined", "no b")
    assert outcomes["in/a.txt"][0] == "published"


def test_a_run_without_validation_leaves_quarantine_to_what_could_not_be_read(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "1.txt").write_text(report("柳湾县", 1), "utf-8")
    rule = {"dataset": "reports", "name": "none", "sql": "false", "severity": "warning"}
    assert run_with(tmp_path, {"rule": [rule]}).distinct_reports == 1
    release = dedup.open_release(tmp_path / "w")
    assert release.arrow("reports").num_rows == 0
    assert [row["outcome"] for row in release.arrow("records").to_pylist()] == ["quarantined"]
    assert run_with(tmp_path, {"enabled": False}).quality == "off"
    release = dedup.open_release(tmp_path / "w")
    assert release.arrow("reports").num_rows == 1
    assert release.arrow("quarantine").num_rows == 0
