"""How fast the inspector answers many users at once, over a release of a million sections.

    python -m benchmarks.inspector [--sections 1000000] [--users 10] [--seconds 60] [--think 1.0] [--warehouse DIR]

`dedup inspect` runs in a process of its own; users of another process ask for one view after another, each with a
pause in between. Ids are drawn from 20,000 of each kind, half of the words are cut out of the texts; after a search a
browser fetches the places of the words for the rows that are seen, and so do these users. Told are the median and the
95th percentile by view, how many of the addresses were asked for the first time, and the largest memory of the server.
"""

from __future__ import annotations

import argparse
import contextlib
import html
import http.client
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil

from benchmarks.inspector_release import make_release
from benchmarks.measuring import machine
from benchmarks.results import write_result

#: Words that stand in most texts, alone, within longer ones, and two at once.
COMMON = ("区长", "镇长", "水利", "生产总值", "固定资产投资", "区长 农村", "科技创新", "县长水利科技")
#: Rows of a list of clusters that are seen without scrolling.
SEEN = 8
#: Ids of each kind that are drawn from.
IDS = 20_000
_SNIPPET = re.compile(r'hx-get="(/snippets/[^"]+)"')


@dataclass(frozen=True)
class Things:
    """What to ask for: ids, and texts to cut words out of."""

    clusters: list[str]
    pairs: list[tuple[str, str]]
    documents: list[str]
    passages: list[str]
    templates: list[str]
    facts: list[str]
    sections: list[str]
    texts: list[str]


def read_things(warehouse: Path) -> Things:
    """Draw some ids from a release."""
    import dedup

    release = dedup.open_release(warehouse)

    def some(dataset: str, columns: str, n: int = IDS) -> list[Any]:
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
        some("reports", "clean_text", 400),
    )


def draw_words(draw: random.Random, things: Things) -> str:
    """Return what somebody searches for: a common word, one out of a text, two, or the number of a report."""
    kind = draw.randrange(6)
    if kind < 2:
        return draw.choice(COMMON)
    if kind == 2:
        return f"第{draw.randrange(1_000_000)}号报告"
    text = draw.choice(things.texts)
    return " ".join(_cut(draw, text) for _ in range(1 if kind < 5 else 2))


def _cut(draw: random.Random, text: str) -> str:
    start = draw.randrange(max(1, len(text) - 8))
    return text[start : start + draw.randint(2, 8)].strip("，。") or text[:2]


def draw_request(draw: random.Random, things: Things) -> tuple[str, str]:
    """Return (view, address) of what a user asks for next."""
    word = quote(draw_words(draw, things))
    views = {
        "overview": "/",
        "clusters": f"/clusters?sort={draw.choice(('size', 'doubt', 'spread', 'conflicts', 'similarity'))}",
        "clusters of a source": f"/clusters?source=source{draw.randrange(40):02}&least={draw.choice((2, 3, 4))}",
        "search": f"/clusters?q={word}&sort={draw.choice(('size', 'doubt'))}",
        "cluster": f"/clusters/{draw.choice(things.clusters)}",
        "pair": "/pairs/" + "/".join(draw.choice(things.pairs)),
        "document": f"/documents/{draw.choice(things.documents)}",
        "documents": "/documents",
        "pages by words": f"/documents?q=page-{draw.randrange(1_000_000):08}",
        "id in the search box": f"/find?q={draw.choice(draw.choice((things.clusters, things.documents)))}",
        "section": f"/sections/{draw.choice(things.sections)}",
        "figures with flags": f"/facts?from={50 * draw.randrange(100)}",
        "figures": f"/facts?all=1&indicator=gdp&year={2000 + draw.randrange(24)}",
        "figure": f"/facts/{draw.choice(things.facts)}",
        "context of a figure": f"/facts/{draw.choice(things.facts)}/context",
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
        self.peak_with_helpers = 0
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        process = psutil.Process(self.process.pid)
        while self.process.poll() is None:
            with contextlib.suppress(psutil.Error):
                self.peak = max(self.peak, process.memory_info().rss)
                # What processes share, such as libraries, counts once among them.
                if helpers := process.children(recursive=True):
                    shares = [one.memory_full_info().pss for one in (process, *helpers)]
                    self.peak_with_helpers = max(self.peak_with_helpers, sum(shares))
            time.sleep(0.2)

    def wait_until_idle(self) -> None:
        """Wait until everything is there that the server makes ahead, such as tables to look things up in."""
        process = psutil.Process(self.process.pid)

        def worked() -> float:
            times = process.cpu_times()
            return times.user + times.system

        while True:
            before = worked()
            time.sleep(3)
            busy = [one for one in process.children() if one.status() != psutil.STATUS_ZOMBIE]
            if not busy and worked() - before < 0.3:
                return

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=30)


