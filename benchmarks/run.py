"""`make bench`: what runs cost and how much they find; writes docs/benchmarks.md.

    python -m benchmarks.run [--pages 400] [--corpus FILE_OR_FOLDER ...]

All figures come from one invocation on one machine; between machines only ratios compare.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measuring import Cost, dedup, machine

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "benchmarks.md"


def latest(warehouse: Path) -> dict:
    """Return the manifest of the newest release."""
    pointer = json.loads((warehouse / "latest.json").read_text("utf-8"))
    return json.loads((warehouse / pointer["path"] / "manifest.json").read_text("utf-8"))


def kernel_rows(texts: list[str]) -> list[str]:
    """Compare the fingerprint kernel with datasketch on the same texts."""
    import datasketch

    from dedup import shingle_hash, shingles
    from dedup.fingerprinting.minhash import fingerprint

    array = pa.array(texts)
    n_bytes = sum(len(t.encode()) for t in texts)
    fingerprint(array.slice(0, 2))

    def seconds(work, repeat: int) -> float:
        best = float("inf")
        for _ in range(repeat):
            start = time.perf_counter()
            work()
            best = min(best, time.perf_counter() - start)
        return best

    ours = seconds(lambda: fingerprint(array), 5)
    as_list = seconds(lambda: fingerprint(texts), 3)
    few = texts[: max(1, len(texts) // 100)]

    def sketch() -> None:
        for text in few:
            minhash = datasketch.MinHash(num_perm=128, seed=1)
            minhash.update_batch([s.encode("utf-8") for s in shingles(text)])

    theirs = seconds(sketch, 2) * len(texts) / len(few)
    one = datasketch.MinHash(num_perm=128, seed=1, hashfunc=shingle_hash)
    one.update_batch(shingles(texts[0]))
    equal = np.array_equal(one.hashvalues, fingerprint(texts[:1])[0])
    return [
        "| fingerprints, one thread | MB/s | times datasketch |",
        "| --- | ---: | ---: |",
        f"| `dedup.fingerprint`, Arrow strings | {n_bytes / ours / 1e6:.0f} | {theirs / ours:.0f} |",
        f"| `dedup.fingerprint`, list of str | {n_bytes / as_list / 1e6:.0f} | {theirs / as_list:.0f} |",
        f"| datasketch 2, its own SHA-1, shingles made here | {n_bytes / theirs / 1e6:.1f} | 1 |",
        "",
        f"Signatures equal to datasketch's with `hashfunc=dedup.shingle_hash`: {'yes' if equal else 'NO'}.",
    ]


def run_row(name: str, cost: Cost, warehouse: Path) -> str:
    """Return one line of the table of runs."""
    datasets = latest(warehouse)["datasets"]
    documents, sections = datasets["documents"]["rows"], datasets["sections"]["rows"]
    return f"| {name} | {documents:,} | {sections:,} | {cost.wall_s:.1f} | {cost.cpu_s:.1f} | {cost.peak_mb:,.0f} |"


def stage_rows(manifest: dict) -> list[str]:
    """Return where the time of a run went."""
    rows = ["| stage | wall s | CPU s | anonymous memory at its end, MB |", "| --- | ---: | ---: | ---: |"]
    for name, values in manifest["stages"].items():
        if name.startswith("stage:"):
            memory = values.get("anonymous_mb", 0.0)
            rows.append(f"| {name[6:]} | {values['wall_s']:.2f} | {values['cpu_s']:.2f} | {memory:,.0f} |")
    parts = {name: manifest["stages"][name] for name in ("read", "cut", "fingerprint") if name in manifest["stages"]}
    inside = ", ".join(f"{name} {values['cpu_s']:.2f}" for name, values in parts.items() if "cpu_s" in values)
    return [*rows, "", f"Inside `read`, CPU seconds: {inside}."]


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400, help="pages to generate (default 400)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", nargs="*", default=[], help="further files or folders to run on")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dedup-bench-") as temporary:
        folder = Path(temporary)
        sample = str(ROOT / "data" / "sample" / "dedup.toml")
        # The first run compiles what is not cached yet; it is not part of any figure.
        dedup("run", "--config", sample, "--warehouse", str(folder / "warm"), "--no-prefect")
        quiet = {"DEDUP_QUALITY__ENABLED": "false"}
        runs: list[str] = []
        costs: dict[str, Cost] = {}
        for name, extra, env in (
            ("sample, without validation", ["--no-prefect"], quiet),
            ("sample", ["--no-prefect"], {}),
            ("sample, with Prefect", [], {}),
        ):
            warehouse = folder / name.replace(" ", "-")
            costs[name] = dedup("run", "--config", sample, "--warehouse", str(warehouse), *extra, env=env)
            runs.append(run_row(name, costs[name], warehouse))
        pages = folder / "pages"
        dedup("sample", "--pages", str(arguments.pages), "--seed", str(arguments.seed), str(pages))
        warehouse = folder / "generated"
        cost = dedup("run", str(pages), "--warehouse", str(warehouse), "--no-prefect")
        runs.append(run_row(f"generated, {arguments.pages} pages", cost, warehouse))
        accuracy = json.loads(dedup("evaluate", str(pages), "--warehouse", str(warehouse), "--json").output)
        stages = stage_rows(latest(warehouse))
        for number, corpus in enumerate(arguments.corpus):
            warehouse = folder / f"corpus-{number}"
            cost = dedup("run", str(Path(corpus).resolve()), "--warehouse", str(warehouse), "--no-prefect")
            runs.append(run_row(f"`{Path(corpus).name}`", cost, warehouse))
        import dedup as library

        release = library.open_release(folder / "generated")
        kernel = kernel_rows(release.arrow("sections", ["clean_text"])["clean_text"].to_pylist())
    share = 1 - costs["sample"].wall_s / costs["sample, with Prefect"].wall_s
    text = "\n".join(
        [
            "# Benchmarks",
            "",
            "Written by `make bench`. One invocation, one machine; between machines only ratios compare.",
            "",
            *(f"- {line}" for line in machine()),
            "",
            "## Runs",
            "",
            "Whole processes, from the command line to the published release.",
            "",
            "| run | documents | sections | wall s | CPU s | peak resident MB |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *runs,
            "",
            f"Prefect's start-up and bookkeeping are {share:.0%} of the wall time of the sample run.",
            "",
            f"## Stages of the run over {arguments.pages} generated pages",
            "",
            *stages,
            "",
            "## What it found there",
            "",
            *accuracy_rows(accuracy),
            "",
            "## Fingerprint kernel",
            "",
            *kernel,
            "",
        ]
    )
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(text, "utf-8")
    print(text)


def accuracy_rows(accuracy: dict) -> list[str]:
    """Return what `dedup evaluate` found, as two tables."""
    pairs, clusters, recheck = accuracy["pairs"], accuracy["clusters"], accuracy["recheck"]
    held = "all meet the definition" if recheck["passed"] else f"{len(recheck['problems'])} do not meet the definition"
    rows = [
        "| figure | value | of |",
        "| --- | ---: | --- |",
        f"| recall of pairs | {pairs['recall']:.4f} | {pairs['expected']:,} true pairs that meet the definition |",
        f"| precision of pairs | {pairs['precision']:.4f} | {pairs['right'] + pairs['wrong']:,} published pairs |",
        f"| ARI of clusters | {clusters['ari']:.4f} | {clusters['items']:,} sections |",
        f"| pairs computed again | {recheck['checked']:,} | {held} |",
        "",
        "| true Jaccard | pairs that meet the definition | found | recall |",
        "| --- | ---: | ---: | ---: |",
    ]
    for band in accuracy["bands"]:
        if band["expected"]:
            low, high = band["low"], band["high"]
            found = f"{band['expected']:,} | {band['found']:,} | {band['recall']:.4f}"
            rows.append(f"| {low} to {high} | {found} |" if low != high else f"| {low} | {found} |")
    return rows


if __name__ == "__main__":
    main()
