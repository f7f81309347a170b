"""The section of the report about the inspector."""

from __future__ import annotations

from typing import Any

Lines = list[str]


def inspector_section(result: dict[str, Any]) -> Lines:
    """Return how long users of the inspector waited, and what memory it took."""
    views = result["views"]
    rest, searches = views["all but search"], views["all searches"]
    lines = [
        "## The inspector",
        "",
        f"`python -m benchmarks.inspector`: a release of {result['sections']:,} sections of 1,500 characters; "
        f"{result['users']} users at once, each with {result['think_s']:g} s between an answer and the next question, "
        "on the machine that serves. Ids are drawn from 20,000 of each kind, words are common ones or cut out of the "
        f"texts; {result['first_asked']:.0%} of the questions had an address that was new. After a search the places "
        "of the words are fetched for the eight rows that are seen, as a browser does.",
        "",
        f"95 of 100 searches were answered within {searches['p95_ms']:.0f} ms, 95 of 100 other views within "
        f"{rest['p95_ms']:.0f} ms ({result['answers']:,} answers, {result['failed']} failed). The server took "
        f"{result['peak_mb']:.0f} MB at most; together with the process that makes the tables when it starts "
        f"({result['prepared_s']:.0f} s, shared pages counted once) {result['peak_while_preparing_mb']:.0f} MB. Other "
        f"work on the machine while it was measured: a load of {result['load_before']:.1f} on "
        f"{result['processors']} processors just before, the preparation included.",
        "",
        "| view | answers | median ms | 95th percentile ms | longest ms |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for view, told in views.items():
        figures = " | ".join(f"{told[name]:.0f}" for name in ("p50_ms", "p95_ms", "max_ms"))
        lines.append(f"| {view} | {told['n']} | {figures} |")
    return lines
