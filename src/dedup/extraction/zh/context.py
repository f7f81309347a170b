"""What earlier clauses established: their subjects, and the heading of the paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from dedup.extraction.zh.names import strip_lead
from dedup.extraction.zh.reading import Reading
from dedup.extraction.zh.words import any_pattern


@dataclass(slots=True)
class Subject:
    """What a clause measures.

    Attributes
    ----------
    name : in the words of the text
    start : where it stands in the shadow
    scope : whose it is, None where the clause does not say
    """

    name: str
    start: int
    scope: str | None = None


_REMEMBERED = 8


@dataclass(slots=True)
class Context:
    """The state of reading.

    Attributes
    ----------
    sentence : where the sentence begins that is read
    subjects : what its clauses named so far, in order
    before : what those of the sentences before named last, in the same paragraph
    grouped : how many of them share their words (A、B分别达到…)
    shares : the subject of the last 占…, for a change that follows it
    heading : the subject of a short sentence without figures right before (`第三产业提速发展。`)
    """

    sentence: int = -1
    subjects: list[Subject] = field(default_factory=list)
    before: list[Subject] = field(default_factory=list)
    shares: list[Subject] = field(default_factory=list)
    grouped: int = 0
    heading: Subject | None = None

    def enter(self, reading: Reading, sentence: int) -> None:
        """Move on to the sentence that begins at `sentence`."""
        if sentence == self.sentence:
            return
        shadow = reading.shadow
        heading = _heading(reading, self.sentence, sentence)
        same_paragraph = self.sentence >= 0 and shadow.find("\n", self.sentence, sentence) < 0
        self.heading = heading or (self.heading if same_paragraph else None)
        self.before = [*self.before, *self.subjects][-_REMEMBERED:] if same_paragraph else []
        self.sentence = sentence
        self.subjects = []
        self.shares = []

    def name(self, subjects: list[Subject]) -> None:
        """Take what a clause named."""
        self.subjects.extend(subjects)
        self.grouped = len(subjects)
        self.shares = []


#: A subject up to what a clause without figures tells of it (第三产业 | 提速发展, 财政收入 | 连续跨越…).
TOLD = re.compile(f"(?:.{{2,16}}?)(?={any_pattern('name.told_patterns')})")


def _heading(reading: Reading, since: int, sentence: int) -> Subject | None:
    shadow = reading.shadow
    if sentence < 2:
        return None
    end = sentence - 1
    start = reading.sentence_start(end - 1)
    if start <= since or not 4 <= end - start <= 22 or any(c in "0123456789，" for c in shadow[start:end]):
        return None
    clause = shadow[start:end]
    lead, _ = strip_lead(clause)
    match = TOLD.match(clause, lead)
    return None if match is None else Subject(match.group(), start + lead)
