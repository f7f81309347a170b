"""The benchmark measures processes from outside, runs this project's drivers, and writes a whole report."""

from __future__ import annotations

import hashlib
import json
import sys
import xml.etree.ElementTree as ET
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from benchmarks import comparison, flow, inspector_report, nights, report, results
from benchmarks.environments import CONSTRAINTS, NotInstalled, ensure_environment
from benchmarks.extraction import measure_release, per_second
from benchmarks.measuring import CommandFailed, measure
from benchmarks.peers.registry import ENVIRONMENTS, PEERS, Environment
from benchmarks.pictures import draw_bars, draw_curves
from benchmarks.results import read_result, write_result
from benchmarks.scaling import exponent, run_stages, write_texts
from benchmarks.scoring import score_clusters

from dedup import schemas

TINY = 40


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "bench")
    monkeypatch.setattr(report, "PICTURES", tmp_path / "docs" / "benchmarks")
    monkeypatch.setattr(report, "REPORT", tmp_path / "docs" / "benchmarks.md")
    return tmp_path


def test_cost_covers_children_and_tells_anonymous_memory_from_file_pages():
    child = "import time; data = bytearray(80_000_000); time.sleep(0.6); sum(range(3_000_000))"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True); print('done')"
    cost = measure([sys.executable, "-c", parent])
    assert cost.output == "done\n"
    assert cost.anonymous_mb > 76
    assert cost.peak_mb >= cost.anonymous_mb
    assert 0 < cost.cpu_s < 60
    assert cost.wall_s > 0.6


def test_a_command_that_fails_or_does_not_end_is_named_with_what_it_said():
    with pytest.raises(CommandFailed, match=r"(?s)ended with 3.*no such shelf"):
        measure([sys.executable, "-c", "print('no such shelf'); raise SystemExit(3)"])
    with pytest.raises(CommandFailed, match="did not end within 1 s"):
        measure([sys.executable, "-c", "import time; time.sleep(60)"], timeout_s=1)


def test_an_environment_that_cannot_be_installed_is_reported_with_its_reason(tmp_path, monkeypatch):
    (tmp_path / "constraints-none.txt").write_text("", "utf-8")
    monkeypatch.setattr("benchmarks.environments.CONSTRAINTS", tmp_path)
    # A name that is no requirement fails before anything is looked up.
    with pytest.raises(NotInstalled, match="Invalid requirement"):
        ensure_environment(Environment("none", ("no such == package ==",)), tmp_path)


def test_every_peer_has_a_driver_an_environment_and_exact_versions_without_hosts():
    drivers = Path(comparison.__file__).parent / "peers"
    for peer in PEERS:
        assert (drivers / f"{peer.driver}.py").exists()
        assert peer.environment is None or peer.environment in ENVIRONMENTS
    for name in ENVIRONMENTS:
        for line in (CONSTRAINTS / f"constraints-{name}.txt").read_text("utf-8").splitlines():
            package, version = line.split("==")
            assert package
            assert version
            assert not set("/@: ") & set(line)


@pytest.mark.parametrize("driver", ["dedup_pairs", "dedup_clusters"])
def test_this_project_runs_in_the_harness_and_finds_the_planted_copies(driver, folder):
    corpus, truth, bound = results.ensure_corpus("words", TINY)
    peer = next(p for p in PEERS if p.driver == driver)
    row = comparison.run_driver(peer, Path(sys.executable), corpus, truth, TINY)
    assert bound < 0.35
    assert row["score"]["recall"] >= 0.9
    assert row["cpu_s"] > 0
    assert row["versions"]["dedup"]
    if driver == "dedup_pairs":
        assert row["score"]["precision"] == 1.0
    else:
        assert row["score"]["tied"] == row["score"]["tied_right"] > 0


def test_stages_over_mapped_texts_tie_the_copies_and_tell_memory_of_each(tmp_path):
    write_texts(TINY, tmp_path)
    found = run_stages(tmp_path, 1)
    assert found["sections"] == TINY
    assert list(found["stages"]) == ["fingerprint", "match", "cluster"]
    assert TINY * 0.6 < found["clusters"] < TINY * 0.8
    assert found["pairs"] >= TINY * 0.25


def test_the_exponent_of_a_linear_run_is_one_and_of_a_quadratic_one_two():
    runs = [{"megabytes": 10.0**k, "stages": {"a": {"cpu_s": 3 * 10.0**k}}} for k in range(3)]
    assert exponent(runs) == pytest.approx(1.0)
    runs = [{"megabytes": 10.0**k, "stages": {"a": {"cpu_s": 100.0**k}}} for k in range(3)]
    assert exponent(runs) == pytest.approx(2.0)
    assert exponent(runs[:1]) is None


