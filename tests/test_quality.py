"""Suites hold on sound data, catch each kind of unsound row, and tell 'broken' from 'could not run'."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dedup import schemas
from dedup.quality import QualityReport, SuiteError, load_suites, validate, write_quality_page
from tests.small_release import replace, small_tables

# (rule, row, values that break it) - every rule of every suite stands here once, `test_no_rule_is_untested` sees to it.
BREAKS: dict[str, dict[str, list[dict]]] = {
    "documents": {
        "documents.doc_id.unique": [{"doc_id": "d_0000000000000001"}] * 2,
        "documents.doc_id.well_formed": [{"doc_id": "17"}],
        "documents.uri.unique": [{"uri": "twice"}] * 2,
        "documents.uri.without_login": [{"uri": "https://reader:hunter2@pages.example/1"}],
        "documents.uri.without_token": [{"uri": "https://pages.example/1?id=4&Access_Token=abc"}],
        "documents.source.well_formed": [{"source": ""}],
        "documents.role.known": [{"role": "friend"}],
        "documents.format.known": [{"format": "docx"}],
        "documents.published_at_basis.known": [{"published_at_basis": "mtime"}],
        "documents.published_at.present": [{"published_at": None, "published_at_basis": "meta"}],
        "documents.sha256.well_formed": [{"sha256": "abc"}],
        "documents.encoding.well_formed": [{"encoding": ""}],
        "documents.n_bytes.in_range": [{"n_bytes": -1}],
        "documents.n_chars.true": [{"n_chars": 7}],
        "documents.text_chars.not_empty": [{"text": "", "n_chars": 0}],
        "documents.nul_chars.none": [{"text": "粮食\x00产量", "n_chars": 5}],
        "documents.lost_ratio.readable": [{"text": "粮\ufffd食", "n_chars": 3}],
        "documents.lost_ratio.clean": [{"text": "粮" * 60 + "\ufffd", "n_chars": 61}],
        "documents.published_year.plausible": [{"published_at": date(1066, 10, 14)}],
        "documents.last_seen.not_before_ingested": [{"last_seen": datetime(2001, 1, 1, tzinfo=UTC)}],
        "documents.ingested_at.not_before_fetched": [{"fetched_at": datetime(2099, 1, 1, tzinfo=UTC)}],
    },
    "sections": {
        "sections.section_id.unique": [{"section_id": "s_0000000000000001"}] * 2,
        "sections.section_id.well_formed": [{"section_id": "s_1"}],
        "sections.doc_id.well_formed": [{"doc_id": "a.txt"}],
        "sections.ordinal.in_range": [{"ordinal": -1}],
        "sections.kind.known": [{"kind": "poem"}],
        "sections.kind_reason.well_formed": [{"kind_reason": " "}],
        "sections.char_start.in_range": [{"char_start": -2}],
        "sections.span.ordered": [{"char_start": 9, "char_end": 8}],
        "sections.n_chars.true": [{"n_chars": 7}],
        "sections.n_chars.in_range": [{"n_chars": -1}],
        "sections.invented_ratio.small": [{"clean_map": [0, 0, 40]}],
        "sections.clean_map.fits": [{"clean_map": [0, 0, 40, 40, 40, 40]}],
        "sections.content_hash.well_formed": [{"content_hash": ""}],
        "sections.mask_ratio.in_range": [{"mask_ratio": 1.5}],
        "sections.boilerplate_ratio.in_range": [{"boilerplate_ratio": -0.1}],
        "sections.completeness.known": [{"completeness": "mostly"}],
        "sections.n_chars.not_empty_when_matched": [{"clean_text": "", "n_chars": 0, "clean_map": []}],
        "sections.n_chars.long_enough": [{"clean_text": "短", "n_chars": 1, "clean_map": [0, 0, 1]}],
        "sections.mask_ratio.low": [{"mask_ratio": 0.5}],
    },
    "membership": {
        "membership.section_id.unique": [{"section_id": "s_0000000000000001"}] * 2,
        "membership.section_id.well_formed": [{"section_id": "S_0000000000000001"}],
        "membership.cluster_id.well_formed": [{"cluster_id": ""}],
        "membership.stands_for.well_formed": [{"stands_for": "nobody"}],
        "membership.is_canonical.present": [{"is_canonical": None}],
        "membership.canonical.stands_for_itself": [{"stands_for": "s_0000000000000001"}],
        "membership.reason.well_formed": [{"reason": ""}],
        "membership.rule.known": [{"rule": "looks alike"}],
        "membership.similarity.in_range": [{"similarity": 1.2}],
        "membership.edit_similarity.in_range": [{"edit_similarity": -0.2}],
        "membership.template_ratio.in_range": [{"template_ratio": 2.0}],
        "membership.copied_ratio.in_range": [{"copied_ratio": 2.0}],
        "membership.similarity.one_when_canonical": [{"similarity": 0.9}],
        "membership.similarity.reaches_threshold": [{}, {"rule": "jaccard", "similarity": 0.69}],
        "membership.edit_similarity.reaches_threshold": [{}, {"rule": "edit", "edit_similarity": 0.89}],
        "membership.edit_similarity.present": [{}, {"rule": "edit", "edit_similarity": None}],
    },
    "pairs": {
        "pairs.key.unique": [{"section_a": "s_0000000000000001", "section_b": "s_0000000000000002"}] * 2,
        "pairs.section_a.well_formed": [{"section_a": "s_A"}],
        "pairs.section_b.well_formed": [{"section_b": "s_z"}],
        "pairs.key.ordered": [{"section_a": "s_ffffffffffffffff"}],
        "pairs.jaccard.in_range": [{"jaccard": 1.01}],
        "pairs.containment_a.in_range": [{"containment_a": 1.01}],
        "pairs.containment_b.in_range": [{"containment_b": 1.01}],
        "pairs.containment_a.not_below_jaccard": [{"containment_a": 0.5}],
        "pairs.containment_b.not_below_jaccard": [{"containment_b": 0.5}],
        "pairs.edit_similarity.in_range": [{"edit_similarity": 1.01}],
        "pairs.relation.known": [{"relation": "cousin"}],
        "pairs.rule.well_formed": [{"rule": ""}],
        "pairs.jaccard.reaches_threshold": [{"relation": "near_duplicate", "rule": "jaccard", "jaccard": 0.69}],
        "pairs.edit_similarity.reaches_threshold": [
            {"relation": "near_duplicate", "rule": "edit", "edit_similarity": 0.89}
        ],
        "pairs.edit_similarity.present": [{"relation": "near_duplicate", "rule": "edit", "edit_similarity": None}],
    },
    "clusters": {
        "clusters.cluster_id.unique": [{"cluster_id": "c_0000000000000001"}] * 2,
        "clusters.cluster_id.well_formed": [{"cluster_id": "c1"}],
        "clusters.family_id.well_formed": [{"family_id": ""}],
        "clusters.canonical_section.unique": [{"canonical_section": "s_0000000000000001"}] * 2,
        "clusters.canonical_section.well_formed": [{"canonical_section": ""}],
        "clusters.kind.known": [{"kind": "footer"}],
        "clusters.n_sections.in_range": [{"n_sections": 0}],
        "clusters.n_documents.in_range": [{"n_documents": 0}],
        "clusters.n_sources.in_range": [{"n_sources": 0}],
        "clusters.n_documents.not_above_sections": [{"n_documents": 3}],
        "clusters.n_sources.not_above_documents": [{"n_sources": 3}],
        "clusters.min_similarity.in_range": [{"min_similarity": -1.0}],
        "clusters.link_rule.known": [{"link_rule": "guess"}],
        "clusters.status.known": [{"status": "maybe"}],
        "clusters.first_release.well_formed": [{"first_release": "yesterday"}],
        "clusters.link_rule.single_when_alone": [{}, {"link_rule": "jaccard"}],
        "clusters.link_rule.stated_when_linked": [{"link_rule": "single"}],
        "clusters.n_sections.not_giant": [{"n_sections": 1001}],
    },
    "reports": {
        "reports.cluster_id.unique": [{"cluster_id": "c_0000000000000001"}] * 2,
        "reports.cluster_id.well_formed": [{"cluster_id": ""}],
        "reports.section_id.well_formed": [{"section_id": ""}],
        "reports.doc_id.well_formed": [{"doc_id": ""}],
        "reports.work_id.well_formed": [{"work_id": ""}],
        "reports.title.present": [{"title": None}],
        "reports.n_chars.true": [{"n_chars": 7}],
        "reports.n_chars.not_empty": [{"n_chars": 0, "clean_text": ""}],
        "reports.n_chars.long_enough": [{"n_chars": 1, "clean_text": "短"}],
        "reports.region_basis.known": [{"region_basis": "guessed"}],
        "reports.region_level.known": [{"region_level": "street"}],
        "reports.year_review_basis.known": [{"year_review_basis": "guessed"}],
        "reports.year_plan_basis.known": [{"year_plan_basis": "guessed"}],
        "reports.year_review.plausible": [{"year_review": 12, "year_review_basis": "printed"}],
        "reports.year_plan.plausible": [{"year_plan": 20311}],
        "reports.year_review_basis.proves_value": [{"year_review": 2030, "year_review_basis": "masked"}],
        "reports.year_plan_basis.proves_value": [{"year_plan": 2031, "year_plan_basis": "overwritten"}],
        "reports.region_basis.proves_value": [{"region_code": "999999", "region_basis": "none"}],
        "reports.year_plan.not_before_review": [{"year_review": 2040, "year_review_basis": "printed"}],
        "reports.completeness.known": [{"completeness": "yes"}],
        "reports.n_copies.in_range": [{"n_copies": 0}],
        "reports.n_sources.in_range": [{"n_sources": 0}],
        "reports.n_sources.not_above_copies": [{"n_sources": 9}],
        "reports.mask_ratio.in_range": [{"mask_ratio": -0.5}],
        "reports.boilerplate_ratio.in_range": [{"boilerplate_ratio": 1.5}],
        "reports.first_release.well_formed": [{"first_release": ""}],
    },
    "records": {
        "records.table.not_empty": [],
        "records.uri.unique": [{"uri": "twice"}] * 2,
        "records.uri.well_formed": [{"uri": ""}],
        "records.doc_id.well_formed": [{"doc_id": ""}],
        "records.source.well_formed": [{"source": ""}],
        "records.outcome.known": [{"outcome": "lost"}],
        "records.reason.well_formed": [{"reason": ""}],
        "records.similarity.in_range": [{"similarity": 3.0}],
        "records.n_sections.in_range": [{"n_sections": -1}],
        "records.n_published.in_range": [{"n_published": -1}],
        "records.n_published.not_above_sections": [{"n_published": 5}],
        "records.n_published.one_when_published": [{"n_published": 0}],
        "records.n_published.none_when_refused": [{"outcome": "duplicate"}],
        "records.cluster_id.present": [{"cluster_id": None}],
        "records.stands_for_source_id.present": [{}, {"stands_for_source_id": None}],
        "records.outcome.mostly_readable": [{"outcome": "quarantined", "n_published": 0}] * 8,
    },
}


def _table(rows: list[dict], schema: pa.Schema) -> pa.Table:
    """Rows as a table that lets nulls through, for the rules to catch."""
    return pa.Table.from_pylist(rows, schema=pa.schema([field.with_nullable(True) for field in schema]))


@cache
def _unsound(dataset: str) -> tuple[QualityReport, dict[str, str]]:
    """Validate a table with rows for every rule; also the id of the row that breaks each."""
    sound = small_tables()[dataset].to_pylist()
    key = schemas.DATASETS[dataset].key
    rows: list[dict] = []
    ids: dict[str, str] = {}
    for number, (rule, changes) in enumerate(BREAKS[dataset].items()):
        for part, change in enumerate(changes):
            # Rows of another rule must not repeat keys, so each has its own.
            own = {name: f"{sound[0][name][:2]}{i:08x}{number:04x}{part:04x}" for i, name in enumerate(key)}
            unique = {"canonical_section": f"s_{number:08x}{part:08x}", "stands_for": own.get("section_id")}
            row = sound[min(part, len(sound) - 1)] | {name: v for name, v in unique.items() if name in sound[0]} | own
            if row.get("is_canonical") is False:
                row["stands_for"] = "s_ffffffffffffffff"
            if dataset == "documents":
                row["uri"] = f"cty/{number}-{part}.txt"
            rows.append(row | change)
            ids[rule] = " ".join(str(rows[-1][name]) for name in key)
    return validate({dataset: _table(rows, small_tables()[dataset].schema)}), ids


@pytest.mark.parametrize("dataset", BREAKS)
def test_no_rule_is_untested(dataset):
    rules = [expectation["meta"]["rule"] for expectation in load_suites()[dataset].expectations]
    assert list(BREAKS[dataset]) == rules


@pytest.mark.parametrize(
    ("dataset", "rule"), [(dataset, rule) for dataset in BREAKS for rule, changes in BREAKS[dataset].items() if changes]
)
def test_each_rule_catches_its_row(dataset, rule):
    report, ids = _unsound(dataset)
    result = {r.rule: r for r in report.results}[rule]
    assert result.status == "fail", result
    assert ids[rule] in result.examples
    caught = report.failing.filter(pc.equal(report.failing["rule"], rule))["record_id"].to_pylist()
    assert (ids[rule] in caught) == (result.severity != "info")


def test_rows_that_break_one_rule_do_not_break_the_others():
    report, ids = _unsound("clusters")
    broken_by = {id_: {r.rule for r in report.results if id_ in r.examples} for id_ in ids.values()}
    assert broken_by[ids["clusters.status.known"]] == {"clusters.status.known"}
    assert broken_by[ids["clusters.link_rule.single_when_alone"]] == {"clusters.link_rule.single_when_alone"}


def test_an_empty_records_table_is_a_mistake():
    report = validate({"records": schemas.empty(schemas.RECORDS)})
    assert [r.rule for r in report.broken] == ["records.table.not_empty"]
    assert report.critical


def test_sound_tables_pass():
    report = validate(small_tables())
    assert [r.rule for r in report.broken] == ["reports.n_chars.long_enough", "sections.n_chars.long_enough"]
    assert not report.critical
    assert report.failing.num_rows == 0
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
        "from tests.small_release import small_tables\n"
        "from dedup.quality import validate\n"
        "assert not validate(small_tables()).critical\n"
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
