"""Poisoned datasets: what is critical stops the release, what is a warning is taken out exactly, the rest stays.

One run over the sample goes up to validation once. Each case then plants rows in the tables of that run, and holds
them against their suites as the run would; against one suite where all others have nothing to do with the case.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import dedup
from dedup import schemas
from dedup.engines import gate
from dedup.engines.local import LocalRun
from dedup.engines.publishing import report_parts, stage_datasets
from dedup.engines.search_index import index_texts
from dedup.quality import Suite, load_suites, validating
from dedup.quality.report import key_columns
from dedup.releases.integrity import find_contradictions
from dedup.releases.layout import hash_file
from dedup.settings import RuleSettings, load_settings
from dedup.sources import resolve_sources
from tests.command import call
from tests.small_release import NOW, replace

CRITICAL: dict[str, dict[str, Any]] = {
    "documents": {"sha256": "abc"},
    "sections": {"char_end": 3},
    "attributions": {"year_plan": 2024, "year_plan_basis": "masked"},
    "membership": {"stands_for": "s_ffffffffffffffff"},
    "clusters": {"n_sections": 77},
    "pairs": {"jaccard": 1.7},
    "reports": {"n_copies": 0},
    "records": {"outcome": "lost"},
    "passages": {"char_end": 10**8},
    "passage_stats": {"df_ratio": -1.0},
    "phrases": {"section_id": "s_ffffffffffffffff"},
    "templates": {"skeleton": ""},
    "template_occurrences": {"template_id": "t_ffffffffffffffff"},
    "reuse_edges": {"to_cluster": "c_ffffffffffffffff"},
    "conflicts": {"type": "taste"},
    "repairs": {"n_agreeing": 0},
    "consensus": {"repairs": 99},
    "furniture": {"doc_id": "d_ffffffffffffffff"},
    "observations": {"value_end": 10**8},
    "facts": {"obs_value": 12345.678},
    "checks": {"observation_ids": ["o_ffffffffffffffff"]},
    "extracted_tables": {"n_rows": 99},
    "table_cells": {"row_index": 99},
    "quarantine": {"reason": ""},
    "decisions": {"outcome": "forgotten"},
    "cluster_history": {"event": "moved"},
    "search": {"n_places": 0},
    "fingerprints": {"n_shingles": -5},
    "runs": {"value": float("nan")},
}

#: (dataset, columns that name others, dataset that holds them, its column): a row goes with any of those it names.
FOLLOWS = [
    ("membership", "cluster_id", "clusters", "cluster_id"),
    ("clusters", "cluster_id", "membership", "cluster_id"),
    ("attributions", "-", "", ""),
    ("pairs", "section_a section_b", "membership", "section_id"),
    ("reports", "cluster_id", "clusters", "cluster_id"),
    ("reports", "section_id", "attributions", "section_id"),
    ("facts", "cluster_id", "reports", "cluster_id"),
    ("facts", "cluster_id", "clusters", "cluster_id"),
    ("facts", "observation_id", "observations", "observation_id"),
    ("observations", "cluster_id", "clusters", "cluster_id"),
    ("checks", "cluster_id", "clusters", "cluster_id"),
    ("checks", "observation_ids base_ids", "observations", "observation_id"),
    ("passages", "passage_id", "passage_stats", "passage_id"),
    ("template_occurrences", "template_id", "templates", "template_id"),
    ("reuse_edges", "from_cluster to_cluster", "clusters", "cluster_id"),
    ("conflicts", "cluster_id", "clusters", "cluster_id"),
    ("conflicts", "section_id canonical_section", "membership", "section_id"),
    ("repairs", "cluster_id", "clusters", "cluster_id"),
    ("repairs", "section_id donor_section", "membership", "section_id"),
    ("consensus", "cluster_id", "clusters", "cluster_id"),
    ("consensus", "section_id", "membership section_id repairs", "section_id"),
    ("table_cells", "table_id", "extracted_tables", "table_id"),
]
#: Where a warning takes nothing away: the row is only named.
STAYS = {"records", "quarantine", "runs", "fingerprints"}

Snapshot = dict[str, Any]


def planted(tables: dict[str, pa.Table], documents: pa.Table) -> dict[str, pa.Table]:
    """Sound rows for datasets that the sample has none of."""
    cluster = tables["clusters"].to_pylist()[0]
    section = cluster["canonical_section"]
    donor = next(r["section_id"] for r in tables["membership"].to_pylist() if r["section_id"] != section)
    spans = {"char_start": 0, "char_end": 1, "donor_start": 0, "donor_end": 1}
    sections = {r["section_id"]: r for r in tables["sections"].to_pylist()}
    for name, of in (("char", section), ("donor", donor)):
        spans |= {f"{name}_start": sections[of]["char_start"], f"{name}_end": sections[of]["char_start"] + 1}
    repair = {
        "cluster_id": cluster["cluster_id"],
        "section_id": section,
        "kind": "word",
        **spans,
        "quote": "甲",
        "repaired": "乙",
        "donor_section": donor,
        "n_agreeing": 1,
        "reason": "planted",
    }
    n = tables["repairs"].filter(pc.equal(tables["repairs"]["section_id"], section)).num_rows
    text = {"cluster_id": cluster["cluster_id"], "section_id": section, "text": "乙", "repairs": n + 1}
    document = documents.select(["doc_id", "source"]).to_pylist()[0]
    line = {**document, "char_start": 0, "char_end": 2, "line": "首页", "n_pages": 5, "share": 0.5}
    noted = {
        "decision_id": "g_0123456789abcdef",
        "kind": "unsure",
        "key_a": "a" * 32,
        "key_b": "b" * 32,
        "who": "a reader",
        "decided_at": NOW,
        "outcome": "noted",
        "reason": "nobody knows",
        "n_sections": 0,
    }
    grown = {"release_id": "2031-03-04.1", "recorded_at": NOW, "event": "merged", "elder": "c_0123456789abcdef"}
    history = {**grown, "cluster_id": cluster["cluster_id"], "n_sections": 1}
    added = {
        "repairs": [repair],
        "consensus": [text],
        "furniture": [line],
        "decisions": [noted],
        "cluster_history": [history],
    }
    return {
        name: pa.concat_tables([tables[name], pa.Table.from_pylist(rows, schema=schemas.DATASETS[name].schema)])
        for name, rows in added.items()
    }


@pytest.fixture(scope="module")
def staged(tmp_path_factory, sample_folder) -> Iterator[tuple[LocalRun, Snapshot]]:
    """A run that has done everything but validate and publish, and how it was then."""
    settings = load_settings(
        sample_folder / "dedup.toml", warehouse=tmp_path_factory.mktemp("poisoned") / "w", extract={"enabled": True}
    )
    with LocalRun(settings, resolve_sources([], settings)) as run:
        for stage in ("read", "check", "match", "measure_recall", "cluster", "attribute", "find_reuse", "extract"):
            getattr(run, stage)()
        run.tables |= planted({**run.tables, "sections": run.corpus.section_facts}, run.corpus.document_facts)
        run.tables["search"] = index_texts(run)
        yield run, dict(run.__dict__)


@pytest.fixture
def run(staged) -> Iterator[LocalRun]:
    """The run as it was before validation, whatever the case before did to it."""
    work, before = staged
    work.__dict__.update(before)
    work.tables = dict(before["tables"])
    yield work
    work.__dict__.update(before)


def plant(run: LocalRun, monkeypatch, dataset: str, values: dict[str, Any]) -> None:
    """Give the first row of a dataset other values, wherever the run keeps it."""
    loose = pa.schema([f.with_nullable(True) for f in schemas.DATASETS[dataset].schema])
    if dataset in ("documents", "sections"):
        table = getattr(run.corpus, dataset)
        run.corpus = dataclasses.replace(run.corpus, **{dataset: replace(pa.table(table.columns, loose), 0, **values)})
    elif dataset == "reports":
        parts = [replace(part, 0, **values) for part in report_parts(run)]
        monkeypatch.setattr(gate, "report_parts", lambda _: iter(parts))
    elif dataset == "fingerprints":
        prints = run.corpus.fingerprints
        counts = prints.n_shingles.copy()
        counts[0] = values["n_shingles"]
        changed = dataclasses.replace(prints, n_shingles=counts)
        run.corpus = dataclasses.replace(run.corpus, fingerprints=changed)
    elif dataset == "runs":
        monkeypatch.setitem(run.meter.values, "poisoned", {"seconds": values["value"]})
    else:
        run.tables[dataset] = replace(run.tables[dataset], 0, **values)


def only_suite(monkeypatch, dataset: str, rule: str | None = None) -> None:
    """Evaluate the rules of one dataset alone, or one rule of it."""

    def load(*given: Any) -> dict[str, Suite]:
        suite = load_suites(*given)[dataset]
        kept = [e for e in suite.expectations if rule in (None, e["meta"]["rule"])]
        return {dataset: dataclasses.replace(suite, expectations=tuple(kept))}

    monkeypatch.setattr(validating, "load_suites", load)


def held(run: LocalRun, dataset: str) -> Any:
    return gate.check_input(run) if dataset in ("documents", "sections") else gate.check_output(run)


def test_nothing_is_wrong_with_the_run_that_is_poisoned(run):
    report = gate.check_output(run)
    assert [(r.rule, r.observed) for r in report.broken if r.severity != "info"] == []
    empty = [name for name, n in report.rows.items() if not n]
    assert empty == []
    assert report.rows.keys() | {"documents", "sections"} == schemas.DATASETS.keys()


@pytest.mark.parametrize("dataset", schemas.DATASETS)
def test_a_row_that_breaks_a_critical_rule_stops_the_release_and_nothing_is_taken_out(run, monkeypatch, dataset):
    plant(run, monkeypatch, dataset, CRITICAL[dataset])
    only_suite(monkeypatch, dataset)
    before = dict(run.tables)
    report = held(run, dataset)
    assert report.critical
    assert dataset in {result.dataset for result in report.stopping}
    assert {name for name, table in run.tables.items() if table is not before[name]} <= {"quarantine"}
    assert not len(run.withheld)


def expected(tables: dict[str, pa.Table], dataset: str, row: dict[str, Any]) -> dict[str, list[tuple[Any, ...]]]:
    """What goes with a row, worked out row by row."""
    rows = {name: table.to_pylist() for name, table in tables.items()}
    gone: dict[str, list[dict[str, Any]]] = {name: [] for name in tables}
    gone[dataset] = [r for r in rows[dataset] if r == row]
    changed = True
    while changed:
        changed = False
        for name, columns, targets, column in FOLLOWS:
            lost = {r[column] for target in targets.split() if target in gone for r in gone[target]}
            for r in rows[name]:
                named = [r[c] for c in columns.split() if c in r]
                values = {v for n in named for v in (n if isinstance(n, list) else [n])}
                if values & lost and r not in gone[name]:
                    gone[name].append(r)
                    changed = True
    return {
        name: sorted(tuple(r[c] for c in key_columns(name)) for r in found) for name, found in gone.items() if found
    }


def keys(table: pa.Table, dataset: str) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in table.select(list(key_columns(dataset))).to_pylist())


def single_out(run: LocalRun, dataset: str, row: dict[str, Any]) -> None:
    """Let a rule of the configuration find fault with one row."""
    same = " and ".join(f"{c} = {row[c]!r}" for c in key_columns(dataset))
    rule = RuleSettings(dataset=dataset, name="mine", sql=f"not ({same})", severity="warning", why="a house rule")
    quality = run.settings.quality.model_copy(update={"rule": (rule,)})
    run.settings = run.settings.model_copy(update={"quality": quality})


def all_tables(run: LocalRun) -> dict[str, pa.Table]:
    reports = pa.concat_tables(list(report_parts(run)))
    return {**run.tables, "reports": reports.filter(pc.invert(pc.is_in(reports["cluster_id"], run.withheld)))}


@pytest.mark.parametrize(
    "dataset", [name for name in schemas.DATASETS if name not in {"documents", "sections", *STAYS}]
)
def test_a_row_that_breaks_a_warning_is_taken_out_with_what_refers_to_it_alone(run, monkeypatch, dataset):
    before = all_tables(run)
    row = before[dataset].to_pylist()[0]
    single_out(run, dataset, row)
    only_suite(monkeypatch, dataset, "mine")
    gone = expected(before, dataset, row)
    report = gate.check_output(run)
    assert not report.critical
    after = all_tables(run)
    for name, table in after.items():
        lost = gone.get(name, [])
        if name == "quarantine":
            continue
        assert keys(table, name) == sorted(set(keys(before[name], name)) - set(lost)), name
        if not lost and name not in ("records", "reports"):
            assert table is before[name]
    named = run.tables["quarantine"].filter(pc.equal(run.tables["quarantine"]["rule"], "mine")).to_pylist()
    told = {name: sorted(" ".join(map(str, key)) for key in lost) for name, lost in gone.items()}
    assert {name: sorted(r["record_id"] for r in named if r["dataset"] == name) for name in told} == told
    assert len(named) == sum(map(len, told.values()))
    assert all("a house rule" in r["reason"] for r in named)
    assert report.set_aside == {name: len(lost) for name, lost in told.items()}
    # References are checked again, on the files.
    stage_datasets(run)
    assert find_contradictions(run.staging.path) == []


@pytest.mark.parametrize("dataset", sorted(STAYS))
def test_rows_that_answer_for_others_are_named_and_stay(run, monkeypatch, dataset):
    only_suite(monkeypatch, dataset, "mine")
    before = all_tables(run)
    row = {"fingerprints": before["membership"], "runs": gate.run_metrics(run)}.get(dataset, before.get(dataset))
    single_out(run, dataset, row.to_pylist()[0])
    report = gate.check_output(run)
    assert not report.critical
    assert report.set_aside == {dataset: 1}
    after = all_tables(run)
    assert [name for name in after if not after[name].equals(before[name])] == ["quarantine"]
    assert after["quarantine"].num_rows == before["quarantine"].num_rows + 1


def test_a_record_whose_report_is_withheld_says_so_and_so_do_those_that_copy_it(run, monkeypatch):
    only_suite(monkeypatch, "clusters", "mine")
    copied = next(c for c in run.tables["clusters"].to_pylist() if c["n_documents"] > 1 and c["kind"] == "report")
    single_out(run, "clusters", copied)
    documents = {
        s["doc_id"]
        for s in run.corpus.section_facts.to_pylist()
        for m in run.tables["membership"].to_pylist()
        if m["section_id"] == s["section_id"] and m["cluster_id"] == copied["cluster_id"]
    }
    before = {r["doc_id"]: r for r in run.tables["records"].to_pylist()}
    assert not gate.check_output(run).critical
    after = {r["doc_id"]: r for r in run.tables["records"].to_pylist()}
    assert {doc for doc in after if after[doc] != before[doc]} == documents
    for doc in documents:
        if before[doc]["n_sections"] == 1:
            assert (after[doc]["outcome"], after[doc]["rule"], after[doc]["n_published"]) == ("quarantined", "mine", 0)
            assert after[doc]["cluster_id"] is None
            assert "a house rule" in after[doc]["reason"]
        else:
            assert after[doc]["n_published"] < before[doc]["n_published"] or before[doc]["outcome"] != "published"
            assert after[doc]["cluster_id"] != copied["cluster_id"]
            assert "withheld" in after[doc]["reason"] or after[doc]["outcome"] == "quarantined"


def test_an_implausible_year_takes_the_report_and_its_figures_with_it(run):
    tables = all_tables(run)
    facts = tables["facts"].to_pylist()
    report = next(r for r in tables["reports"].to_pylist() if any(f["cluster_id"] == r["cluster_id"] for f in facts))
    at = tables["attributions"]["section_id"].to_pylist().index(report["section_id"])
    odd = {"year_plan": 3031, "year_plan_basis": "printed", "year_plan_confidence": 0.9, "year_plan_evidence": "3031年"}
    run.tables["attributions"] = replace(run.tables["attributions"], at, **odd)
    found = gate.check_output(run)
    assert not found.critical
    assert found.set_aside == {
        "attributions": 1,
        "reports": 1,
        "facts": sum(f["cluster_id"] == report["cluster_id"] for f in facts),
    }
    assert run.withheld.to_pylist() == [report["cluster_id"]]
    assert run.tables["observations"] is tables["observations"]


def hashes(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in sorted(folder.rglob("*.parquet"))}


def test_the_files_of_all_other_datasets_are_the_same_to_the_byte(run, monkeypatch):
    stage_datasets(run)
    clean = hashes(run.staging.path)
    shutil.rmtree(run.staging.path)
    single_out(run, "extracted_tables", run.tables["extracted_tables"].to_pylist()[0])
    only_suite(monkeypatch, "extracted_tables", "mine")
    gate.check_output(run)
    stage_datasets(run)
    changed = {name.split("/")[1] for name, digest in hashes(run.staging.path).items() if clean.get(name) != digest}
    assert changed == {"extracted_tables", "table_cells", "quarantine"}


# The same through the command line.


@pytest.fixture(scope="module")
def published(tmp_path_factory, sample_folder) -> Path:
    """A configuration whose warehouse has a release of the sample."""
    folder = tmp_path_factory.mktemp("cli")
    shutil.copytree(sample_folder, folder / "pages")
    text = (sample_folder / "dedup.toml").read_text("utf-8").replace('path = "', 'path = "pages/')
    config = folder / "dedup.toml"
    config.write_text(f'warehouse = "warehouse"\n{text}\n[extract]\nenabled = true\n', "utf-8")
    assert call("run", "--config", config, "--no-prefect").code == 0
    return config


def poisoned(monkeypatch, stage: str, dataset: str, values: dict[str, Any]) -> None:
    """Let a stage of the next runs leave a poisoned row behind."""
    method: Callable[[LocalRun], None] = getattr(LocalRun, stage)

    def leave(run: LocalRun) -> None:
        method(run)
        plant(run, monkeypatch, dataset, values)
        # A row that was made now is none of the last release.
        run.taken_over.pop(dataset, None)

    monkeypatch.setattr(LocalRun, stage, leave)


@pytest.mark.parametrize(
    ("stage", "dataset", "rule"),
    [("extract", "facts", "facts.observation.states_it"), ("read", "documents", "documents.sha256.well_formed")],
)
def test_a_poisoned_run_ends_with_code_3_and_readers_keep_the_last_release(
    published, monkeypatch, stage, dataset, rule
):
    warehouse = published.parent / "warehouse"
    before, pointer = dedup.open_release(warehouse), (warehouse / "latest.json").read_bytes()
    poisoned(monkeypatch, stage, dataset, CRITICAL[dataset])
    result = call("run", "--config", published, "--no-prefect")
    assert result.code == 3
    assert rule in result.out + result.err
    assert (warehouse / "latest.json").read_bytes() == pointer
    assert dedup.open_release(warehouse).arrow("facts").equals(before.arrow("facts"))
    assert call("releases", "verify", "-w", warehouse).code == 0
    kept = sorted((warehouse / "rejected").iterdir())[-1]
    assert rule in (kept / "quality" / "index.html").read_text("utf-8")
    refused = dedup.open_release(kept).arrow("quarantine")
    assert rule in refused["rule"].to_pylist()


def test_a_run_with_a_poisoned_figure_is_published_without_it(published, monkeypatch):
    warehouse = published.parent / "warehouse"
    before = dedup.open_release(warehouse)
    poisoned(monkeypatch, "extract", "facts", {"year": 1066, "year_basis": "printed"})
    result = call("run", "--config", published, "--no-prefect")
    assert result.code == 0
    assert "WARN=1 ERROR=0" in result.out
    after = dedup.open_release(warehouse)
    assert after.id != before.id
    (row,) = after.arrow("quarantine").filter(pc.equal(after.arrow("quarantine")["dataset"], "facts")).to_pylist()
    assert row["rule"] == "facts.year.plausible"
    assert "year = 1066" in row["reason"]
    facts, rest = (release.arrow("facts") for release in (before, after))
    assert rest.equals(facts.filter(pc.not_equal(facts["fact_id"], row["record_id"])))
    for name in ("observations", "reports", "checks", "table_cells", "pairs", "template_occurrences"):
        assert after.arrow(name).equals(before.arrow(name)), name


def test_a_rule_that_can_hold_nothing_ends_the_run_before_it_reads(published, tmp_path):
    config = tmp_path / "dedup.toml"
    rule = '[[quality.rule]]\ndataset = "facts"\nname = "mine"\nsql = "obs_valeu > 1"\n'
    config.write_text(f'warehouse = "w"\n[[source]]\npath = "{published.parent / "pages"}"\n{rule}', "utf-8")
    result = call("run", "--config", config, "--no-prefect")
    assert result.code == 2
    assert "[[quality.rule]] 'mine'" in result.err
    assert "obs_valeu" in result.err
    assert not (tmp_path / "w").exists()
