"""What the inspector lets in and what it sends along."""

from __future__ import annotations

import io
import re
import socket
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dedup.inspector.asking import Asked, Unclear
from dedup.inspector.downloads import Download
from dedup.inspector.security import Guard, is_loopback
from dedup.inspector.store import Store, TooSlow
from dedup.releases import open_release
from tests import small_release
from tests.command import call
from tests.inspected import HERE, Visitor, hostile_release, links_of, visiting

VIEWS = ("/", "/clusters?least=1", "/documents", "/facts?all=1", "/templates", "/phrases", "/network", "/quality",
         "/quarantine", "/releases", "/decisions", "/queue", "/thresholds")  # fmt: skip


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    warehouse = tmp_path_factory.mktemp("hostile")
    hostile_release(warehouse)
    return warehouse


def _paths(visitor: Visitor) -> list[str]:
    cluster, section, document = (
        visitor.ids(f"SELECT {c} FROM {t} ORDER BY 1 LIMIT 1")[0]
        for c, t in (("cluster_id", "clusters"), ("section_id", "sections"), ("doc_id", "documents"))
    )
    a, b = visitor.shelf.store().rows("SELECT section_a, section_b FROM pairs")[0].values()
    return [*VIEWS, f"/clusters/{cluster}", f"/documents/{document}", f"/sections/{section}", f"/pairs/{a}/{b}"]


def test_what_pages_say_is_shown_as_text(hostile: Path) -> None:
    with visiting(hostile) as visitor:
        for path in _paths(visitor):
            page = visitor.get(path)
            assert "<script>alert" not in page, path
            assert "\u202e" not in page, path
            assert "\x1b" not in page, path
            assert "49{%" not in page, path
            assert not [a for a in links_of(page) if a.startswith(("javascript:", "data:", "http:", "//"))], path
        shown = visitor.get("/clusters?least=1")
        assert "&lt;script&gt;" in shown


def test_nothing_is_inline_and_everything_comes_from_here(hostile: Path) -> None:
    with visiting(hostile) as visitor:
        for path in _paths(visitor):
            page = visitor.get(path)
            assert not re.search(r"<[^>]*\sstyle\s*=", page), path
            assert not re.search(r"<[^>]*\son[a-z]+\s*=", page), path
            assert not re.search(r"<script(?![^>]*\ssrc=)", page), path
            assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page), path


def test_every_answer_carries_the_policy(hostile: Path) -> None:
    with visiting(hostile) as visitor:
        for path in ("/", "/static/app.css", "/nowhere", "/clusters/c_nonsense", "/clusters?format=csv"):
            headers = visitor.client.get(path).headers
            assert "default-src 'none'" in headers["content-security-policy"], path
            assert "unsafe" not in headers["content-security-policy"], path
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["x-frame-options"] == "DENY", path


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8600", "127.0.0.1.evil.example", "", "localhost.evil:1"]
)
def test_another_name_than_ours_is_refused(hostile: Path, host: str) -> None:
    with visiting(hostile) as visitor:
        answer = visitor.client.get("/", headers={"host": host})
        assert answer.status_code == 421
        assert "dedup_session" not in answer.headers.get("set-cookie", "")


def test_names_that_were_allowed_and_addresses_are_ours() -> None:
    guard = Guard(hosts={"data.example"})
    assert all(
        guard.knows(host) for host in ("data.example:80", "localhost:1", "127.0.0.1", "[::1]:8600", "10.1.2.3:80")
    )
    assert not guard.knows("x.data.example")
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("0.0.0.0")


