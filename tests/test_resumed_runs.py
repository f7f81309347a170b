"""A run that was killed or failed is taken up where it was, and gives what an undisturbed one gives."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from dedup.decisions import open_store
from dedup.engines import checkpoints
from dedup.engines.local import STAGES, LocalRun, run
from dedup.releases import Release, open_release, verify_release
from dedup.settings import Settings, load_settings
from dedup.sources import resolve_sources
from tests.command import KANGYUAN, LINDU, call, write_pages
from tests.compared_rows import differences

KEPT = ("read", "check", "match", "audit", "cluster", "attribute", "reuse", "extract", "validate")
METHODS = dict(
    zip(
        KEPT,
        ("read", "check", "match", "measure_recall", "cluster", "attribute", "find_reuse", "extract", "validate"),
        strict=True,
    )
)


class Killed(BaseException):
    """Stands for SIGKILL."""


class Watching:
    """Notes which stages were done and which were taken up."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.taken_up: list[str] = []
        self.notes: tuple[str, ...] = ()

    def stage_started(self, stage: str, total: int | None) -> None:
        pass

    def advanced(self, stage: str, done: int, note: str = "") -> None:
        pass

    def stage_finished(self, stage: str, seconds: float, note: str = "") -> None:
        (self.taken_up if note.startswith("as the run of") else self.done).append(stage)


class Site:
    """Pages that changed since a release, its warehouse, and what an undisturbed run makes of them."""

    def __init__(self, folder: Path, quality: bool = False) -> None:
        self.config = write_pages(folder)
        if quality:
            text = self.config.read_text("utf-8").replace("enabled = false", "enabled = true")
            self.config.write_text(text, "utf-8")
        self.folder = folder
        self.warehouse = folder / "warehouse"
        self.run()
        if quality:
            self.decide()
        (folder / "share" / "new.txt").write_text(LINDU.replace("126公里", "621公里"), "utf-8")
        (folder / "gov" / "kangyuan.txt").write_text(KANGYUAN.replace("58个", "85个"), "utf-8")
        self.start = folder / "start"
        shutil.copytree(self.warehouse, self.start)
        self.run()
        self.expected = open_release(self.warehouse.rename(folder / "expected"))
        self.back()

    def decide(self) -> None:
        """Say of two texts that are joined that they are not the same."""
        pair = self.latest().sql(
            "select a.content_hash as a, b.content_hash as b from pairs join sections a on section_a = a.section_id "
            "join sections b on section_b = b.section_id order by all limit 1"
        )
        with open_store(self.settings()) as store:
            store.record("not_same", *pair.to_pylist()[0].values(), who="a steward")

    def back(self) -> None:
        """Let the warehouse be as it was before the pages changed."""
        shutil.rmtree(self.warehouse, ignore_errors=True)
        shutil.copytree(self.start, self.warehouse)

    def settings(self, **changes: object) -> Settings:
        return load_settings(self.config, warehouse=self.warehouse, **changes)

    def run(self, **changes: object) -> Watching:
        watching = Watching()
        fresh = bool(changes.pop("fresh", False))
        settings = self.settings(**changes)
        watching.notes = run(settings, resolve_sources([], settings), fresh=fresh, observer=watching).notes
        return watching

    def killed_after(self, stage: str) -> dict:
        """Run until a stage is finished, then leave everything as a killed process leaves it; what was announced."""
        settings = self.settings()
        work = LocalRun(settings, resolve_sources([], settings))
        work.__enter__()
        for name in KEPT[: KEPT.index(stage) + 1]:
            getattr(work, METHODS[name])()
        lost = self.folder / "lost"
        shutil.copytree(self.warehouse, lost)
        work.__exit__(Killed, None, None)
        shutil.rmtree(self.warehouse)
        lost.rename(self.warehouse)
        return json.loads((work.work / "request.json").read_text())

    def would_take_up(self, fresh: bool = False, **changes: object) -> tuple[list[str], str]:
        """Return the stages that a run with these settings would not do again, and what it would say."""
        settings = self.settings(**changes)
        with LocalRun(settings, resolve_sources([], settings), fresh=fresh) as work:
            return list(work.kept.stages), "; ".join(work.kept.notes)

    def latest(self) -> Release:
        release = open_release(self.warehouse)
        assert verify_release(release) == []
        return release


@pytest.fixture(scope="module")
def module_site(tmp_path_factory) -> Site:
    return Site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def site(module_site, monkeypatch) -> Site:
    monkeypatch.setattr(checkpoints, "WORTH_S", 0.0)
    module_site.back()
    return module_site


@pytest.mark.parametrize(
    "stage", [s if s in ("match", "validate") else pytest.param(s, marks=pytest.mark.slow) for s in KEPT]
)
def test_a_run_killed_after_any_stage_is_taken_up_there_and_gives_the_same_rows(site, stage):
    head = site.killed_after(stage)
    watching = site.run()
    assert tuple(watching.taken_up) == KEPT[: KEPT.index(stage) + 1]
    assert watching.taken_up + watching.done == list(STAGES)
    release = site.latest()
    assert differences(release, site.expected) == []
    assert (release.id, release.manifest["started_at"]) == (head["release_id"], head["started_at"])
    assert list((site.warehouse / "staging").iterdir()) == []
    assert {"stage:read", "stage:match", "stage:write"} <= set(release.manifest["stages"])


