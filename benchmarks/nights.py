"""The section of the report about nightly runs."""

from __future__ import annotations

from typing import Any

Lines = list[str]
#: Where the pages of a night lie, and how a sentence names it.
WAYS = {
    "local": "what changes lies on one site each",
    "copying": "so it does, and every third new page copies one of any site",
    "scattered": "what changes lies anywhere",
}
#: Stages that a night makes anew for the whole corpus, and those it makes for what is new.
ANEW = ("stage:match", "stage:cluster", "passages", "phrases", "templates", "search", "stage:validate", "stage:write")
NEW = ("stage:read", "stage:check", "stage:attribute", "copies", "stage:extract")


def nights_section(result: dict[str, Any]) -> Lines:
    """Return what a run over a delta costs beside a run over everything."""
    lines = [
        "## Nightly runs",
        "",
        f"`python -m benchmarks.incremental`: {result['sections']:,} records of about 600 characters with figures; 1 % "
        "new, 1 % changed and 1 % forgotten ones in one run; a rebuild of what there is by then. Validation is on.",
        "",
        "| pages change | run | wall s | CPU s | bytes written MB |",
        "| --- | --- | ---: | ---: | ---: |",
    ]
    found = {how: result[how] for how in WAYS if how in result}
    first = next(runs["first"] for runs in found.values() if "first" in runs)
    for how, runs in found.items():
        for name in ("first", "second", "rebuild"):
            if name in runs:
                run = runs[name]
                lines.append(
                    f"| {how} | {name} | {run['wall_s']:.0f} | {run['cpu_s']:.0f} | {run['written'] / 1e6:,.0f} |"
                )
    for how, runs in found.items():
        night, told = runs["second"], "it was not held against a rebuild"
        if "differences" in runs:
            told = f"it differs from a rebuild in {runs['differences']}"
            if not runs["differences"]:
                told = "none of its datasets differs from the rebuild but by names"
        lines += [
            "",
            f"The night ({how}: {WAYS[how]}) took {night['cpu_s'] / first['cpu_s']:.0%} of the CPU time and "
            f"{night['wall_s'] / first['wall_s']:.0%} of the time of the first run, and wrote "
            f"{night['written'] / first['bytes']:.0%} of the bytes; {told}.",
        ]
    night = next(iter(found.values()))["second"]
    cells = [
        f"| {name.removeprefix('stage:')} | {first['stages'][name][1]:.1f} | {night['stages'][name][1]:.1f} |"
        for name in (*NEW, *ANEW)
        if name in night["stages"] and name in first["stages"]
    ]
    sets = [
        f"| {name} | {size / 1e6:.1f} | "
        + " | ".join(f"{r['second']['datasets'][name][1] / 1e6:.1f}" for r in found.values())
        + " |"
        for name, (size, _) in sorted(first["datasets"].items(), key=lambda entry: -entry[1][0])
        if size > 1e6
    ]
    lines += [
        "",
        "Stages that run side by side (passages, copies, phrases and templates; the search index beside validation) "
        "have each other's CPU time in theirs.",
        "",
        *("| stage | first CPU s | night CPU s |", "| --- | ---: | ---: |", *cells),
        "",
        "| dataset | MB | " + " | ".join(f"written MB, {how}" for how in found) + " |",
        "| --- | ---: |" + " ---: |" * len(found),
        *sets,
    ]
    if "nights" in result:
        nights = result["nights"]
        told = "no dataset differs" if not nights["differences"] else f"differs in {nights['differences']}"
        lines += [
            "",
            f"After {nights['nights']} nights of 1 % new and 1 % changed over {nights['sections']:,} records: "
            f"{nights['files_last']} files (at most {nights['files_most']}, a rebuild has {nights['files_rebuilt']}); "
            f"a DuckDB scan takes {nights['scan_s']:.3f} s, over the rebuild {nights['scan_rebuilt_s']:.3f} s; {told}.",
        ]
    return lines
