"""What the verbs about decisions have in common: who decides, and judging pairs at the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from dedup.cli.console import harmless, note, out, plural, shorten, width
from dedup.cli.failures import USAGE, CommandError

if TYPE_CHECKING:
    from dedup.clusters.finding import ReadableRelease
    from dedup.decisions import DecisionStore
    from dedup.decisions.uncertain import Progress
    from dedup.settings import Settings

Who = Annotated[
    str | None,
    typer.Option("--who", help="Who decides. Default: `who` of \\[decisions], else your name on this machine.",
                 show_default=False),
]  # fmt: skip
Note = Annotated[str, typer.Option("--note", "-m", help="Why, in your words; pages are not quoted in it.")]

#: What is typed -> verdict.
_KEYS = {
    "y": "yes", "yes": "yes", "n": "no", "no": "no", "e": "edition", "edition": "edition", "u": "unsure",
    "unsure": "unsure",
}  # fmt: skip
_PROMPT = "copies of one text? [y]es [n]o [e]dition [u]nsure [s]kip [f]ull [q]uit > "


class Pair(Protocol):
    """Two texts to be judged."""

    @property
    def section_a(self) -> str:
        """First section."""

    @property
    def section_b(self) -> str:
        """Second section."""


class Queue(Protocol):
    """Pairs that wait for a verdict."""

    def progress(self) -> Progress:
        """Return how many are judged."""

    def next_pair(self, skip: int = 0) -> Any:
        """Return the first that waits, or a later one."""

    def judge(self, pair: Any, verdict: str, *, who: str, note: str = "") -> Any:
        """Write a verdict down."""


def decider(settings: Settings, who: str | None) -> str:
    """Return who decides.

    Raises
    ------
    CommandError
        Nobody is named, and this machine does not know either.
    """
    if who or settings.decisions.who:
        return str(who or settings.decisions.who)
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise CommandError(
            "nobody is named who decides; add --who NAME, or `who` under [decisions] in dedup.toml", USAGE
        ) from None


def opened_store(settings: Settings) -> DecisionStore:
    """Open the store of decisions of a warehouse that has a release."""
    from dedup.decisions import open_store

    return open_store(settings)


def judge_at_terminal(queue: Queue, release: ReadableRelease, who: str, *, blind: bool) -> None:
    """Show pair after pair and take down what is typed, until the queue or the input ends.

    Parameters
    ----------
    blind : what the machine thinks of the pair is not shown, so that it sways nobody
    """
    skip = 0
    while (pair := queue.next_pair(skip)) is not None:
        done = queue.progress()
        out().print(f"{done.done + 1} of {done.total}", style="bold")
        _show(release, pair, blind=blind)
        while True:
            answer = _ask()
            if answer == "f":
                _show(release, pair, blind=blind, full=True)
            elif answer in ("s", "q") or answer in _KEYS:
                break
            else:
                note(f"{answer!r} is no answer; y, n, e, u, s, f or q")
        if answer == "q":
            break
        if answer == "s":
            skip += 1
        else:
            queue.judge(pair, _KEYS[answer], who=who)
    done = queue.progress()
    skipped = f", {skip:,} skipped" if skip else ""
    note(f"{done.done:,} of {plural(done.total, 'pair')} judged{skipped}")


def _ask() -> str:
    sys.stdout.flush()
    print(_PROMPT, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    # The end of the input ends the session; what was judged is kept.
    return line.strip().lower() if line else "q"


def _show(release: ReadableRelease, pair: Pair, *, blind: bool, full: bool = False) -> None:
    from dedup.cli.difference_view import print_differences
    from dedup.clusters.comparison import compare
    from dedup.clusters.explain import read_member
    from dedup.clusters.finding import NotFound
    from dedup.decisions.uncertain import STRATA, DoubtfulPair

    known = release.sql(
        "SELECT count(*) AS n FROM sections WHERE section_id IN ($a, $b)", {"a": pair.section_a, "b": pair.section_b}
    )
    if known.column("n")[0].as_py() != 2:
        raise NotFound(f"release {release.id} has no section {pair.section_a} or {pair.section_b} any more")
    members = [read_member(release, section) for section in (pair.section_a, pair.section_b)]
    for name, member in zip("AB", members, strict=True):
        title = shorten(member.title, max(20, width() - 34))
        out().print(f"{name}  {member.section_id}  {harmless(title)}", markup=False)
        out().print(f"   {harmless(member.uri)} · {member.n_chars:,} characters", style="dim", markup=False)
    found = compare(members[0].clean_text, members[1].clean_text)
    if not blind and isinstance(pair, DoubtfulPair):
        edit = "" if pair.edit_similarity is None else f" · edit similarity {pair.edit_similarity:.3f}"
        out().print(f"   {STRATA[pair.stratum]} · Jaccard {pair.jaccard:.3f}{edit}", style="dim", markup=False)
    print_differences(found, full=full, most=12)
