"""Rules in dedup.toml, rules across datasets, tables in pieces, and what a query may not do."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from benchmarks.validation import run as measure_run
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup import schemas
from dedup.quality import SuiteError, load_suites, require_evaluable, validate
from dedup.quality.querying import Query
from dedup.quality.suites import OWN, STAND_IN
from dedup.releases.integrity import REFERENCES
from dedup.settings import RuleSettings, SettingsError, load_settings
from tests.small_release import replace
from tests.sound_rows import JOBS, sound_tables


def rule(sql: str, dataset: str = "facts", severity: str = "warning") -> RuleSettings:
    return RuleSettings(dataset=dataset, name="mine", sql=sql, severity=severity, why="a house rule")


def test_a_rule_of_the_configuration_holds_every_row_against_its_condition(tmp_path):
    config = tmp_path / "dedup.toml"
    config.write_text(
        '[[quality.rule]]\ndataset = "facts"\nname = "few jobs"\nsql = "measure <> \'count\' or obs_value < 1000"\n'
        'severity = "warning"\nwhy = "no county has that many"\n',
        "utf-8",
    )
    report = validate({"facts": sound_tables()["facts"]}, rules=load_settings(config).quality.rule)
    (row,) = report.failing.to_pylist()
    assert row["rule"] == "few jobs"
    assert row["reason"] == "no county has that many (obs_value = 1860.0, measure = 'count')"
    assert not report.critical
    assert report.summary().endswith("WARN=1 ERROR=0")


@pytest.mark.parametrize(
    ("sql", "broken"),
    [
        ("obs_value > 100", 2),
        # As in a constraint of SQL, what is unknown does not break a rule.
        ("comparison = 'from_to_end'", 1),
        ("obs_value > 100 -- a comment", 2),
        ("obs_value > 100 or quote like '%--%'", 2),
        ("length(quote) between 1 and 100", 0),
    ],
)
def test_conditions_are_those_of_sql(sql, broken):
    report = validate({"facts": sound_tables()["facts"]}, rules=[rule(sql)])
    assert report.failing.num_rows == broken


def test_severity_decides_what_a_rule_of_the_configuration_does():
    facts = sound_tables()["facts"]
    found = {s: validate({"facts": facts}, rules=[rule("false", severity=s)]) for s in ("critical", "warning", "info")}
    assert [report.critical for report in found.values()] == [True, False, False]
    assert [report.failing.num_rows for report in found.values()] == [3, 3, 0]


@pytest.mark.parametrize(
    ("dataset", "sql", "message"),
    [
        ("factz", "true", "no dataset 'factz'; expected one of reports, facts"),
        ("facts", "valeu > 1", '"valeu" not found'),
        ("facts", "obs_value >", "syntax error"),
        ("facts", "obs_value + 1", "expected a condition.*this is DOUBLE"),
        ("facts", "true) or (true; drop view facts", "syntax error|Parser Error"),
        ("facts", "obs_value > max(obs_value)", "aggregate|max"),
        ("facts", "cluster_id in (select cluster_id from reports)", "reports does not exist"),
        ("facts", "exists (select * from read_csv('/etc/hostname'))", "file system operations are disabled"),
    ],
)
def test_a_rule_that_can_hold_nothing_is_refused_before_anything_is_read(dataset, sql, message):
    with pytest.raises(SuiteError, match=message) as raised:
        require_evaluable([rule(sql, dataset)])
    assert "[[quality.rule]] 'mine'" in str(raised.value)


def test_a_rule_that_fails_on_the_data_alone_is_an_error_and_not_a_broken_rule():
    bad = rule("cast(unit as integer) > 0")
    require_evaluable([bad])
    report = validate(
        {"facts": sound_tables()["facts"]}, rules=[bad, rule("true").model_copy(update={"name": "other"})]
    )
    (result,) = report.broken
    assert (result.rule, result.status) == ("mine", "error")
    assert "Could not convert" in result.observed
    assert report.critical
    assert report.failing.num_rows == 0


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(SuiteError, match="'mine' stands twice"):
        load_suites(rules=[rule("true"), rule("false")])


def test_mistakes_in_a_rule_are_named_with_their_place(tmp_path):
    config = tmp_path / "dedup.toml"
    config.write_text('[[quality.rule]]\ndataset = "facts"\nname = "mine"\nsql = "true"\nseverity = "fatal"\n', "utf-8")
    with pytest.raises(SettingsError, match=r"quality\.rule\.0\.severity: Input should be 'critical'"):
        load_settings(config)


def test_queries_reach_no_file_no_network_and_no_variable(tmp_path):
    secret = pa.table({"a": [1]})
    (tmp_path / "a.csv").write_text("a\n1\n")
    with Query() as query:
        query.show("facts", sound_tables()["facts"])
        for attempt in (
            f"select * from read_csv('{tmp_path / 'a.csv'}')",
            f"copy facts to '{tmp_path / 'b.csv'}'",
            f"attach '{tmp_path / 'c.db'}'",
            "select * from secret",
            "set enable_external_access = true",
            "install httpfs",
        ):
            with pytest.raises(duckdb.Error):
                query.counts(attempt)
    assert secret.num_rows == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]


def test_every_condition_and_query_of_the_suites_fits_the_schemas():
    """Also of datasets that are empty in most runs, where nothing would show a rule that cannot run."""
    with Query() as query:
        for name, dataset in schemas.DATASETS.items():
            query.show(name, dataset.schema.empty_table())
        for name, suite in load_suites().items():
            for expectation in suite.expectations:
                if expectation["type"] in OWN:
                    asked = query.satisfied if "condition" in expectation["kwargs"] else query.across
                    outcome = asked(name, [expectation]) if asked == query.satisfied else asked(name, expectation)
                    outcome = outcome[expectation["meta"]["rule"]] if isinstance(outcome, dict) else outcome
                    assert outcome.fault is None, (expectation["meta"]["rule"], outcome.fault)


def test_the_suites_ask_for_every_key_and_reference_that_the_files_of_a_release_are_checked_for():
    suites = load_suites()
    keys = {
        (name, tuple(e["kwargs"]["columns"]))
        for name, suite in suites.items()
        for e in suite.expectations
        if e["type"] == "expect_key_to_be_unique"
    }
    assert {(name, dataset.key) for name, dataset in schemas.DATASETS.items() if dataset.key} <= keys
    asked = {
        (name, e["kwargs"]["column"], e["kwargs"]["dataset"], e["kwargs"]["target_column"])
        for name, suite in suites.items()
        for e in suite.expectations
        if e["type"] == STAND_IN
    }
    wanted = {(r.dataset, r.column, r.target, r.target_column) for r in REFERENCES}
    # Members of clusters are sections.
    sections = {
        (dataset, column, "sections", "section_id") for dataset, column, target, _ in asked if target == "membership"
    }
    assert wanted <= asked | sections


@settings(max_examples=12)
@given(st.integers(1, 4), st.sampled_from(["facts", "observations", "membership", "records", "attributions"]))
def test_pieces_of_any_size_give_the_results_of_the_whole(rows, dataset):
    sound = sound_tables()
    table = sound[dataset]
    changes = {
        "facts": {"measure": "odd", "year": 1066},
        "observations": {"obs_value": float("nan")},
        "membership": {"similarity": 3.0},
        "records": {"outcome": "lost"},
        "attributions": {"year_plan": 1066},
    }
    table = replace(table, table.num_rows - 1, **changes[dataset])
    known = {name: other for name, other in sound.items() if name != dataset}
    whole = validate({dataset: table}, known=known)
    assert whole.failing.num_rows
    pieces = validate({dataset: table}, known=known, piece_rows=rows)
    parts = validate({dataset: (table.slice(i, 1) for i in range(table.num_rows))}, known=known, piece_rows=rows)
    assert pieces == parts == whole


def test_a_share_that_may_fail_is_one_of_all_rows_and_not_of_each_piece(tmp_path):
    lenient = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "source", "value_set": ["cty"], "mostly": 0.6},
        "severity": "warning",
    }
    (tmp_path / "records.json").write_text(json.dumps({"expectations": [lenient]}))
    records = sound_tables()["records"]
    assert records["source"].to_pylist() == ["cty", "cty", "net"]
    for rows in (1, 2, 3):
        assert not validate({"records": records}, extra=tmp_path, piece_rows=rows).failing.num_rows
    half = records.slice(1)
    for rows in (1, 2):
        assert validate({"records": half}, extra=tmp_path, piece_rows=rows).failing_keys("records") == ["net/c.txt"]


def test_rules_on_whole_tables_see_all_pieces(tmp_path):
    rules = [
        {"type": "expect_column_values_to_be_unique", "kwargs": {"column": "source"}, "severity": "warning"},
        {"type": "expect_column_max_to_be_between", "kwargs": {"column": "n_sections", "max_value": 1}},
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}},
    ]
    (tmp_path / "records.json").write_text(json.dumps({"expectations": rules}))
    records = sound_tables()["records"]
    for tables in (records, (records.slice(i, 1) for i in range(3))):
        report = validate({"records": tables}, extra=tmp_path, piece_rows=1)
        assert [r.kind for r in report.broken] == ["expect_column_values_to_be_unique"]
        assert report.failing_keys("records") == ["cty/a.txt", "cty/b.txt"]


def test_dangling_members_of_a_list_are_named_one_by_one():
    sound = sound_tables()
    table = replace(sound["checks"], 1, observation_ids=[JOBS, "o_00000000000000ff", "o_00000000000000fe"])
    report = validate({"checks": table}, known={"observations": sound["observations"]})
    (result,) = [r for r in report.broken if r.rule == "checks.observation_ids.stands_in_observations"]
    assert result.n_failing == 2
    assert "o_00000000000000ff" in result.observed


def test_a_rule_that_looks_into_a_dataset_which_is_not_at_hand_is_passed_over():
    rules = {r.rule for r in validate({"clusters": sound_tables()["clusters"]}).results}
    assert "clusters.n_sections.true" not in rules
    assert "clusters.cluster_id.unique" in rules


def test_a_suite_may_not_look_into_what_does_not_exist(tmp_path: Path):
    wrong = {"type": STAND_IN, "kwargs": {"column": "a", "dataset": "novels", "target_column": "b"}}
    (tmp_path / "facts.json").write_text(json.dumps({"expectations": [wrong]}))
    with pytest.raises(SuiteError, match="looks into novels"):
        load_suites(tmp_path)
    (tmp_path / "facts.json").write_text(json.dumps({"expectations": [{"type": STAND_IN, "kwargs": {"column": "a"}}]}))
    with pytest.raises(SuiteError, match="needs dataset, target_column"):
        load_suites(tmp_path)


def test_what_years_rest_on_is_counted():
    bases = validate(sound_tables()).bases
    assert bases["observations.year"] == {"resolved": 5}
    assert bases["attributions.year_review"] == {"masked": 3}


def test_made_up_rows_of_the_benchmark_are_sound():
    found = measure_run(500)["datasets"]
    assert found["observations"]["rows"] == 500
    assert set(found["observations"]["kinds"]) == {"great_expectations", "duckdb"}
