"""The main flow: scraped pages in, a published release out.

    python flows/publish_reports.py                      # sources and warehouse from dedup.toml
    python flows/publish_reports.py data/sample          # or name what to read

Runs on the Prefect server that PREFECT_API_URL names, else on a temporary one; no set-up is needed. Every step is
one call into `dedup`; `dedup run --no-prefect` makes the same calls without Prefect.
"""

from __future__ import annotations

import sys
from typing import Any

from dedup.engines.launch import REJECTED, call_flow, note_ending, requested_run, requested_settings, silence_telemetry

silence_telemetry()

from prefect import flow, get_run_logger, task  # noqa: E402 - telemetry is settled before Prefect is imported
from prefect.artifacts import create_link_artifact, create_markdown_artifact, create_table_artifact  # noqa: E402
from prefect.assets import add_asset_metadata, materialize  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.events import emit_event  # noqa: E402
from prefect.states import Failed, State  # noqa: E402

from dedup.engines.admission import SourceShrank  # noqa: E402
from dedup.engines.artifacts import cluster_rows, quality_markdown, release_link, release_markdown  # noqa: E402
from dedup.engines.assets import asset_figures, events_of, published_assets, source_assets  # noqa: E402
from dedup.engines.local import EmptyInput, LocalRun  # noqa: E402
from dedup.engines.summary import RunSummary  # noqa: E402
from dedup.engines.telling import telling  # noqa: E402
from dedup.engines.turns import my_turn  # noqa: E402
from dedup.sources import SourceError  # noqa: E402


def worth_another_try(_task: Any, _run: Any, state: State[Any]) -> bool:
    """Tell faults that may pass, such as a lost disk, from what is wrong with the sources and stays wrong."""
    return not isinstance(state.data, SourceShrank | SourceError | EmptyInput)


#: A stage reads what the one before it left and replaces its own results, so it can simply be tried again.
STAGE: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}
RETRIES: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": [2, 10],
    "retry_jitter_factor": 0.3,
    "retry_condition_fn": worth_another_try,
}


@task(name="read, cut and fingerprint", **STAGE, **RETRIES)
def read(run: LocalRun) -> None:
    """Read the sources batch by batch; what cannot be read goes to quarantine."""
    run.read()


@task(name="check what was read", **STAGE, **RETRIES)
def check(run: LocalRun) -> None:
    """Apply the row rules; rows that break one are set aside before matching."""
    run.check()


@task(name="match sections", **STAGE, **RETRIES)
def match(run: LocalRun) -> None:
    """Find candidates and verify every one exactly."""
    run.match()


@task(name="measure recall", **STAGE, **RETRIES)
def measure_recall(run: LocalRun) -> None:
    """Compare a sample of sections with all others."""
    run.measure_recall()


@task(name="cluster and choose canonical copies", **STAGE, **RETRIES)
def cluster(run: LocalRun) -> None:
    """Group copies; one section of each cluster stands for the others."""
    run.cluster()


@task(name="find place and years", **STAGE, **RETRIES)
def attribute(run: LocalRun) -> None:
    """Say which place and which years each section speaks for."""
    run.attribute()


@task(name="find what texts share", **STAGE, **RETRIES)
def find_reuse(run: LocalRun) -> None:
    """Find set phrases, templates, and where the copies of one report disagree."""
    run.find_reuse()


@task(name="extract figures and tables", **STAGE, **RETRIES)
def extract(run: LocalRun) -> None:
    """Extract figures and tables; check the figures, gather those of copies as facts."""
    run.extract()


@task(name="validate", **STAGE, **RETRIES)
def validate(run: LocalRun) -> None:
    """Run the suites of expectations."""
    run.validate()


@task(name="publish", **STAGE)
def publish(run: LocalRun) -> RunSummary:
    """Publish by one atomic rename; never tried twice, since a second try could publish a second release."""
    return run.publish()


@materialize("dedup://warehouse", name="say what was published", by="dedup", **STAGE)
def announce(run: LocalRun, summary: RunSummary) -> None:
    """Tell Prefect of each published dataset; the flow names the assets, which depend on the warehouse."""
    for key, figures in asset_figures(summary, run.quality).items():
        add_asset_metadata(key, figures)


def leave_artifacts(run: LocalRun, summary: RunSummary) -> None:
    """Leave what a person reads in the Prefect interface: clusters, what was found, quality, and a link."""
    create_table_artifact(
        key="clusters", table=cluster_rows(summary), description="The largest clusters of copies in this run"
    )
    create_markdown_artifact(
        key="release", markdown=release_markdown(summary), description="What this run found, and where it is"
    )
    create_markdown_artifact(
        key="quality", markdown=quality_markdown(run.quality), description="Which rules did not hold, for how many rows"
    )
    if link := release_link(summary, run.settings.alerts.inspector):
        create_link_artifact(key="release-link", link=link, link_text=summary.release_id or summary.outcome)


@flow(name="publish-reports", description="Scraped pages in, a published Parquet release out", persist_result=False)
def publish_reports(
    sources: list[str] | None = None,
    config: str | None = None,
    warehouse: str | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    mirror: bool = False,
    allow_shrink: bool = False,
    fresh: bool = False,
) -> RunSummary | State[RunSummary]:
    """Read, match, cluster, validate and publish; ends in the state `Rejected` when a quality gate stopped it.

    Parameters
    ----------
    sources : names of declared sources, or paths; default: all that the configuration declares
    config : path of a dedup.toml; default: the one in the working folder
    warehouse : where releases are published; default: as configured
    limit : documents to read at most
    dry_run : do everything but publish
    mirror : take the sources as complete, and remove what they lack
    allow_shrink : let a mirrored source lose more than the settings allow
    fresh : do not take up what an earlier run that was killed or failed has finished
    """
    settings = requested_settings(config, warehouse)
    log = get_run_logger()
    with telling(settings, log.warning, dry_run=dry_run) as ending:
        request = requested_run(sources, settings)
        with (
            my_turn(settings.warehouse, log.warning),
            LocalRun(
                request.settings,
                request.sources,
                limit=limit,
                dry_run=dry_run,
                mirror=mirror,
                allow_shrink=allow_shrink,
                fresh=fresh,
                observer=request.observer,
            ) as run,
        ):
            read(run)
            check(run)
            match(run)
            measure_recall(run)
            cluster(run)
            attribute(run)
            find_reuse(run)
            extract(run)
            validate(run)
            summary = ending.summary = publish(run)
    note_ending(summary)
    log.info("%s: %s documents, %s copies", summary.outcome, summary.documents, summary.copies)
    for alarm in summary.alarms:
        log.warning("%s: %s", alarm.word, alarm.message)
    leave_artifacts(run, summary)
    if summary.outcome == "published":
        assets = published_assets(summary.warehouse)
        announce.with_options(assets=assets, asset_deps=source_assets(request.sources))(run, summary)
    for event in events_of(summary):
        emit_event(**event)
    if summary.outcome == "rejected":
        return Failed(name=REJECTED, message="; ".join(summary.problems) or "the quality gate stopped the run")
    return summary


if __name__ == "__main__":
    outcome = call_flow(publish_reports, sources=sys.argv[1:])
    print(release_markdown(outcome))  # noqa: T201 - the page that the server shows, for those without one
    sys.exit(3 if outcome.outcome == "rejected" else 0)
