"""What people decided about texts, made consistent: the newest wins, and what stands against it is set aside."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Wish:
    """One decision about texts of this run.

    Attributes
    ----------
    number : its place among all decisions, 0 is the oldest
    kind : same, not_same, edition (of two texts), split, canonical (of one)
    a, b : numbers of the texts; b is -1 where there is no second one
    """

    number: int
    kind: str
    a: int
    b: int = -1


@dataclass
class Constraints:
    """Decisions that do not contradict each other.

    Attributes
    ----------
    together : pairs of texts that are one (`same`)
    apart : pairs that never share a cluster (`not_same`)
    editions : pairs that are linked and never share a cluster (`edition`)
    alone : texts that share a cluster with no other text (`split`)
    first : texts that stand for their cluster, newest first (`canonical`); which of them share a cluster is not known
        yet
    overruled : number of a wish -> number of a newer one that contradicts it
    """

    together: list[Wish] = field(default_factory=list)
    apart: list[Wish] = field(default_factory=list)
    editions: list[Wish] = field(default_factory=list)
    alone: list[Wish] = field(default_factory=list)
    first: list[Wish] = field(default_factory=list)
    overruled: dict[int, int] = field(default_factory=dict)


class _Bundles:
    """Texts that are one by decision, and what keeps bundles apart."""

    def __init__(self) -> None:
        self._parent: dict[int, int] = {}
        #: The oldest decision so far that made the bundle what it is.
        self.made_by: dict[int, int] = {}
        #: Bundle -> other bundle -> the newest decision that keeps them apart.
        self._apart: dict[int, dict[int, int]] = {}
        #: Bundle -> the newest decision that one of its texts stands alone.
        self.alone: dict[int, int] = {}

    def find(self, text: int) -> int:
        root = text
        while self._parent.get(root, root) != root:
            root = self._parent[root]
        while self._parent.get(text, text) != root:
            self._parent[text], text = root, self._parent[text]
        return root

    def keeps_apart(self, a: int, b: int) -> int | None:
        """Return the newest decision that keeps two bundles from being one."""
        found = [self._apart.get(a, {}).get(b), self.alone.get(a), self.alone.get(b)]
        return max((number for number in found if number is not None), default=None)

    def part(self, a: int, b: int, number: int) -> None:
        for one, other in ((a, b), (b, a)):
            self._apart.setdefault(one, {}).setdefault(other, number)

    def join(self, a: int, b: int, number: int) -> None:
        self._parent[b] = a
        self.made_by[a] = number
        for other, since in self._apart.pop(b, {}).items():
            del self._apart[other][b]
            newest = max(since, self._apart.get(a, {}).get(other, -1))
            self._apart.setdefault(a, {})[other] = newest
            self._apart[other][a] = newest


def settle(wishes: Iterable[Wish]) -> Constraints:
    """Return which wishes can be met together.

    Parameters
    ----------
    wishes : in any order; their numbers say which is newer

    Notes
    -----
    From the newest to the oldest each wish is taken unless those taken already rule it out: `same` is ruled out when
    it would put into one cluster what must be apart or alone, `not_same`, `edition` and `split` when their texts are
    already one, or told apart in another way. So the newest is always met, whatever else was decided.
    """
    bundles = _Bundles()
    met = Constraints()
    told_apart: dict[frozenset[int], int] = {}
    for wish in sorted(wishes, key=lambda w: w.number, reverse=True):
        a = bundles.find(wish.a)
        b = bundles.find(wish.b) if wish.b >= 0 else -1
        against: int | None = None
        if wish.kind == "canonical":
            met.first.append(wish)
        elif wish.kind == "split":
            against = bundles.made_by.get(a)
            if against is None:
                bundles.alone.setdefault(a, wish.number)
                met.alone.append(wish)
        elif wish.kind == "same":
            against = bundles.keeps_apart(a, b) if a != b else None
            if against is None:
                if a != b:
                    bundles.join(a, b, wish.number)
                met.together.append(wish)
        elif wish.kind in ("not_same", "edition"):
            texts = frozenset((wish.a, wish.b))
            against = bundles.made_by[a] if a == b else told_apart.get(texts)
            if against is None:
                told_apart[texts] = wish.number
                bundles.part(a, b, wish.number)
                (met.apart if wish.kind == "not_same" else met.editions).append(wish)
        else:
            raise ValueError(f"{wish.kind} says nothing about clusters")
        if against is not None:
            met.overruled[wish.number] = against
    return met
