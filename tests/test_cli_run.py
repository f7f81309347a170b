"""The main job from the command line: what it prints, what it leaves, how it fails."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import dedup
from dedup.cli.summary_view import summary_lines
from dedup.engines.summary import ClusterLine, RunSummary
from dedup.releases import warehouse_lock
from tests.command import call, write_pages


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_pages(tmp_path / "pages")


def test_a_run_ends_with_what_was_found_and_what_to_do_next(tmp_path: Path, config: Path) -> None:
    warehouse = tmp_path / "w"
    done = call("run", "--no-prefect", "-w", warehouse, "-c", config)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("4 pages · 3 sources · UTF-8 · language ")
    assert lines[1].startswith("cut         ")
    assert "5 reports" in lines[1]
    assert "2 copies in 2 clusters (2 across pages)" in lines[2]
    release = dedup.open_release(warehouse)
    facts = release.arrow("facts").num_rows
    assert facts > 20
    assert lines[3].startswith(f"extracted   {facts} facts")
    assert "of 3 reports proved" in lines[3]
    assert lines[4].startswith("quarantine  1 (")
    assert any(line.startswith(f"published   {release.path}") for line in lines)
    assert lines[-1].startswith("next        dedup explain c_")
    assert done.err == ""
    # What it proposes can be typed as it stands, ellipsis and all.
    proposed = lines[-1].split("dedup explain ")[1].split(" ")[0]
    assert call("explain", proposed, "-w", warehouse).code == 0


def test_a_script_reads_the_summary_as_json_and_nothing_else(tmp_path: Path, config: Path) -> None:
    done = call("run", "--no-prefect", "--json", "-w", tmp_path / "w", "-c", config)
    summary = done.json()
    assert (summary["outcome"], summary["documents"], summary["copies"]) == ("published", 4, 2)
    assert summary["prefect_seconds"] is None


def test_quiet_prints_the_path_of_the_release(tmp_path: Path, config: Path) -> None:
    done = call("run", "--no-prefect", "--quiet", "-w", tmp_path / "w", "-c", config)
    assert Path(done.out.strip()) == dedup.open_release(tmp_path / "w").path


def test_a_dry_run_publishes_nothing(tmp_path: Path, config: Path) -> None:
    done = call("run", "--no-prefect", "--dry-run", "-w", tmp_path / "w", "-c", config)
    assert done.code == 0
    assert "nothing was written" in done.out
    assert not (tmp_path / "w" / "latest.json").exists()


def test_paths_need_no_configuration(tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEDUP_QUALITY__ENABLED", "false")
    done = call("run", "--no-prefect", config.parent / "gov", "--limit", "1")
    assert done.out.startswith("1 page · 1 source · UTF-8")
    assert (tmp_path / "warehouse" / "latest.json").is_file()
    # In the warehouse of the working folder, the proposals need no --warehouse.
    assert 'dedup sql "select * from reports"  ·  duckdb -init warehouse/views.sql' in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run", "nowhere/"], 2, "no such file or folder"),
        (["run"], 2, "dedup init"),
        (["run", "--config", "missing.toml"], 2, "dedup init"),
        (["clusters", "-w", "nowhere"], 1, "dedup run"),
        (["sql", "-w", "nowhere", "select 1"], 1, "dedup run"),
        (["preview", "missing.html"], 2, "no such file"),
        (["frobnicate"], 2, "No such command"),
        (["run", "--limit", "0"], 2, "--limit"),
    ],
)
def test_errors_are_one_line_with_the_way_out(
    arguments: list[str], code: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    failed = call(*arguments)
    assert failed.code == code
    assert says in failed.err
    assert "Traceback" not in failed.err
    assert failed.out == ""


def test_a_wrong_setting_is_named(tmp_path: Path, config: Path) -> None:
    config.write_text(config.read_text("utf-8") + "[match]\njacard = 0.5\n", "utf-8")
    failed = call("run", "--no-prefect", "-c", config)
    assert failed.code == 2
    assert "match.jacard" in failed.err


def test_a_second_run_is_told_who_holds_the_lock(tmp_path: Path, config: Path) -> None:
    with warehouse_lock(tmp_path / "w"):
        refused = call("run", "--no-prefect", "-w", tmp_path / "w", "-c", config)
    assert refused.code == 5
    assert f"process {os.getpid()}" in refused.err


def _summary(**changes: object) -> RunSummary:
    values: dict[str, object] = {
        "outcome": "published", "release_id": "2031-03-04.1", "release_path": "w/releases/2031-03-04.1",
        "warehouse": "w", "documents": 12, "new_documents": 12, "carried_documents": 0, "sources": 2,
        "encodings": ("utf-8", "gb18030"), "languages": ("zh",), "sections": 31,
        "kinds": {"report": 22, "preamble": 5, "essay": 2, "footer": 2}, "copies": 7, "clusters": 15,
        "clusters_with_copies": 6, "across_pages": 5, "variants": 1, "distinct_reports": 15,
        "quarantined": {"truncated": 1}, "audit": "7 of 7 found", "recall": 1.0, "recall_low": 0.6,
        "recall_high": 1.0, "quality": "PASS=41 WARN=0 ERROR=0", "seconds": 6.1,
        "largest": (ClusterLine("c_7f3a0000aaaabbbb", "t", 3, 2, 2, 0.9, "jaccard"),),
    }  # fmt: skip
    return RunSummary(**{**values, **changes})  # type: ignore[arg-type]


def test_the_summary_counts_in_plain_words() -> None:
    lines = summary_lines(_summary(), 8.0)
    assert lines[:4] == [
        "12 pages · 2 sources · UTF-8, GB18030 · language zh",
        "cut         31 sections    22 reports, 2 essays, 5 intros, 2 footers",
        "matched     7 copies in 6 clusters (5 across pages), 1 variant: 15 distinct reports",
        "quarantine  1 (truncated)          recall audit: 7 of 7 found",
    ]
    assert lines[5].endswith("6.1 s + 8.0 s Prefect start (--no-prefect skips it)")
    one = summary_lines(_summary(documents=1, sources=1, copies=1, clusters_with_copies=1, across_pages=0))
    assert one[0].startswith("1 page · 1 source")
    assert "1 copy in 1 cluster (none across pages)" in one[2]
    none = summary_lines(_summary(copies=0, clusters_with_copies=0, across_pages=0, variants=0, quarantined={}))
    assert "matched     no copies: 15 distinct reports" in none
    assert any(line.startswith("quarantine  nothing") for line in none)


def test_a_rejected_release_says_why_and_exits_with_3(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejected = _summary(
        outcome="rejected",
        release_id=None,
        release_path=str(tmp_path / "rejected"),
        problems=("reports: 3 empty texts",),
    )
    monkeypatch.setattr("dedup.engines.local.run", lambda *_, **__: rejected)
    stopped = call("run", "--no-prefect", "-w", tmp_path / "w", "-c", config)
    assert stopped.code == 3
    assert "reports: 3 empty texts" in stopped.out
    assert "the last release is untouched" in stopped.out
    quiet = call("run", "--no-prefect", "-q", "-w", tmp_path / "w", "-c", config)
    assert (quiet.code, quiet.out, quiet.err) == (3, "", "error: reports: 3 empty texts\n")


COMMAND = [sys.executable, "-c", "from dedup.cli import main; main()"]


def test_help_answers_at_once() -> None:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True)
        times.append(time.perf_counter() - start)
    assert "clusters" in shown.stdout
    # 0.25 s here on an idle machine; the tests share theirs.
    assert min(times) < 2.0


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['dedup', '--help']\nfrom dedup.cli import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "heavy = {'pyarrow', 'numba', 'numpy', 'prefect', 'duckdb', 'pandas', 'pydantic', 'great_expectations'}\n"
        "print('heavy:', sorted(heavy & set(sys.modules)))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "heavy: []" in shown.stdout


def test_every_verb_shows_examples() -> None:
    verbs = [
        ["run"], ["init"], ["sample"], ["clusters"], ["facts"], ["show"], ["explain"], ["lookup"], ["preview"], ["sql"],
        ["evaluate"], ["doctor"], ["serve"], ["runs"], ["alerts", "test"],
        ["releases", "list"], ["releases", "verify"], ["releases", "diff"],
    ]  # fmt: skip
    for verb in verbs:
        shown = call(*verb, "--help")
        assert shown.code == 0, verb
        assert "Examples" in shown.out, verb
        assert f"dedup {' '.join(verb)}" in shown.out, verb


def test_the_version_is_the_package_version() -> None:
    assert call("--version").out.strip() == f"dedup {dedup.__version__}"


def test_ctrl_c_leaves_at_once_and_publishes_nothing(tmp_path: Path, config: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "run", "--no-prefect", "-w", str(tmp_path / "w"), "-c", str(config)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A test runner in the background hands its children a Ctrl-C that does nothing.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    deadline = time.monotonic() + 30
    while not (tmp_path / "w" / ".lock").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert out == ""
    assert err == "stopped; the last release is untouched\n"
    assert not (tmp_path / "w" / "latest.json").exists()


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path, config: Path) -> None:
    call("run", "--no-prefect", "-q", "-w", tmp_path / "w", "-c", config)
    command = [*COMMAND, "sql", "-w", str(tmp_path / "w"), "--format", "csv", "select * from range(200000)"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.wait(timeout=60)


def test_closed_streams_do_not_stop_a_run(tmp_path: Path, config: Path) -> None:
    command = shlex.join([*COMMAND, "run", "--no-prefect", "-w", str(tmp_path / "w"), "-c", str(config)])
    done = subprocess.run(["sh", "-c", f"{command} <&- >&- 2>&-"], check=False)
    assert done.returncode == 0
    assert (tmp_path / "w" / "latest.json").is_file()


def test_a_terminal_without_chinese_still_gets_its_answer(tmp_path: Path, config: Path) -> None:
    shown = subprocess.run(
        [*COMMAND, "preview", str(config.parent / "gov" / "lindu.txt")],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert b"\\u" in shown.stdout


@pytest.mark.slow
def test_the_sample_goes_through_prefect(tmp_path: Path, sample_folder: Path) -> None:
    command = [*COMMAND, "run", "-w", str(tmp_path / "w"), "--config", str(sample_folder / "dedup.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Prefect start (--no-prefect skips it)" in done.stdout
    assert done.stderr == ""


def test_a_source_that_speaks_again_is_good_news() -> None:
    from dedup.alerts.rules import Alarm
    from dedup.engines.telling import outcome_message

    back = Alarm("back", "gov", "gov speaks again: 4 new or changed documents", 9.0, 1.0)
    silent = Alarm("silent", "wenku", "wenku has had nothing new for 4 runs", 4.0, 1.0)
    good = outcome_message(_summary(alarms=(back,)))
    assert good.title == "w: 2031-03-04.1 published, gov speaks again"
    assert good.lines[0] == "back: gov speaks again: 4 new or changed documents"
    both = outcome_message(_summary(alarms=(silent, back)))
    assert both.title == "w: 2031-03-04.1 published, 1 figure is out of range"
    assert both.lines[:2] == ("alarm: wenku has had nothing new for 4 runs", f"back: {back.message}")
    assert "back        gov speaks again: 4 new or changed documents" in summary_lines(_summary(alarms=(back,)))


def test_a_folder_that_holds_no_pages_is_said(tmp_path: Path, config: Path) -> None:
    assert call("run", "--no-prefect", "-q", "-w", tmp_path / "w", "-c", config).code == 0
    (tmp_path / "nothing").mkdir()
    done = call("run", "--no-prefect", "--dry-run", "-w", tmp_path / "w", tmp_path / "nothing")
    assert f"{tmp_path / 'nothing'} holds no file that is read" in done.err
    first = call("run", "--no-prefect", "-w", tmp_path / "other", tmp_path / "nothing")
    assert first.code == 1
    assert "nothing was found in" in first.err
