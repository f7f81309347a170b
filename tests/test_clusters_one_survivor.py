"""Clusters: one survivor each, no chaining, variants apart, the choice explained."""

import random
import re
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup.clusters.canonical import rank_sections
from dedup.clusters.grouping import group_nodes
from dedup.clusters.head_dates import HEAD_CHARS, latest_head_dates
from tests.test_matching_definition import edited, made_texts


@given(st.integers(2, 14), st.data())
def test_grouping_takes_verified_neighbours_only_and_leaves_nobody_out(m, data):
    edges = data.draw(st.lists(st.tuples(st.integers(0, m - 1), st.integers(0, m - 1), st.booleans()), max_size=30))
    unique = {(min(a, b), max(a, b)): v for a, b, v in edges if a != b}
    a = np.array([p[0] for p in unique], dtype=np.int64)
    b = np.array([p[1] for p in unique], dtype=np.int64)
    variant = np.array(list(unique.values()), dtype=bool)
    position = np.array(data.draw(st.permutations(range(m))), dtype=np.int64)
    leader = group_nodes(position, a, b, variant)
    joined = {p for p, v in unique.items() if not v}
    for node in range(m):
        lead = int(leader[node])
        assert leader[lead] == lead
        if lead != node:
            assert (min(node, lead), max(node, lead)) in joined
            assert position[lead] < position[node]
    for (x, y), is_variant in unique.items():
        if is_variant:
            assert leader[x] != leader[y]
        elif leader[x] == x and leader[y] == y:
            # Two heads that are copies of each other stay apart only where a variant stands between them.
            assert any(unique[p] for p in unique)


def test_a_chain_of_copies_is_not_one_cluster():
    rng = random.Random(2)
    step = ["".join(chr(0x4E00 + rng.randrange(5000)) for _ in range(800))]
    for _ in range(6):
        step.append(edited(step[-1], 0.06, rng))
    frame = dedup.deduplicate(pd.DataFrame({"text": step}))
    assert frame.cluster_id.nunique() > 1
    pairs = {(r["a"], r["b"]) for r in dedup.find_duplicates(step).to_pylist()}
    for cluster in frame.cluster_id.unique():
        members = frame.index[frame.cluster_id == cluster]
        canonical = frame.index[(frame.cluster_id == cluster) & frame.is_canonical]
        assert len(canonical) == 1
        assert all(i == canonical[0] or (canonical[0], i) in pairs for i in members)


@given(st.integers(0, 2**32))
def test_deduplicate_keeps_exactly_one_row_of_every_cluster_and_all_rows(seed):
    rng = random.Random(seed)
    texts = [*made_texts(rng, 8, 200), "", None, "短"]
    frame = pd.DataFrame({"id": [f"r{i}" for i in range(len(texts))], "text": texts})
    out = dedup.deduplicate(frame, text="text", id="id")
    assert list(out["id"]) == list(frame["id"])
    assert (out.groupby("cluster_id").is_canonical.sum() == 1).all()
    assert out.cluster_id[out.id.isin({f"r{len(texts) - 3}", f"r{len(texts) - 2}"})].nunique() == 2
    assert (out.similarity[out.is_canonical] == 1.0).all()


def test_deduplicate_names_the_missing_column():
    with pytest.raises(KeyError, match=r"no column 'body'; the data frame has text"):
        dedup.deduplicate(pd.DataFrame({"text": ["a"]}), text="body")


def test_rows_with_the_same_name_do_not_share_a_cluster_by_it():
    frame = pd.DataFrame(
        {"text": ["全县粮食总产量达到十二万吨，比上年增长。", "完全不同的另一段文字，说的是学校和医院。"]}, index=[0, 0]
    )
    assert dedup.deduplicate(frame).cluster_id.nunique() == 2


YEAR_ONE = (
    "全县实现地区生产总值{a}亿元，增长{b}%；规模以上工业增加值{c}亿元；固定资产投资{d}亿元；粮食总产量{e}万吨；"
    "城镇居民人均可支配收入{f}元；新建农村公路{g}公里；改造中小学校舍{h}平方米；完成造林{i}亩；旅游接待{j}万人次。"
    "我们坚持把发展现代农业放在首位，扎实推进高标准农田建设，粮食生产连年丰收，特色种植形成规模，农民合作社不断壮大。"
    "我们坚持把改善民生作为根本目的，学校布局更加合理，医疗条件明显改善，养老服务覆盖全部乡镇，群众满意度逐年提高。"
    "我们坚持把项目建设作为第一抓手，招商引资成效明显，产业园区功能日趋完善，骨干企业发展壮大，发展后劲持续增强。"
    "我们坚持把生态保护挺在前面，关停一批污染企业，完成河道清淤，城乡面貌焕然一新，人居环境得到群众的一致好评。"
    "我们坚持依法行政、从严治政，主动接受人大和政协的监督，认真办理代表建议，政务公开深入推进，行政效能稳步提升。"
)


def filled(seed):
    rng = random.Random(seed)
    return YEAR_ONE.format(**{k: rng.randrange(1000, 99999) for k in "abcdefghij"})


