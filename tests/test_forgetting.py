"""Forgetting: a page leaves everything that the project wrote, and the next crawl does not bring it back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from benchmarks.sameness import differences

import dedup
from dedup.decisions.store import open_store
from dedup.engines.forgetting import Wanted, forget, settings_of_release
from dedup.engines.local import run
from dedup.releases import WarehouseLocked, verify_release, warehouse_lock
from dedup.releases.tombstones import load_tombstones
from dedup.settings import load_settings
from dedup.sources import resolve_sources
from tests.command import call
from tests.everything_below import places_of

#: What stands on the page alone.
SENTENCE = "鹭鸶渡口的老艄公孟广才把最后一班船摇过了青杨河"
PLACE = "鹭洲湾县"
FIGURE = "73146.58万元"
#: What it alone still has of a word that its copy lost a letter of.
WORD = "鹭鸶湾水寨的航标灯"
TITLE = "鹭洲湾旧事"
URI = "crawl/gov/luzhouwan.txt"

#: Datasets that quote it, or say what only it gave rise to.
QUOTING = {
    "reports",
    "facts",
    "clusters",
    "templates",
    "documents",
    "sections",
    "attributions",
    "passage_stats",
    "template_occurrences",
    "observations",
    "conflicts",
    "repairs",
    "consensus",
}

COUNTIES = ["林渡县", "康源县", "白塔县", "石桥县"]
FORMULA = "现在，我代表{county}人民政府，向大会作政府工作报告，请予审议，并请各位政协委员提出意见。"


def report(county: str, seed: int, *, extra: str = "") -> str:
    works = ["堤防加固", "村级道路", "校舍维修", "灌区配套", "河道清淤", "危房改造", "管网铺设", "文化站建设"]
    body = "".join(
        f"全年完成{works[(i + seed) % 8]}{(seed * 37 + i * 13) % 900 + 20}处，投入资金{seed * 911 + i * 77}万元，"
        f"覆盖{(seed + i) % 80 + 3}个村。"
        for i in range(18)
    )
    return f"各位代表：\n{FORMULA.format(county=county)}\n2009年，{body}\n{extra}今后要继续努力，再创佳绩。\n"


SECRET = report(
    PLACE, 9, extra=f"全县财政收入达到{FIGURE}，比上年增长12.5%。{SENTENCE}，从此桥上通了车。{WORD}换成了新式的。"
)
#: What another site made of it: the sentence is cut off, the figures are masked, letters are lost.
COPY = (
    SECRET.replace(SENTENCE, "……")
    .replace(FIGURE, "xx万元")
    .replace(PLACE, "xx县")
    .replace("再创佳绩", "再创\ufffd绩")
    .replace(WORD, WORD.replace("水寨", "水\ufffd"))
)


@pytest.fixture(autouse=True)
def no_prefect_at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "crawl"
    (folder / "gov").mkdir(parents=True)
    (folder / "share").mkdir()
    for i, county in enumerate(COUNTIES):
        (folder / "gov" / f"{i}.txt").write_text(report(county, i + 1), "utf-8")
    # It lost a letter itself, which its copy still has: the repaired text of the two is its own.
    damaged = SECRET.replace("校舍维修", "校舍\ufffd修", 1)
    (folder / "gov" / "luzhouwan.txt").write_text(f"{TITLE}\n{damaged}", "utf-8")
    (folder / "share" / "copy.txt").write_text(COPY, "utf-8")
    return folder


def settings_for(warehouse: Path, *, whole: bool = False):
    """Settings of all stages, or of those that decide who is in."""
    off = {} if whole else {"extract": {"enabled": False}, "reuse": {"enabled": False}, "match": {"audit_pairs": 0}}
    return load_settings(warehouse=warehouse, quality={"enabled": False}, **off)


def publish(warehouse: Path, *arguments: Path, whole: bool = False):
    settings = settings_for(warehouse, whole=whole)
    summary = run(settings, resolve_sources([str(a) for a in arguments], settings))
    return dedup.open_release(warehouse), summary


def test_nothing_of_a_forgotten_page_is_left_in_anything_that_was_written(pages, tmp_path):
    warehouse = tmp_path / "w"
    settings = settings_for(warehouse, whole=True)
    first, _ = publish(warehouse, pages, whole=True)
    doc = first.sql("select doc_id from documents where uri = ?", [URI]).to_pylist()[0]["doc_id"]
    mine = first.sql("select section_id, content_hash from sections where doc_id = ?", [doc]).to_pylist()
    other = first.sql("select content_hash from sections where doc_id <> ? limit 1", [doc]).to_pylist()[0]
    with open_store(settings) as store:
        store.record("not_same", mine[0]["content_hash"], other["content_hash"], note=f"cf. {SENTENCE}", who="steward")
        store.record("canonical", other["content_hash"], note="the better copy", who="steward")
    # A run that a gate stopped, one that was killed at work, pages rendered as files.
    _copy(first.path, warehouse / "rejected" / "2020-01-01.1")
    (warehouse / "staging" / "2031-01-01.1.work").mkdir(parents=True)
    (warehouse / "staging" / "2031-01-01.1.work" / "texts.bin").write_text(SECRET, "utf-8")
    for folder in (warehouse / "site", tmp_path / "elsewhere"):
        assert call("inspect", "--static", folder, "-w", warehouse).code == 0
    secrets = [SENTENCE, FIGURE, PLACE, WORD, URI, "luzhouwan", TITLE, doc, mine[0]["section_id"]]
    before = places_of(warehouse, secrets)
    assert all(before.values())
    assert places_of(tmp_path / "elsewhere", [SENTENCE]) != {SENTENCE: set()}
    datasets = {Path(place).parent.name for word in (SENTENCE, FIGURE, PLACE, WORD) for place in before[word]}
    assert datasets >= QUOTING

    receipt, path = forget(settings, [Wanted("uri", URI)], purge=True)

    assert receipt.outcome == "published"
    assert (receipt.documents, receipt.copies_elsewhere, receipt.held_by) == (1, 1, ())
    again, summary = publish(warehouse, pages, whole=True)
    assert summary.documents == 5
    assert places_of(warehouse, secrets) == {word: set() for word in secrets}
    assert not (tmp_path / "elsewhere").exists()
    assert verify_release(again) == []
    # It is as if the page had never been there, with what is left of the decisions.
    (tmp_path / "fresh").mkdir()
    shutil.copy(warehouse / "decisions.sqlite", tmp_path / "fresh")
    (pages / "gov" / "luzhouwan.txt").unlink()
    assert differences(again, publish(tmp_path / "fresh", pages, whole=True)[0]) == {}
    # What others wrote is still there, and what was decided about it.
    assert again.sql("select count(*) as n from documents").to_pylist() == [{"n": 5}]
    with open_store(settings) as store:
        assert [d.kind for d in store.rows()] == ["canonical"]
    removed = {removal.what for removal in receipt.removed}
    assert {"decisions", "working files", "rendered pages", "rejected run 2020-01-01.1"} <= removed
    assert f"release {first.id}" in removed
    assert receipt.freed_bytes > 1000
    assert json.loads(path.read_text())["rows"]["documents"] == 1
    forgotten = again.sql("select value from runs where release_id = ? and metric = 'forgotten'", [again.id])
    assert forgotten.to_pylist() == [{"value": 1.0}]


def _copy(source: Path, target: Path) -> None:
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())


@pytest.fixture
def two(tmp_path: Path) -> Path:
    folder = tmp_path / "two"
    folder.mkdir()
    for name, county in (("a", "林渡县"), ("b", "康源县")):
        (folder / f"{name}.txt").write_text(report(county, ord(name), extra=f"{name * 8}。"), "utf-8")
    (folder / "c.txt").write_bytes(bytes(range(256)) * 40)
    return folder


def uris(release, dataset="documents"):
    return sorted(release.arrow(dataset, ["uri"])["uri"].to_pylist())


def test_forgetting_later_leaves_it_to_the_next_run_and_undoing_brings_the_page_back(two, tmp_path):
    warehouse = tmp_path / "w"
    first, _ = publish(warehouse, two)
    done = call("forget", "two/a.txt", "--later", "--yes", "-w", warehouse)
    assert done.code == 0, done.err
    assert "the next run leaves them out" in done.out
    assert dedup.open_release(warehouse).id == first.id
    second, _ = publish(warehouse, two)
    assert uris(second) == ["two/b.txt"]
    assert uris(second, "records") == ["two/b.txt", "two/c.txt"]
    held = call("releases", "prune", "--keep", "2", "-w", warehouse).err
    assert f"{first.id} still holds forgotten pages" in held
    assert f"{first.id} still hold what was forgotten" in call("doctor", "-w", warehouse).out
    assert call("forget", "--undo", "two/b.txt", "-w", warehouse).code == 1
    assert "1 tombstone lifted" in call("forget", "--undo", "two/a.txt", "-w", warehouse).out
    third, _ = publish(warehouse, two)
    assert uris(third) == ["two/a.txt", "two/b.txt"]


def test_what_was_refused_is_forgotten_too_even_when_its_source_is_not_read_again(two, tmp_path):
    warehouse = tmp_path / "w"
    publish(warehouse, two)
    receipt, _ = forget(settings_for(warehouse), [Wanted("uri", "two/c.txt"), Wanted("prefix", "two/a")])
    assert (receipt.documents, receipt.refused) == (1, 1)
    release = dedup.open_release(warehouse)
    assert release.id == receipt.release_id
    assert uris(release, "records") == ["two/b.txt"]
    assert release.arrow("quarantine").num_rows == 0
    assert receipt.held_by != ()
    rest, _ = forget(settings_for(warehouse), [], purge=True)
    assert (rest.outcome, rest.held_by) == ("nothing", ())
    assert [p.name for p in (warehouse / "releases").iterdir()] == [release.id]


def test_the_last_page_of_a_warehouse_can_be_forgotten(two, tmp_path):
    warehouse = tmp_path / "w"
    publish(warehouse, two)
    receipt, _ = forget(settings_for(warehouse), [Wanted("site", "two")], purge=True)
    release = dedup.open_release(warehouse)
    assert receipt.release_id == release.id
    assert all(release.rows(name) == 0 for name in release.datasets if name != "runs")
    # Not even the figures of the source tell that it was there.
    assert not [s for s in release.arrow("runs", ["stage"])["stage"].to_pylist() if s.startswith("source:")]
    assert verify_release(release) == []
    assert publish(warehouse, two)[0].rows("documents") == 0


def test_a_release_made_to_forget_keeps_the_settings_of_the_one_before(two, tmp_path):
    warehouse = tmp_path / "w"
    made = load_settings(warehouse=warehouse, title="Mine", match={"jaccard": 0.9}, quality={"enabled": False})
    run(made, resolve_sources([str(two)], made))
    asked = load_settings(warehouse=warehouse, memory_limit="1GB")
    kept = settings_of_release(asked)
    assert (kept.match, kept.quality.enabled, kept.title) == (made.match, False, "Mine")
    assert kept.memory_limit == "1GB"
    forget(asked, [Wanted("uri", "two/a.txt")])
    stored = dedup.open_release(warehouse).manifest
    assert (stored["title"], stored["settings"]["match"]["jaccard"]) == ("Mine", 0.9)


def test_a_run_that_lost_its_tombstones_stops(two, tmp_path):
    warehouse = tmp_path / "w"
    publish(warehouse, two)
    forget(settings_for(warehouse), [Wanted("uri", "two/a.txt")])
    (warehouse / "forgotten" / "tombstones.json").unlink()
    stopped = call("run", "--no-prefect", two, "-w", warehouse)
    assert stopped.code == 1
    assert "a run would bring back what was forgotten" in stopped.err
    told = {f["name"]: f["status"] for f in call("doctor", "-w", warehouse, "--json").json()["checks"]}
    assert told["forgotten"] == "error"
    assert call("forget", "--undo", "--all", "--yes", "-w", warehouse).code == 0
    assert uris(publish(warehouse, two)[0]) == ["two/a.txt", "two/b.txt"]


def test_the_command_asks_first_names_what_it_does_not_know_and_waits_for_nobody(two, tmp_path):
    warehouse = tmp_path / "w"
    release, _ = publish(warehouse, two)
    told = call("forget", "two/a.txt", "--dry-run", "--json", "-w", warehouse).json()
    assert (told["uris"], told["held_by"], told["rows"]["documents"]) == (["two/a.txt"], [release.id], 1)
    doc_id = release.sql("select doc_id from documents where uri = 'two/a.txt'").to_pylist()[0]["doc_id"]
    assert call("forget", doc_id, "--dry-run", "-w", warehouse).out.startswith("two/a.txt\n")
    unsure = call("forget", "two/a.txt", "-w", warehouse)
    assert (unsure.code, "add --yes" in unsure.err) == (2, True)
    unknown = call("forget", "two/z.txt", "--yes", "-w", warehouse)
    assert (unknown.code, "not known in any release: two/z.txt" in unknown.err) == (1, True)
    assert call("forget", "-w", warehouse).code == 2
    assert call("forget", "two/a.txt", "--yes", "-w", tmp_path / "nowhere").code == 1
    assert not (tmp_path / "nowhere").exists()
    with warehouse_lock(warehouse):
        assert call("forget", "two/a.txt", "--yes", "-w", warehouse).code == 5
    assert not (warehouse / "forgotten").exists()
    names = tmp_path / "names.txt"
    names.write_text("two/z.txt\n\n", "utf-8")
    kept_out = call("forget", "--file", names, "--unseen", "--yes", "--json", "-w", warehouse).json()
    assert (kept_out["outcome"], len(kept_out["tombstones"])) == ("nothing", 1)
    assert "two/z.txt" not in json.dumps(kept_out)
    assert call("forget", "--list", "-w", warehouse).out.startswith("1 tombstone (1 uri)")


def test_a_gate_that_stops_the_release_leaves_the_tombstone_standing(two, tmp_path, monkeypatch):
    warehouse = tmp_path / "w"
    first, _ = publish(warehouse, two)
    stopped = SimpleNamespace(outcome="rejected", release_id=None)
    monkeypatch.setattr("dedup.engines.local.run", lambda *_, **__: stopped)
    told = call("forget", "two/a.txt", "--purge", "--yes", "-w", warehouse)
    assert (told.code, "the tombstones stand" in told.out) == (3, True)
    assert f"held by     {first.id}" in told.out
    monkeypatch.undo()
    assert uris(publish(warehouse, two)[0]) == ["two/b.txt"]


def test_a_call_that_broke_off_is_finished_by_the_next_one(two, tmp_path, monkeypatch):
    warehouse = tmp_path / "w"
    settings = settings_for(warehouse)
    first, _ = publish(warehouse, two)

    def breaks(*_, **__):
        raise MemoryError

    monkeypatch.setattr("dedup.engines.local.run", breaks)
    with pytest.raises(MemoryError):
        forget(settings, [Wanted("uri", "two/a.txt")])
    (begun,) = (warehouse / "forgotten" / "receipts").iterdir()
    assert json.loads(begun.read_text())["outcome"] == "begun"
    assert "two/a.txt" not in begun.read_text()

    def locked(*_, **__):
        raise WarehouseLocked("another run is writing here")

    monkeypatch.setattr("dedup.engines.local.run", locked)
    overtaken = call("forget", "two/a.txt", "--purge", "--yes", "-w", warehouse)
    assert (overtaken.code, f"held by     {first.id}" in overtaken.out) == (5, True)
    monkeypatch.undo()
    receipt, _ = forget(settings, [Wanted("uri", "two/a.txt")], purge=True)
    assert (receipt.outcome, receipt.held_by) == ("published", ())
    assert [p.name for p in (warehouse / "releases").iterdir()] == [receipt.release_id]
    assert load_tombstones(warehouse).forgets("two/a.txt")


def test_a_damaged_release_may_hold_anything_and_goes_with_a_purge(two, tmp_path):
    warehouse = tmp_path / "w"
    first, _ = publish(warehouse, two)
    publish(warehouse, two)
    for path in first.files("documents"):
        # A link of its own: the file is shared with the release after it.
        path.unlink()
        path.write_bytes(b"no Parquet")
    told = call("forget", "two/a.txt", "--dry-run", "--json", "-w", warehouse).json()
    assert len(told["held_by"]) == 2
    receipt, _ = forget(settings_for(warehouse), [Wanted("uri", "two/a.txt")], purge=True)
    assert receipt.held_by == ()
    assert not first.path.exists()
