"""The flow that looks after a warehouse: it verifies the newest release, and prunes old ones.

    python flows/care_for_warehouse.py              # warehouse from dedup.toml

`dedup releases verify` and `dedup releases prune` do the same by hand.
"""

from __future__ import annotations

from pathlib import Path

from dedup.engines.launch import silence_telemetry

silence_telemetry()

from prefect import flow, get_run_logger, task  # noqa: E402 - telemetry is settled before Prefect is imported
from prefect.artifacts import create_markdown_artifact  # noqa: E402
from prefect.cache_policies import NO_CACHE  # noqa: E402
from prefect.events import emit_event  # noqa: E402
from prefect.states import Completed, Failed, State  # noqa: E402

from dedup.engines.artifacts import care_markdown  # noqa: E402
from dedup.engines.assets import DAMAGED, warehouse_resource  # noqa: E402
from dedup.engines.telling import tell_of_damage  # noqa: E402
from dedup.engines.turns import my_turn  # noqa: E402
from dedup.releases import open_release, prune_releases, verify_release, warehouse_lock  # noqa: E402
from dedup.settings import load_settings  # noqa: E402


@task(name="verify the newest release", cache_policy=NO_CACHE, persist_result=False)
def verify(warehouse: Path) -> tuple[str, list[str]]:
    """Return the id of the newest release, and what of it is not as it was published."""
    release = open_release(warehouse)
    return release.id, verify_release(release)


@task(name="prune old releases", cache_policy=NO_CACHE, persist_result=False)
def prune(warehouse: Path, keep: int) -> list[str]:
    """Remove all but the newest releases, while no run is at work; returns the names of what went."""
    with warehouse_lock(warehouse):
        return [path.name for path in prune_releases(warehouse, keep).folders]


@flow(name="care-for-warehouse", description="Verifies the newest release and prunes old ones", persist_result=False)
def care_for_warehouse(config: str | None = None, warehouse: str | None = None, keep: int = 30) -> State[None]:
    """Verify the newest release; prune old ones if it is whole.

    Parameters
    ----------
    config : path of a dedup.toml; default: the one in the working folder
    warehouse : where releases are published; default: as configured
    keep : how many of the newest releases stay
    """
    settings = load_settings(Path(config) if config else None, warehouse=Path(warehouse) if warehouse else None)
    log = get_run_logger()
    release_id, problems = verify(settings.warehouse)
    # An old release may be what a damaged one has to be mended from.
    with my_turn(settings.warehouse, log.warning):
        pruned = [] if problems else prune(settings.warehouse, keep)
    page = care_markdown(release_id, problems, pruned)
    create_markdown_artifact(key="warehouse", markdown=page, description="Is the newest release whole, and what went")
    if not problems:
        return Completed(message=f"release {release_id} is whole; {len(pruned)} old ones removed")
    emit_event(
        DAMAGED,
        resource=warehouse_resource(settings.warehouse),
        payload={"release_id": release_id, "problems": problems[:20]},
    )
    tell_of_damage(settings, release_id, problems, log.warning)
    return Failed(name="Damaged", message=f"release {release_id}: {problems[0]}")


if __name__ == "__main__":
    care_for_warehouse(return_state=True)