def test_results_are_kept_with_date_and_commit(folder):
    assert read_result("kernel") is None
    write_result("kernel", {"read": 1.5})
    kept = read_result("kernel")
    assert kept is not None
    assert kept["read"] == 1.5
    assert {"date", "commit"} <= kept.keys()


def test_pictures_are_svg_with_every_name_and_a_bar_that_grows_with_its_value():
    bars = draw_bars("CPU <seconds>", [("fast", 0.8, "ours"), ("slow", 80.0, "theirs")], "s")
    widths = [float(r.get("width")) for r in ET.fromstring(bars).iter("{http://www.w3.org/2000/svg}rect")]
    assert widths[0] < widths[1]
    assert "fast" in bars
    curves = draw_curves("growth", [("match", [(1e4, 0.5), (1e5, 5.0), (1e6, 52.0)])], ("sections", "s"))
    points = ET.fromstring(curves).findall("{http://www.w3.org/2000/svg}circle")
    assert len(points) == 3
    # Ten times the sections at ten times the seconds: the curve rises evenly.
    heights = [float(p.get("cy")) for p in points]
    assert heights[0] - heights[1] == pytest.approx(heights[1] - heights[2], rel=0.03)


def test_the_report_names_every_tool_also_one_that_could_not_run(folder):
    truth = results.ensure_corpus("words", TINY)[1]
    score = asdict(score_clusters(truth, np.arange(TINY)))
    row = {"cpu_s": 2.0, "wall_s": 2.5, "imports_cpu_s": 0.1, "peak_mb": 100.0, "anonymous_mb": 90.0, "score": score}
    tools = {p.name: {**row, "versions": {p.name: "1.2.3"}} for p in PEERS}
    tools["gaoya"] = {"failed": "no wheel for this machine"}
    corpus = {"bound": 0.01, "pairs": 9, "of_one_work": 12, "tools": tools}
    written = {"documents": TINY, "machine": ["m"], "corpora": {"words": corpus, "templates": corpus}}
    tools["dedup.find_duplicates"]["score"] = score | {"listed": 0.995, "precision": 1.0}
    write_result("peers", json.loads(json.dumps(written)))
    text = report.write_report().read_text("utf-8")
    for peer in PEERS:
        assert peer.name in text
    assert "no wheel for this machine" in text
    assert "rensa 1.2.3" in text
    assert (folder / "docs" / "benchmarks" / "peers.svg").exists()
    assert "## Scaling" not in text


@pytest.mark.slow
def test_the_whole_flow_ties_no_row_wrongly_where_sections_share_a_template(folder, monkeypatch):
    monkeypatch.setattr(flow, "FOLDER", folder)
    found = flow.measure_corpus("stamped", TINY)
    assert found["rows"]["documents"] == found["sections_clustered"] == TINY
    assert found["tied"] > TINY * 0.2
    assert found["tied_wrong"] == 0
    assert found["largest_cluster"] < 8
    assert {"stage:read", "stage:match", "stage:write"} <= found["stages"].keys()


def test_the_report_says_how_fast_figures_are_read_and_how_many_are_right(folder):
    rates = {"figures": 2.5, "attribution": 5.0, "tables": 50.0}
    run = {"sections": 1200, "megabytes": 4.25, "mb_per_s": rates, "together": 1.6, "figures_per_mb": 4300.0,
           "figures_per_s": 10750.0}  # fmt: skip
    write_result("extraction", {"machine": ["m"], "corpora": {"generated": run}})
    [row] = [line for line in report.write_report().read_text("utf-8").splitlines() if "generated report" in line]
    assert row.split(" | ")[1:] == ["1,200", "4.25", "2.50", "5.00", "50.00", "1.60", "4,300", "10,750 |"]
    figures = {"recall": 0.91, "precision": None, "names": 0.9, "expected": 5000, "judged": 0, "named": 10,
               "masked": 3, "masked_taken": 1, "overwritten": 2, "overwritten_taken": 0}  # fmt: skip
    lines = report._extracted({"figures": figures, "years": None})
    assert "| recall of figures | 0.9100 | 5,000 printed figures, value and unit |" in lines
    assert "| precision of figures | – | 0 observations |" in lines
    assert lines[-1] == "| masked or overwritten numbers taken | 1 | 5 of them |"
    assert report._extracted({}) == []


def test_throughput_is_work_over_the_time_of_one_thread():
    chunk = b"x" * 1_000_000
    # Hashing runs at some hundred MB/s everywhere; a clock misread by a factor of a thousand does not pass.
    assert 20 < per_second(lambda: hashlib.sha256(chunk).digest(), 1.0, 0.02) < 20_000