def test_a_report_filled_anew_is_a_variant_and_keeps_its_own_cluster():
    first, second = filled(1), filled(2)
    relations = [r["relation"] for r in dedup.find_duplicates([first, second]).to_pylist()]
    assert relations == ["variant"]
    assert dedup.deduplicate(pd.DataFrame({"text": [first, second]})).is_canonical.all()


def test_masks_lost_figures_and_a_wrong_digit_make_no_variant():
    text = filled(3)
    masked = text.replace("增长", "增长xx", 1).replace("万吨", "xx万吨")
    rng = random.Random(4)
    digits = [i for i, c in enumerate(text) if c in "0123456789"]
    damaged = list(text)
    for i in rng.sample(digits, 8):
        damaged[i] = str((int(damaged[i]) + 1) % 10)
    for copy in (masked, "".join(damaged)):
        assert [r["relation"] for r in dedup.find_duplicates([text, copy]).to_pylist()] == ["near_duplicate"]


def test_a_damaged_phrase_among_repeated_ones_does_not_shift_the_others():
    rng = random.Random(6)
    figures = [str(rng.randrange(10_000, 99_999)) for _ in range(24)]
    text = "".join(f"项目建设全年完成投资额达到{f}万元，{filled(i)[60:110]}。" for i, f in enumerate(figures))
    damaged = text.replace("全年完成投资额达到", "全年完成投资达到了", 1)
    assert [r["relation"] for r in dedup.find_duplicates([text, damaged]).to_pylist()] == ["near_duplicate"]


def test_another_day_at_the_head_makes_a_variant_an_overwritten_year_does_not():
    body = filled(5) * 2
    head = "——{}在县第九届人民代表大会第二次会议上\n"
    dates = ["2009年3月12日", "2011年2月25日", "2024年3月12日"]
    table = dedup.find_duplicates([head.format(d) + body for d in dates])
    relation = {(r["a"], r["b"]): r["relation"] for r in table.to_pylist()}
    assert relation == {(0, 1): "variant", (0, 2): "near_duplicate", (1, 2): "variant"}


def head_dates(*texts):
    return latest_head_dates(pa.array(texts, pa.large_string()), np.arange(len(texts))).tolist()


def test_dates_at_the_head_are_read_with_and_without_blanks():
    assert head_dates("2011 年 3月 2日 通过，2020-05-14 修正，99年", "2011年13月2日", "") == [20200514, 0, 0]


DATE = re.compile(
    r"((?:19|20)[0-9]{2})\s{0,2}(?:年\s{0,2}([0-9]{1,2})\s{0,2}月\s{0,2}([0-9]{1,2})\s{0,2}日|-([0-9]{2})-([0-9]{2}))"
)
PIECES = ["2011", "1", "03", "年", "月", "日", "-", " ", "\u3000", "\x1f", "\x85", "\u2007", "5", "19", "20", "é", "𠀀"]


@given(
    st.lists(st.sampled_from([*PIECES, "2012年3月", "2013年4月5日", "1999-12-", "1999-12-31"]), max_size=60),
    st.integers(0, 2),
)
def test_the_latest_date_is_what_the_pattern_finds(pieces, far):
    text = "前" * (far * (HEAD_CHARS - 20) // 2) + "".join(pieces)
    found = [tuple(int(g) for g in m.groups() if g) for m in DATE.finditer(text[:HEAD_CHARS])]
    valid = [y * 10_000 + m * 100 + d for y, m, d in found if 1 <= m <= 12 and 1 <= d <= 31]
    assert head_dates(text) == [max(valid, default=0)]


def sections_table(**columns):
    n = len(next(iter(columns.values())))
    base = {
        "section_id": [f"s_{i}" for i in range(n)],
        "doc_id": [f"d_{i}" for i in range(n)],
        "completeness": ["full"] * n,
        "mask_ratio": [0.0] * n,
        "boilerplate_ratio": [0.0] * n,
    }
    return pa.table({**base, **columns})


def documents_table(n, **columns):
    base = {
        "doc_id": [f"d_{i}" for i in range(n)],
        "source": ["s"] * n,
        "published_at": pa.array([None] * n, pa.date32()),
    }
    return pa.table({**base, **columns})


@pytest.mark.parametrize(
    ("sections", "documents", "prefer", "best"),
    [
        ({"completeness": ["no_tail", "full", "fragment"]}, {}, [], 1),
        ({"mask_ratio": [0.2, 0.1, 0.0]}, {}, [], 2),
        ({"boilerplate_ratio": [0.2, 0.0, 0.1]}, {}, [], 1),
        ({}, {"published_at": pa.array([None, date(2012, 1, 1), date(2010, 1, 1)], pa.date32())}, [], 2),
        ({"completeness": ["full", "full", "fragment"]}, {"source": ["a", "b", "c"]}, ["c"], 2),
        ({}, {}, [], 0),
    ],
)
def test_the_canonical_policy_prefers_source_then_completeness_masks_noise_date(sections, documents, prefer, best):
    sections = sections or {"section_id": ["s_0", "s_1", "s_2"]}
    ranking = rank_sections(sections_table(**sections), documents_table(3, **documents), prefer)
    assert int(np.argmin(ranking.position)) == best
