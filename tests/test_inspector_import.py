"""Decisions are carried from one store to another by the page; files of strangers do no harm."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.decisions import DECISIONS, Decision, DecisionError, open_store_at, received
from dedup.decisions.exchange import read_content
from dedup.decisions.received import MOST_BYTES
from dedup.decisions.rows import decisions_table, identify, to_us
from dedup.inspector.asking import Unclear
from dedup.inspector.forms import Form, read_form
from tests import small_release
from tests.inspected import HERE, Visitor, text_of, visiting

A, B, C = (letter * 32 for letter in "abc")


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taken")
    small_release.publish(folder, small_release.small_tables())
    return folder


@pytest.fixture
def visitor(warehouse: Path) -> Iterator[Visitor]:
    (warehouse / "decisions.sqlite").unlink(missing_ok=True)
    with visiting(warehouse) as somebody:
        yield somebody


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What another store gives out: a decision, one that was taken back, and the undo."""
    path = tmp_path_factory.mktemp("other")
    with open_store_at(f"sqlite:///{path / 'd.sqlite'}") as store:
        store.record("not_same", A, B, who="Ren", note="两个<b>县</b>")
        store.undo(store.record("split", C, who="Gu").decision_id, "Gu")
        store.export_parquet(path / "d.parquet")
    return (path / "d.parquet").read_bytes()


def send(visitor: Visitor, content: bytes | None, status: int, lang: str = "en", **headers: str) -> str:
    """Send the form of the page with a file."""
    page = visitor.get(f"/decisions?lang={lang}")
    mark = page.partition('name="csrf" value="')[2].partition('"')[0]
    files = {} if content is None else {"file": ("../../etc/decisions.parquet", content, "application/octet-stream")}
    answer = visitor.client.post(
        "/decisions/import", data={"csrf": mark}, files=files or {"file": ("", b"")}, headers=headers,
        follow_redirects=False,
    )  # fmt: skip
    assert answer.status_code == status, (answer.status_code, text_of(answer.text)[:300])
    return answer.headers.get("location", "") or text_of(answer.text)


def rewritten(content: bytes, change: Callable[[Decision], Decision]) -> bytes:
    """The same file with its first row changed, under an id that fits."""
    from dedup.decisions.rows import read_decisions

    rows = read_decisions(pq.read_table(io.BytesIO(content)))
    changed = change(rows[0])
    if changed.decision_id == rows[0].decision_id:
        changed = replace(changed, decision_id=identify(vars(changed)))
    return parquet(decisions_table([changed, *rows[1:]]))


def everything_below(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def parquet(table: pa.Table, **more: object) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, **more)  # type: ignore[arg-type]
    return out.getvalue()


def test_what_one_store_gives_out_another_takes_in_once(visitor: Visitor, given: bytes) -> None:
    assert send(visitor, given, 303) == "/decisions?history=1&new=3&held=3"
    page = visitor.get("/decisions?history=1&new=3&held=3")
    assert "3 of the 3 decisions of the file are new here" in text_of(page)
    assert "两个<b>县</b>" in text_of(page)
    assert "<b>县</b>" not in page
    assert "new=0&held=3" in send(visitor, given, 303)
    out = visitor.client.get("/decisions?history=1&format=parquet&store=1").content
    assert pq.read_table(io.BytesIO(out)).equals(pq.read_table(io.BytesIO(given)))
    assert pq.read_schema(io.BytesIO(out)).names == DECISIONS.names


