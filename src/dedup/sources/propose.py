"""The `dedup.toml` that `dedup init` writes: every setting with its default and meaning, and the sources found.

All of it is generated from the settings' own fields, so that it cannot drift from what they accept.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dedup.settings import ColumnSettings, ReadSettings, Settings, SourceSettings
from dedup.sources.delimited import read_header
from dedup.sources.errors import Refused
from dedup.sources.formats import PAGE_FORMATS, detect_format
from dedup.sources.jsonl import read_first_names
from dedup.sources.locate import Entry, list_entries
from dedup.sources.mapping import map_columns
from dedup.sources.parquet import read_names
from dedup.sources.unpack import open_unpacked

#: Record files that are opened to show their columns; more of them are only counted.
_SHOWN = 12


def _toml(value: Any) -> str:
    if value is None:
        return '"…"'
    if isinstance(value, Path):
        return json.dumps(value.as_posix(), ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False)


def _meaning(info: FieldInfo) -> str:
    parts = [info.description] if info.description else []
    choices = getattr(info.annotation, "__args__", ())
    if choices and all(isinstance(c, str) for c in choices):
        parts.append("one of " + ", ".join(choices))
    if info.default is None and "not set" not in (info.description or "").lower():
        parts.append("not set")
    return "; ".join(parts)


def _lines(model: type[BaseModel], skip: tuple[str, ...] = (), active: dict[str, Any] | None = None) -> Iterator[str]:
    """Yield one line a setting: those in `active` in force, the rest as comments that show the default."""
    for name, info in model.model_fields.items():
        if name in skip or isinstance(info.default, BaseModel):
            continue
        given = (active or {}).get(name)
        line = f"{name} = {_toml(given)}" if given is not None else f"# {name} = {_toml(info.default)}"
        meaning = _meaning(info)
        yield f"{line}  # {meaning}" if meaning else line


def _first_sentence(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def _columns(entry: Entry) -> tuple[str, list[str]]:
    """Return (format, column names) of a file; no names for pages.

    Raises
    ------
    Refused, OSError
        The file would go to quarantine
    """
    if entry.refusal is not None:
        raise Refused(*entry.refusal)
    with entry.open() as raw:
        stream, _ = open_unpacked(raw, ReadSettings())
        kind = detect_format(entry.inside, stream.peek(4096)[:4096], entry.source.format)
        if kind in PAGE_FORMATS or kind == "warc":
            return kind, []
        readers = {"csv": read_header, "jsonl": read_first_names, "parquet": read_names}
        return kind, readers[kind](stream)


def _describe(source: SourceSettings) -> Iterator[str]:
    """Yield comment lines on what lies in a source: how many files of each format, which columns records have."""
    counts: Counter[str] = Counter()
    notes: list[str] = []
    for entry in list_entries(source):
        try:
            kind, names = _columns(entry)
        except (Refused, OSError) as problem:
            counts["unreadable"] += 1
            if len(notes) < _SHOWN:
                notes.append(f"{entry.inside}: would go to quarantine: {problem}")
            continue
        counts[kind] += 1
        if names and len(notes) < _SHOWN:
            mapping = map_columns(names, ColumnSettings())
            found = ", ".join(f"{role} <- {column}" for role, column in mapping.items())
            notes.append(f"{entry.inside}: columns {', '.join(names)}")
            missing = (
                "" if {"text", "html"} & mapping.keys() else ' no text column known: set `columns.text = ["…"]` below'
            )
            notes.append(f"    taken as {found or 'nothing'}.{missing}")
    yield "# found: " + (", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) or "no files yet")
    for note in notes:
        yield "#   " + json.dumps(note, ensure_ascii=False)[1:-1]


def _find_sources(folder: Path) -> list[SourceSettings]:
    """Return one source for the folder, or one for each sub-folder when pages lie in nothing but sub-folders."""
    whole = SourceSettings(path=folder.as_posix(), name=folder.resolve().name or "source")
    tops = Counter(entry.inside.partition("/")[0] for entry in list_entries(whole) if "/" in entry.inside)
    on_top = any("/" not in entry.inside for entry in list_entries(whole))
    if on_top or len(tops) < 2:
        return [whole]
    return [SourceSettings(path=(folder / top).as_posix(), name=top) for top in sorted(tops)]


#: A rule is a table of its own: a line with its default would clash with the first one that is written.
_RULE = [
    "",
    "# A condition that each row of a dataset must meet. Take the '# ' away:",
    "#   [[quality.rule]]",
    '#   dataset = "facts"',
    '#   name = "gdp growth is plausible"',
    "#   sql = \"indicator_id <> 'gdp' or measure <> 'growth' or obs_value between -30 and 60\"",
    '#   severity = "warning"  # warning: failing rows go to quarantine; critical: nothing is published; info: counted',
    '#   why = "beyond these bounds a decimal point was lost"',
]

#: So is a webhook.
_WEBHOOK = [
    "",
    "# A place that messages about runs are sent to. Take the '# ' away:",
    "#   [[alerts.webhook]]",
    '#   kind = "feishu"  # or slack, dingtalk, wecom, plain (JSON for programs)',
    '#   url = "$FEISHU_WEBHOOK"  # the address, or $NAME of the environment variable that holds it',
    '#   secret = "$FEISHU_SECRET"  # what feishu and dingtalk sign messages with, where signing is on',
    '#   on = ["rejected", "failed", "alarm"]  # also: published',
]


def propose_config(folder: Path | None, warehouse: str = "warehouse") -> str:
    """Return the text of a commented `dedup.toml`.

    Parameters
    ----------
    folder : where pages lie, looked into for formats and columns; None proposes no source
    warehouse : folder for releases

    Notes
    -----
    `load_settings` reads the text as it is: every default stands in it as a comment.
    """
    out = [
        "# Settings of dedup. A line '# name = value' shows a default: take the '# ' away to change it.",
        "# Flags overrule the environment (DEDUP_READ__MAX_FILE_MB=50), which overrules this file.",
        "",
        *_lines(Settings, skip=("sources",), active={"warehouse": warehouse}),
    ]
    for name, info in Settings.model_fields.items():
        if isinstance(info.default, BaseModel):
            lines = _lines(type(info.default), skip=("rule", "webhook"))
            out += ["", f"# {_first_sentence(type(info.default))}", f"[{name}]", *lines]
            out += _RULE if "rule" in type(info.default).model_fields else []
            out += _WEBHOOK if "webhook" in type(info.default).model_fields else []
    for source in _find_sources(folder) if folder is not None else []:
        active = {"path": source.path, "name": source.name}
        out += [
            "",
            f"# {_first_sentence(SourceSettings)}",
            *_describe(source),
            "[[source]]",
            *_lines(SourceSettings, active=active),
        ]
        out += ["", f"# {_first_sentence(ColumnSettings)}", "[source.columns]", *_lines(ColumnSettings)]
    if folder is None:
        out += [
            "",
            f"# {_first_sentence(SourceSettings)} Take the '# ' away:",
            "# [[source]]",
            '# path = "pages"',
            '# name = "my-pages"',
        ]
    return "\n".join(out) + "\n"
