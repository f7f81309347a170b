"""Running the flow from the command line or from Python: on the Prefect server in use, else on a temporary one."""

from __future__ import annotations

import os
import runpy
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedup.settings import Settings, SourceSettings, load_settings

if TYPE_CHECKING:
    from prefect import Flow

    from dedup.engines.observing import Observer
    from dedup.engines.summary import RunSummary

#: What must be set before Prefect is imported. Nothing is reported to anybody; a user's own setting wins.
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_CLI_PROMPT": "false",
    # The first start of a temporary server writes its database; on a busy machine Prefect's own 20 s are too few.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}


@dataclass(frozen=True)
class RunRequest:
    """What a run shall do, and who is told about its progress."""

    settings: Settings
    sources: tuple[SourceSettings, ...]
    observer: Observer | None = None


#: Set while this process runs the flow for the command line, whose settings and progress bar are no parameters of a
#: deployment.
_REQUEST: ContextVar[RunRequest | None] = ContextVar("dedup_run_request", default=None)

#: Name of the state in which a flow run ends that a quality gate stopped; its type is FAILED.
REJECTED = "Rejected"
#: Where the flow puts its summary while this process calls it: a failed state holds no result.
_ENDINGS: ContextVar[list[RunSummary] | None] = ContextVar("dedup_run_endings", default=None)


def requested_settings(config: str | None = None, warehouse: str | None = None) -> Settings:
    """Return the settings of the command line that calls the flow, else those that its parameters name."""
    request = _REQUEST.get()
    if request is not None:
        return request.settings
    return load_settings(Path(config) if config else None, warehouse=Path(warehouse) if warehouse else None)


def requested_run(sources: Sequence[str] | None, settings: Settings) -> RunRequest:
    """Return what the caller of the flow asked for: the command line's own request, else the parameters.

    Raises
    ------
    SourceError
        No source is there.
    """
    request = _REQUEST.get()
    if request is not None:
        return request
    from dedup.sources import resolve_sources

    return RunRequest(settings, resolve_sources(sources or [], settings))


def note_ending(summary: RunSummary) -> None:
    """Let the caller of the flow have the summary, also when the run ends in a failed state."""
    endings = _ENDINGS.get()
    if endings is not None:
        endings.append(summary)


def call_flow(flow: Flow[..., Any], **parameters: Any) -> RunSummary:
    """Call the main flow in this process and return its summary, also when a quality gate stopped it.

    Raises
    ------
    Exception
        What ended the run, as the flow raised it.
    """
    endings: list[RunSummary] = []
    token = _ENDINGS.set(endings)
    try:
        state: Any = flow(**parameters, return_state=True)
    finally:
        _ENDINGS.reset(token)
    if not endings or not (state.is_completed() or state.name == REJECTED):
        state.result(raise_on_failure=True)
    return endings[-1]


def silence_telemetry() -> None:
    """Turn Prefect's and Great Expectations' telemetry off unless the user turned it on."""
    for name, value in {**QUIET, "GX_ANALYTICS_ENABLED": "false"}.items():
        os.environ.setdefault(name, value)


def flow_file() -> Path:
    """Return the file of the main flow: `flows/publish_reports.py` of the checkout, or its copy in the package.

    Raises
    ------
    FileNotFoundError
        Neither is there.
    """
    here = Path(__file__).resolve()
    for path in (here.parents[3] / "flows" / "publish_reports.py", here.parents[1] / "_flows" / "publish_reports.py"):
        if path.is_file():
            return path
    raise FileNotFoundError("flows/publish_reports.py is missing; reinstall dedup, or run with --no-prefect")


def run_with_prefect(
    settings: Settings,
    sources: Sequence[SourceSettings],
    *,
    limit: int | None = None,
    dry_run: bool = False,
    mirror: bool = False,
    allow_shrink: bool = False,
    fresh: bool = False,
    observer: Observer | None = None,
) -> tuple[RunSummary, float]:
    """Run the main flow.

    Returns
    -------
    the summary, and the seconds that Prefect took besides the stages (import, temporary server, bookkeeping)
    """
    silence_telemetry()
    start = time.perf_counter()
    flow: Flow[..., Any] = runpy.run_path(str(flow_file()), run_name="dedup_flow")["publish_reports"]
    token = _REQUEST.set(RunRequest(settings, tuple(sources), observer))
    try:
        summary = call_flow(
            flow,
            sources=[s.name or Path(s.path).name for s in sources],
            warehouse=str(settings.warehouse),
            limit=limit,
            dry_run=dry_run,
            mirror=mirror,
            allow_shrink=allow_shrink,
            fresh=fresh,
        )
    finally:
        _REQUEST.reset(token)
    return summary, time.perf_counter() - start - summary.seconds
