"""The quality page: one HTML file that needs no script, no font and no network."""

from __future__ import annotations

import json
from html import escape
from itertools import groupby
from pathlib import Path

from dedup.quality.picture import basis_bars
from dedup.quality.report import DatasetLine, ExpectationResult, QualityReport

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --pass: #2a7d46; --warning: #a86400; --critical: #b3261e; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .35rem .5rem; text-align: left; vertical-align: top; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font-size: .9em; overflow-wrap: anywhere; }
.mark { font-weight: 600; white-space: nowrap; }
.pass { color: var(--pass); } .warning { color: var(--warning); } .critical, .error { color: var(--critical); }
.bases { width: 100%; max-width: 56rem; font-size: 12px; } .bases text { fill: currentColor; }
a { color: inherit; } .why { opacity: .8; } details { margin-top: .25rem; } summary { cursor: pointer; }
"""


_HONESTY = (
    "Printed, resolved and inferred values are proved by the text itself. What a page masks, or overwrites with "
    "another year, stays empty."
)


def write_quality_page(report: QualityReport, folder: Path) -> Path:
    """Write `index.html` and `results.json` into `folder` (made when missing); returns the page.

    Everything that comes from the data is escaped, and a content security policy forbids whatever could still
    be loaded or run.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n"
    (folder / "results.json").write_text(results, encoding="utf-8")
    page = folder / "index.html"
    page.write_text(_html(report), encoding="utf-8")
    return page


def _html(report: QualityReport) -> str:
    if not report.results:
        verdict = "Nothing was validated."
    elif report.critical:
        verdict = "Not fit to publish: a critical rule is broken, or a rule could not be evaluated."
    elif report.broken:
        verdict = "Fit to publish; some rows were set aside or counted."
    else:
        verdict = "Fit to publish: every rule holds."
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8"><title>Quality</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{_STYLE}</style></head><body>",
        f"<h1>Quality: {escape(report.summary())}</h1>",
        f"<p>{escape(verdict)}</p>",
    ]
    if report.broken:
        parts += ["<h2>What did not hold</h2>", _table(report.broken, with_dataset=True)]
    if report.results:
        parts += ["<h2>Datasets</h2>", _overview(report.of_datasets())]
    if picture := basis_bars(report.bases):
        parts += ["<h2>On what years and places rest</h2>", f"<p>{escape(_HONESTY)}</p>", picture, _bases(report)]
    for dataset, results in groupby(report.results, key=lambda result: result.dataset):
        parts += [f'<h2 id="{escape(dataset)}">{escape(dataset)}</h2>', _table(list(results), with_dataset=False)]
    return "\n".join([*parts, "</body></html>", ""])


def _overview(lines: list[DatasetLine]) -> str:
    """Return the datasets with their rows, their rules by outcome, and what was set aside of them."""
    head = "<th>Dataset</th>" + "".join(
        f'<th class="number">{name}</th>'
        for name in ("Rows checked", "Rules that hold", "Warning", "Critical", "Info", "Rows set aside")
    )
    rows = "".join(
        f'<tr><td><a href="#{escape(line.dataset)}">{escape(line.dataset)}</a></td>'
        + "".join(
            f'<td class="number">{n:,}</td>'
            for n in (line.rows, line.passed, line.warned, line.erred, line.informed, line.set_aside)
        )
        + "</tr>"
        for line in lines
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _bases(report: QualityReport) -> str:
    """Return the numbers behind the picture."""
    names = list(dict.fromkeys(basis for counts in report.bases.values() for basis in counts))
    head = "<th></th>" + "".join(f'<th class="number">{escape(name)}</th>' for name in names)
    rows = "".join(
        f"<tr><td>{escape(what)}</td>"
        + "".join(f'<td class="number">{counts.get(name, 0):,}</td>' for name in names)
        + "</tr>"
        for what, counts in report.bases.items()
        if counts
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<details><summary>in numbers</summary>{table}</details>"


def _table(results: list[ExpectationResult], *, with_dataset: bool) -> str:
    head = "<th>Dataset</th>" if with_dataset else ""
    rows = [_row(result, with_dataset=with_dataset) for result in results]
    return (
        f'<table><thead><tr>{head}<th>Result</th><th>Rule</th><th class="number">Failing</th>'
        '<th class="number">Rows</th><th>Seen</th></tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _row(result: ExpectationResult, *, with_dataset: bool) -> str:
    mark = {"pass": "pass", "error": "error"}.get(result.status, result.severity)
    text = {"pass": "holds", "error": "not evaluated"}.get(result.status, result.severity)
    examples = ""
    if result.examples:
        items = " ".join(f"<code>{escape(example)}</code>" for example in result.examples)
        rest = result.n_failing - len(result.examples)
        examples = f"<details><summary>failing rows</summary>{items}{f' and {rest} more' if rest > 0 else ''}</details>"
    return (
        "<tr>"
        + (f"<td>{escape(result.dataset)}</td>" if with_dataset else "")
        + f'<td class="mark {mark}">{escape(text)}</td>'
        + f'<td><code>{escape(result.rule)}</code><div class="why">{escape(result.why)}</div></td>'
        + f'<td class="number">{result.n_failing:,}</td><td class="number">{result.n_rows:,}</td>'
        + f"<td>{escape(result.observed)}{examples}</td></tr>"
    )