def test_the_page_offers_both(visitor: Visitor) -> None:
    page = visitor.get("/decisions?lang=en")
    assert 'enctype="multipart/form-data"' in page
    assert "/decisions?history=1&amp;format=parquet&amp;store=1" in page
    assert "导入" in visitor.get("/decisions?lang=zh")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: replace(d, decision_id="g_" + "0" * 16), "was altered since it was decided"),
        (lambda d: replace(d, decision_id="../../x"), "is no id of a decision"),
        (lambda d: replace(d, kind="burn"), "cannot be followed"),
        (lambda d: replace(d, who=""), "cannot be followed"),
        (lambda d: replace(d, note="n" * 3000), "cannot be followed"),
        (lambda d: replace(d, key_b="'; DROP TABLE decisions; --"), "cannot be followed"),
        (lambda d: replace(d, section_a="javascript:alert(1)"), "cannot be followed"),
        (lambda d: replace(d, revokes="g_" + "1" * 16), "cannot be followed"),
        (
            lambda d: replace(d, decided_us=to_us(datetime.now(UTC) + timedelta(days=400))),
            "was decided at a time that cannot be",
        ),
        (lambda d: replace(d, decided_us=-(2**62)), "was decided at a time that cannot be"),
    ],
)
def test_a_row_that_cannot_be_believed_refuses_the_file(
    given: bytes, change: Callable[[Decision], Decision], words: str
) -> None:
    with pytest.raises(DecisionError, match=f"the file: .*{words}; nothing was imported"):
        read_content(rewritten(given, change), "the file")


def test_the_page_says_why_a_file_was_refused(visitor: Visitor, warehouse: Path, given: bytes) -> None:
    altered = rewritten(given, lambda d: replace(d, decision_id="g_" + "0" * 16))
    said = send(visitor, altered, 409)
    assert "Nothing was changed. The reason: the file: g_0000000000000000 was altered since it was decided" in said
    assert "该文件：g_0000000000000000 在裁定后被改动；没有导入任何内容" in send(visitor, altered, 409, lang="zh")
    assert not (warehouse / "decisions.sqlite").exists()


def other_table() -> bytes:
    return parquet(pa.table({"id": [1, 2]}))


def nulls() -> bytes:
    return parquet(pa.table({name: pa.nulls(3, pa.string()) for name in DECISIONS.names}))


def nested() -> bytes:
    return parquet(pa.table({name: pa.array([[["x"]]]) for name in DECISIONS.names}))


def many_rows() -> bytes:
    empty = {f.name: pa.nulls(600_000, f.type).fill_null("") for f in DECISIONS if f.name != "decided_at"}
    return parquet(pa.table({**empty, "decided_at": pa.nulls(600_000, DECISIONS.field("decided_at").type)}))


def bomb() -> bytes:
    """Some kilobytes that ask for three gigabytes."""
    value = pa.array(["x" * 30_000_000])
    note = pa.DictionaryArray.from_arrays(pa.array([0] * 100, pa.int32()), value)
    plain = {f.name: [""] * 100 for f in DECISIONS if f.name not in ("decided_at", "note")}
    table = pa.table({**plain, "note": note, "decided_at": pa.array([0] * 100, pa.timestamp("us", "UTC"))})
    return parquet(table, compression="zstd", store_schema=False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda g: g[: len(g) // 2], "no file that"),
        (lambda g: g[:40] + bytes(200) + g[240:], "no file that"),
        (lambda g: other_table(), "columns missing: "),
        (lambda g: nulls(), "no file that"),
        (lambda g: nested(), "no file that"),
        (lambda g: many_rows(), "more than 500,000 decisions"),
    ],
    ids=["half", "hole", "other", "nulls", "nested", "many"],
)
def test_a_file_of_something_else_is_refused(given: bytes, content: Callable[[bytes], bytes], words: str) -> None:
    with pytest.raises(DecisionError, match=words):
        read_content(content(given), "the file")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (lambda: None, "is empty"),
        (lambda: b"", "is empty"),
        (lambda: b"decision_id,kind\n1,same\n", "it is no Parquet file"),
        (lambda: b"PAR1" + b"\xff" * 4000 + b"\xff\xff\xff\x7fPAR1", "no file that"),
        (bomb, "asks for more memory than decisions may"),
    ],
    ids=["none", "empty", "csv", "false-footer", "bomb"],
)
def test_a_file_that_means_harm_leaves_no_trace(
    visitor: Visitor, warehouse: Path, content: Callable[[], bytes | None], words: str
) -> None:
    before = everything_below(warehouse)
    assert words in send(visitor, content(), 409)
    assert everything_below(warehouse) == before


