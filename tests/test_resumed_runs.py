"""A run that was killed or failed is taken up where it was, and gives what an undisturbed one gives."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dedup.engines import checkpoints
from dedup.engines.local import STAGES, LocalRun, run
from dedup.releases import Release, open_release, verify_release
from dedup.settings import Settings, load_settings
from dedup.sources import resolve_sources
from tests.command import KANGYUAN, LINDU, write_pages
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
        (folder / "share" / "new.txt").write_text(LINDU.replace("126公里", "621公里"), "utf-8")
        (folder / "gov" / "kangyuan.txt").write_text(KANGYUAN.replace("58个", "85个"), "utf-8")
        self.start = folder / "start"
        shutil.copytree(self.warehouse, self.start)
        self.run()
        self.expected = open_release(self.warehouse.rename(folder / "expected"))
        self.back()

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
        run(settings, resolve_sources([], settings), fresh=fresh, observer=watching)
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


@pytest.mark.parametrize("stage", KEPT)
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
