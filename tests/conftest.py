"""Shared set-up of the tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.warm_process import WarmProcess

# The first call of a kernel may compile it; a deadline would measure the compiler.
settings.register_profile("dedup", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dedup"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dedup")

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("DEDUP_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def sample_folder() -> Path:
    """The project's own sample pages."""
    return ROOT / "data" / "sample"


@pytest.fixture(scope="session")
def shared_folder() -> Path:
    """Annotated pages and corpora that lie beside the checkout of its developers, if they do."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the annotated pages and corpora in {SHARED.name}/ beside the project: absent here")
    return SHARED


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarmProcess]:
    """Real runs of the command that start at once."""
    process = WarmProcess(tmp_path_factory.mktemp("runs"))
    yield process
    process.close()
