"""Damaged copies: letters and lines are filled from other copies, figures never, and every repair is on record."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.clusters.copies import CopyFindings, examine_copies
from dedup.clusters.damage import is_broken_line, lost_pairs

_PIECES = st.sampled_from(
    [
        "场、",
        "尝",
        "础。",
        "矗",
        "圆满",
        "～",
        "xx",
        "青石",
        "2004年",
        "20xx年",
        "～年",
        "8%",
        "8‰",
        "七个",
        "\ufffd",
        "村",
        "增长",
        "\n",
        "，",
        "。",
        "我们继续",
    ]
)
_TEXTS = st.lists(_PIECES, min_size=1, max_size=24).map("".join)
_FIGURE = re.compile("[0-9年‰%七]")


def examine(texts: list[str], order: list[int] | None = None, canonical: int = 0) -> CopyFindings:
    n = len(texts)
    return examine_copies(
        pa.array(texts, pa.large_string()),
        np.full(n, canonical, dtype=np.int64),
        np.array(order if order is not None else range(n), dtype=np.int64),
    )


def repairs(texts: list[str]) -> list[tuple[int, str, str, str, int, int]]:
    names = ("row", "kind", "quote", "repaired", "donor_row", "n_agreeing")
    return [tuple(r[n] for n in names) for r in examine(texts).repairs.to_pylist()]  # type: ignore[misc]


def repaired(text: str, rows: list[dict[str, object]]) -> str:
    for r in sorted(rows, key=lambda r: -r["clean_start"]):  # type: ignore[operator]
        text = text[: r["clean_start"]] + str(r["repaired"]) + text[r["clean_end"] :]  # type: ignore[index, misc]
    return text


def gbk_without_pairs(text: str) -> str:
    return text.encode("gbk").replace(b"\xa1\xa1", b"").decode("gbk", "replace")


@given(st.integers(0xB0, 0xF7), st.sampled_from("、。“”‘’《》；：？！…—"))
def test_lost_bytes_are_recognised_for_any_letter_and_sign(lead: int, sign: str) -> None:
    letter = bytes((lead, 0xA1)).decode("gbk")
    tail = sign.encode("gbk")
    if tail[0] == 0xA1:
        damaged = gbk_without_pairs(letter + sign)
        assert len(damaged) == 1
        assert lost_pairs(damaged, letter + sign)
        assert not lost_pairs(letter + sign, damaged)


@pytest.mark.parametrize(
    ("damaged", "whole"),
    [("尝", "场。"), ("市", "场、"), ("储", "础"), ("场", "场　"), ("", "场、"), ("a", "é、"), ("尝", "𠀀、")],
)
def test_other_differences_are_no_lost_bytes(damaged: str, whole: str) -> None:
    assert not lost_pairs(damaged, whole)


def test_bytes_lost_from_gbk_are_filled_from_one_other_copy() -> None:
    good = "理顺政府与市场、社会的关系，打好坚实基础。当前要抓紧。"
    bad = gbk_without_pairs(good)
    assert bad == "理顺政府与市尝社会的关系，打好坚实基矗当前要抓紧。"
    assert repairs([good, bad]) == [
        (1, "lost_bytes", "尝", "场、", 0, 1),
        (1, "lost_bytes", "矗", "础。", 0, 1),
    ]
    rows = examine([good, bad]).repairs.to_pylist()
    assert "市尝社会" in rows[0]["reason"]
    assert "市场、社会" in rows[0]["reason"]


def test_the_canonical_text_is_repaired_in_the_consensus_and_nowhere_else() -> None:
    good = "理顺政府与市场、社会的关系，圆满完成任务。"
    bad = "理顺政府与市尝社会的关系，～完成任务。"
    result = examine([bad, good])
    assert result.consensus.to_pylist() == [{"canonical_row": 0, "text": good, "repairs": 2}]
    assert examine([good, bad]).consensus.num_rows == 0


@pytest.mark.parametrize(
    ("damaged", "whole", "kind"),
    [
        ("消极～现象仍然存在", "消极腐败现象仍然存在", "mask"),
        ("建设xx镇的事业", "建设青石镇的事业", "mask"),
        ("打造**品牌", "打造丰收品牌", "mask"),
        ("打造“”品牌", "打造“丰收”品牌", "mask"),
        ("经济社\ufffd发展", "经济社会发展", "lost_bytes"),
        (
            "我们认真学习领会上级精神，做好以下几\n个方面的工作",
            "我们认真学习领会上级精神，做好以下几个方面的工作",
            "broken_line",
        ),
    ],
)
def test_recognisable_damage_is_filled_from_one_other_copy(damaged: str, whole: str, kind: str) -> None:
    for texts, row in (([whole, damaged], 1), ([damaged, whole], 0)):
        result = examine(texts).repairs.to_pylist()
        assert [(r["row"], r["kind"], r["donor_row"]) for r in result] == [(row, kind, 1 - row)]
        assert repaired(damaged, result) == whole


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("～年，全区工作", "2024年，全区工作"),
        ("xx年，全区工作", "去年，全区工作"),
        ("投资××万元", "投资35万元"),
        ("投资20xx万元", "投资万元"),
        ("增长～%", "增长5%"),
        ("产值达3～元", "产值达3亿元"),
        ("是“”规划的开局", "是“十二五”规划的开局"),
        ("新增～个网点", "新增三个网点"),
        ("收取～元整", "收取壹佰元整"),
        ("收取～定金", "收取壹佰定金"),
        ("任务完成～以上", "任务完成过半以上"),
        ("产值实现～目标", "产值实现倍增目标"),
        ("新增5\ufffd网点", "新增5个网点"),
        ("新增10尝演出", "新增10场、演出"),
        ("代表xx镇", "代表**镇"),
        ("共86\n.4亿元", "共86.4亿元"),
        ("人口增长率8%", "人口增长率8‰"),
    ],
)
def test_years_numbers_and_units_are_never_filled_and_masks_never_give(a: str, b: str) -> None:
    assert repairs([a, b]) == []
    assert repairs([b, a]) == []
    assert repairs([a, b, b, b + "。"]) == []
    assert repairs([b, a, a, a + "。"]) == []


def test_two_sound_readings_are_a_conflict_until_two_copies_agree() -> None:
    ours, theirs = "我们攻坚克难，全力推进。", "我们攻坚破难，全力推进。"
    assert repairs([theirs, ours]) == []
    # A mirror of the same text is no second voice; a copy that differs elsewhere is.
    assert repairs([theirs, ours, ours]) == []
    other = "我们攻坚克难，全力推进！各项工作"
    assert [r for r in repairs([theirs, ours, other]) if r[0] == 0] == [(0, "word", "破", "克", 1, 2)]
    assert repairs([theirs, ours, theirs, ours]) == []
    assert [r for r in repairs([ours, theirs, other]) if r[0] == 1] == [(1, "word", "破", "克", 0, 2)]
    assert repairs(["我们攻坚险难，全力推进。", theirs, theirs, ours, ours]) == []


def test_damaged_copies_outvote_nobody() -> None:
    good, bad = "打好坚实基础。当前要抓紧。", "打好坚实基矗当前要抓紧。"
    assert repairs([good, bad, bad, bad]) == [(i, "lost_bytes", "矗", "础。", 0, 1) for i in (1, 2, 3)]


def test_words_of_two_donors_that_contradict_each_other_fill_nothing() -> None:
    assert repairs(["～完成了任务", "圆满完成了任务", "全面完成了任务"]) == []
    agreeing = "圆满完成了任务以及其他各项工作"
    assert repairs(["～完成了任务", "圆满完成了任务", "全面完成了任务", agreeing])[0][:4] == (
        0,
        "mask",
        "～",
        "圆满",
    )


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("我们认真做好以下工作，抓好几\n个方面", True),
        ("经济实力明显增强\n工业总产值不断提高", False),
        ("我们认真做好以下工作，抓好生产。\n今年", False),
        ("我们认真做好以下工作，抓好生产\n二、今年的工作", False),
        ("我们认真做好以下工作，完成了8\n亿元", False),
    ],
)
def test_a_line_end_is_broken_only_inside_a_sentence(text: str, broken: bool) -> None:
    at = text.index("\n")
    assert is_broken_line(text, at, at + 1, "") is broken


@given(st.lists(_TEXTS, min_size=2, max_size=5))
def test_repairs_are_on_record_and_touch_no_figure(texts: list[str]) -> None:
    result = examine(texts)
    rows = result.repairs.to_pylist()
    for r in rows:
        assert texts[r["row"]][r["clean_start"] : r["clean_end"]] == r["quote"]
        assert texts[r["donor_row"]][r["donor_clean_start"] : r["donor_clean_end"]] == r["repaired"]
        assert r["quote"] != r["repaired"]
        assert not _FIGURE.search(r["quote"] + r["repaired"])
        assert r["n_agreeing"] >= (2 if r["kind"] == "word" else 1)
    for i, text in enumerate(texts):
        own = [r for r in rows if r["row"] == i]
        assert all(x["clean_end"] < y["clean_start"] for x, y in pairwise(own))
        assert re.findall("[0-9]+|年|‰|%", repaired(text, own)) == re.findall("[0-9]+|年|‰|%", text)
    own = [r for r in rows if r["row"] == 0]
    expected = [{"canonical_row": 0, "text": repaired(texts[0], own), "repairs": len(own)}] if own else []
    assert result.consensus.to_pylist() == expected


@given(st.lists(_TEXTS, min_size=2, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_members_does_not_matter(texts: list[str], random: object) -> None:
    moved = list(range(len(texts)))
    random.shuffle(moved)  # type: ignore[attr-defined]
    again = examine([texts[i] for i in moved], moved, moved.index(0)).repairs.to_pylist()
    for r in again:
        r.update({k: moved[r[k]] for k in ("canonical_row", "row", "donor_row")})
    assert sorted(map(str, examine(texts).repairs.to_pylist())) == sorted(map(str, again))
