"""What a run leaves for people in the Prefect interface: a table and a page of Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dedup.engines.summary import RunSummary
    from dedup.quality import QualityReport


def cluster_rows(summary: RunSummary) -> list[dict[str, Any]]:
    """Return the largest clusters as rows; one row that says so when there is none."""
    rows = [
        {
            "cluster": line.cluster_id,
            "title": line.title,
            "copies": line.n_sections,
            "pages": line.n_documents,
            "sources": line.n_sources,
            "least similarity": round(line.min_similarity, 3),
            "rule": line.link_rule,
        }
        for line in summary.largest
    ]
    return rows or [{"cluster": "none", "title": "no copies were found in this run"}]


def release_markdown(summary: RunSummary) -> str:
    """Return what was found and where it lies, as Markdown."""
    kinds = ", ".join(f"{n:,} {kind}" for kind, n in summary.kinds.items())
    quarantine = ", ".join(f"{n:,} {rule}" for rule, n in summary.quarantined.items()) or "nothing"
    path = summary.release_path
    # The page is read elsewhere than where the flow ran, so the link cannot be relative.
    where = f"[`{path}`]({Path(path).resolve().as_uri()})" if path else "nothing"
    lines = [
        f"# {summary.release_id or summary.outcome}",
        "",
        f"**{summary.outcome}**: {where}",
        "",
        "| | |",
        "| --- | --- |",
        f"| documents | {summary.documents:,} ({summary.new_documents:,} new) from {summary.sources:,} sources |",
        f"| sections | {summary.sections:,} ({kinds}) |",
        f"| copies | {summary.copies:,} in {summary.clusters_with_copies:,} clusters |",
        f"| distinct reports | {summary.distinct_reports:,} |",
        f"| facts | {summary.facts:,} ({summary.facts_flagged:,} contradict others), {summary.tables:,} tables |",
        f"| proved | place of {summary.reports_placed:,} reports, year of {summary.reports_dated:,} |",
        f"| quarantine | {quarantine} |",
        f"| recall audit | {summary.audit} |",
        f"| quality | {summary.quality} |",
        f"| seconds | {summary.seconds:.1f} |",
    ]
    if summary.alarms:
        lines += ["", "## Out of the ordinary", "", *(f"- {_cell(alarm.message)}" for alarm in summary.alarms)]
    if summary.problems:
        lines += ["", "## Why it was stopped", "", *(f"- {problem}" for problem in summary.problems)]
    return "\n".join(lines)


def release_link(summary: RunSummary, inspector: str | None) -> str | None:
    """Return the address of what a run left: the inspector's page where there is one, else the folder; or None."""
    if summary.release_path is None:
        return None
    if inspector and summary.outcome == "published":
        return inspector.rstrip("/") + "/"
    return Path(summary.release_path).resolve().as_uri()


def care_markdown(release_id: str, problems: Sequence[str], pruned: Sequence[str]) -> str:
    """Return what the care for a warehouse found and did, as Markdown."""
    lines = [f"# {release_id}", "", "As it was published." if not problems else "**Not as it was published:**", ""]
    lines += [f"- {_cell(problem)}" for problem in problems[:100]]
    lines += [f"- and {len(problems) - 100:,} more"] if len(problems) > 100 else []
    if pruned:
        lines += ["", "Removed: " + ", ".join(f"`{name}`" for name in pruned)]
    return "\n".join(lines)


def quality_markdown(report: QualityReport | None) -> str:
    """Return what validation found, as Markdown: rules that did not hold, and each dataset in numbers."""
    if report is None:
        return "# Quality\n\nValidation is off, or did not come to its end."
    lines = [f"# {report.summary()}", ""]
    if report.broken:
        lines += ["| result | dataset | rule | failing rows | seen | why |", "| --- | --- | --- | ---: | --- | --- |"]
        for result in report.broken:
            status = "not evaluated" if result.status == "error" else result.severity
            cells = (status, result.dataset, result.rule, f"{result.n_failing:,}", result.observed, result.why)
            lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    else:
        lines.append("Every rule holds.")
    lines += ["", "| dataset | rows | rules that hold | warning | critical | info | rows set aside |"]
    lines.append("| --- " + "| ---: " * 6 + "|")
    for line in report.of_datasets():
        numbers = (line.rows, line.passed, line.warned, line.erred, line.informed, line.set_aside)
        lines.append(f"| {line.dataset} | " + " | ".join(f"{n:,}" for n in numbers) + " |")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Return a text that stays in its cell, whatever the pages wrote."""
    escaped = " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
    return escaped if len(escaped) <= 300 else escaped[:300].rstrip("\\") + "…"
