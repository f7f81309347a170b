"""The few lines at the end of a run."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from dedup.cli.console import plural
from dedup.workspaces import origin_of, public_name

if TYPE_CHECKING:
    from dedup.engines.summary import RunSummary

_KIND_NOUNS = {
    "report": ("report", "reports"),
    "essay": ("essay", "essays"),
    "appendix": ("appendix", "appendices"),
    "preamble": ("intro", "intros"),
    "footer": ("footer", "footers"),
    "promo": ("promotion", "promotions"),
    "junk": ("junk page", "junk pages"),
}
_ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", "gb18030": "GB18030", "gbk": "GBK", "big5": "Big5"}
_LANGUAGES = {"zh": "zh", "other": "other"}
#: Columns of the label before each line but the first.
LABEL = 12
_GAP = "          "


def summary_lines(summary: RunSummary, prefect_seconds: float | None = None) -> list[str]:
    """Return the summary of a run as plain lines.

    Parameters
    ----------
    prefect_seconds : what Prefect took besides the stages; None when it was not used
    """
    encodings = ", ".join(dict.fromkeys(_ENCODINGS.get(e.lower(), e) for e in summary.encodings))
    head = [plural(summary.documents, "page"), plural(summary.sources, "source")]
    head += [encodings] if encodings else []
    head += [f"language {', '.join(_LANGUAGES.get(x, x) for x in summary.languages)}"] if summary.languages else []
    if summary.carried_documents or summary.changed_documents or summary.unchanged_documents:
        head[0] += f" ({_standing(summary)})"
    if summary.gone_documents:
        head.append(f"{summary.gone_documents:,} gone from their sources")
    if summary.forgotten_documents:
        head.append(f"{summary.forgotten_documents:,} forgotten, kept out")
    lines = [" · ".join(head), *(_line("note", text) for text in summary.notes)]
    lines.append(_line("cut", plural(summary.sections, "section") + "    " + _kinds(summary.kinds)))
    lines.append(_line("matched", _matched(summary)))
    if summary.decisions:
        lines.append(_line("decided", _decided(summary.decisions)))
    if summary.extracted:
        lines.append(_line("extracted", _extracted(summary)))
    lines.append(_line("quarantine", _quarantine(summary.quarantined) + _GAP + f"recall audit: {summary.audit}"))
    if summary.quality != "off":
        lines.append(_line("checked", summary.quality))
    lines += [_line(alarm.word, alarm.message) for alarm in summary.alarms]
    seconds = f"{summary.seconds:.1f} s"
    if prefect_seconds is not None:
        seconds += f" + {prefect_seconds:.1f} s Prefect start (--no-prefect skips it)"
    where = {"published": "published", "rejected": "rejected"}.get(summary.outcome, "dry run")
    place = readable_path(summary.release_path) if summary.release_path else "nothing was written"
    lines.append(_line(where, place + _GAP + seconds))
    if summary.outcome == "rejected":
        lines += [_line("", problem) for problem in summary.problems]
        lines.append(_line("", "the last release is untouched and stays the one that readers get"))
        page = f"{place}/quality/index.html" if summary.release_path else "the quality page"
        lines.append(_line("next", f"read {page}  ·  mend the input or the suite, and run again"))
    elif summary.outcome == "published":
        lines.append(_line("next", "  ·  ".join(_next_steps(summary))))
    else:
        lines.append(_line("next", "the same command without --dry-run publishes it"))
    return lines


def _standing(summary: RunSummary) -> str:
    counts = (
        (summary.new_documents, "new"),
        (summary.changed_documents, "changed"),
        (summary.unchanged_documents, "seen again"),
        (summary.carried_documents, "from the release before"),
    )
    return ", ".join(f"{n:,} {what}" for n, what in counts if n or what == "new")


def _line(label: str, text: str) -> str:
    return f"{label:<{LABEL}}{text}"


def _kinds(kinds: dict[str, int]) -> str:
    order = [k for k in _KIND_NOUNS if kinds.get(k)] + [k for k in kinds if k not in _KIND_NOUNS]
    return ", ".join(plural(kinds[k], *_KIND_NOUNS.get(k, (k,))) for k in order)


def _matched(summary: RunSummary) -> str:
    distinct = plural(summary.distinct_reports, "distinct report")
    if not summary.copies:
        found = "no copies"
    else:
        across = f"{summary.across_pages:,} across pages" if summary.across_pages else "none across pages"
        found = f"{plural(summary.copies, 'copy')} in {plural(summary.clusters_with_copies, 'cluster')} ({across})"
    variants = f", {plural(summary.variants, 'variant')}" if summary.variants else ""
    return f"{found}{variants}: {distinct}"


def _decided(outcomes: dict[str, int]) -> str:
    words = {name: name.replace("_", " ") for name in outcomes} | {"not_found": "not applied: text not found"}
    return ", ".join(f"{n:,} {words[name]}" for name, n in outcomes.items() if n or name == "applied")


def _extracted(summary: RunSummary) -> str:
    flagged = f" ({summary.facts_flagged:,} contradict others)" if summary.facts_flagged else ""
    parts = [plural(summary.facts, "fact") + flagged]
    if summary.distinct_reports:
        parts.append(
            f"place of {summary.reports_placed:,} and year of {summary.reports_dated:,} of "
            f"{plural(summary.distinct_reports, 'report')} proved"
        )
    parts += [plural(summary.tables, "table")] if summary.tables else []
    return ", ".join(parts)


def _quarantine(rules: dict[str, int]) -> str:
    total = sum(rules.values())
    if not total:
        return "nothing"
    named = [rule if n == 1 else f"{n:,} {rule}" for rule, n in list(rules.items())[:4]]
    more = ", …" if len(rules) > 4 else ""
    return f"{total:,} ({', '.join(named)}{more})"


def _next_steps(summary: RunSummary) -> list[str]:
    default = Path(summary.warehouse).resolve() == Path("warehouse").resolve()
    flag = "" if default else f" -w {quote(readable_path(summary.warehouse))}"
    first = f"dedup explain {summary.largest[0].cluster_id[:6]}…{flag}" if summary.largest else f"dedup clusters{flag}"
    script = Path(summary.warehouse) / "views.sql"
    # It names files of this machine, so it stays in the workspace of an object store.
    views = readable_path(script) if origin_of(script) is None else str(script)
    return [first, f'dedup sql{flag} "select * from reports"', f"duckdb -init {quote(views)}"]


def readable_path(path: str | Path) -> str:
    """Return a path relative to the working folder when it lies below it; the address of one in an object store."""
    if (name := public_name(path)) != str(path):
        return name
    absolute, here = Path(path).resolve(), Path.cwd()
    return str(absolute.relative_to(here) if absolute.is_relative_to(here) else absolute)