def test_every_part_of_extraction_is_measured_on_the_pages_of_a_release():
    table = "| 村名 | 户数（户） | 人口（人） |\n| --- | ---: | ---: |\n| 东村 | 120 | 431 |\n| 西村 | 95 | 362 |\n"
    page = f"一、2012年工作回顾\n全县生产总值完成52.3亿元，增长13.5%。各村情况如下表：\n\n{table}\n请予审议。\n"
    section = {"section_id": "s_1", "doc_id": "d_1", "ordinal": 0, "title": "", "kind": "report", "char_start": 0,
               "char_end": len(page), "clean_text": page, "completeness": "full"}  # fmt: skip
    document = {"doc_id": "d_1", "text": page, "published_at": None, "tables_html": ["<table></table>"]}

    class Release:
        def arrow(self, name, columns=None):
            rows = [document] if name == "documents" else [section]
            schema = schemas.DATASETS[name].schema
            return pa.Table.from_pylist(rows, schema=pa.schema([schema.field(column) for column in rows[0]]))

    found = measure_release(Release(), least_s=0.001)
    assert found["figures"] == 2
    assert found["tables"] == 1
    assert found["megabytes"] == len(page.encode()) / 1e6
    assert found["page_megabytes"] > found["megabytes"]
    assert found["together"] < min(found["mb_per_s"]["figures"], found["mb_per_s"]["attribution"])


def test_parts_that_are_not_measured_here_stay_in_the_report_as_they_were(folder):
    kernel = {"megabytes": 10.0, "first_call_s": 1.0, "equal": True, "machine": ["old machine"]}
    kernel |= dict.fromkeys(("arrow_1", "list_1", "arrow_2", "list_2", "read", "datasketch"), 5.0)
    write_result("kernel", kernel)
    before = report.write_report().read_text("utf-8")
    (results.FOLDER / "results" / "kernel.json").unlink()
    rates = {"figures": 2.5, "attribution": 5.0, "tables": 50.0}
    run = {"sections": 1, "megabytes": 1.0, "mb_per_s": rates, "together": 1.0, "figures_per_mb": 1.0,
           "figures_per_s": 1.0}  # fmt: skip
    write_result("extraction", {"machine": ["new machine"], "corpora": {"sample": run}})
    after = report.write_report().read_text("utf-8")
    kept = before[before.index("## Fingerprint kernel") :].rstrip()
    assert kept in after
    assert after.index("## Fingerprint kernel") < after.index("## Figures, places, years and tables")
    assert after.index("- old machine") < after.index("- new machine") < after.index("## ")
    # Writing once more changes nothing.
    assert report.write_report().read_text("utf-8") == after


def test_every_section_of_the_report_has_the_title_it_is_found_by():
    text = "".join(Path(module.__file__).read_text("utf-8") for module in (report, nights, inspector_report))
    for title in report.TITLES.values():
        assert f'"## {title}"' in text


def test_the_report_says_how_many_rows_a_second_are_validated(folder):
    run = {"rows": 1_000_000, "rules": 33, "kinds": {"great_expectations": 9, "duckdb": 24}, "wall_s": 2.5,
           "cpu_s": 2.4, "anonymous_mb": 1044.0}  # fmt: skip
    write_result("validation", {"machine": ["m"], "datasets": {"observations": run}})
    [row] = [
        line for line in report.write_report().read_text("utf-8").splitlines() if line.startswith("| observations")
    ]
    assert row.split(" | ")[1:] == ["1,000,000", "9", "24", "2.5", "2.4", "400,000", "1,044 |"]


def test_the_report_says_how_long_users_of_the_inspector_waited(folder):
    waits = {"n": 40, "p50_ms": 20.4, "p95_ms": 180.0, "max_ms": 299.0}
    result = {"machine": ["m"], "sections": 1_000_000, "users": 10, "think_s": 1.0, "first_asked": 0.78,
              "answers": 900, "failed": 0, "peak_mb": 640.0, "peak_while_preparing_mb": 900.0, "prepared_s": 60.0,
              "load_before": 1.5, "processors": 2,
              "views": {"all but search": waits, "all searches": {**waits, "p95_ms": 712.0}}}  # fmt: skip
    write_result("inspector", result)
    text = report.write_report().read_text("utf-8")
    assert "95 of 100 searches were answered within 712 ms, 95 of 100 other views within 180 ms" in text
    assert "| all searches | 40 | 20 | 712 | 299 |" in text
