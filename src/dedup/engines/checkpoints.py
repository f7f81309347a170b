"""Finished stages, kept beside the working files: a run that was killed or failed is taken up where it was.

After each stage, what it changed in the run is written into `staging/<release>.work/kept/`, and a marker last. The
next run with the same request (`requests.describe_request`) puts that back instead of doing the stages again. Nothing
is kept that takes less time to do than to keep.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from dedup.engines.freezing import Freezer, named_files, thaw
from dedup.engines.mapped_files import let_go
from dedup.releases.layout import RELEASES, STAGING, next_release_id, replace_file, sync_file, sync_folder, write_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedup.engines.local import LocalRun

#: Working files of a run lie in `staging/<release id>.work`.
WORK = ".work"
_REQUEST = "request.json"
_KEPT = "kept"
#: Seconds of stages that are not kept yet after which it pays to keep them.
WORTH_S = 5.0
#: What a run has from the beginning, or what is no result.
_NO_RESULTS = frozenset({"observer", "meter", "staging", "previous", "work", "tables", "kept", "started_at"}) | {
    "same_documents",
    "reports",
    "attributing",
}
#: What reading damaged files raises.
_FAULTS = (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, pa.ArrowException)

_Stage = TypeVar("_Stage", bound="Callable[[Any], None]")


class Kept:
    """The stages of a run that need not be done again.

    Attributes
    ----------
    folder : of the working files, in which `kept/` lies
    started_at, release_id : of the first attempt
    stages : those taken up from an earlier attempt, in order
    notes : what a person should know about it; empty when there was nothing to take up
    """

    def __init__(self, folder: Path, release_id: str, started_at: datetime, *, found: bool, note: str = "") -> None:
        self.folder = folder
        self._found = found
        self.release_id = release_id
        self.started_at = started_at
        self.notes = [note] if note else []
        self.stages: list[str] = []
        self.failed = False
        self._freezer = Freezer(folder)
        self._markers: list[dict[str, Any]] = []
        self._synced: set[str] = set()
        self._pending: list[str] = []
        self._seconds = 0.0
        self._given: dict[str, Any] = {}
        self._state: dict[str, Any] = {}
        self._tables: dict[str, Any] = {}
        self._metrics: dict[str, dict[str, float]] = {}
        self._broken = False

    def open(self, request: dict[str, Any]) -> None:
        """Make the folder of a new attempt, or load what is left in that of an earlier one."""
        if self._found:
            self._load()
            return
        # An attempt at another request may have been going to make a release of the same name.
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        head = {"request": request, "release_id": self.release_id, "started_at": self.started_at.isoformat()}
        write_json(self.folder / _REQUEST, head)

    def _load(self) -> None:
        for path in sorted((self.folder / _KEPT).glob("*.json")):
            try:
                marker = json.loads(path.read_bytes())
                whole = all((self.folder / name).stat().st_size == size for name, size in marker["files"].items())
            except (OSError, ValueError, LookupError, TypeError, AttributeError):
                whole, marker = False, {}
            if not whole:
                # What was built on it cannot be used either.
                self.notes.append(
                    f"what an earlier run had kept is damaged from {path.stem[3:]} on, and was done again"
                )
                break
            self._markers.append(marker)
        self.stages = [stage for marker in self._markers for stage in marker["stages"]]
        self._synced = {name for marker in self._markers for name in marker["files"]}
        self.clear()

    def clear(self) -> None:
        """Remove working files that no kept stage needs, such as those of a stage that was under way."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            name = path.relative_to(self.folder).as_posix()
            if path.is_dir():
                with suppress(OSError):
                    path.rmdir()
            elif name != _REQUEST and name not in self._synced and path not in self._marker_paths():
                path.unlink(missing_ok=True)

    def _marker_paths(self) -> list[Path]:
        return [self._marker_path(number, marker["stages"][-1]) for number, marker in enumerate(self._markers)]

    def _marker_path(self, number: int, stage: str) -> Path:
        return self.folder / _KEPT / f"{number:02d}-{stage}.json"

    def begin(self, run: LocalRun) -> None:
        """Put the results of the stages that were taken up into a run that begins; none when they cannot be read."""
        self._given = dict(vars(run))
        try:
            thawed = [
                {part: {n: thaw(v, self.folder) for n, v in marker[part].items()} for part in ("state", "tables")}
                for marker in self._markers
            ]
        except _FAULTS as error:
            self.notes = [f"what an earlier run kept cannot be read ({error}), and was done again"]
            self._markers, self.stages, self._synced, thawed = [], [], set(), []
            let_go(self.folder)
            self.clear()
        for marker, values in zip(self._markers, thawed, strict=True):
            for name in marker["removed"]:
                run.tables.pop(name, None)
            run.tables.update(values["tables"])
            for name, value in values["state"].items():
                setattr(run, name, value)
            for stage, metrics in marker["metrics"].items():
                run.meter.note(stage, **metrics)
        if self.stages:
            last = f" to {self.stages[-1]}" if len(self.stages) > 1 else ""
            self.notes.insert(0, f"{self.stages[0]}{last} taken up from the run of {self.since}, which did not end")
            run.meter.note("taken_up", stages=len(self.stages))
        self._remember(run)

    @property
    def since(self) -> str:
        """When the first attempt began, in the local time."""
        return self.started_at.astimezone().strftime("%Y-%m-%d %H:%M")

    def _remember(self, run: LocalRun) -> None:
        self._state = self._results(run)
        self._tables = dict(run.tables)
        self._metrics = {stage: dict(metrics) for stage, metrics in run.meter.values.items()}

    def finished(self, stage: str, run: LocalRun) -> None:
        """Keep a stage that is finished, and those before it that are not kept, when that is worth its time.

        A disk that has no room for it, or a result that cannot be written, costs the next attempt time, not this
        one its life.
        """
        self._pending.append(stage)
        self._seconds += run.meter.seconds(f"stage:{stage}")
        if self._broken or self._seconds < WORTH_S:
            return
        place = self.folder / _KEPT / f"{len(self._markers):02d}-{stage}"
        try:
            with run.meter.add("keep"):
                self._keep(stage, run, place)
        except Exception as error:
            self._broken = not isinstance(error, OSError)
            shutil.rmtree(place, ignore_errors=True)

    def _keep(self, stage: str, run: LocalRun, place: Path) -> None:
        # What an attempt to keep this stage has left.
        shutil.rmtree(place, ignore_errors=True)
        self._freezer.begin(place)
        results = self._results(run)
        marker: dict[str, Any] = {
            "stages": self._pending,
            "state": {n: self._freezer.freeze(v) for n, v in results.items() if self._changed(n, v)},
            "tables": {n: self._freezer.freeze(t) for n, t in run.tables.items() if self._tables.get(n) is not t},
            "removed": [n for n in self._tables if n not in run.tables],
            "metrics": {s: m for s, m in run.meter.values.items() if self._metrics.get(s) != m},
        }
        files = named_files([*marker["state"].values(), *marker["tables"].values()])
        for name in sorted(files - self._synced):
            sync_file(self.folder / name)
        for folder in (place, place.parent, self.folder):
            sync_folder(folder)
        marker["files"] = {name: (self.folder / name).stat().st_size for name in sorted(files)}
        # Nobody reads it but a run: without indents, and so by the quick encoder.
        replace_file(self._marker_path(len(self._markers), stage), json.dumps(marker, ensure_ascii=False).encode())
        self._markers.append(marker)
        self._synced |= files
        self._pending, self._seconds = [], 0.0
        self._remember(run)

    def _changed(self, name: str, value: Any) -> bool:
        if name not in self._state or self._state[name] is not value:
            return True
        # What may be changed in place is written again.
        parameters = getattr(type(value), "__dataclass_params__", None)
        return isinstance(value, list | dict | set) or (parameters is not None and not parameters.frozen)

    def _results(self, run: LocalRun) -> dict[str, Any]:
        """Return what stages have set in a run, by name."""
        return {
            name: value
            for name, value in vars(run).items()
            if name not in _NO_RESULTS and not name.startswith("_") and self._given.get(name, self) is not value
        }

    def close(self) -> None:
        """Remove the working files; of a run that failed, those that the next attempt can use stay."""
        # Nothing may hold tables over files that go.
        self._state, self._tables, self._given = {}, {}, {}
        let_go(self.folder)
        if self.failed and self._markers:
            self.clear()
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def take_up(warehouse: Path, request: dict[str, Any], now: datetime, *, fresh: bool = False) -> Kept:
    """Return the working folder of an earlier attempt at the same request, else that of a new one.

    Parameters
    ----------
    request : what the results depend on (`describe_request`)
    now : start of this attempt
    fresh : do not look for an earlier one
    """
    note = ""
    for folder, head in _attempts(warehouse):
        try:
            started_at = datetime.fromisoformat(head["started_at"])
            if (warehouse / RELEASES / head["release_id"]).is_dir():
                continue  # killed with nothing left to do but to tidy up
            if fresh:
                note = "what an earlier run had finished was set aside, as asked"
            elif head["request"] != request:
                changes = sorted(k for k in request if head["request"].get(k) != request[k])
                note = f"what an earlier run had finished was set aside: {', '.join(changes)} changed since"
            elif str(next_release_id(warehouse, started_at)) == head["release_id"] == folder.name.removesuffix(WORK):
                return Kept(folder, head["release_id"], started_at, found=True)
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
    release_id = str(next_release_id(warehouse, now))
    return Kept(warehouse / STAGING / f"{release_id}{WORK}", release_id, now, found=False, note=note)


def _attempts(warehouse: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for folder in sorted((warehouse / STAGING).glob(f"*{WORK}")):
        with suppress(OSError, ValueError):
            head = json.loads((folder / _REQUEST).read_bytes())
            if any((folder / _KEPT).glob("*.json")) and isinstance(head, dict):
                yield folder, head


def resumable(stage: str) -> Callable[[_Stage], _Stage]:
    """Make a stage of a run one that is skipped when it was taken up, and kept when it is finished."""

    def decorate(method: _Stage) -> _Stage:
        @wraps(method)
        def step(run: LocalRun) -> None:
            if stage in run.kept.stages:
                run.observer.stage_started(stage, None)
                seconds = run.meter.seconds(f"stage:{stage}")
                run.observer.stage_finished(stage, seconds, f"as the run of {run.kept.since} left it")
                return
            method(run)
            run.kept.finished(stage, run)

        return step  # type: ignore[return-value]

    return decorate
