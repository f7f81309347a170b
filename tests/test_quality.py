"""Suites hold on sound data, catch each kind of unsound row, and tell 'broken' from 'could not run'."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dedup import schemas
from dedup.engines.artifacts import quality_markdown
from dedup.quality import QualityReport, SuiteError, load_suites, validate, write_quality_page
from dedup.quality.picture import basis_bars
from dedup.quality.report import key_columns, record_id
from tests.broken_rows import BREAKS, Missing
from tests.small_release import replace, small_tables
from tests.sound_rows import sound_tables

#: Columns of keys that are no ids, so that rows of another rule have the same there.
WORDS = {"dataset", "rule", "stage", "metric"}


def _table(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table that lets nulls through, for the rules to catch."""
    return pa.Table.from_pylist(rows, schema=pa.schema([field.with_nullable(True) for field in schema]))


@cache
def _sound() -> dict[str, pa.Table]:
    return sound_tables()


@cache
def _unsound(dataset: str) -> tuple[QualityReport, dict[str, str]]:
    """Validate a table with rows for every rule, beside sound tables; also the key of the row that breaks each."""
    sound = _sound()[dataset].to_pylist()
    key = key_columns(dataset)
    rows: list[dict[str, Any]] = []
    ids: dict[str, str] = {}
    for number, (rule, changes) in enumerate(BREAKS[dataset].items()):
        if isinstance(changes, Missing):
            ids[rule] = str(changes)
            continue
        for part, change in enumerate(changes):
            row = dict(sound[min(part, len(sound) - 1)])
            # Rows of another rule must not repeat keys, so each has its own.
            for i, name in enumerate(key):
                if isinstance(row[name], str) and name not in WORDS:
                    row[name] = f"{row[name][:2]}{i:08x}{number:04x}{part:04x}"
            if dataset == "clusters":
                row["canonical_section"] = f"s_{number:08x}{part:08x}"
            if "ordinal" in row:
                row["ordinal"] = 10 * number + part
            if dataset == "membership":
                row["stands_for"] = row["section_id"] if row["is_canonical"] else "s_ffffffffffffffff"
            if dataset == "documents":
                row["uri"] = f"cty/{number}-{part}.txt"
            rows.append(row | change)
            ids[rule] = record_id(dataset, rows[-1])
    others = {name: table for name, table in _sound().items() if name != dataset}
    return validate({dataset: _table(rows, schemas.DATASETS[dataset].schema)}, known=others), ids


@pytest.mark.parametrize("dataset", schemas.DATASETS)
def test_no_rule_is_untested(dataset):
    rules = [expectation["meta"]["rule"] for expectation in load_suites()[dataset].expectations]
    assert sorted(BREAKS[dataset]) == sorted(rules)


@pytest.mark.parametrize(
    ("dataset", "rule"), [(dataset, rule) for dataset in BREAKS for rule, changes in BREAKS[dataset].items() if changes]
)
def test_each_rule_catches_its_row(dataset, rule):
    report, ids = _unsound(dataset)
    result = {r.rule: r for r in report.results}[rule]
    assert result.status == "fail", result
    caught = report.failing.filter(pc.equal(report.failing["rule"], rule))["record_id"].to_pylist()
    if result.severity == "info":
        assert not caught
        assert ids[rule] in result.examples or result.n_failing > len(result.examples)
    else:
        assert len(caught) == result.n_failing
        assert ids[rule] in caught


@pytest.mark.parametrize(
    "rule",
    ["clusters.status.known", "facts.comparison.known", "observations.year.plausible", "table_cells.value.written"],
)
def test_rows_that_break_one_rule_do_not_break_the_others(rule):
    report, ids = _unsound(rule.partition(".")[0])
    broken = report.failing.filter(pc.equal(report.failing["record_id"], ids[rule]))["rule"].to_pylist()
    # Its own key is unknown to other datasets, whatever else is right about it.
    assert [name for name in broken if "stands_in" not in name and not name.endswith((".true", "exactly_one"))] == [
        rule
    ]


def test_an_empty_records_table_is_a_mistake():
    report = validate({"records": schemas.empty(schemas.RECORDS)})
    assert [r.rule for r in report.broken] == ["records.table.not_empty"]
    assert report.critical