def test_opened_wider_a_token_is_asked_for(hostile: Path) -> None:
    with visiting(hostile, guard=Guard(token="secret-token"), base="http://10.0.0.5:8600") as visitor:
        client = visitor.client
        assert client.get("/").status_code == 401
        assert client.get("/?token=wrong").status_code == 401
        assert client.get("/static/app.css").status_code == 401
        first = client.get("/clusters?sort=doubt&token=secret-token", follow_redirects=False)
        assert first.status_code == 303
        assert first.headers["location"] == "/clusters?sort=doubt"
        cookie = first.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert client.get("/clusters").status_code == 200
        client.cookies.clear()
        client.cookies.set("dedup_session", "guessed.0123456789")
        assert client.get("/clusters").status_code == 401


def test_a_token_never_leads_to_another_server(hostile: Path) -> None:
    with visiting(hostile, guard=Guard(token="t"), base=HERE) as visitor:
        answer = visitor.client.get("http://127.0.0.1:8600//evil.example/%0d%0ax?token=t", follow_redirects=False)
        assert answer.status_code == 303
        assert re.fullmatch(r"/[^/\\\r\n][^\r\n]*", answer.headers["location"])


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_writes_from_other_sites_are_refused(hostile: Path, headers: dict[str, str]) -> None:
    with visiting(hostile) as visitor:
        section = visitor.ids("SELECT section_id FROM membership LIMIT 1")[0]
        mark = re.search(r'name="csrf" value="(\w+)"', visitor.get("/decisions"))
        assert mark is not None
        fields = {"csrf": mark[1], "kind": "split", "a": section, "back": "/"}
        assert visitor.client.post("/decide", data=fields, headers=headers).status_code == 403
    assert not (hostile / "decisions.sqlite").exists()


def test_a_write_needs_the_mark_of_its_own_visitor(hostile: Path, tmp_path: Path) -> None:
    small_release.publish(tmp_path)
    with visiting(tmp_path) as one, visiting(tmp_path) as other:
        section = one.ids("SELECT section_id FROM membership LIMIT 1")[0]
        foreign = re.search(r'name="csrf" value="(\w+)"', other.get("/decisions"))
        assert foreign is not None
        one.get("/")
        for mark in ("", "0" * 40, foreign[1]):
            answer = one.client.post("/decide", data={"csrf": mark, "kind": "split", "a": section, "back": "/"})
            assert answer.status_code == 403
        assert not (tmp_path / "decisions.sqlite").exists()
        assert one.post("/decide", kind="split", a=section, back="/").startswith("/?done=g_")


@pytest.mark.parametrize("back", ["//evil.example/", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"])
def test_after_a_decision_one_stays_here(tmp_path: Path, back: str) -> None:
    small_release.publish(tmp_path)
    with visiting(tmp_path) as visitor:
        section = visitor.ids("SELECT section_id FROM membership LIMIT 1")[0]
        assert re.match(r"/(?![/\\])", visitor.post("/decide", kind="split", a=section, back=back))


def test_other_sites_may_link_but_not_read(hostile: Path) -> None:
    with visiting(hostile) as visitor:
        cross = {"sec-fetch-site": "cross-site"}
        assert visitor.client.get("/", headers=cross | {"sec-fetch-mode": "navigate"}).status_code == 200
        assert visitor.client.get("/", headers=cross | {"sec-fetch-mode": "no-cors"}).status_code == 403
        assert visitor.client.put("/decide").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e%2fapp.py",
        "/static/..%5capp.py",
        "/static//etc/passwd",
        "/clusters/..%2f..%2fetc%2fpasswd",
        "/documents/%2e%2e",
        "/releases/changes?since=../../etc",
        "/releases/changes?since=2026-01-01.1/../../x",
    ],
)
def test_no_address_reaches_a_file(hostile: Path, path: str) -> None:
    with visiting(hostile) as visitor:
        answer = visitor.client.get(path)
        assert answer.status_code in (400, 404)
        assert "root:" not in answer.text
        assert "import" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/clusters?least=x",
        "/clusters?sort=title",
        "/clusters?since=20xx",
        "/clusters?since=2004-02-31",
        "/clusters?after=1~c_0",
        "/clusters?after=..~c_0123456789abcdef",
        "/clusters?after=1e999999~c_'; drop table",
        "/clusters?q=" + "x" * 201,
        "/facts?year=99999",
        "/facts?measure=all",
        "/network?by=cluster",
        "/thresholds?jaccard=2",
        "/thresholds?jaccard=nan",
        "/clusters?format=xlsx",
    ],
)
def test_parameters_that_make_no_sense_are_named(hostile: Path, path: str) -> None:
    with visiting(hostile) as visitor:
        assert path.split("?")[1].split("=")[0] in visitor.get(path, 400)


