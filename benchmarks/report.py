"""docs/benchmarks.md and its pictures, from what was measured last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.inspector_report import inspector_section
from benchmarks.nights import nights_section
from benchmarks.peers.registry import PEERS
from benchmarks.pictures import draw_bars, draw_curves
from benchmarks.results import ROOT, read_result

REPORT = ROOT / "docs" / "benchmarks.md"
#: The part of each section, in the order of the report.
TITLES = {
    "peers": "Parquet in, duplicates out",
    "kernel": "Fingerprint kernel",
    "scaling": "Scaling",
    "shared": "Shared text",
    "flow": "The whole flow",
    "crowds": "Templates and identical sections",
    "pages": "Pages",
    "extraction": "Figures, places, years and tables",
    "validation": "Validation",
    "incremental": "Nightly runs",
    "inspector": "The inspector",
}
PICTURES = ROOT / "docs" / "benchmarks"
Lines = list[str]

HEAD = """# Benchmarks

Written by `make bench` (`make bench-large` adds a million sections). Between machines only ratios compare. CPU seconds
include children and system time; wall time depends on what else the machine does. Tools
that take less than 15 CPU seconds are run five times and the best run counts. Reading the Parquet file is included
everywhere, imports and compilation are apart. A plus sign behind a commit: sources differed from it.
Corpora and truth: `benchmarks/corpora.py`, `benchmarks/truth.py`."""


def write_report() -> Path:
    """Write the report and its pictures; return its path.

    Parts that were not measured in this checkout stay as the report has them, with the commit they were measured at.
    """
    PICTURES.mkdir(parents=True, exist_ok=True)
    lines: Lines = [HEAD, ""]
    parts: dict[str, Callable[[dict[str, Any]], Lines]] = {
        "peers": peers_section,
        "kernel": kernel_section,
        "scaling": scaling_section,
        "shared": shared_section,
        "flow": flow_section,
        "crowds": crowds_section,
        "pages": pages_section,
        "extraction": extraction_section,
        "validation": validation_section,
        "incremental": nights_section,
        "inspector": inspector_section,
    }
    found = {name: result for name in parts if (result := read_result(name)) is not None}
    machines, kept = _read_report()
    machines = dict.fromkeys([*machines, *(f"- {line}" for result in found.values() for line in result["machine"])])
    lines += [*machines, ""]
    for name, section in parts.items():
        if name in found:
            lines += section(found[name])
            lines += ["", f"Measured {found[name]['date']} at {found[name]['commit']}.", ""]
        else:
            lines += kept.get(TITLES[name], [])
    REPORT.write_text("\n".join(lines).rstrip() + "\n", "utf-8")
    return REPORT


def _read_report() -> tuple[Lines, dict[str, Lines]]:
    """Return the machines that the report names, and its sections by their titles."""
    if not REPORT.exists():
        return [], {}
    head, *sections = REPORT.read_text("utf-8").split("\n## ")
    machines = [line for line in head.splitlines() if line.startswith("- ")]
    return machines, {s.partition("\n")[0]: [*f"## {s}".rstrip().splitlines(), ""] for s in sections}


def _versions(tools: dict[str, Any], name: str) -> str:
    versions = tools[name].get("versions")
    return next(f" {v}" for v in versions.values()) if versions else ""


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def peers_section(result: dict[str, Any]) -> Lines:
    """Return the comparison with other tools, and draw its bars."""
    titles = {
        "words": "(a) large vocabulary",
        "templates": "(b) unrelated documents share 30 to 40 % template sentences",
    }
    lines: Lines = [
        "## Parquet in, duplicates out",
        "",
        f"{result['documents']:,} documents of about 2,000 characters, 30 % of them copies with 2 to 10 % of their "
        "characters edited. True are all pairs that meet the definition (Jaccard of 5-character shingles at least 0.7, "
        "or at least 0.35 with an edit similarity of at least 0.9), computed without code of this project. Both rows "
        "in one cluster count as found; precision is the share of reported pairs (of clusters: all pairs inside them) "
        "that meet the definition. In (b) 5 % more documents take 40 to 75 % of another and continue differently: "
        "related, but no near-duplicates.",
        "",
        "The other tools estimate Jaccard alone and are run at 0.7, so the column 0.7–0.9 is what they are asked for; "
        "the rest of the true pairs is what such a threshold leaves behind. Runs at 0.35 show what asking for more "
        "brings.",
        "",
        "![CPU seconds of each tool](benchmarks/peers.svg)",
    ]
    for corpus, found in result["corpora"].items():
        tools = found["tools"]
        lines += [
            "",
            f"### Corpus {titles[corpus]}",
            "",
            f"{found['pairs']:,} true pairs among {found['of_one_work']:,} of one origin. Two documents of different "
            f"origin reach a Jaccard similarity of at most {found['bound']:.3f} (counted exhaustively), so none of "
            "their pairs is true.",
            "",
            "| tool | CPU s | wall s | imports CPU s | peak MB | anonymous MB | recall % | 0.35–0.5 | 0.5–0.7 "
            "| 0.7–0.9 | precision % |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for peer in PEERS:
            row = tools.get(peer.name)
            if row is None:
                continue
            if "failed" in row:
                lines.append(f"| {peer.name} | no result, see below |" + " |" * 9)
                continue
            score = row["score"]
            bands = " | ".join(_percent(b[3] / b[2]) if b[2] else "–" for b in score["bands"][:3])
            lines.append(
                f"| {peer.name}{_versions(tools, peer.name)} | {row['cpu_s']:.2f} | {row['wall_s']:.2f} | "
                f"{row['imports_cpu_s']:.2f} | {row['peak_mb']:,.0f} | {row['anonymous_mb']:,.0f} | "
                f"{_percent(score['recall'])} | {bands} | {_percent(score['precision'])} |"
            )
        lines += ["", *_ratios(tools), "", *_tied(tools)]
    lines += ["", "How each was run:", ""]
    first = next(iter(result["corpora"].values()))["tools"]
    for peer in PEERS:
        row = first.get(peer.name, {})
        reason = f" **No result:** {' '.join(row['failed'].split())[:400]}." if "failed" in row else ""
        lines.append(f"- {peer.name}: {peer.note}.{reason}")
    kinds = {p.name: "ours" if p.environment is None else "theirs" if p.documented else "other" for p in PEERS}
    bars = [(p.name, first[p.name]["cpu_s"], kinds[p.name]) for p in PEERS if "cpu_s" in first.get(p.name, {})]
    picture = draw_bars("CPU seconds, corpus (a)", sorted(bars, key=lambda b: b[1]), "CPU seconds")
    (PICTURES / "peers.svg").write_text(picture, "utf-8")
    return lines


def _ratios(tools: dict[str, Any]) -> Lines:
    ours = [p.name for p in PEERS if p.environment is None and "cpu_s" in tools.get(p.name, {})]
    theirs = [p for p in PEERS if p.environment is not None and "cpu_s" in tools.get(p.name, {})]
    documented = [p.name for p in theirs if p.documented]
    if not ours or not documented:
        return []
    best = min(documented, key=lambda name: tools[name]["cpu_s"])
    hashes = [p.name for p in theirs if not p.documented and p.driver == "rensa_hashes"]
    sentences = []
    for name in ours:
        seconds = tools[name]["cpu_s"]
        against = [f"{seconds / tools[other]['cpu_s']:.2f} of those of {other}" for other in (best, *hashes)]
        sentences.append(f"`{name}` takes {' and '.join(against)}")
    return [f"CPU seconds: {'; '.join(sentences)}. ({best} is the fastest of the others as documented.)"]


def _tied(tools: dict[str, Any]) -> Lines:
    pairs = tools.get("dedup.find_duplicates", {}).get("score")
    row = tools.get("dedup.deduplicate", {}).get("score")
    if not row or not pairs:
        return []
    return [
        f"`dedup.find_duplicates` lists {100 * pairs['listed']:.2f} % of the true pairs themselves, without links "
        f"through others, and {pairs['reported'] * (1 - pairs['precision']):.0f} pairs that are not true. "
        f"Of the {row['tied']:,} rows that `dedup.deduplicate` ties to a canonical one, {row['tied_right']:,} meet the "
        "definition with it; two copies of one canonical row need not meet it with each other, which is why not every "
        "pair inside a cluster does."
    ]


def kernel_section(result: dict[str, Any]) -> Lines:
    """Return the figures of the fingerprint kernel."""
    base = result["datasketch"]
    rows = (
        ("`dedup.fingerprint`, Arrow strings, one thread", "arrow_1"),
        ("`dedup.fingerprint`, list of str, one thread", "list_1"),
        ("`dedup.fingerprint`, Arrow strings, two threads (wall)", "arrow_2"),
        ("`dedup.fingerprint`, list of str, two threads (wall)", "list_2"),
        ("reading the same Parquet file (zstd), one thread", "read"),
        ("datasketch 2, `update_batch`, its own SHA-1, shingles included", "datasketch"),
    )
    return [
        "## Fingerprint kernel",
        "",
        f"The texts of corpus (a), {result['megabytes']:.0f} MB of UTF-8.",
        "",
        "| | MB/s | times datasketch |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {result[key]:,.1f} | {result[key] / base:,.0f} |" for name, key in rows),
        "",
        f"Import and first call in a fresh process, with compiled code in its cache: {result['first_call_s']:.2f} s. "
        f"Signatures equal to datasketch's with `hashfunc=dedup.shingle_hash`: {'yes' if result['equal'] else 'NO'}.",
    ]


def scaling_section(result: dict[str, Any]) -> Lines:
    """Return time and memory over size, and draw the curve."""
    runs = result["runs"]
    names = list(runs[0]["stages"])
    lines = [
        "## Scaling",
        "",
        f"Fingerprint, match and cluster over texts of corpus (a) that lie on disk, {result['threads']} threads. "
        "Memory is the greatest anonymous memory within a stage; the mapped texts can be dropped at any time.",
        "",
        "| sections | text MB | " + " | ".join(f"{n} CPU s | wall s | anonymous MB" for n in names) + " | pairs |",
        "| ---: " * (3 + 3 * len(names)) + "|",
    ]
    for run in runs:
        cells = " | ".join(
            f"{s['cpu_s']:.2f} | {s['wall_s']:.2f} | {s['anonymous_mb']:,.0f}" for s in run["stages"].values()
        )
        lines.append(f"| {run['sections']:,} | {run['megabytes']:,.0f} | {cells} | {run['pairs']:,} |")
    if result["exponent"] is not None:
        lines += ["", f"CPU seconds grow as the size of the text to the power of {result['exponent']:.2f}."]
        lines += ["", "![CPU seconds over sections](benchmarks/scaling.svg)"]
        curves = [(n, [(run["sections"], run["stages"][n]["cpu_s"]) for run in runs]) for n in names]
        picture = draw_curves("CPU seconds over sections", curves, ("sections of 2,000 characters", "CPU seconds"))
        (PICTURES / "scaling.svg").write_text(picture, "utf-8")
    return lines


def shared_section(result: dict[str, Any]) -> Lines:
    """Return what finding shared text costs."""
    runs, exponents = result["runs"], result["exponents"]
    names = list(exponents)
    lines = [
        "## Shared text",
        "",
        f"Passages, edges, phrases and templates over texts of corpus (b) that lie on disk, {result['threads']} "
        "threads, memory limit 1 GB for working arrays. Memory is the greatest anonymous memory within a stage.",
        "",
        "| sections | text MB | " + " | ".join(f"{n} CPU s | anonymous MB" for n in names) + " |",
        "| ---: " * (2 + 2 * len(names)) + "|",
    ]
    for run in runs:
        cells = " | ".join(f"{s['cpu_s']:.2f} | {s['anonymous_mb']:,.0f}" for s in run["stages"].values())
        lines.append(f"| {run['sections']:,} | {run['megabytes']:,.0f} | {cells} |")
    growth = ", ".join(f"{n} {value:.2f}" for n, value in exponents.items() if value is not None)
    return [*lines, "", f"CPU seconds grow as the size of the text to the power of: {growth}."] if growth else lines


def _stage_table(stages: dict[str, Any]) -> Lines:
    rows = ["| stage | wall s | CPU s | anonymous MB at its end |", "| --- | ---: | ---: | ---: |"]
    for name, values in stages.items():
        if name.startswith("stage:"):
            memory = values.get("anonymous_mb", 0.0)
            rows.append(f"| {name[6:]} | {values['wall_s']:.2f} | {values['cpu_s']:.2f} | {memory:,.0f} |")
    for stage, parts in (
        ("read", ("read", "cut", "fingerprint")),
        ("reuse", ("passages", "phrases", "templates", "copies")),
    ):
        inside = [f"{n} {stages[n]['cpu_s']:.2f}" for n in parts if "cpu_s" in stages.get(n, {})]
        rows += ["", f"Inside `{stage}`, CPU seconds: {', '.join(inside)}."] if inside else []
    return rows


def flow_section(result: dict[str, Any]) -> Lines:
    """Return where the time of a whole run goes."""
    share = result["tied"] - result["tied_wrong"]
    return [
        "## The whole flow",
        "",
        f"`dedup run corpus.parquet --no-prefect` on corpus (a), {result['documents']:,} documents, publishing "
        f"included: {result['wall_s']:.1f} s wall, {result['cpu_s']:.1f} s CPU, at most {result['anonymous_mb']:,.0f} "
        f"MB of anonymous memory. {share:,} of {result['tied']:,} copies meet the definition with their canonical "
        "section. From the manifest:",
        "",
        *_stage_table(result["stages"]),
    ]


def crowds_section(result: dict[str, Any]) -> Lines:
    """Return what templates and identical sections cost."""
    titles = {
        "stamped": "30 % of the sections begin with the same 300 characters",
        "identical": "50,000 identical sections among others",
    }
    datasets = ("documents", "sections", "reports", "pairs", "clusters", "membership", "records")
    lines = [
        "## Templates and identical sections",
        "",
        "The whole flow on corpora that tempt a matcher into quadratic work. A copy is wrong when it does not "
        "meet the definition with its canonical section.",
        "",
        "| corpus | documents | wall s | CPU s | match CPU s | anonymous MB | largest cluster | copies | wrong |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, run in result["corpora"].items():
        lines.append(
            f"| {titles[name]} | {run['rows']['documents']:,} | {run['wall_s']:.1f} | {run['cpu_s']:.1f} | "
            f"{run['stages']['stage:match']['cpu_s']:.1f} | {run['anonymous_mb']:,.0f} | {run['largest_cluster']:,} | "
            f"{run['tied']:,} | {run['tied_wrong']:,} |"
        )
    lines += ["", "| rows | " + " | ".join(datasets) + " |", "| --- " + "| ---: " * len(datasets) + "|"]
    for name, run in result["corpora"].items():
        lines.append(f"| {titles[name]} | " + " | ".join(f"{run['rows'].get(d, 0):,}" for d in datasets) + " |")
    return lines


def pages_section(result: dict[str, Any]) -> Lines:
    """Return what runs over pages cost and find: the sample, and generated pages with several reports each."""
    accuracy, generated = result["generated"]["accuracy"], result["generated"]
    name = f"generated, {generated['pages']} pages"
    lines = [
        "## Pages",
        "",
        "Whole processes, from the command line to the published release.",
        "",
        "| run | documents | sections | wall s | CPU s | peak MB |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for title, run in {**result["sample"], name: generated}.items():
        rows = run["rows"]
        lines.append(
            f"| {title} | {rows['documents']:,} | {rows['sections']:,} | {run['wall_s']:.1f} | {run['cpu_s']:.1f} | "
            f"{run['peak_mb']:,.0f} |"
        )
    pairs, clusters, recheck = accuracy["pairs"], accuracy["clusters"], accuracy["recheck"]
    held = "all meet the definition" if recheck["passed"] else f"{len(recheck['problems'])} do not meet the definition"
    return [
        *lines,
        "",
        "What was found on the generated pages, by `dedup evaluate`:",
        "",
        "| figure | value | of |",
        "| --- | ---: | --- |",
        f"| recall of pairs | {pairs['recall']:.4f} | {pairs['expected']:,} true pairs that meet the definition |",
        f"| precision of pairs | {pairs['precision']:.4f} | {pairs['right'] + pairs['wrong']:,} published pairs |",
        f"| ARI of clusters | {clusters['ari']:.4f} | {clusters['items']:,} sections |",
        f"| pairs computed again | {recheck['checked']:,} | {held} |",
        *_extracted(accuracy),
        "",
        *_stage_table(generated["stages"]),
    ]


def _extracted(accuracy: dict[str, Any]) -> Lines:
    """Return what `dedup evaluate` says of figures and years, where the run looked for them."""
    figures, years = accuracy.get("figures"), accuracy.get("years")
    rows: list[tuple[str, float | None, str]] = []
    if figures:
        rows += [
            ("recall of figures", figures["recall"], f"{figures['expected']:,} printed figures, value and unit"),
            ("precision of figures", figures["precision"], f"{figures['judged']:,} observations"),
            ("indicators named right", figures["names"], f"{figures['named']:,} found figures"),
        ]
    if years:
        rows += [
            ("years that are true", years["precision"], f"{years['given']:,} given"),
            ("printed years given truly", years["coverage"], f"{years['printed']:,} printed"),
        ]
    lines = [f"| {name} | {'–' if value is None else f'{value:.4f}'} | {of} |" for name, value, of in rows]
    if figures:
        taken, hidden = (sum(figures[f"{s}{t}"] for s in ("masked", "overwritten")) for t in ("_taken", ""))
        lines.append(f"| masked or overwritten numbers taken | {taken:,} | {hidden:,} of them |")
    return lines


def extraction_section(result: dict[str, Any]) -> Lines:
    """Return the throughput of reading figures, places and years, and tables."""
    titles = {"generated": "generated report pages", "sample": "`data/sample`"}
    lines: Lines = [
        "## Figures, places, years and tables",
        "",
        "MB of UTF-8 per second of CPU time, one thread: figures, places and years of the clean text of reports and "
        "essays, tables of whole pages with their HTML tables. Together: clean text, one after the other. What reading "
        "figures costs goes with their number; real pages hold about 4,000 of them per MB.",
        "",
        "| pages | sections | text MB | figures | attribution | tables | together | figures per MB | figures per s |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, run in result["corpora"].items():
        rates = run["mb_per_s"]
        lines.append(
            f"| {titles[name]} | {run['sections']:,} | {run['megabytes']:.2f} | {rates['figures']:.2f} | "
            f"{rates['attribution']:.2f} | {rates['tables']:.2f} | {run['together']:.2f} | "
            f"{run['figures_per_mb']:,.0f} | {run['figures_per_s']:,.0f} |"
        )
    return lines


def validation_section(result: dict[str, Any]) -> Lines:
    """Return how many rows a second are held against all rules of their suites."""
    lines = [
        "## Validation",
        "",
        "Sound made-up rows held against every rule of their suites and every reference between them, in one process "
        "after imports. The rows themselves are part of the memory; texts of pages are not looked at.",
        "",
        "| dataset | rows | rules: Great Expectations | DuckDB | wall s | CPU s | rows a wall second | anonymous MB |",
        "| --- " + "| ---: " * 7 + "|",
    ]
    for name, run in result["datasets"].items():
        kinds = run["kinds"]
        lines.append(
            f"| {name} | {run['rows']:,} | {kinds.get('great_expectations', 0)} | {kinds.get('duckdb', 0)} | "
            f"{run['wall_s']:.1f} | {run['cpu_s']:.1f} | {run['rows'] / run['wall_s']:,.0f} | "
            f"{run['anonymous_mb']:,.0f} |"
        )
    return lines