def test_a_reader_that_dies_takes_nobody_with_it(given: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(received, "command_of", lambda *_: [sys.executable, "-c", "import os; os.abort()"])
    with pytest.raises(DecisionError, match="cannot be read; it is damaged"):
        received.read_received(given, "the file")
    monkeypatch.setattr(received, "SECONDS", 0.2)
    monkeypatch.setattr(received, "command_of", lambda *_: [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(DecisionError, match="cannot be read; it is damaged"):
        received.read_received(given, "the file")


def test_the_reader_can_write_no_file(given: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "written"
    program = (
        "import os; from dedup.decisions.received import _bind; _bind();"
        f" os.write(os.open({str(target)!r}, os.O_CREAT | os.O_WRONLY), b'x')"
    )
    monkeypatch.setattr(received, "command_of", lambda *_: [sys.executable, "-c", program])
    with pytest.raises(DecisionError, match="cannot be read"):
        received.read_received(given, "the file")
    assert not target.exists() or not target.read_bytes()


def test_whatever_byte_is_wrong_nothing_else_comes_in(given: bytes) -> None:
    right = read_content(given, "the file")
    refused = 0
    for place in range(4, len(given) - 8, 7):
        broken = bytearray(given)
        broken[place] ^= 0x55
        try:
            found = read_content(bytes(broken), "the file")
        except DecisionError:
            refused += 1
        else:
            assert found == right, place
    assert refused > 50


def test_too_large_a_file_is_refused_before_it_is_read(visitor: Visitor) -> None:
    send(visitor, bytes(MOST_BYTES + 1), 409)
    assert send(visitor, bytes(MOST_BYTES + 200_000), 413) == "too much, or of unknown length"
    page = visitor.get("/decisions")
    mark = page.partition('name="csrf" value="')[2].partition('"')[0]
    # Only the form with a file may be large.
    answer = visitor.client.post("/undo", data={"csrf": mark, "id": "g" * 100_000})
    assert answer.status_code == 413


def test_only_the_form_of_this_page_brings_files(visitor: Visitor, warehouse: Path, given: bytes) -> None:
    files = {"file": ("d.parquet", given)}
    assert visitor.client.post("/decisions/import", files=files).status_code == 403
    assert visitor.client.post("/decisions/import", data={"csrf": "0" * 40}, files=files).status_code == 403
    send(visitor, given, 403, origin="http://evil.example")
    send(visitor, given, 403, **{"sec-fetch-site": "cross-site"})
    assert visitor.client.get("/decisions/import").status_code in (404, 405)
    assert not (warehouse / "decisions.sqlite").exists()


def test_where_nothing_is_decided_nothing_is_taken_in(warehouse: Path, given: bytes) -> None:
    with visiting(warehouse, decide=False) as somebody:
        page = somebody.get("/")
        assert "/decisions/import" not in page
        answer = somebody.client.post("/decisions/import", files={"file": ("d", given)}, headers={"origin": HERE})
        assert answer.status_code == 403


def body(*parts: tuple[str, bytes], boundary: bytes = b"xx") -> bytes:
    out = b"".join(b"--" + boundary + b"\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n" for head, data in parts)
    return out + b"--" + boundary + b"--\r\n"


NAMED = 'Content-Disposition: form-data; name="file"; filename="../x"\r\nContent-Type: a/b'


def test_forms_are_read_as_browsers_send_them() -> None:
    sent = bytes(range(256)) * 3 + b"\r\n--xy\r\n\r\n"
    form = read_form(
        body(('Content-Disposition: form-data; name="csrf"', "標".encode()), (NAMED, sent)),
        'multipart/form-data; boundary="xx"',
    )
    assert form == Form({"csrf": "標"}, sent)
    assert read_form(b"a=1&b=%E6%A0%87", "application/x-www-form-urlencoded") == Form({"a": "1", "b": "标"})


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"nothing",
        b"--xx",
        body((NAMED, b"data"))[:-6],
        body(("Content-Disposition: attachment", b"data")),
        body((NAMED + "\r\nx: " + "y" * 4000, b"data")),
        body(*[('Content-Disposition: form-data; name="a"', b"1")] * 60),
        body(('Content-Disposition: form-data; name="a"', b"1" * 10_000)),
        b"preface\r\n" + body((NAMED, b"data")),
    ],
)
def test_a_form_that_is_put_together_otherwise_is_refused(sent: bytes) -> None:
    with pytest.raises(Unclear):
        read_form(sent, "multipart/form-data; boundary=xx")
