"""Which release is shown, and the server that shows it."""

from __future__ import annotations

import contextlib
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dedup.inspector.store import Store
from dedup.releases import ReleaseError, open_release
from dedup.releases.layout import LATEST
from dedup.workspaces import origin_of

if TYPE_CHECKING:
    from fastapi import FastAPI

#: Seconds between two looks at the pointer of the warehouse.
LOOK_AGAIN = 2.0
#: The same for a warehouse in an object store, where looking costs requests.
LOOK_AGAIN_THERE = 30.0
#: Pages that are made at once; further visitors wait, each a little, instead of all for long.
THREADS = 8
#: Seconds between two times that unused memory is given back.
TIDY_SECONDS = 5.0
#: Seconds that an old release stays open for those who are still reading it.
LINGER = 60.0


class Shelf:
    """The release to show: one that was named, or always the newest.

    Parameters
    ----------
    warehouse : folder of the releases, or of one release
    release : its id; None follows the newest
    """

    def __init__(self, warehouse: Path, release: str | None = None) -> None:
        self.warehouse = warehouse
        self.release = release
        self._origin = origin_of(warehouse)
        self._look_again = LOOK_AGAIN if self._origin is None else LOOK_AGAIN_THERE
        self._lock = threading.Lock()
        self._looked = 0.0
        self._seen: tuple[int, int] | None = None
        self._store: Store | None = None

    def store(self) -> Store:
        """Return the store of the release to show.

        Raises
        ------
        ReleaseError
            There is no release, or it is damaged.
        """
        with self._lock:
            now = time.monotonic()
            if self._store is None or (self.release is None and now - self._looked > self._look_again):
                self._looked = now
                seen = self._pointer()
                if self._store is None or seen != self._seen:
                    release = open_release(self.warehouse, self.release)
                    if self._store is None or self._store.id != release.id:
                        if self._store is not None:
                            self._retire(self._store)
                        self._store = Store(release)
                    self._seen = seen
            return self._store

    def _pointer(self) -> tuple[int, int] | None:
        if self._origin is not None:
            from dedup.releases.remote.reading import refresh

            # A store that cannot be reached for a moment does not take away what is shown.
            with contextlib.suppress(ReleaseError):
                refresh(self.warehouse, self._origin)
        try:
            status = (self.warehouse / LATEST).stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino

    def _retire(self, store: Store) -> None:
        timer = threading.Timer(LINGER, store.close)
        timer.daemon = True
        timer.start()

    def close(self) -> None:
        """Let go of the release."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None


def prepare(store: Store) -> None:
    """Make ahead what the first pages need, so that nobody waits for it; failures show when they are asked for."""
    from functools import partial

    from dedup.inspector.queries import facts, overview
    from dedup.inspector.queries.clusters import SORTS, Filters, facets, listing_of
    from dedup.inspector.tables import ORDER

    def warm() -> None:
        # The first comparison loads compiled kernels.
        from dedup.clusters.comparison import compare

        compare("一二三四五六七八，2004年。", "一二三四五六七八，2005年。")

    def _sort(store: Store, column: str, down: bool) -> None:
        listing_of(store).order(column, down)

    steps: tuple[Callable[[], object], ...] = (
        store.make_apart,
        lambda: store.need("places", "pages", "members", "listed"),
        warm,
        lambda: facets(store, Filters()),
        lambda: overview.funnel(store),
        lambda: overview.by_source(store),
        lambda: overview.similarities(store),
        lambda: overview.honesty(store),
        *(partial(store.need, name) for name in ORDER),
        *(partial(_sort, store, column, down) for column, down in SORTS.values() if column != "cluster_id"),
        lambda: facts.n_flagged(store),
        store.tables.rest,
    )
    for step in steps:
        with contextlib.suppress(Exception):
            step()


def new_token() -> str:
    """Return a token that nobody guesses."""
    return secrets.token_urlsafe(24)


@contextlib.contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Give a socket bound to `host` and `port` (0: a free one)."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        # Who comes before the server is ready waits instead of being turned away.
        bound.listen(100)
        yield bound


def serve(app: FastAPI, bound: socket.socket) -> None:
    """Answer requests until interrupted."""
    import uvicorn
    from anyio.to_thread import current_default_thread_limiter

    class Server(uvicorn.Server):
        async def serve(self, sockets: list[socket.socket] | None = None) -> None:
            current_default_thread_limiter().total_tokens = THREADS
            await super().serve(sockets)

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=100,
        timeout_keep_alive=10,
        h11_max_incomplete_event_size=32 * 1024,
        lifespan="off",
    )
    # Who is asked to end tidies up behind himself: uvicorn raises the signal once more when it has ended.
    before = signal.signal(signal.SIGTERM, _end) if threading.current_thread() is threading.main_thread() else None
    try:
        with _tidying():
            Server(config).run(sockets=[bound])
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)


def _end(*_: object) -> None:
    raise SystemExit(0)


@contextlib.contextmanager
def _tidying() -> Iterator[None]:
    """Give memory back to the system while pages are served.

    Every page reads some megabytes and drops them. An allocator that keeps them for each of many threads holds
    hundreds of megabytes in the end; the system's, with few arenas, holds a third of that.
    """
    import ctypes

    import pyarrow as pa

    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    # M_ARENA_MAX of glibc (malloc.h); other systems have no such call.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(-8, 2)
    done = threading.Event()

    def tidy() -> None:
        while not done.wait(TIDY_SECONDS):
            pa.default_memory_pool().release_unused()

    threading.Thread(target=tidy, daemon=True).start()
    try:
        yield
    finally:
        done.set()
        pa.set_memory_pool(before)
