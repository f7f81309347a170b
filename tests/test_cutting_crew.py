"""Cutting by several processes: the same rows, clear errors, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.engines.corpus import drop_documents
from dedup.engines.crew import Crew, CuttingFailed, _named, _Process, pieces
from dedup.engines.ingest import ingest
from dedup.engines.observing import Meter, SilentObserver
from dedup.engines.prefetch import Prefetch
from dedup.engines.store import PrintStore
from dedup.fingerprinting.minhash import signature_matrix
from dedup.settings import Settings, SourceSettings, TextSettings
from dedup.text.sections import cut_documents


def documents(n: int, repeat: int = 20) -> pa.Table:
    texts = [
        f"政府工作报告篇一\n各位代表：\n{f'全年新修渠道{i}公里，投入{i * 7 + 3}万元。' * repeat}\n"
        f"政府工作报告篇二\n各位代表：\n{f'河湾镇新办企业{i}户。' * repeat}\n"
        for i in range(n)
    ]
    return pa.table(
        {
            "doc_id": [f"d_{i:016x}" for i in range(n)],
            "uri": [f"pages/{i}.txt" for i in range(n)],
            "source": ["pages"] * n,
            "title": pa.array([None] * n, pa.string()),
            "text": texts,
            "n_chars": pa.array([len(t) for t in texts], pa.int64()),
        }
    )


def crew(workers: int) -> Crew:
    return Crew(Settings(workers=workers), start_after=0)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_pieces_hold_every_row_once_and_keep_to_their_size():
    table = documents(9)
    size = int(table["n_chars"][0].as_py() * 2.5)
    parts = list(pieces(table, size))
    assert pa.concat_tables(parts).equals(table)
    assert all(part.num_rows == 1 or sum(part["n_chars"].to_pylist()) <= size for part in parts)
    assert [part.num_rows for part in pieces(table, 1)] == [1] * 9


def test_processes_give_the_rows_that_one_process_gives_in_the_same_order(monkeypatch):
    monkeypatch.setattr("dedup.engines.crew.PIECE_CHARS", 1)
    monkeypatch.setattr(pieces, "__defaults__", (3000,))
    table = documents(30)
    expected = cut_documents(table, TextSettings())
    with crew(2) as many:
        found = list(many.cut(iter([table.slice(0, 17), table.slice(17)])))
        assert len(many._processes) == 2
    assert pa.concat_tables([cut.documents for cut in found]).equals(table)
    assert pa.concat_tables([cut.sections for cut in found]).equals(expected)
    assert sum(cut.cpu_s for cut in found) > 0
    assert [process._process.poll() for process in many._processes] == [0, 0]


def test_a_short_input_and_a_single_worker_start_no_process():
    for few in (Crew(Settings(workers=2)), crew(1), Crew(Settings(workers=8, memory_limit="300MB"), start_after=0)):
        with few:
            assert sum(cut.sections.num_rows for cut in few.cut(iter([documents(3)]))) == 6
        assert not few._processes


def test_a_document_that_cannot_be_cut_is_named(monkeypatch):
    def fail(text, *_):
        raise IndexError("no such line")

    monkeypatch.setattr("dedup.text.sections.cut_text", fail)
    with crew(1) as one, pytest.raises(CuttingFailed, match=r"pages/0\.txt: .*IndexError: no such line"):
        list(one.cut(iter([documents(2)])))


def test_a_process_reports_an_error_and_goes_on():
    process = _Process(TextSettings().model_dump(mode="json"))
    try:
        message, sections = process.ask(documents(1).drop_columns(["text"]))
        assert sections is None
        assert "text" in message["failure"]
        assert "pages/0.txt" in str(_named(documents(1), None, message["failure"]))
        assert process.ask(documents(1))[1].num_rows == 2
    finally:
        process.close(kill=False)


def test_a_killed_process_ends_the_run_with_a_clear_message_and_no_process_left(monkeypatch):
    monkeypatch.setattr(pieces, "__defaults__", (1,))
    with crew(2) as many:
        cuts = many.cut(iter([documents(40)]))
        next(cuts)
        many._processes[0]._process.kill()
        with pytest.raises(CuttingFailed, match=r"signal 9, killed.*pages/.*workers = 1"):
            list(cuts)
    assert all(process._process.poll() is not None for process in many._processes)


SCRIPT = """
import pyarrow as pa, test_cutting_crew as t, time
with t.crew(2) as many:
    cuts = many.cut(iter([t.documents(1), t.documents(6, 40_000)]))
    next(cuts)
    print(*[p._process.pid for p in many._processes], flush=True)
    list(cuts)
