"""Words of the generated reports, read from `vocabulary.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Field:
    """One field of government work: what is done (verb + modifier + head), under which titles, with which figures."""

    titles: tuple[str, ...]
    modifiers: tuple[str, ...]
    heads: tuple[str, ...]
    verbs: tuple[str, ...]
    subjects: tuple[str, ...]
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Vocabulary:
    """All word lists: `words` and whole `sentences` by name, `fields` in file order, sentence `patterns` by tense."""

    words: dict[str, tuple[str, ...]]
    sentences: dict[str, tuple[str, ...]]
    fields: tuple[Field, ...]
    patterns: dict[str, tuple[str, ...]]


@cache
def vocabulary() -> Vocabulary:
    """Return the word lists of the package; they are read once."""
    data = tomllib.loads(files(__package__).joinpath("vocabulary.toml").read_text("utf-8"))
    fields = tuple(
        Field(
            **{name: tuple(text.split()) for name, text in field.items() if name != "figures"},
            figures=tuple(field["figures"].splitlines()),
        )
        for field in data["fields"].values()
    )
    return Vocabulary(
        words={name: tuple(text.split()) for name, text in data["words"].items()},
        sentences={name: tuple(text.splitlines()) for name, text in data["sentences"].items()},
        fields=fields,
        patterns={name: tuple(text.splitlines()) for name, text in data["patterns"].items()},
    )
