"""Write the tables of the documentation from the code they describe.

    python docs/generate.py

Between `<!-- generated: NAME -->` and `<!-- end -->` of a page stands what this file makes; the rest is written by
hand. The tests compare, so a setting or a column cannot change without its page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pyarrow as pa
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from dedup.alert_settings import WebhookSettings
from dedup.schemas import DATASETS, Dataset
from dedup.settings import ColumnSettings, RuleSettings, Settings, SourceSettings

DOCS = Path(__file__).resolve().parent
_PART = re.compile(r"(<!-- generated: ([a-z. ]+) -->\n).*?(<!-- end -->)", re.S)
#: Settings that are lists of tables, which have tables of their own here too.
_TABLES = ("sources", "rule", "webhook")
_TYPES = {"double": "float64", "bool": "boolean", "date32[day]": "date32", "timestamp[us, tz=UTC]": "timestamp, UTC"}


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _is_group(info: FieldInfo) -> bool:
    return isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    if info.default is None:
        return "not set"
    value = info.default
    if isinstance(value, Path):
        value = value.as_posix()
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def _bounds(info: FieldInfo) -> str:
    signs = {"Ge": "≥", "Gt": ">", "Le": "≤", "Lt": "<"}
    found = []
    for constraint in info.metadata:
        sign = signs.get(type(constraint).__name__)
        if sign:
            found.append(f"{sign} {getattr(constraint, type(constraint).__name__.lower())}")
    return ", ".join(found)


def _accepted(info: FieldInfo) -> str:
    choices = get_args(info.annotation)
    if choices and all(isinstance(choice, str | int) for choice in choices):
        return ", ".join(f"`{choice}`" for choice in choices)
    kind = str(info.annotation)
    if kind.startswith("tuple["):
        return "list of names"
    for name, shown in (("bool", "true or false"), ("int", "whole number"), ("float", "number"), ("Path", "folder")):
        if name in kind:
            return " ".join(filter(None, [shown, _bounds(info)]))
    return "text"


def settings_table(model: type[BaseModel]) -> str:
    """Return a table with a row for each key of a group of settings; the groups in it have tables of their own."""
    rows = ["| key | default | accepted | meaning |", "| --- | --- | --- | --- |"]
    for name, info in model.model_fields.items():
        if _is_group(info) or name in _TABLES:
            continue
        cells = (f"`{info.alias or name}`", _default(info), _accepted(info), _cell(info.description or ""))
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows) + "\n"


def groups() -> dict[str, Any]:
    """Return every group of settings by its name in dedup.toml; `top` is what stands in no group."""
    found: dict[str, Any] = {"top": Settings, "source": SourceSettings, "source.columns": ColumnSettings}
    for name, info in Settings.model_fields.items():
        if _is_group(info):
            found[name] = info.annotation
    found["quality.rule"] = RuleSettings
    found["alerts.webhook"] = WebhookSettings
    return found


def _type(type_: pa.DataType) -> str:
    if pa.types.is_fixed_size_list(type_):
        return f"{type_.list_size} × {type_.value_type}"
    if pa.types.is_list(type_):
        return f"list of {type_.value_type}"
    return _TYPES.get(str(type_), str(type_))


def _dataset_lines(dataset: Dataset) -> Iterator[str]:
    yield f"## {dataset.name}"
    yield ""
    key = ", ".join(f"`{name}`" for name in dataset.key) or "none"
    order = ", ".join(
        f"`{name}`" if name in dataset.schema.names else "document (as in `documents`)" for name in dataset.sort_by
    )
    filed = "; each file holds documents that follow each other" if dataset.by_document else ""
    apart = ", clusters that have or had several sections in files of their own" if dataset.apart else ""
    folder = f"Folder `{dataset.path}/`, key {key}, sorted by {order}{filed}{apart}"
    yield f"{dataset.doc[0].upper()}{dataset.doc[1:]}. {folder}."
    yield ""
    yield "| column | type | null | meaning |"
    yield "| --- | --- | --- | --- |"
    for field in dataset.schema:
        doc = _cell(field.metadata[b"doc"].decode())
        yield f"| `{field.name}` | {_type(field.type)} | {'yes' if field.nullable else ''} | {doc} |"
    yield ""


def datasets_text() -> str:
    """Return a section for each dataset of a release, with a table of its columns."""
    lines = ["| dataset | what it holds |", "| --- | --- |"]
    lines += [f"| [`{name}`](#{name}) | {dataset.doc} |" for name, dataset in DATASETS.items()]
    lines.append("")
    for dataset in DATASETS.values():
        lines += _dataset_lines(dataset)
    return "\n".join(lines)


def parts() -> dict[str, Callable[[], str]]:
    """Return what can stand between the marks of a page, by name."""
    made: dict[str, Callable[[], str]] = {"datasets": datasets_text}
    for name, model in groups().items():
        made[f"settings {name}"] = partial(settings_table, model)
    return made


def rendered(text: str) -> str:
    """Return the text of a page with its generated parts made anew."""
    made = parts()
    return _PART.sub(lambda m: f"{m[1]}\n{made[m[2]]()}\n{m[3]}", text)


if __name__ == "__main__":
    for page in sorted(DOCS.glob("*.md")):
        page.write_text(rendered(page.read_text("utf-8")), "utf-8")