def test_sound_tables_pass_every_rule_there_is():
    report = validate(_sound())
    assert [r.rule for r in report.broken] == ["reports.n_chars.long_enough", "sections.n_chars.long_enough"]
    assert not report.critical
    assert report.failing.num_rows == 0
    assert len(report.results) == sum(len(suite.expectations) for suite in load_suites().values())
    assert report.summary() == f"PASS={len(report.results) - 2} WARN=0 ERROR=0 INFO=2"


@pytest.mark.parametrize("dataset", sorted(schemas.DATASETS))
def test_a_dataset_without_rows_is_no_error_even_where_its_table_has_no_chunks(dataset: str) -> None:
    schema = schemas.DATASETS[dataset].schema
    table = pa.table({f.name: pa.chunked_array([], type=f.type) for f in schema}, schema=schema)
    assert {r.rule for r in validate({dataset: table}).broken} <= {f"{dataset}.table.not_empty"}


def test_line_feeds_of_a_list_of_short_lines_are_not_invented():
    lines = "水渠\n桥梁\n学校\n医院\n公路\n茶园\n码头\n水库\n粮库\n广场"
    runs = [n for k in range(10) for n in (3 * k, 3 * k, 2)]
    values = {"clean_text": lines, "n_chars": len(lines), "clean_map": runs}
    sections = replace(small_tables()["sections"], 0, **values)
    results = {r.rule: r.status for r in validate({"sections": sections}).results}
    assert results["sections.invented_ratio.small"] == "pass"


def test_every_expectation_says_why_and_how_severe():
    for suite in load_suites().values():
        for expectation in suite.expectations:
            assert len(expectation["meta"]["why"]) > 10, expectation
            assert expectation["severity"] in ("critical", "warning", "info")
            assert expectation["meta"]["rule"].startswith(f"{suite.dataset}.")


def test_a_rule_that_cannot_run_is_an_error_and_stops_the_release():
    report = validate({"clusters": small_tables()["clusters"].drop_columns(["status"])})
    (result,) = [r for r in report.results if r.status == "error"]
    assert result.rule == "clusters.status.known"
    assert "status" in result.observed
    assert report.critical
    assert report.summary().endswith("ERROR=1")


def test_sql_on_data_frames_cannot_run_and_does_not_count_as_a_failure_of_the_data(tmp_path):
    query = {"type": "unexpected_rows_expectation", "kwargs": {"unexpected_rows_query": "select * from {batch}"}}
    (tmp_path / "clusters.json").write_text(json.dumps({"expectations": [{**query, "severity": "info"}]}))
    report = validate({"clusters": small_tables()["clusters"]}, extra=tmp_path)
    (result,) = report.broken
    assert (result.status, result.severity, result.n_failing) == ("error", "info", 0)
    assert report.critical
    assert report.failing.num_rows == 0


def test_parts_of_a_table_are_validated_as_one():
    table = small_tables()["records"]
    doubled = [table.slice(0, 2), table.slice(2), table.slice(1, 1)]
    report = validate({"records": iter(doubled)})
    assert report.failing_keys("records") == [table["uri"][1].as_py()]
    assert report.results[0].n_rows == 4


@pytest.mark.slow
def test_validation_calls_nobody_and_writes_nothing(tmp_path):
    code = (
        "import socket, sys\n"
        "def refuse(*args): raise AssertionError('network')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from tests.sound_rows import sound_tables\n"
        "from dedup.quality import validate\n"
        "assert not validate(sound_tables()).critical\n"
        "import time; time.sleep(1)"
    )
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    (tmp_path / "temporary").mkdir()
    root = str(Path(__file__).resolve().parents[1])
    environment = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "temporary"), "PYTHONPATH": root}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path / "work",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_thresholds_are_those_of_the_run():
    table = replace(small_tables()["pairs"], 0, relation="near_duplicate", rule="jaccard", jaccard=0.6)
    assert validate({"pairs": table}).critical
    assert not validate({"pairs": table}, parameters={"jaccard": 0.5, "edit": 0.9}).critical


