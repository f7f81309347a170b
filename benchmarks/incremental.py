"""What a nightly run costs beside the first one: time, bytes written, and whether it gives the rows of a full rebuild.

    python -m benchmarks.incremental [--sections 100000] [--share 0.01] [--nights 60]

A corpus of short records is published, then 1 % new, 1 % changed and 1 % forgotten records come in one run. The pages
that change and those that are forgotten lie together on one site each (`local`), also where every third new page copies
one of any site (`copying`), or are spread over the whole corpus (`scattered`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import CORPORA, draw_batches
from benchmarks.flow import newest_manifest
from benchmarks.measuring import dedup, machine
from benchmarks.results import write_result
from benchmarks.sameness import differences
from dedup.reference import reference_file

#: Sites that the records are spread over, and characters of prose in a record; figures are added.
SITES = 50
PROSE = 420
FIGURES = 8
SCHEMA = pa.schema([("id", pa.string()), ("url", pa.string()), ("title", pa.string()), ("text", pa.large_string())])


@dataclass(frozen=True)
class Records:
    """Records of a corpus; arrays of Python objects, one entry each."""

    url: np.ndarray
    text: np.ndarray

    def take(self, rows: np.ndarray) -> Records:
        """Return some of the records."""
        return Records(self.url[rows], self.text[rows])

    def write(self, path: Path) -> None:
        """Write them as a Parquet file that is read as one source."""
        path.parent.mkdir(parents=True, exist_ok=True)
        titles = [text.split("\n", 1)[0] for text in self.text]
        table = pa.table([self.url.tolist(), self.url.tolist(), titles, self.text.tolist()], schema=SCHEMA)
        pq.write_table(table, path, compression="zstd", row_group_size=2_000)


def draw_records(n: int, seed: int = 1, first: int = 0, site: int | None = None) -> Records:
    """Draw records with prose of their own, sentences with figures, and edited copies of each other.

    Parameters
    ----------
    first : number of the first record, part of its url
    site : the site they all stand on; None: spread over all sites
    """
    plan = replace(CORPORA["words"], chars=PROSE, copies=0.2)
    names = [line.split(",")[1] for line in reference_file("indicators.csv").read_text("utf-8").splitlines()[1:]]
    urls: list[str] = []
    texts: list[str] = []
    for batch in draw_batches(plan, n, seed):
        for prose, work in zip(batch.texts.to_pylist(), batch.work.tolist(), strict=True):
            # Copies of one text state the same figures.
            rng = np.random.default_rng([seed, work])
            said = [
                f"全年{names[k]}{value / 10:.1f}亿元，增长{rate / 10:.1f}%。"
                for k, value, rate in zip(
                    rng.integers(0, len(names), FIGURES),
                    rng.integers(100, 9_000, FIGURES),
                    rng.integers(10, 300, FIGURES),
                    strict=True,
                )
            ]
            number = first + len(urls)
            place = number % SITES if site is None else site
            urls.append(f"https://site{place:02d}.example/{number // 1000:05d}/{number:08d}.html")
            texts.append(f"第{work}号公报\n{prose}。\n{''.join(said)}")
    return Records(np.array(urls, dtype=object), np.array(texts, dtype=object))


def changed(records: Records, seed: int) -> Records:
    """Return the records with a sentence more."""
    rng = np.random.default_rng([seed, 99])
    more = [
        f"{text}另完成投资{value}万元。"
        for text, value in zip(records.text, rng.integers(10, 9_999, len(records.text)), strict=True)
    ]
    return Records(records.url, np.array(more, dtype=object))


def copying(new: Records, records: Records, seed: int) -> Records:
    """Return new records of which every third says what one of `records` says."""
    texts = new.text.copy()
    texts[::3] = np.random.default_rng([seed, 5]).choice(records.text, len(texts[::3]), replace=False)
    return Records(new.url, texts)


def choose(records: Records, share: float, how: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows that change and those that are forgotten: together on one site each, unless scattered."""
    n = len(records.url)
    k = max(1, int(n * share))
    if how == "scattered":
        order = np.random.default_rng([seed, 7]).permutation(n)
        return np.sort(order[:k]), np.sort(order[k : 2 * k])
    by_url = np.argsort(records.url.astype(str), kind="stable")
    return by_url[n // 3 : n // 3 + k], by_url[2 * n // 3 : 2 * n // 3 + k]


def _run(source: Path, warehouse: Path) -> dict[str, Any]:
    cost = dedup("run", str(source), "--warehouse", str(warehouse), "--no-prefect", cwd=source.parent)
    manifest = newest_manifest(warehouse)
    files = [file for dataset in manifest["datasets"].values() for file in dataset["files"]]
    return {
        "wall_s": cost.wall_s,
        "cpu_s": cost.cpu_s,
        "anonymous_mb": cost.anonymous_mb,
        "bytes": sum(file["bytes"] for file in files),
        "written": sum(file["bytes"] for file in files if not file.get("shared")),
        "files": len(files),
        "datasets": {
            name: [entry["bytes"], sum(f["bytes"] for f in entry["files"] if not f.get("shared"))]
            for name, entry in manifest["datasets"].items()
        },
        "sections": manifest["datasets"]["sections"]["rows"],
        "stages": {k: [v["wall_s"], v["cpu_s"]] for k, v in manifest["stages"].items() if "wall_s" in v},
    }


def measure_delta(
    sections: int, share: float, how: str, folder: Path, *, base: Path | None = None, rebuild: bool = True
) -> dict[str, Any]:
    """Run over a corpus, then over a delta; compare cost and rows with a rebuild of what the corpus is by then.

    Parameters
    ----------
    base : warehouse with the first run, to begin with a copy of it
    rebuild : whether to make and compare a rebuild
    """
    from dedup import open_release

    records = draw_records(sections)
    change, forget = choose(records, share, how, 1)
    # A site that is read for the first time, or some pages more on every site.
    site = None if how == "scattered" else SITES // 2
    new = draw_records(max(1, int(sections * share)), 2, first=10**6, site=site)
    if how == "copying":
        new = copying(new, records, 1)
    warehouse = folder / f"{how}-warehouse"
    first = folder / "first" / "crawl" / "part.parquet"
    if not first.exists():
        records.write(first)
    if base is None:
        result: dict[str, Any] = {"first": _run(first.parent, warehouse)}
    else:
        shutil.copytree(base, warehouse, copy_function=_link)
        result = {}
    second = folder / how / "crawl" / "part.parquet"
    later = changed(records.take(change), 1)
    Records(np.append(new.url, later.url), np.append(new.text, later.text)).write(second)
    (folder / how / "forget.txt").write_text("\n".join(records.url[forget].tolist()), "utf-8")
    listed = str(folder / how / "forget.txt")
    dedup("forget", "--file", listed, "--yes", "--later", "--warehouse", str(warehouse), cwd=folder)
    result["second"] = _run(second.parent, warehouse)
    kept = np.setdiff1d(np.arange(sections), np.concatenate([change, forget]))
    rest = records.take(kept)
    whole = folder / f"{how}-whole" / "crawl" / "part.parquet"
    Records(np.concatenate([rest.url, new.url, later.url]), np.concatenate([rest.text, new.text, later.text])).write(
        whole
    )
    if rebuild:
        result["rebuild"] = _run(whole.parent, folder / f"{how}-rebuilt")
        result["differences"] = differences(open_release(warehouse), open_release(folder / f"{how}-rebuilt"))
    return result


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def scan_seconds(warehouse: Path, times: int = 5) -> float:
    """Return the least time of several scans of the widest datasets of the newest release with DuckDB."""
    manifest = newest_manifest(warehouse)
    folder = warehouse / "releases" / manifest["release_id"]
    best = float("inf")
    for _ in range(times):
        start = time.perf_counter()
        with duckdb.connect() as connection:
            for name, query in (
                ("sections", "sum(length(clean_text))"),
                ("observations", "sum(obs_value), count(DISTINCT indicator)"),
                ("reports", "sum(length(clean_text))"),
                ("facts", "avg(obs_value)"),
            ):
                files = [str(folder / f["path"]) for f in manifest["datasets"][name]["files"]]
                connection.execute(f"SELECT {query} FROM read_parquet(?)", [files]).fetchall()
        best = min(best, time.perf_counter() - start)
    return best


def measure_nights(sections: int, share: float, nights: int, folder: Path) -> dict[str, Any]:
    """Run every night over a delta of new and changed records; count files and time scans beside a rebuild.

    All runs are made in this process and without validation, which depends on the rows alone.
    """
    from dedup import open_release
    from dedup.engines.local import run
    from dedup.releases import prune_releases, warehouse_lock
    from dedup.settings import Settings, SourceSettings

    def publish(source: Path, place: Path) -> int:
        summary = run(Settings(warehouse=place, quality={"enabled": False}), [SourceSettings(path=str(source))])
        assert summary.outcome == "published"
        return sum(len(d["files"]) for d in newest_manifest(place)["datasets"].values())

    warehouse = folder / "nightly"
    records = draw_records(sections)
    first = folder / "nights" / "crawl" / "part.parquet"
    records.write(first)
    publish(first.parent, warehouse)
    k = max(1, int(sections * share))
    files = []
    now = dict(zip(records.url.tolist(), records.text.tolist(), strict=True))
    for night in range(nights):
        urls = np.array(sorted(now), dtype=object)
        rows = np.random.default_rng([3, night]).choice(len(urls), k, replace=False)
        old = Records(urls[rows], np.array([now[u] for u in urls[rows]], dtype=object))
        later = changed(old, night)
        new = draw_records(k, 1000 + night, first=10**6 * (night + 1))
        delta = Records(np.append(new.url, later.url), np.append(new.text, later.text))
        delta.write(folder / f"night{night}" / "crawl" / "part.parquet")
        now |= dict(zip(delta.url.tolist(), delta.text.tolist(), strict=True))
        files.append(publish(folder / f"night{night}" / "crawl", warehouse))
        with warehouse_lock(warehouse):
            prune_releases(warehouse, 2)
    urls = np.array(sorted(now), dtype=object)
    Records(urls, np.array([now[u] for u in urls], dtype=object)).write(folder / "end" / "crawl" / "part.parquet")
    rebuilt_files = publish(folder / "end" / "crawl", folder / "end-rebuilt")
    nightly, rebuilt = scan_seconds(warehouse), scan_seconds(folder / "end-rebuilt")
    return {
        "sections": sections,
        "nights": nights,
        "files_most": max(files),
        "files_last": files[-1],
        "files_rebuilt": rebuilt_files,
        "scan_s": nightly,
        "scan_rebuilt_s": rebuilt,
        "differences": differences(open_release(warehouse), open_release(folder / "end-rebuilt")),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sections", type=int, default=100_000)
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--nights", type=int, default=0, help="also so many nights over a tenth of the sections")
    parser.add_argument(
        "--how", nargs="+", default=["local", "copying", "scattered"], choices=["local", "copying", "scattered"]
    )
    parser.add_argument("--no-rebuild", nargs="+", default=[], help="ways that are not held against a rebuild")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        result: dict[str, Any] = {"machine": machine(), "sections": arguments.sections}
        base: Path | None = None
        for how in arguments.how:
            found = measure_delta(
                arguments.sections, arguments.share, how, folder, base=base, rebuild=how not in arguments.no_rebuild
            )
            result[how] = found
            print(how, json.dumps(found, indent=1), flush=True)
            if base is None:
                base = folder / "base"
                warehouse = folder / f"{how}-warehouse"
                shutil.copytree(warehouse, base, copy_function=_link)
                _go_back(base)
        if arguments.nights:
            result["nights"] = measure_nights(arguments.sections // 10, arguments.share, arguments.nights, folder)
            print("nights", json.dumps(result["nights"], indent=1), flush=True)
    write_result("incremental", result)


def _go_back(warehouse: Path) -> None:
    """Leave the first release of a warehouse only, and no tombstones."""
    releases = sorted((warehouse / "releases").iterdir())
    for path in releases[1:]:
        shutil.rmtree(path)
    (warehouse / "latest.json").unlink()
    for path in warehouse.glob("*tombstone*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


if __name__ == "__main__":
    main()
