"""`README.md` of a release: the dataset card, for people and for the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from dedup.releases.datapackage import documentation
from dedup.schemas import DATASETS

#: Upper bounds of the hub's size categories.
_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
_SIZES_ABOVE = ((10_000_000, "1M<n<10M"), (100_000_000, "10M<n<100M"))

#: The dataset that opens first.
_DEFAULT = "reports"


def build_card(manifest: Mapping[str, Any]) -> str:
    """Return the card of a release as Markdown with YAML front matter.

    Parameters
    ----------
    manifest : of the release. `title`, `languages` (codes such as `zh`), `code_version`, `quality` and `recall`
        are the engine's and are shown where they are there
    """
    title = str(manifest.get("title", "Deduplicated reports"))
    names = [name for name in DATASETS if name in manifest["datasets"]]
    parts = [
        _front_matter(title, manifest, names),
        f"# {_inline(title)}",
        _opening(manifest),
        "## Datasets",
        _overview(manifest, names),
        "## Reading it",
        _READING.format(example=_DEFAULT if _DEFAULT in names or not names else names[0]),
        "## Citing it",
        _citation(title, manifest),
        "## Columns",
        *(_columns(name) for name in names),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _front_matter(title: str, manifest: Mapping[str, Any], names: list[str]) -> str:
    # JSON strings are YAML strings: whatever a title holds stays one value.
    lines = ["---", f"pretty_name: {json.dumps(title, ensure_ascii=False)}"]
    languages = [str(language) for language in manifest.get("languages", ())]
    if languages:
        lines += ["language:", *(f"- {json.dumps(language)}" for language in languages)]
    rows = int(manifest["datasets"].get(_DEFAULT, {"rows": 0})["rows"])
    size = next((name for bound, name in (*_SIZES, *_SIZES_ABOVE) if rows < bound), "n>100M")
    lines += ["size_categories:", f"- {size}", "tags:", "- deduplication", "- near-duplicates", "- parquet", "configs:"]
    for name in names:
        lines += [f"- config_name: {name}", f'  data_files: "{DATASETS[name].path}/*.parquet"']
        if name == _DEFAULT:
            lines.append("  default: true")
    return "\n".join([*lines, "---"])


def _opening(manifest: Mapping[str, Any]) -> str:
    facts = [f"Release `{manifest['release_id']}`, made {manifest['created_at']}"]
    if manifest.get("parent"):
        facts.append(f"after `{manifest['parent']}`")
    if manifest.get("code_version"):
        facts.append(f"with dedup {_inline(str(manifest['code_version']))}")
    text = ", ".join(facts) + ". Scraped pages were cut into reports, copies were joined into clusters by exact "
    text += "comparison, and every cluster is represented by one report; nothing else of the input was dropped: "
    text += "`records` says what became of each record, `membership` which report stands for each copy."
    if manifest.get("quality"):
        text += f"\n\nValidation: `{_inline(str(manifest['quality']))}` (`quality/index.html` has each rule)."
    recall = manifest.get("recall")
    if isinstance(recall, Mapping) and recall.get("recall") is not None:
        text += f"\n\nMeasured recall of near-duplicate pairs: {float(recall['recall']):.3f}"
        if recall.get("low") is not None and recall.get("high") is not None:
            text += f" ({float(recall['low']):.3f} to {float(recall['high']):.3f})"
        text += "."
    return text


def _overview(manifest: Mapping[str, Any], names: list[str]) -> str:
    lines = ["| dataset | rows | MB | what it holds | key |", "| --- | ---: | ---: | --- | --- |"]
    for name in names:
        entry = manifest["datasets"][name]
        key = ", ".join(f"`{column}`" for column in DATASETS[name].key)
        size = entry["bytes"] / 1e6
        lines.append(f"| [`{name}`](#{name}) | {entry['rows']:,} | {size:.1f} | {DATASETS[name].doc} | {key} |")
    return "\n".join(lines)


_READING = """
```python
import dedup                                      # whole and consistent, hashes in manifest.json

release = dedup.open_release(".")                 # this folder, or the warehouse for its newest release
release.pandas("{example}")
release.sql("select count(*) from {example}")

import pandas as pd
pd.read_parquet("{example}", dtype_backend="pyarrow")   # Arrow types: dates and whole numbers stay what they are

import polars as pl
pl.scan_parquet("{example}/*.parquet")

import pyarrow.dataset as ds
ds.dataset("{example}").head(5)
```

With DuckDB, started in this folder: `duckdb -init views.sql`, then `select * from {example}` or, for what the
columns mean, `select column_name, comment from duckdb_columns() where table_name = '{example}'`.
"""


def _citation(title: str, manifest: Mapping[str, Any]) -> str:
    """Name the release and how its content can be proved: the hash of its main table."""
    files = manifest["datasets"].get(_DEFAULT, {}).get("files", [])
    proof = f" SHA-256 of `{files[0]['path']}`: `{files[0]['sha256']}`." if len(files) == 1 else ""
    year = str(manifest["created_at"])[:4]
    return (
        f"> {_inline(title)}, release {manifest['release_id']} ({year}).\n\n"
        f"A release never changes; cite its id, and `cluster_id` for a single report.{proof}"
    )


def _columns(name: str) -> str:
    dataset = DATASETS[name]
    lines = [f"### {name}", "", "| column | type | null | meaning |", "| --- | --- | --- | --- |"]
    for f in dataset.schema:
        meaning = documentation(f).replace("|", "\\|")
        lines.append(f"| `{f.name}` | {_type_name(f.type)} | {'yes' if f.nullable else 'no'} | {meaning} |")
    return "\n".join(lines)


def _type_name(kind: pa.DataType) -> str:
    if pa.types.is_fixed_size_list(kind):
        return f"{kind.list_size} × {kind.value_type}"
    if pa.types.is_list(kind):
        return f"list of {kind.value_type}"
    return str(kind)


def _inline(text: str) -> str:
    """Return text from outside as one harmless line of Markdown."""
    return " ".join(text.split()).replace("<", "&lt;").replace("`", "'")