def test_secrets_are_not_repeated(tmp_path):
    uri = "https://reader:hunter2@pages.example/1"
    report = validate({"documents": replace(small_tables()["documents"], 0, uri=uri)})
    (row,) = report.failing.to_pylist()
    assert row["rule"] == "documents.uri.without_login"
    write_quality_page(report, tmp_path)
    written = json.dumps(row) + "".join(path.read_text() for path in tmp_path.iterdir())
    assert "hunter2" not in written


def test_suites_of_the_user_stand_beside_ours(tmp_path):
    expectation = {
        "type": "expect_column_values_to_be_in_set",
        "kwargs": {"column": "source", "value_set": ["cty"]},
        "severity": "warning",
    }
    (tmp_path / "records.json").write_text(json.dumps({"expectations": [expectation]}))
    report = validate({"records": small_tables()["records"]}, extra=tmp_path)
    assert report.failing.to_pylist() == [
        {
            "dataset": "records",
            "record_id": "net/c.txt",
            "source": "net",
            "rule": "records.source.column_values_to_be_in_set",
            "reason": "source = 'net'",
            "record": '{"uri": "net/c.txt", "source": "net"}',
        }
    ]
    assert not report.critical


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rapports.json", "{}", "no dataset 'rapports'"),
        ("records.json", "{", "not a suite"),
        ("records.json", '{"expectations": [{"type": "x", "kwargs": {}, "severity": "bad"}]}', "severity 'bad'"),
        ("records.json", '{"expectations": [{"kwargs": {}}]}', "needs a type"),
        ("records.json", '{"expectations": [{"type": "expect_wonders", "kwargs": {}}]}', "expect_wonders"),
    ],
)
def test_a_malformed_suite_is_named(tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    with pytest.raises(SuiteError, match=message):
        validate({"records": small_tables()["records"]}, extra=tmp_path)


def test_the_page_escapes_what_comes_from_the_data_and_loads_nothing(tmp_path):
    table = replace(small_tables()["records"], 0, outcome="<script>alert(1)</script>", uri="<img src=x>")
    report = validate({"records": table})
    page = write_quality_page(report, tmp_path / "quality").read_text("utf-8")
    assert "<script" not in page
    assert "<img" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "&lt;script&gt;" in page
    results = json.loads((tmp_path / "quality" / "results.json").read_text("utf-8"))
    assert results["summary"]["ERROR"] >= 1


def test_the_page_shows_each_dataset_and_what_years_rest_on(tmp_path):
    tables = sound_tables()
    tables["observations"] = replace(tables["observations"], 0, year=None, year_basis="overwritten")
    report = dataclasses.replace(validate(tables), set_aside={"facts": 7})
    page = write_quality_page(report, tmp_path).read_text("utf-8")
    for name in schemas.DATASETS:
        assert f'<a href="#{name}">' in page
        assert f'id="{name}"' in page
    assert "<title>overwritten: 1 of 5 (20.0%)</title>" in page
    assert "http" not in page.replace("http-equiv", "")
    ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])
    (facts,) = [
        line for line in json.loads((tmp_path / "results.json").read_text())["datasets"] if line["dataset"] == "facts"
    ]
    assert (facts["rows"], facts["set_aside"], facts["erred"]) == (3, 7, 0)


def test_bars_are_as_wide_as_the_shares_they_show():
    picture = ET.fromstring(basis_bars({"facts.year": {"printed": 3, "masked": 1}, "reports.region": {}}))
    bars = [float(rect.get("width", 0)) for rect in picture if rect.tag == "rect" and len(rect)]
    assert bars[0] == pytest.approx(3 * bars[1])
    assert len(bars) == 2
    assert basis_bars({"reports.region": {}}) == ""


def test_the_page_of_the_flow_keeps_what_pages_wrote_inside_its_cells():
    table = replace(sound_tables()["records"], 0, outcome="a|b <script>\n| c")
    page = quality_markdown(validate({"records": table}))
    (line,) = [line for line in page.splitlines() if "records.outcome.known" in line]
    assert "<script" not in page
    assert len(re.findall(r"(?<!\\)\|", line)) == 7
    assert "| records | 3 |" in page
    assert "off" in quality_markdown(None)