def test_a_query_of_any_length_is_refused(hostile: Path) -> None:
    with visiting(hostile) as visitor:
        assert visitor.client.get("/clusters?q=" + "x" * 5000).status_code == 414
        assert visitor.client.post("/decide", data={"note": "x" * 70_000}).status_code == 413


def test_words_of_a_visitor_are_no_sql(hostile: Path) -> None:
    with visiting(hostile) as visitor:
        for word in ("'; DROP TABLE listed; --", "' OR 1=1 --", "$least", "%", "\\", "\x00"):
            for path in ("/clusters", "/documents", "/templates", "/facts", "/find"):
                assert visitor.client.get(path, params={"q": word, "least": "1"}).status_code == 200, (path, word)


def test_the_store_can_read_its_release_and_nothing_else(hostile: Path) -> None:
    store = Store(open_release(hostile))
    try:
        for query in (
            "SELECT * FROM read_text('/etc/hostname')",
            f"SELECT * FROM '{hostile}/latest.json'",
            f"COPY (SELECT 1) TO '{hostile}/x.csv'",
            "INSTALL httpfs",
            "SET enable_external_access = true",
        ):
            with pytest.raises(Exception, match=r"(?i)permission|disabled|locked|not allowed|cannot|lock"):
                store.sql(query)
        assert not (hostile / "x.csv").exists()
    finally:
        store.close()


def test_a_question_without_end_is_given_up(hostile: Path) -> None:
    store = Store(open_release(hostile), seconds=0.2)
    try:
        with pytest.raises(TooSlow):
            store.sql("SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b")
        assert store.rows("SELECT 1 AS one") == [{"one": 1}]
    finally:
        store.close()


def test_a_spreadsheet_runs_nothing_of_a_download() -> None:
    rows = [{"title": "=HYPERLINK(1)", "n": -3, "flags": ["a", "b"]}, {"title": "@x", "n": 1, "flags": []}]
    text = Download("x", "csv", rows).content().decode("utf-8-sig")
    assert text.splitlines()[1:] == ['"\'=HYPERLINK(1)",-3,"a | b"', '"\'@x",1,""']
    kept = Download("x", "parquet", [{"title": "=1+1"}]).content()
    assert pq.read_table(io.BytesIO(kept)).to_pylist() == [{"title": "=1+1"}]


def test_asked_values_are_checked() -> None:
    asked = Asked({"id": "c_0123456789abcdef", "n": "7", "on": "1", "bad": "c_XYZ", "word": "  区长 "})
    assert asked.id("id", "c") == "c_0123456789abcdef"
    assert asked.whole("n", 1) == 7
    assert asked.flag("on")
    assert asked.text("word") == "区长"
    assert asked.real("none", 0.5) == 0.5
    for wrong in (lambda: asked.id("id", "s"), lambda: asked.id("bad", "c"), lambda: asked.whole("n", 1, 8)):
        with pytest.raises(Unclear):
            wrong()


def test_a_port_that_is_taken_is_said(hostile: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = call("inspect", "-w", hostile, "--port", port, "--no-browser")
    assert refused.code == 1
    assert f"port {port} is taken" in refused.err
    elsewhere = call("inspect", "-w", hostile, "--host", "192.0.2.1", "--no-browser")
    assert elsewhere.code == 1
    assert "192.0.2.1: no address of this machine" in elsewhere.err
