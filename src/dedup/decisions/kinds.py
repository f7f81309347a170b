"""What a person can decide about texts, and what a decision is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["same", "not_same", "edition", "unsure", "split", "canonical", "boilerplate", "undo"]

#: Decisions about two texts. A newer one about the same two takes the place of the older one.
PAIR_KINDS: tuple[str, ...] = ("same", "not_same", "edition", "unsure")
#: Decisions about one text; each kind stands by itself.
SINGLE_KINDS: tuple[str, ...] = ("split", "canonical", "boilerplate")
KINDS: tuple[str, ...] = (*PAIR_KINDS, *SINGLE_KINDS)
UNDO = "undo"

#: What each kind says, for lists, pages and help texts.
MEANING: dict[str, str] = {
    "same": "copies of one text",
    "not_same": "different texts",
    "edition": "another edition of the text: linked, not merged",
    "unsure": "looked at without a result",
    "split": "this text stands alone",
    "canonical": "this copy is the one to publish",
    "boilerplate": "boilerplate: no report, no passage worth following",
    "undo": "an earlier decision taken back",
}

MOST_NOTE = 2000
MOST_NAME = 200


class DecisionError(ValueError):
    """A decision that cannot be taken; the message says why and what to do."""


class UnknownDecision(LookupError):
    """No decision has this id, or several begin with it."""


@dataclass(frozen=True)
class Subject:
    """What a decision is about, written so that equal subjects are equal.

    Attributes
    ----------
    kind : one of `KINDS`
    key_a : content hash of a section, or the id of a passage (only for boilerplate)
    key_b : content hash of the other section of a pair, above key_a; '' for one text
    """

    kind: str
    key_a: str
    key_b: str = ""

    @property
    def name(self) -> str:
        """What newer decisions must have in common with this one to replace it."""
        return f"{'pair' if self.kind in PAIR_KINDS else self.kind}:{self.key_a}:{self.key_b}"


def make_subject(kind: str, a: str, b: str | None = None) -> Subject:
    """Return the subject of a decision.

    Parameters
    ----------
    a, b : keys: the content hash of a section (`sections.content_hash`), or, for boilerplate, a passage id

    Raises
    ------
    DecisionError
        The kind is not known, or a key is missing or one too many.
    """
    if kind not in KINDS:
        raise DecisionError(f"{kind!r} is no decision; there are {', '.join(KINDS)}")
    if not a or (b is not None and not b):
        raise DecisionError("a decision needs the content hash of a section (or the id of a passage)")
    if kind in PAIR_KINDS:
        if b is None:
            raise DecisionError(f"{kind} is said of two texts; name a second one")
        if a == b:
            raise DecisionError(
                "both are the same text, character for character, and decisions are about texts: exact copies always "
                "stand together"
            )
        return Subject(kind, *sorted((a, b)))
    if b is not None:
        raise DecisionError(f"{kind} is said of one text; leave the second one out")
    if a.startswith("x_") and kind != "boilerplate":
        raise DecisionError(f"{kind} is said of a section, {a} is a passage; passages can be boilerplate only")
    return Subject(kind, a)


def check_words(note: str, who: str) -> tuple[str, str]:
    """Return note and name as they are stored.

    Raises
    ------
    DecisionError
        Nobody is named, or the words are too long.
    """
    note, who = note.strip(), " ".join(who.split())
    if not who:
        raise DecisionError("somebody must be named who decides")
    if len(who) > MOST_NAME or len(note) > MOST_NOTE:
        raise DecisionError(f"a name has at most {MOST_NAME} characters, a note {MOST_NOTE:,}")
    return note, who
