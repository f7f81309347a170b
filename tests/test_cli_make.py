"""Starting and measuring from the command line: init, sample, evaluate, doctor."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.cli.diagnosis import _satisfies
from dedup.settings import load_settings
from tests.command import call, write_pages


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_init_looks_into_a_folder_and_the_result_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEDUP_QUALITY__ENABLED", "false")
    write_pages(tmp_path / "pages").unlink()
    made = call("init", "--from", "pages")
    assert made.code == 0, made.err
    assert "dedup run" in made.out
    settings = load_settings(tmp_path / "dedup.toml")
    assert settings.sources
    done = call("run", "--no-prefect", "--json", "--dry-run")
    assert done.code == 0, done.err
    assert done.json()["documents"] == 4


def test_init_never_overwrites_unasked(tmp_path: Path) -> None:
    (tmp_path / "dedup.toml").write_text("title = 'mine'\n", "utf-8")
    refused = call("init")
    assert refused.code == 2
    assert "--force" in refused.err
    assert load_settings().title == "mine"
    assert call("init", "--force").code == 0
    assert load_settings().title != "mine"
    assert call("init", "--from", "nowhere", "--config", "other.toml").code == 2


def test_a_sample_is_made_run_and_evaluated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEDUP_QUALITY__ENABLED", "false")
    made = call("sample", "--pages", "4", "--seed", "3", "s", "--json")
    assert made.code == 0, made.err
    assert made.json()["pages"] == 4
    assert call("sample", "--pages", "4", "s").code == 2
    done = call("run", "--no-prefect", "--json", "-w", "w", "-c", "s/dedup.toml")
    assert done.code == 0, done.err
    judged = call("evaluate", "s", "-w", "w", "--curve", "out/curve.svg", "--json")
    assert judged.json()["pairs"]["precision"] == 1.0
    assert "<svg" in (tmp_path / "out" / "curve.svg").read_text("utf-8")
    shown = call("evaluate", "s", "-w", "w")
    assert "recall" in shown.out
    assert "true Jaccard" in shown.out


def test_a_false_pair_makes_evaluate_fail(tmp_path: Path) -> None:
    config = write_pages(tmp_path / "pages")
    assert call("run", "--no-prefect", "-q", "-w", "w", "-c", config).code == 0
    rows = {"doc_a": ["gov/lindu.txt"], "doc_b": ["gov/kangyuan.txt"], "score": [0.9]}
    pq.write_table(pa.table(rows), tmp_path / "pairs.parquet")
    judged = call("evaluate", "pairs.parquet", "--min-score", "0.7", "-w", "w")
    assert "1 missed pair" in judged.out
    missing = call("evaluate", "nothing.parquet", "-w", "w")
    assert missing.code != 0
    assert "nothing.parquet" in missing.err


def test_doctor_finds_a_healthy_machine_healthy(tmp_path: Path) -> None:
    config = write_pages(tmp_path / "pages")
    found = call("doctor", "-c", config, "--json")
    checks = {c["name"]: c for c in found.json()["checks"]}
    assert checks["kernels"]["status"] == "ok"
    assert checks["settings"]["message"].endswith("3 sources declared")
    assert checks["telemetry"]["status"] == "ok"
    assert {"versions", "warehouse", "disk", "terminal", "prefect"} <= checks.keys()


def test_doctor_names_what_is_wrong_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / "latest.json").write_text("{", "utf-8")
    found = call("doctor", "-w", "w")
    assert found.code == 1
    lines = found.out.splitlines()
    prefect = next(i for i, line in enumerate(lines) if " prefect " in line)
    assert lines[prefect].startswith("error")
    assert "--no-prefect" in lines[prefect + 1]
    assert next(line for line in lines if " warehouse " in line).startswith("error")
    broken = tmp_path / "bad.toml"
    broken.write_text("nonsense = 1\n", "utf-8")
    assert "nonsense" in call("doctor", "-c", broken).out


@pytest.mark.parametrize(
    ("have", "wanted", "met"),
    [
        ("3.8.8", ">=3.8.8,<4", True),
        ("3.8.10", ">=3.8.8,<4", True),
        ("4.0", ">=3.8.8,<4", False),
        ("3.8", ">=3.8.8", False),
        ("2.0.0rc1", ">=2,<3", True),
        ("1.2", "", True),
        ("0.151.0", "<0.151", False),
    ],
)
def test_versions_are_compared_as_numbers(have: str, wanted: str, met: bool) -> None:
    assert _satisfies(have, wanted) is met


def test_init_says_that_a_folder_holds_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "crawl").mkdir()
    made = call("init", "--from", tmp_path / "crawl", "-c", tmp_path / "dedup.toml")
    assert made.code == 0
    assert f"{tmp_path / 'crawl'} holds no files yet" in made.err
    (tmp_path / "crawl" / "page.txt").write_text("各位代表", "utf-8")
    again = call("init", "--force", "--from", tmp_path / "crawl", "-c", tmp_path / "dedup.toml")
    assert "holds no files" not in again.err


def test_the_comments_of_a_configuration_say_nothing_twice(tmp_path: Path) -> None:
    assert call("init", "-c", tmp_path / "dedup.toml").code == 0
    for line in (tmp_path / "dedup.toml").read_text("utf-8").splitlines():
        assert line.lower().count("not set") <= 1, line
