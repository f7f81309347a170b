"""Sentences that the program itself wrote into a release, said in another language.

Releases keep reasons and verdicts in English. Their forms are a closed set: `i18n/sentences/` holds for each language
the English form and its translation, with slots for what differs. A sentence of no known form (of a rule of the user,
of a newer version) is shown as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

#: Longer sentences hold more than words of the program; they are shown as they are.
MOST_CHARS = 1200
#: Kept translations of one language; pages of a list repeat a few dozen.
_KEPT = 4096

_SLOT = re.compile(r"\{(\w+)(?::(\w+)(,)?)?\}")
#: What fills a slot of a kind. All other kinds name a group of the catalogue, whose label is shown.
_FILLED = {
    "text": "(?s:.+?)",
    "number": r"[0-9][0-9.,]*%?",
    "id": "[a-z]_[0-9a-f]{16}",
    "formula": "[^:]+?",
    "day": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "sentence": "(?s:.+?)",
    "known": "(?s:.+?)",
}
_LABEL = "[a-z][a-z_ ]*"


@dataclass(frozen=True)
class _Slot:
    """A place in a form that is filled: `kind` says by what; `many` for a list with commas."""

    name: str
    kind: str
    many: bool


@dataclass(frozen=True)
class _Form:
    """One sentence with slots, and what it is in the other language; `start` and `longest` are words of its own."""

    start: str
    longest: str
    pattern: re.Pattern[str]
    slots: tuple[_Slot, ...]
    said: str
    letters: int


class Sentences:
    """The sentences of one language.

    Parameters
    ----------
    forms : English form -> the form in this language. A slot is `{name}` for any words, or `{name:kind}` with the kind
        `number`, `id`, `day`, `formula` (words without a colon), `sentence` (translated itself where its form is
        known), `known` (its form must be known), or any group of the catalogue, such as `{kind:kind}`. With a comma
        behind the kind the slot holds a list: `{signs:known,}`
    label : gives the words of a value in a group of the catalogue
    """

    def __init__(self, forms: dict[str, str], label: Callable[[str, str], str]) -> None:
        self._plain = {form: said for form, said in forms.items() if not _SLOT.search(form)}
        with_slots = [_compile(form, said) for form, said in forms.items() if form not in self._plain]
        # Of several forms that fit, the one with the most words of its own is meant.
        self._forms = sorted(with_slots, key=lambda form: -form.letters)
        self._label = label
        self._find = lru_cache(_KEPT)(self._look_up)

    def say(self, sentence: str | None) -> str:
        """Return a sentence in this language; as it is where its form is not known."""
        if not sentence:
            return ""
        return self._find(sentence) or sentence

    def knows(self, sentence: str) -> bool:
        """Whether the form of a sentence is known."""
        return self._find(sentence) is not None

    def _look_up(self, sentence: str) -> str | None:
        if len(sentence) > MOST_CHARS:
            return None
        if sentence in self._plain:
            return self._plain[sentence]
        for form in self._forms:
            if not (sentence.startswith(form.start) and form.longest in sentence):
                continue  # told faster than by the pattern
            match = form.pattern.fullmatch(sentence)
            filled = match and self._fill(form, match)
            if filled:
                return form.said.format(**filled)
        return None

    def _fill(self, form: _Form, match: re.Match[str]) -> dict[str, str] | None:
        """Return what stands in the slots, in this language; None where it cannot be this form."""
        filled: dict[str, str] = {}
        for slot in form.slots:
            words = match[slot.name]
            parts = [self._in_slot(slot.kind, part) for part in (words.split(", ") if slot.many else [words])]
            if any(part is None for part in parts):
                return None
            filled[slot.name] = self._label("sentence", "list").join(part for part in parts if part)
        return filled

    def _in_slot(self, kind: str, words: str) -> str | None:
        if kind == "sentence":
            return self._find(words) or words
        if kind == "known":
            return self._find(words)
        return words if kind in _FILLED else self._label(kind, words.replace(" ", "_"))


def _compile(form: str, said: str) -> _Form:
    pattern, slots, end = "", [], 0
    for match in _SLOT.finditer(form):
        name, kind, many = match[1], match[2] or "text", bool(match[3])
        filled = _FILLED.get(kind, _LABEL)
        pattern += re.escape(form[end : match.start()])
        pattern += f"(?P<{name}>{f'{filled}(?:, {filled})*' if many and kind not in _FILLED else filled})"
        slots.append(_Slot(name, kind, many))
        end = match.end()
    pattern += re.escape(form[end:])
    own = _SLOT.sub("\0", form).split("\0")
    return _Form(
        own[0],
        max(own, key=len),
        re.compile(pattern),
        tuple(slots),
        _SLOT.sub(r"{\1}", said),
        sum(map(len, own)),
    )


def read_forms(code: str) -> dict[str, str]:
    """Return the forms of a language, English -> its own; nothing for a language that needs none."""
    folder = files("dedup.inspector") / "i18n" / "sentences"
    found: dict[str, str] = {}
    for name in (f"{code}.toml", f"{code}-rules.toml"):
        path = folder / name
        if path.is_file():
            found.update(_flat(tomllib.loads(path.read_text("utf-8"))))
    return found


def _flat(tree: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield key, str(value)
