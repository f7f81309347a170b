"""Two texts side by side: exact similarities, what they are to each other under the settings, where they differ."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from dedup.clusters.differences import KINDS, Difference, align
from dedup.clusters.variants import mark_variants
from dedup.fingerprinting.minhash import signature_matrix
from dedup.matching.verify import VerifiedPairs, edit_similarities, shared_shingles
from dedup.settings import FingerprintSettings, MatchSettings
from dedup.text.normalise import content_hashes, string_array

Relation = Literal["exact", "near_duplicate", "variant", "none"]


@dataclass(frozen=True)
class Comparison:
    """What two texts are to each other.

    Attributes
    ----------
    relation : `exact`, `near_duplicate`, `variant` (a near-duplicate that states other facts) or `none`
    rule : what decided, as in the pairs dataset: `content_hash`, `jaccard`, `edit`; for `none` what was missed:
        `floor`, `edit` or `empty`
    reason : the decision in words, with the thresholds
    jaccard : exact Jaccard similarity of the distinct shingles; containment_a, containment_b : share of a's (b's)
        distinct shingles that stand in the other text
    estimate : the same Jaccard similarity as the MinHash signatures estimate it
    edit_similarity : exact Indel similarity of the normalised texts
    a, b : the two texts
    """

    relation: Relation
    rule: str
    reason: str
    jaccard: float
    containment_a: float
    containment_b: float
    estimate: float
    edit_similarity: float
    a: str = field(repr=False)
    b: str = field(repr=False)

    @cached_property
    def differences(self) -> tuple[Difference, ...]:
        """Where the texts, as they are, differ, in order; aligned when first asked for."""
        return tuple(align(self.a, self.b))

    @property
    def is_duplicate(self) -> bool:
        """Whether one stands for the other: exact or near-duplicate, and no variant."""
        return self.relation in ("exact", "near_duplicate")

    def counts(self) -> dict[str, int]:
        """Return the number of differences of each kind that occurs, in the order of `KINDS`."""
        found = Counter(d.kind for d in self.differences)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON, without the texts."""
        plain = asdict(self)
        del plain["a"], plain["b"]
        return {**plain, "differences": [asdict(d) for d in self.differences]}

    def __str__(self) -> str:
        lines = [
            f"{self.relation.replace('_', '-')}: {self.reason}",
            f"Jaccard {self.jaccard:.3f} (estimated {self.estimate:.3f}), edit similarity {self.edit_similarity:.3f}, "
            f"{self.containment_a:.0%} of a in b, {self.containment_b:.0%} of b in a",
        ]
        lines += [f"  {d.kind:<15} [-{d.a}-]{{+{d.b}+}}".replace("\n", "⏎") for d in self.differences]
        return "\n".join(lines)


def compare(
    a: str, b: str, *, match: MatchSettings | None = None, fingerprint: FingerprintSettings | None = None
) -> Comparison:
    """Compare two texts.

    Parameters
    ----------
    a, b : texts as they are; they are normalised for the similarities and shown unchanged in the differences
    match, fingerprint : what a near-duplicate is, and what a shingle is; default: the default settings
    """
    match = match or MatchSettings()
    fingerprint = fingerprint or FingerprintSettings()
    texts = string_array([a, b])
    zero, one = np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64)
    prints = signature_matrix(texts, ngram=fingerprint.ngram, unit=fingerprint.unit)
    if prints.n_shingles.min() == 0:
        reason = "a text without letters and digits is no duplicate of anything"
        return Comparison("none", "empty", reason, 0.0, 0.0, 0.0, 0.0, 0.0, a, b)
    shared, size_a, size_b = (int(x[0]) for x in shared_shingles(texts, zero, one, fingerprint))
    jaccard = shared / (size_a + size_b - shared)
    edit = float(edit_similarities(texts, zero, one)[0])
    hash_a, hash_b = content_hashes(texts)
    relation, rule, reason = _judge(hash_a == hash_b, jaccard, edit, match)
    if relation == "near_duplicate":
        why = _why_variant(texts, match)
        if why:
            relation, reason = "variant", f"{reason}, but {why}: another edition"
    return Comparison(
        relation,
        rule,
        reason,
        jaccard,
        shared / size_a,
        shared / size_b,
        float((prints.signatures[0] == prints.signatures[1]).mean()),
        edit,
        a,
        b,
    )


def _judge(same_content: bool, jaccard: float, edit: float, match: MatchSettings) -> tuple[Relation, str, str]:
    if same_content:
        return "exact", "content_hash", "equal but for white space and the width of characters"
    if jaccard >= match.jaccard:
        return "near_duplicate", "jaccard", f"Jaccard {jaccard:.3f} is at least {match.jaccard:g}"
    if jaccard < match.floor:
        return "none", "floor", f"Jaccard {jaccard:.3f} is below the floor of {match.floor:g}"
    between = f"Jaccard {jaccard:.3f} lies between {match.floor:g} and {match.jaccard:g}"
    if edit >= match.edit:
        return "near_duplicate", "edit", f"{between}, and the edit similarity {edit:.3f} is at least {match.edit:g}"
    return "none", "edit", f"{between}, but the edit similarity {edit:.3f} is below {match.edit:g}"


def _why_variant(texts: pa.Array, match: MatchSettings) -> str:
    """Say what makes two near-duplicates variants; '' when nothing does."""
    number, value = np.array([0], dtype=np.int64), np.zeros(1)
    pair = VerifiedPairs(number, number + 1, value, value, value, value, 0, 0)
    marks = mark_variants(pair, texts, np.arange(2), match)
    if not marks.is_variant[0]:
        return ""
    if marks.by_date[0]:
        return "both carry a full date at their head, of different days"
    return f"{marks.replaced[0]} of {marks.aligned[0]} aligned figures are replaced (from {match.variant_share:.0%})"
