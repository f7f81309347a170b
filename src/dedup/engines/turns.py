"""Deployed runs that publish into one warehouse take turns: a later one waits until the earlier one is done.

The lock of a warehouse refuses whoever comes second, which is right for a person at a terminal, and wrong for two
schedules that happen to meet. So the runs of deployments first occupy the only slot of a global concurrency limit of
the Prefect server. The server takes the slot back some minutes after a run died with it. The lock holds besides.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from dedup.engines.assets import asset_key

#: A run that waits longer than this will not begin: whoever holds the slot has hung.
LONGEST_WAIT = 12 * 3600.0
#: Seconds after which the server gives the slot of a run that does not answer any more to the next.
LEASE = 300.0
#: Prefect allows longer names, but nobody reads them.
_MOST = 120


def turn_name(warehouse: str | Path) -> str:
    """Return the name of the limit of a warehouse: `dedup-publish-srv-reports` for the folder /srv/reports."""
    scheme, _, place = asset_key(warehouse).partition("://")
    words = re.sub(r"[\W_]+", "-", place if scheme == "dedup" else f"{scheme}/{place}").strip("-")
    return f"dedup-publish-{words[-_MOST:]}"


@contextmanager
def my_turn(warehouse: str | Path, say: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other deployed run is at work on a warehouse, and keep others waiting.

    Runs without a deployment do not wait, nor does any where the server knows no such limits or refuses one.

    Parameters
    ----------
    say : is told what went wrong on the way, one line

    Raises
    ------
    TimeoutError
        The turn did not come within `LONGEST_WAIT` seconds.
    """
    with ExitStack() as held:
        if _is_deployed():
            _wait(held, turn_name(warehouse), say)
        yield


def _is_deployed() -> bool:
    from prefect.runtime import deployment

    return bool(deployment.id)


def _wait(held: ExitStack, name: str, say: Callable[[str], None]) -> None:
    from prefect.concurrency.sync import concurrency

    try:
        _see_to(name)
        slot = concurrency(name, occupy=1, timeout_seconds=LONGEST_WAIT, lease_duration=LEASE, strict=False)
        held.enter_context(slot)
    except TimeoutError as error:
        raise TimeoutError(
            f"other runs held the slot of {name} for {LONGEST_WAIT / 3600:g} hours; "
            f"`prefect gcl inspect {name}` says which"
        ) from error
    except Exception as error:
        # Whatever the server is and lacks: the lock of the warehouse decides, as it does without a server.
        say(f"no turn could be taken ({name}): {type(error).__name__}: {str(error)[:200]}; going on without")


def _see_to(name: str) -> None:
    """Make the limit where there is none; one that somebody made stays as it is."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitCreate
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound

    with get_client(sync_client=True) as client:
        try:
            client.read_global_concurrency_limit_by_name(name)
        except ObjectNotFound:
            try:
                client.create_global_concurrency_limit(GlobalConcurrencyLimitCreate(name=name, limit=1))
            except ObjectAlreadyExists:
                return  # another run made it meanwhile