@pytest.mark.slow
def test_a_run_with_rules_and_decisions_is_taken_up_after_every_stage(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "WORTH_S", 0.0)
    site = Site(tmp_path, quality=True)
    for stage in KEPT:
        site.back()
        site.killed_after(stage)
        assert tuple(site.run().taken_up) == KEPT[: KEPT.index(stage) + 1]
        assert differences(site.latest(), site.expected) == [], stage


def test_a_run_that_failed_is_taken_up_where_it_failed(site, monkeypatch):
    def full(run: LocalRun) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("dedup.engines.local.extract", full)
        with pytest.raises(OSError, match="No space"):
            site.run()
        with pytest.raises(OSError, match="No space"):
            site.run()
    (left,) = (site.warehouse / "staging").iterdir()
    assert left.suffix == ".work"
    assert "extract" in site.run().done
    assert differences(site.latest(), site.expected) == []


def test_what_takes_no_time_is_not_kept(site, monkeypatch):
    monkeypatch.setattr(checkpoints, "WORTH_S", 1e9)
    site.killed_after("reuse")
    assert not list(site.warehouse.glob("staging/*.work/kept/*.json"))
    assert site.run().taken_up == []


def _touch(site: Site) -> None:
    page = site.folder / "share" / "new.txt"
    os.utime(page, ns=(page.stat().st_atime_ns, page.stat().st_mtime_ns + 1))


def _add_page(site: Site) -> None:
    (site.folder / "share" / "later.txt").write_text(LINDU.replace("126公里", "216公里"), "utf-8")


def _publish(site: Site) -> None:
    pages = site.folder / "elsewhere"
    pages.mkdir(exist_ok=True)
    (pages / "one.txt").write_text(KANGYUAN, "utf-8")
    staging = site.warehouse / "staging"
    aside = staging.rename(site.folder / "aside")
    settings = site.settings()
    run(settings, resolve_sources([str(pages)], settings))
    shutil.rmtree(staging)
    aside.rename(staging)


@pytest.mark.parametrize(
    ("change", "settings", "words"),
    [
        pytest.param(_touch, {}, "their files changed", marks=pytest.mark.slow),
        (_add_page, {}, "their files changed"),
        pytest.param(_publish, {}, "", marks=pytest.mark.slow),
        (lambda site: None, {"match": {"jaccard": 0.71}}, "the settings changed"),
        (lambda site: None, {"fresh": True}, "as asked"),
    ],
)
def test_what_no_longer_answers_the_request_is_set_aside_and_said(site, change, settings, words):
    site.killed_after("match")
    change(site)
    stages, said = site.would_take_up(**settings)
    (site.folder / "share" / "later.txt").unlink(missing_ok=True)
    assert stages == []
    assert words in said
    assert not list(site.warehouse.glob("staging/*.work"))


@pytest.mark.slow
def test_a_run_that_sets_everything_aside_gives_the_same_rows_and_says_so(site):
    site.killed_after("match")
    watching = site.run(fresh=True)
    assert watching.taken_up == []
    assert any("as asked" in note for note in watching.notes)
    assert differences(site.latest(), site.expected) == []


def test_settings_that_no_row_depends_on_may_change(site):
    site.killed_after("match")
    stages, _ = site.would_take_up(workers=1, memory_limit="1GB", title="Another title")
    assert stages == ["read", "check", "match"]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def _same_size(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize(
    ("file", "damage", "taken_up"),
    [
        ("kept/02-match/*.npy", _cut, ["read", "check"]),
        pytest.param("kept/02-match/*.npy", Path.unlink, ["read", "check"], marks=pytest.mark.slow),
        ("kept/02-match.json", _cut, ["read", "check"]),
        pytest.param("kept/00-read.json", _cut, [], marks=pytest.mark.slow),
        pytest.param("sections.arrow", _cut, [], marks=pytest.mark.slow),
        ("sections.arrow", _same_size, []),
    ],
)
def test_what_is_damaged_is_done_again(site, file, damage, taken_up):
    site.killed_after("match")
    (work,) = (site.warehouse / "staging").glob("*.work")
    damage(min(work.glob(file)))
    stages, said = site.would_take_up()
    assert stages == taken_up
    assert "done again" in said


@pytest.mark.slow
def test_a_run_over_damaged_files_gives_the_same_rows(site):
    site.killed_after("match")
    (work,) = (site.warehouse / "staging").glob("*.work")
    _same_size(work / "sections.arrow")
    assert site.run().taken_up == []
    assert differences(site.latest(), site.expected) == []


def test_working_files_of_a_stage_that_was_under_way_are_removed(site):
    site.killed_after("read")
    (work,) = (site.warehouse / "staging").glob("*.work")
    (work / "keys-000.bin").write_bytes(b"half")
    (work / "kept" / "01-check").mkdir()
    (work / "kept" / "01-check" / "0001.arrow").write_bytes(b"half")
    settings = site.settings()
    with LocalRun(settings, resolve_sources([], settings)):
        assert not (work / "keys-000.bin").exists()
        assert not (work / "kept" / "01-check").exists()
        assert (work / "sections.arrow").exists()


@pytest.mark.slow
def test_a_flow_run_takes_up_what_an_earlier_one_finished(site):
    site.killed_after("reuse")
    result = call("run", "--config", site.config, "-w", site.warehouse)
    assert result.code == 0, result.err
    assert "read to reuse taken up from the run of" in result.out
    assert differences(site.latest(), site.expected) == []
