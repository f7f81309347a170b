"""The Prefect flow: runs by `python`, without a server set up, retries a stage, leaves artifacts."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import dedup

ROOT = Path(__file__).resolve().parents[1]

#: Runs the flow as `python flows/publish_reports.py` does, with a matching stage that fails the first time.
FAILING_ONCE = """
import runpy, sys
from dedup.engines.local import LocalRun

whole = LocalRun.match
calls = []

def match(self):
    calls.append(1)
    if len(calls) == 1:
        raise OSError("the disk was away for a moment")
    whole(self)

LocalRun.match = match
sys.argv = ["publish_reports.py", sys.argv[1]]
runpy.run_path({flow!r}, run_name="__main__")
"""


def test_the_flow_runs_by_python_retries_a_failed_stage_and_leaves_artifacts(tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    text = "各位代表：\n" + "".join(f"全镇新修水渠第{i}段{i * 37 % 101}公里，惠及{i * 53 % 997}户。" for i in range(60))
    for name in "ab":
        (pages / f"{name}.txt").write_text(text, "utf-8")
    flow = str(ROOT / "flows" / "publish_reports.py")
    environment = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "DEDUP_WAREHOUSE": str(tmp_path / "warehouse"),
        "PREFECT_LOGGING_LEVEL": "INFO",
    }
    environment.pop("PREFECT_API_URL", None)
    ended = subprocess.run(
        [sys.executable, "-c", FAILING_ONCE.format(flow=flow), str(pages)],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert ended.returncode == 0, ended.stderr
    release = dedup.open_release(tmp_path / "warehouse")
    assert release.arrow("reports").num_rows == 1
    assert release.arrow("reports")["n_copies"].to_pylist() == [2]
    assert release.id in ended.stdout
    figures = release.sql("select metric, value from runs where stage = 'source:pages' and metric in ('new', 'copies')")
    assert {row["metric"]: row["value"] for row in figures.to_pylist()} == {"new": 2.0, "copies": 1.0}
    with sqlite3.connect(tmp_path / "prefect" / "prefect.db") as database:
        artifacts = dict(database.execute("select key, type from artifact").fetchall())
        runs = dict(database.execute("select name, state_type from flow_run").fetchall())
        tasks = dict(database.execute("select task_key, run_count from task_run").fetchall())
        pages = dict(database.execute("select key, data from artifact where type = 'markdown'").fetchall())
    assert artifacts == {"clusters": "table", "release": "markdown", "quality": "markdown", "release-link": "markdown"}
    assert "ERROR=0" in pages["quality"]
    assert "| reports | 1 |" in pages["quality"]
    assert list(runs.values()) == ["COMPLETED"]
    assert {key.split("-")[0]: count for key, count in tasks.items()} == {
        "read": 1,
        "check": 1,
        "match": 2,
        "measure_recall": 1,
        "cluster": 1,
        "attribute": 1,
        "find_reuse": 1,
        "extract": 1,
        "validate": 1,
        "publish": 1,
        "announce": 1,
    }


def test_importing_the_package_leaves_heavy_libraries_alone():
    code = (
        "import sys, dedup.cli; heavy = {'prefect', 'great_expectations', 'pandas', 'numba', 'pyarrow', 'duckdb'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"