@dataclass(frozen=True)
class Answer:
    """One answer: of which view and address, how long it took, its status (0: none came)."""

    view: str
    address: str
    seconds: float
    status: int


class _User:
    """Somebody who asks for one view after another.

    Parameters
    ----------
    told : gets the answers
    """

    def __init__(self, port: int, seed: int, things: Things, told: list[Answer]) -> None:
        self._draw = random.Random(seed)
        self._things = things
        self._told = told
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {"Accept-Language": "zh"}

    def work(self, until: float, think: float) -> None:
        """Ask until a time of the monotonic clock."""
        time.sleep(self._draw.random() * think)
        while time.monotonic() < until:
            view, address = draw_request(self._draw, self._things)
            body = self._ask(view, address)
            if view == "search":
                for place in _SNIPPET.findall(body)[:SEEN]:
                    self._ask("words in a text", html.unescape(place))
            time.sleep(think * self._draw.uniform(0.5, 1.5))

    def _ask(self, view: str, address: str) -> str:
        start = time.perf_counter()
        status, body = 0, b""
        asked: str | None = address
        try:
            while asked:
                self._connection.request("GET", asked, headers=self._headers)
                answer = self._connection.getresponse()
                body = answer.read()
                status = answer.status
                # The place on the page is the browser's business.
                asked = answer.getheader("location", "").partition("#")[0] if status == 303 else None
                if cookie := answer.getheader("set-cookie"):
                    self._headers["Cookie"] = cookie.split(";")[0]
        except (OSError, http.client.HTTPException):
            self._connection.close()
            status = 0
        self._told.append(Answer(view, address, time.perf_counter() - start, status))
        return body.decode("utf-8", "replace")


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
        _User(server.port, 0, things, []).work(time.monotonic() + 1, 0.0)
        first = time.perf_counter() - start
        server.wait_until_idle()
        prepared = time.perf_counter() - start
        load_before = os.getloadavg()[0]
        told: list[Answer] = []
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=_User(server.port, n + 1, things, told).work, args=(until, think))
            for n in range(users)
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
            "load_before": load_before,
            "processors": os.cpu_count(),
            "peak_mb": server.peak / 1e6,
            "peak_while_preparing_mb": server.peak_with_helpers / 1e6,
            "answers": len(told),
            "failed": sum(answer.status != 200 for answer in told),
            "failures": dict(Counter(f"{answer.view} {answer.status}" for answer in told if answer.status != 200)),
            "first_asked": len({answer.address for answer in told}) / max(1, len(told)),
            "views": _by_view(told),
        }
    finally:
        server.stop()


def _by_view(told: list[Answer]) -> dict[str, dict[str, float]]:
    waits: dict[str, list[float]] = defaultdict(list)
    for answer in told:
        waits[answer.view].append(answer.seconds)
        waits["all but search" if answer.view != "search" else "all searches"].append(answer.seconds)
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
    write_result("inspector", {"machine": machine(), **result})


if __name__ == "__main__":
    main()