"""


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_script_without_a_guard_that_is_killed_or_interrupted_leaves_no_process(sent):
    script = subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        text=True,
    )
    pids = [int(word) for word in script.stdout.readline().split()]
    assert pids
    assert all(alive(pid) for pid in pids)
    script.send_signal(sent)
    assert script.wait(30) != 0
    until = time.monotonic() + 20
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def test_reading_ahead_keeps_order_and_raises_where_the_error_stood():
    def items():
        yield from range(3)
        raise OSError("disk")

    with Prefetch(items()) as ahead:
        given = iter(ahead)
        assert [next(given) for _ in range(3)] == [0, 1, 2]
        with pytest.raises(OSError, match="disk"):
            next(given)


def test_reading_ahead_holds_one_item_and_stops_with_its_caller():
    made = []

    def items():
        for i in range(1000):
            made.append(i)
            yield i

    with Prefetch(items()) as ahead:
        assert next(iter(ahead)) == 0
        time.sleep(0.3)
        assert len(made) <= 3
    time.sleep(0.3)
    assert len(made) <= 4


def test_fingerprints_on_disk_are_those_that_were_written(tmp_path):
    texts = pa.array(["渠道三公里，水库两座。", "", "桥梁"], pa.large_string())
    whole = signature_matrix(texts)
    with PrintStore(tmp_path) as store:
        store.append(signature_matrix(texts.slice(0, 2)))
        store.append(signature_matrix(texts.slice(3, 0)))
        store.append(signature_matrix(texts.slice(2)))
        read = store.read()
    for name in ("signatures", "n_shingles", "normalised_hash"):
        assert np.array_equal(getattr(read, name), getattr(whole, name))
        assert getattr(read, name).dtype == getattr(whole, name).dtype
        assert getattr(read, name).flags.writeable
    with PrintStore(tmp_path) as store:
        assert store.read().signatures.shape == (0, 128)


def test_two_documents_with_one_id_number_their_sections_each_for_itself():
    one = documents(1)
    twice = cut_documents(pa.concat_tables([one, one]), TextSettings())
    assert twice.slice(2).equals(cut_documents(one, TextSettings()))
    assert twice.slice(0, 2).equals(twice.slice(2))


def test_taking_documents_out_leaves_the_rows_of_the_others_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setattr("dedup.engines.corpus._ROWS", 3)
    folder = tmp_path / "pages"
    folder.mkdir()
    for i, text in enumerate(documents(6)["text"].to_pylist()):
        (folder / f"{i}.txt").write_text(text, "utf-8")
    corpus = ingest(
        [SourceSettings(path=str(folder), name="pages")],
        Settings(workers=1),
        tmp_path,
        None,
        now=datetime(2026, 1, 1, tzinfo=UTC),
        limit=None,
        observer=SilentObserver(),
        meter=Meter(),
    )
    rest = drop_documents(corpus, np.array([1, 4]), corpus.quarantine)
    keep = [i for i in range(12) if i // 2 not in (1, 4)]
    assert rest.documents.equals(corpus.documents.take([0, 2, 3, 5]))
    assert rest.sections.equals(corpus.sections.take(keep))
    assert rest.texts.to_pylist() == rest.sections["clean_text"].to_pylist()
    assert np.array_equal(rest.fingerprints.signatures, corpus.fingerprints.signatures[keep])
    assert rest.matched.tolist() == list(range(8))
    # What is taken out later, of what is left, goes to files of its own.
    again = drop_documents(rest, np.array([0]), corpus.quarantine)
    assert again.texts.to_pylist() == rest.texts.to_pylist()[2:]
    assert rest.texts.to_pylist() == rest.sections["clean_text"].to_pylist()
