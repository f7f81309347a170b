"""What a published release is to Prefect: assets with their figures, and events that automations can wait for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dedup.schemas import DATASETS
from dedup.workspaces import public_name

if TYPE_CHECKING:
    from prefect.assets import Asset

    from dedup.engines.summary import RunSummary
    from dedup.quality import QualityReport
    from dedup.settings import SourceSettings

#: Events of a run, beside Prefect's own; the resource is the warehouse, the related ones are the flow run's.
PUBLISHED, REJECTED, ALARM = "dedup.release.published", "dedup.release.rejected", "dedup.run.alarm"
#: A published release that is not what was published.
DAMAGED = "dedup.release.damaged"
#: Prefect takes none of these in the key of an asset, nor more than so many characters.
_FORBIDDEN = set(" \n\r\t\0#?&%\"'<>[]{}|\\^`")
_MOST = 512
#: The datasets that people and programs use; the rest is their evidence.
TOP = tuple(name for name, dataset in DATASETS.items() if not dataset.folder)


def asset_key(place: str | Path, *inside: str) -> str:
    """Return the key of something in a folder, file or object store: `dedup://srv/warehouse/reports`.

    An address keeps its scheme and loses names, passwords and queries. Characters that no key may have become `_`.
    """
    text = public_name(place)
    if "://" in text:
        parts = urlsplit(text)
        scheme = "".join(c for c in parts.scheme.lower() if c.isascii() and c.isalnum()) or "dedup"
        path = f"{parts.hostname or ''}{parts.path}"
    else:
        scheme, path = "dedup", Path(text).resolve().as_posix().lstrip("/")
    whole = "/".join([path.rstrip("/"), *inside])
    clean = "".join("_" if c in _FORBIDDEN else c for c in whole)
    # The end tells keys apart, the beginning does not.
    return f"{scheme}://{clean[-(_MOST - len(scheme) - 3) :]}"


def short_name(warehouse: str | Path) -> str:
    """Return what people call a warehouse: the last part of its folder or address."""
    return public_name(Path(warehouse).resolve()).rstrip("/").rpartition("/")[2]


def published_assets(warehouse: str | Path) -> list[Asset]:
    """Return the datasets on top of a release as Prefect assets, in reading order."""
    from prefect.assets import Asset, AssetProperties

    return [
        Asset(key=asset_key(warehouse, name), properties=AssetProperties(name=name, description=DATASETS[name].doc))
        for name in TOP
    ]


def source_assets(sources: Sequence[SourceSettings]) -> list[Asset]:
    """Return what a run read as assets, which the published ones depend on."""
    from prefect.assets import Asset, AssetProperties

    found = {}
    for source in sources:
        key = asset_key(source.path)
        found[key] = Asset(key=key, properties=AssetProperties(name=source.name or Path(source.path).name))
    return list(found.values())


def asset_figures(summary: RunSummary, quality: QualityReport | None) -> dict[str, dict[str, Any]]:
    """Return what is told of each published asset, by its key: release, rows, size, and how its rules came out."""
    from dedup.releases import open_release

    release = open_release(summary.warehouse, summary.release_id)
    lines = {line.dataset: line for line in quality.of_datasets()} if quality is not None else {}
    found = {}
    for name in TOP:
        files = release.manifest["datasets"][name]["files"]
        figures: dict[str, Any] = {
            "release": release.id,
            "path": str(release.path / DATASETS[name].path),
            "rows": release.rows(name),
            "files": len(files),
            "bytes": sum(file["bytes"] for file in files),
        }
        if line := lines.get(name):
            figures["rules"] = {"held": line.passed, "warning": line.warned, "critical": line.erred}
            figures["rows_set_aside"] = line.set_aside
        found[asset_key(summary.warehouse, name)] = figures
    return found


def warehouse_resource(warehouse: str | Path) -> dict[str, str]:
    """Return the warehouse as the resource of an event."""
    path = asset_key(warehouse).partition("://")[2]
    return {"prefect.resource.id": f"dedup.warehouse.{path}", "prefect.resource.name": short_name(warehouse)}


def events_of(summary: RunSummary) -> list[dict[str, Any]]:
    """Return the events of a finished run as arguments of Prefect's `emit_event`; a dry run has none."""
    if summary.outcome == "dry_run":
        return []
    payload = {
        "release_id": summary.release_id,
        "release_path": summary.release_path,
        "documents": summary.documents,
        "new_documents": summary.new_documents,
        "copies": summary.copies,
        "distinct_reports": summary.distinct_reports,
        "quarantined": sum(summary.quarantined.values()),
        "recall": summary.recall,
        "quality": summary.quality,
        "problems": list(summary.problems),
        "seconds": round(summary.seconds, 1),
    }
    found = [(REJECTED if summary.outcome == "rejected" else PUBLISHED, payload)]
    found += [(ALARM, {"release_id": summary.release_id, **asdict(alarm)}) for alarm in summary.alarms]
    resource = warehouse_resource(summary.warehouse)
    return [{"event": name, "resource": resource, "payload": payload} for name, payload in found]
