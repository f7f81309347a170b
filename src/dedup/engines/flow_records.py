"""What runs left in Prefect about pages: artifacts show titles and ids, and go when the pages are forgotten."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

#: Keys of the artifacts that `flows/publish_reports.py` leaves.
ARTIFACTS = ("clusters", "release", "quality")
_PAGE = 200
#: Resources of the events that tell of artifacts.
_TOLD = "prefect.artifact-collection.%"


class RecordsUnreachable(RuntimeError):
    """The artifacts of earlier runs could not be looked through; the message says where they may still be."""


def forget_artifacts(names: Collection[str]) -> int:
    """Delete the artifacts of the flow that hold any of some names; return how many were deleted.

    Parameters
    ----------
    names : ids of clusters, documents and sections, and uris

    Raises
    ------
    RecordsUnreachable
        The server in use does not answer, or the database of this machine is not as expected.

    Notes
    -----
    The server that PREFECT_API_URL or the profile names is asked; without one, the database that temporary servers
    keep in PREFECT_HOME is opened, and rewritten, so that no byte of the rows stays in it. Events repeat artifacts; a
    server keeps them for its own time (a week by default) and deletes none on request.
    """
    home = Path(os.environ.get("PREFECT_HOME") or Path.home() / ".prefect")
    if not names:
        return 0
    if url := _server(home):
        return _forget_on_server(names, url)
    database = home / "prefect.db"
    return _forget_in_file(names, database) if database.is_file() else 0


def _server(home: Path) -> str | None:
    """Return the address of the server in use; Prefect is only imported where a profile may name one."""
    url = os.environ.get("PREFECT_API_URL")
    if url or not (home / "profiles.toml").is_file():
        return url
    from dedup.engines.launch import silence_telemetry

    silence_telemetry()
    from prefect.settings import PREFECT_API_URL

    named: str | None = PREFECT_API_URL.value()
    return named


def _forget_on_server(names: Collection[str], url: str) -> int:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=list(ARTIFACTS)))
    try:
        with get_client(sync_client=True) as client:
            doomed = []
            offset = 0
            while found := client.read_artifacts(artifact_filter=wanted, limit=_PAGE, offset=offset):
                doomed += [a.id for a in found if a.id is not None and _holds(json.dumps(a.data), names)]
                offset += len(found)
            for artifact_id in doomed:
                client.delete_artifact(artifact_id)
    except Exception as error:  # the client raises what its HTTP library and the server make up
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise RecordsUnreachable(f"artifacts of runs at {url} may still show titles: {reason}") from error
    return len(doomed)


def _forget_in_file(names: Collection[str], database: Path) -> int:
    marks = ", ".join("?" * len(ARTIFACTS))
    try:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            connection.execute("PRAGMA secure_delete = ON")
            rows = connection.execute(f"SELECT id, data FROM artifact WHERE key IN ({marks})", ARTIFACTS).fetchall()
            doomed = [(name,) for name, data in rows if _holds(data or "", names)]
            # The event that tells of an artifact repeats it.
            told = connection.execute("SELECT id, payload FROM events WHERE resource_id LIKE ?", (_TOLD,)).fetchall()
            events = [(name,) for name, payload in told if _holds(payload or "", names)]
            if not doomed and not events:
                return 0
            with connection:
                connection.executemany("DELETE FROM artifact_collection WHERE latest_id = ?", doomed)
                connection.executemany("DELETE FROM artifact WHERE id = ?", doomed)
                connection.executemany("DELETE FROM events WHERE id = ?", events)
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise RecordsUnreachable(f"artifacts of runs in {database} may still show titles: {error}") from error
    return len(doomed)


def _holds(data: str, names: Collection[str]) -> bool:
    """Tell whether JSON holds a name, as it is or escaped, however many times it was put into JSON again."""
    while "\\\\" in data:
        data = data.replace("\\\\", "\\")
    return any(form in data for name in names for form in (name, json.dumps(name)[1:-1]))
