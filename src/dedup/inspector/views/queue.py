"""The queue: one pair after another, judged by key."""

from __future__ import annotations

from typing import Any

from dedup.decisions import DecisionError, StoreError, UnknownDecision
from dedup.inspector.asking import Asked
from dedup.inspector.rendering import Look, Page
from dedup.inspector.store import Missing
from dedup.inspector.text.diff import side_by_side
from dedup.inspector.views.answers import Answer, Redirect
from dedup.inspector.views.decisions import NotRecorded, desk_of
from dedup.inspector.views.pairs import explain_pair

VERDICTS = ("yes", "no", "edition", "unsure")


def queue_view(look: Look, asked: Asked) -> Answer:
    """Show the next pair that waits, of the doubtful ones or of a sample."""
    desk = desk_of(look)
    task, skip = asked.optional_id("task", "j"), asked.whole("skip", 0, 0, 100_000)
    queue: Any
    try:
        queue = desk.sample(task) if task else desk.doubts(look.store)
    except (UnknownDecision, StoreError) as error:
        raise NotRecorded(str(error)) from error
    data: dict[str, Any] = {
        "title": look.t("queue.title"),
        "task": task,
        "skip": skip,
        "blind": bool(task),
        "progress": queue.progress(),
        "done": asked.optional_id("done", "g"),
        "undone": asked.optional_id("undone", "g"),
        "samples": desk.samples(),
        "pair": None,
    }
    while (pair := queue.next_pair(skip)) is not None:
        try:
            found = explain_pair(look.store, pair.section_a, pair.section_b)
        except Missing:  # a sample drawn from another release may name texts that are gone
            skip += 1
            continue
        comparison = found.comparison
        data |= {
            "pair": pair,
            "skip": skip,
            "found": found,
            "a": found.a,
            "b": found.b,
            "diff": side_by_side(comparison.a, comparison.b, comparison.differences),
            "counts": comparison.counts(),
            "essential": False,
            "trivial": 0,
            "cut": False,
        }
        break
    return Page("queue.html", data)


def judge_view(look: Look, asked: Asked) -> Answer:
    """Write a verdict down and go on to the next pair."""
    desk = desk_of(look)
    task, skip = asked.optional_id("task", "j"), asked.whole("skip", 0, 0, 100_000)
    verdict = asked.choice("verdict", (*VERDICTS, "skip"), "skip")
    if verdict == "skip":
        return Redirect(look.address("queue", task=task, skip=skip + 1) or "/")
    a, b = asked.id("a", "s"), asked.id("b", "s")
    queue: Any
    try:
        queue = desk.sample(task) if task else desk.doubts(look.store)
        pair = next((p for p in queue.pairs if (p.section_a, p.section_b) == (a, b)), None)
        if pair is None:
            raise NotRecorded(look.t("queue.gone"))
        made = queue.judge(pair, verdict, who=look.who, note=asked.text("note", 2000))
    except (DecisionError, StoreError, UnknownDecision) as error:
        raise NotRecorded(str(error)) from error
    return Redirect(look.address("queue", task=task, skip=skip, done=made if isinstance(made, str) else None) or "/")
