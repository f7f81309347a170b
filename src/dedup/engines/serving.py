"""Scheduled runs of the main flow: a deployment on a Prefect server, and a runner that takes its runs one at a time."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from dedup.alerts.message import Message
from dedup.engines.launch import flow_file

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun

    from dedup.settings import Settings

#: Seconds within which a server that is well has put the first runs on its calendar (it looks every 5 s).
FIRST_RUN_WITHIN = 60.0
#: Seconds between looks whether it still does.
LOOK_EVERY = 600.0


class BadSchedule(ValueError):
    """A schedule that Prefect does not accept; the message says why."""


@dataclass(frozen=True)
class Service:
    """What is served.

    Attributes
    ----------
    name : of the deployment; one with the same name is replaced
    cron, timezone : when, in five fields, and in whose time; or
    every : the time between runs; with neither there is no schedule, and runs are asked for
    parameters : of the flow, JSON values
    """

    name: str
    cron: str | None = None
    timezone: str = "UTC"
    every: timedelta | None = None
    tags: tuple[str, ...] = ("dedup",)
    parameters: dict[str, Any] = field(default_factory=dict)


def make_deployment(service: Service) -> Any:
    """Return the deployment (Prefect's `RunnerDeployment`) of a service.

    One run at a time: a run that would begin while another is at work is cancelled, since the next one reads
    whatever is there anyway. The warehouse is locked besides, so runs started elsewhere are refused too.

    Raises
    ------
    BadSchedule
        The cron line or the time zone is not one.
    """
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy
    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Cron, Interval

    try:
        schedule = None
        if service.cron is not None:
            schedule = Cron(service.cron, timezone=service.timezone)
        elif service.every is not None:
            schedule = Interval(service.every, anchor_date=datetime.now(UTC), timezone=service.timezone)
        return RunnerDeployment.from_entrypoint(
            f"{flow_file()}:publish_reports",
            name=service.name,
            schedule=schedule,
            # A deployment that was paused when its last server ended is active again.
            paused=False,
            parameters=service.parameters,
            tags=list(service.tags),
            concurrency_limit=ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW),
        )
    except ValueError as error:
        raise BadSchedule(f"{service.cron or service.every}: {_last_words(error)}") from error


def serve(service: Service, settings: Settings, say: Callable[[str], None]) -> NoReturn:
    """Register a service with the Prefect server in use, and take its runs until interrupted; it never returns.

    When it ends, by Ctrl-C or SIGTERM, the schedule is paused, so that no runs pile up while nobody takes them.

    Parameters
    ----------
    settings : whose webhooks are told when the server stops scheduling
    say : tells a person what goes on

    Raises
    ------
    KeyboardInterrupt
        It was interrupted; the schedule is paused.
    """
    asyncio.run(_serve(service, settings, say))
    raise KeyboardInterrupt


async def _serve(service: Service, settings: Settings, say: Callable[[str], None]) -> None:
    from prefect.runner import Runner

    deployment = make_deployment(service)
    # Two, so that a run that begins while another is at work is offered to the server, which cancels it; with one it
    # would wait, and a slow week would end in a queue of runs that find nothing new.
    runner = Runner(name=service.name, limit=2, pause_on_shutdown=True)
    identity = await runner.aadd_deployment(deployment)
    working = asyncio.create_task(runner.start())
    watching = asyncio.create_task(_watch(identity, service, settings, say, working))
    try:
        await working
    except asyncio.CancelledError:
        # Ctrl-C, or SIGTERM: the runner has paused its schedule meanwhile. Connections of runs that were at work are
        # still open, and Python 3.11 makes an error of closing them.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    finally:
        watching.cancel()


async def _watch(
    deployment: UUID, service: Service, settings: Settings, say: Callable[[str], None], working: asyncio.Task[None]
) -> None:
    """Say when the next run is due, and raise the alarm when a schedule has none: servers have stopped silently."""
    from prefect.client.orchestration import get_client

    # The runner's own handler ends the process inside the signal; this way it ends as by Ctrl-C.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, working.cancel)
    if service.cron is None and service.every is None:
        say("no schedule: runs begin when they are asked for")
        return
    async with get_client() as client:
        waited = 0.0
        while not (due := await _next_run(client, deployment)) and waited < FIRST_RUN_WITHIN:
            await asyncio.sleep(1.0)
            waited += 1.0
        if due:
            say(f"next run {due:%Y-%m-%d %H:%M:%S %Z}")
        while True:
            if not due and not await _is_paused(client, deployment):
                _report_silence(service, settings, say)
            await asyncio.sleep(LOOK_EVERY)
            due = await _next_run(client, deployment)


async def _next_run(client: PrefectClient, deployment: UUID) -> datetime | None:
    """Return when the next scheduled run of a deployment begins, in this machine's time; None where there is none."""
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId, FlowRunFilter, FlowRunFilterState
    from prefect.client.schemas.filters import FlowRunFilterStateType as StateFilter
    from prefect.client.schemas.objects import StateType
    from prefect.client.schemas.sorting import FlowRunSort

    runs: list[FlowRun] = await client.read_flow_runs(
        deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=[deployment])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=StateFilter(any_=[StateType.SCHEDULED]))),
        sort=FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
        limit=1,
    )
    begins = runs[0].next_scheduled_start_time if runs else None
    return begins.astimezone() if begins else None


async def _is_paused(client: PrefectClient, deployment: UUID) -> bool:
    return bool((await client.read_deployment(deployment)).paused)


def _report_silence(service: Service, settings: Settings, say: Callable[[str], None]) -> None:
    from dedup.alerts.sending import problems, send

    words = (
        f"the Prefect server has no further run of {service.name} on its calendar: its scheduler does not work. Is it "
        "running (prefect server start without --no-services), and does `pip check` find nothing?"
    )
    say(f"error: {words}")
    facts = {"outcome": "failed", "warehouse": str(settings.warehouse), "error": "NoSchedule", "problems": [words]}
    message = Message(("failed",), f"{service.name}: no run is scheduled", (words,), datetime.now(UTC), facts)
    for problem in problems(send(message, settings.alerts)):
        say(problem)


def _last_words(error: ValueError) -> str:
    """Return the reason alone: pydantic's errors are pages that begin with the name of a class."""
    errors = getattr(error, "errors", None)
    if callable(errors):
        return "; ".join(str(e["msg"]).removeprefix("Value error, ") for e in errors())
    return str(error)
