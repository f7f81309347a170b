"""How fast the inspector answers many users at once, over a release of a million sections.

    python -m benchmarks.inspector [--sections 1000000] [--users 10] [--seconds 60] [--think 1.0] [--warehouse DIR]

`dedup inspect` runs in a process of its own; users of another process ask for one view after another, each with a
pause in between. Told are the median and the 95th percentile by view, and the largest memory of the server.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from benchmarks.inspector_release import make_release
from benchmarks.results import write_result

#: Two-character words, longer ones, and two words at once, as they stand in made texts.
WORDS = ("区长", "镇长", "水利", "生产总值", "固定资产投资", "区长 农村", "科技创新", "县长水利科技")


@dataclass(frozen=True)
class Things:
    """Ids to ask for."""

    clusters: list[str]
    pairs: list[tuple[str, str]]
    documents: list[str]
    passages: list[str]
    templates: list[str]
    facts: list[str]
    sections: list[str]


def read_things(warehouse: Path) -> Things:
    """Draw some ids from a release."""
    import dedup

    release = dedup.open_release(warehouse)

    def some(dataset: str, columns: str, n: int = 400) -> list[Any]:
        rows = release.sql(
            f"SELECT {columns} FROM {dataset} USING SAMPLE reservoir({n} ROWS) REPEATABLE (7)"
        ).to_pylist()
        return [tuple(row.values()) if "," in columns else next(iter(row.values())) for row in rows]

    return Things(
        some("(SELECT cluster_id FROM clusters WHERE n_sections > 1)", "cluster_id"),
        some("pairs", "section_a, section_b"),
        some("documents", "doc_id"),
        some("passages", "passage_id"),
        some("templates", "template_id"),
        some("facts", "fact_id"),
        some("sections", "section_id"),
    )


def draw_request(draw: random.Random, things: Things) -> tuple[str, str]:
    """Return (view, address) of what a user asks for next."""
    word = quote(draw.choice(WORDS))
    views = {
        "overview": "/",
        "clusters": f"/clusters?sort={draw.choice(('size', 'doubt', 'spread', 'conflicts', 'similarity'))}",
        "clusters of a source": f"/clusters?source=source{draw.randrange(40):02}&least={draw.choice((2, 3, 4))}",
        "search": f"/clusters?q={word}&sort={draw.choice(('size', 'doubt'))}",
        "snippet": f"/snippets/{draw.choice(things.sections)}?q={word}",
        "cluster": f"/clusters/{draw.choice(things.clusters)}",
        "pair": "/pairs/" + "/".join(draw.choice(things.pairs)),
        "document": f"/documents/{draw.choice(things.documents)}",
        "documents": "/documents",
        "figures with flags": f"/facts?from={50 * draw.randrange(100)}",
        "figures": f"/facts?all=1&indicator=gdp&year={2000 + draw.randrange(24)}",
        "figure": f"/facts/{draw.choice(things.facts)}",
        "templates": f"/templates?sort={draw.choice(('df', 'length'))}",
        "template": f"/templates/{draw.choice(things.templates)}",
        "passage": f"/passages/{draw.choice(things.passages)}",
        "network": f"/network?by={draw.choice(('source', 'year'))}",
        "quality": "/quality",
        "releases": "/releases",
    }
    often = {"search": 4, "cluster": 4, "pair": 3, "document": 3, "clusters": 2}
    name = draw.choices(list(views), [often.get(view, 1) for view in views])[0]
    return name, views[name]


class Server:
    """`dedup inspect` over a warehouse."""

    def __init__(self, warehouse: Path) -> None:
        code = "from dedup.cli import main; main()"
        command = [sys.executable, "-c", code, "inspect", "--no-browser", "--read-only", "-w", str(warehouse)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1].strip().rstrip("/"))
        self.peak = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        process = psutil.Process(self.process.pid)
        while self.process.poll() is None:
            try:
                self.peak = max(self.peak, process.memory_info().rss)
            except psutil.Error:
                return
            time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=30)


def _use(port: int, seed: int, things: Things, until: float, think: float, told: list[tuple[str, float, int]]) -> None:
    draw = random.Random(seed)
    time.sleep(draw.random() * think)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Accept-Language": "zh"}
    while time.monotonic() < until:
        view, address = draw_request(draw, things)
        start = time.perf_counter()
        try:
            connection.request("GET", address, headers=headers)
            answer = connection.getresponse()
            answer.read()
            status = answer.status
            if cookie := answer.getheader("set-cookie"):
                headers["Cookie"] = cookie.split(";")[0]
        except (OSError, http.client.HTTPException):
            connection.close()
            status = 0
        told.append((view, time.perf_counter() - start, status))
        time.sleep(think * draw.uniform(0.5, 1.5))


def load(warehouse: Path, *, users: int, seconds: float, think: float) -> dict[str, Any]:
    """Let users ask for views; return what they waited for.

    Parameters
    ----------
    think : seconds between an answer and the next question, on average
    """
    things = read_things(warehouse)
    server = Server(warehouse)
    try:
        start = time.perf_counter()
        warm: list[tuple[str, float, int]] = []
        _use(server.port, 0, things, time.monotonic() + 1, 0.0, warm)
        first = time.perf_counter() - start
        # What is made once, such as the tables that pages look things up in, is told apart.
        for address in (
            "/",
            "/clusters",
            "/network?by=source",
            "/network?by=year",
            "/facts",
            "/passages/" + things.passages[0],
        ):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
            connection.request("GET", address)
            connection.getresponse().read()
        prepared = time.perf_counter() - start
        told: list[tuple[str, float, int]] = []
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=_use, args=(server.port, n + 1, things, until, think, told)) for n in range(users)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {
            "users": users,
            "think_s": think,
            "first_answers_s": first,
            "prepared_s": prepared,
            "peak_mb": server.peak / 1e6,
            "answers": len(told),
            "failed": sum(status != 200 for _, _, status in told),
            "views": _by_view(told),
        }
    finally:
        server.stop()


def _by_view(told: list[tuple[str, float, int]]) -> dict[str, dict[str, float]]:
    waits: dict[str, list[float]] = defaultdict(list)
    for view, wait, _ in told:
        waits[view].append(wait)
        waits["all but search" if view != "search" else "all searches"].append(wait)
    return {
        view: {"n": len(w), "p50_ms": 1000 * _rank(w, 0.5), "p95_ms": 1000 * _rank(w, 0.95), "max_ms": 1000 * max(w)}
        for view, w in sorted(waits.items())
    }


def _rank(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    """Make the release where it is not there yet, and load the server."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--think", type=float, default=1.0)
    parser.add_argument("--warehouse", type=Path, help="keep the made release here, and use the one that is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-inspector-") as temporary:
        warehouse = options.warehouse or Path(temporary)
        if not (warehouse / "latest.json").is_file():
            make_release(warehouse, options.sections)
        result = load(warehouse, users=options.users, seconds=options.seconds, think=options.think)
    result["sections"] = options.sections
    for view, line in result["views"].items():
        print(f"{view:<22} {line['n']:>5}  {line['p50_ms']:>7.0f} {line['p95_ms']:>7.0f} {line['max_ms']:>7.0f} ms")
    print(json.dumps({k: v for k, v in result.items() if k != "views"}))
    write_result("inspector", result)


if __name__ == "__main__":
    main()
