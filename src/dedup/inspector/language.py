"""Words of the interface, in each language a catalogue of its own (`i18n/*.toml`)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from dedup.inspector.sentences import Sentences, read_forms

#: Code -> name in the language itself, the default first.
LANGUAGES = {"en": "English", "zh": "中文"}
DEFAULT = "en"


class Catalogue:
    """The words of one language.

    Calling it with a key gives the words, with `{name}` replaced by the values given; what the catalogue lacks is
    looked up in the default language, and what that lacks (names that data bring along) stays as it is: the last part
    of the key, underscores as blanks.
    """

    def __init__(self, code: str) -> None:
        self.code = code
        self._words = _load(code)
        self._default = self._words if code == DEFAULT else _load(DEFAULT)
        self._sentences = Sentences(read_forms(code), self.label)

    def __call__(self, key: str, **values: Any) -> str:
        """Return the words of a key."""
        words = self._words.get(key) or self._default.get(key) or key.rpartition(".")[2].replace("_", " ")
        return words.format(**values) if values else words

    def label(self, group: str, value: object) -> str:
        """Return the words for a value that data hold, such as `label("rule", "jaccard")`."""
        return "" if value is None else self(f"{group}.{value}")

    def named(self, group: str, name: str) -> str:
        """Return the words for a name in a group that is open: a name without words stays as it is."""
        return self._words.get(f"{group}.{name}", name)

    def say(self, sentence: str | None) -> str:
        """Return a sentence that the program wrote into a release; as it is where its form is not known."""
        return self._sentences.say(sentence)

    def knows(self, sentence: str) -> bool:
        """Return whether the form of such a sentence is known."""
        return self._sentences.knows(sentence)

    def count(self, key: str, n: int) -> str:
        """Return words with a number: `key.one` for 1 where there is one, else `key.many`."""
        one = f"{key}.one"
        return self(one if n == 1 and one in self._words else f"{key}.many", n=f"{n:,}")


@cache
def _load(code: str) -> dict[str, str]:
    """Return the words by dotted key."""
    text = (files("dedup.inspector") / "i18n" / f"{code}.toml").read_text("utf-8")
    return dict(_flat(tomllib.loads(text)))


def _flat(tree: dict[str, Any], before: str = "") -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in tree.items():
        found += _flat(value, f"{before}{key}.") if isinstance(value, dict) else [(before + key, str(value))]
    return found


@cache
def catalogue(code: str) -> Catalogue:
    """Return the catalogue of a language."""
    return Catalogue(code)


def choose_language(asked: str | None, cookie: str | None, accepted: str | None) -> str:
    """Return the code of the language to use.

    Parameters
    ----------
    asked : of the address (`?lang=zh`); wins
    cookie : chosen earlier
    accepted : the header Accept-Language
    """
    for code in (asked, cookie):
        if code in LANGUAGES:
            return str(code)
    ranked: list[tuple[float, int, str]] = []
    for place, part in enumerate((accepted or "")[:200].split(",")):
        match = re.fullmatch(r"\s*([A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([0-9.]{1,5}))?\s*", part)
        if match and match[1].lower() in LANGUAGES:
            try:
                weight = float(match[2] or 1)
            except ValueError:
                continue
            ranked.append((-weight, place, match[1].lower()))
    return min(ranked)[2] if ranked else DEFAULT
