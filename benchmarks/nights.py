"""The section of the report about nightly runs."""

from __future__ import annotations

from typing import Any

Lines = list[str]
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
    for how in ("local", "scattered"):
        runs = result.get(how, {})
        for name in ("first", "second", "rebuild"):
            if name in runs:
                run = runs[name]
                lines.append(
                    f"| {how} | {name} | {run['wall_s']:.0f} | {run['cpu_s']:.0f} | {run['written'] / 1e6:,.0f} |"
                )
    for how in ("local", "scattered"):
        if how in result:
            runs = result[how]
            full, night = runs.get("first", runs["rebuild"]), runs["second"]
            found = runs["differences"]
            told = "none of its datasets differs from the rebuild but by names" if not found else f"differs in {found}"
            lines += [
                "",
                f"The night ({how}) took {night['cpu_s'] / full['cpu_s']:.0%} of the CPU time and "
                f"{night['wall_s'] / full['wall_s']:.0%} of the time of the first run, and wrote "
                f"{night['written'] / full['bytes']:.0%} of the bytes; {told}.",
            ]
    first = next(result[how] for how in ("local", "scattered") if how in result)
    whole = "first" if "first" in first else "rebuild"
    cells = [
        f"| {name.removeprefix('stage:')} | {first[whole]['stages'][name][1]:.1f} | "
        f"{first['second']['stages'][name][1]:.1f} |"
        for name in (*NEW, *ANEW)
        if name in first["second"]["stages"] and name in first[whole]["stages"]
    ]
    lines += [
        "",
        "Stages that run side by side (passages and copies beside phrases and templates, the search index beside "
        "validation) have each other's CPU time in theirs.",
        "",
        *(f"| stage | {whole} CPU s | night CPU s |", "| --- | ---: | ---: |", *cells),
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
