"""Rows of a made release for the load test of the inspector, apart from its texts: see `inspector_release`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from dedup import schemas
from dedup.releases import Staging

#: Figures and passages of a section.
FACTS, PASSAGES = 4, 3
WORDS = [
    "全区",
    "全市",
    "经济",
    "社会",
    "发展",
    "建设",
    "工作",
    "政府",
    "人民",
    "生产总值",
    "固定资产",
    "投资",
    "财政",
    "收入",
    "增长",
    "农村",
    "城镇",
    "居民",
    "教育",
    "卫生",
    "工业",
    "农业",
    "企业",
    "项目",
    "改革",
    "开放",
    "安全",
    "环境",
    "生态",
    "交通",
    "水利",
    "旅游",
    "科技",
    "创新",
    "服务",
    "管理",
    "监督",
    "法治",
    "民生",
    "就业",
    "保障",
    "区长",
    "县长",
    "镇长",
    "代表",
    "委员",
    "会议",
    "报告",
    "各位",
    "完成",
    "推进",
    "加强",
    "提高",
    "实现",
    "坚持",
    "加快",
    "突出",
    "深入",
    "全面",
    "重点",
    "积极",
]


class Made:
    """Numbers of sections, their clusters and families, from which everything else follows."""

    def __init__(self, n: int, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.n = n
        copy = self.rng.random(n) < 0.3
        copy[0] = False
        # A copy belongs to a section before it that is no copy; some are copied often.
        heads = np.flatnonzero(~copy)
        self.head = np.arange(n)
        before = np.searchsorted(heads, np.arange(n)[copy])
        self.head[copy] = heads[(before * self.rng.power(1.4, before.size)).astype(np.int64).clip(0, before - 1)]
        self.heads = heads
        self.similar = np.where(copy, 0.7 + 0.3 * self.rng.random(n), 1.0)
        self.source = np.sort(self.rng.integers(0, 40, n))

    @property
    def is_head(self) -> np.ndarray:
        return self.head == np.arange(self.n)


def ids_of(prefix: str, numbers: np.ndarray) -> list[str]:
    # A multiplication by an odd number spreads ids over their range and back again.
    spread = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return [f"{prefix}_{x:016x}" for x in spread.tolist()]


def filled(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """Return columns as a table of the schema; what is not given is null, empty or 0."""
    n = len(next(iter(columns.values())))
    arrays = []
    for f in schema:
        if f.name in columns:
            values = columns[f.name]
            arrays.append(values if isinstance(values, pa.Array) else pa.array(values, f.type))
        elif f.nullable:
            arrays.append(pa.nulls(n, f.type))
        elif pa.types.is_list(f.type):
            arrays.append(pa.array([[]] * n, f.type))
        else:
            arrays.append(
                pa.array([False if pa.types.is_boolean(f.type) else "" if f.type == pa.string() else 0] * n).cast(
                    f.type
                )
            )
    return pa.table(arrays, schema=schema)


def uris_of(made: Made, rows: np.ndarray) -> list[str]:
    return [f"source{s:02}/page-{r:08}.txt" for r, s in zip(rows.tolist(), made.source[rows].tolist(), strict=True)]


def sources_of(made: Made, rows: np.ndarray) -> list[str]:
    return [f"source{s:02}" for s in made.source[rows].tolist()]


def write_narrow(staging: Staging, made: Made) -> None:
    rows = np.arange(made.n)
    heads, copies = made.heads, np.flatnonzero(~made.is_head)
    sizes = np.bincount(made.head, minlength=made.n)[heads]
    least = np.full(made.n, 1.0)
    np.minimum.at(least, made.head, made.similar)
    staging.write(
        "membership",
        filled(
            {
                "section_id": ids_of("s", rows),
                "cluster_id": ids_of("c", made.head),
                "is_canonical": made.is_head,
                "reason": ["made"] * made.n,
                "stands_for": ids_of("s", made.head),
                "similarity": made.similar,
                "rule": np.where(made.is_head, "canonical", "jaccard").tolist(),
            },
            schemas.MEMBERSHIP,
        ),
    )
    staging.write(
        "clusters",
        filled(
            {
                "cluster_id": ids_of("c", heads),
                "family_id": ids_of("f", heads - heads % 20),
                "canonical_section": ids_of("s", heads),
                "kind": ["report"] * heads.size,
                "n_sections": sizes,
                "most_sections": sizes,
                "n_documents": sizes,
                "n_sources": np.minimum(sizes, 40),
                "min_similarity": least[heads],
                "link_rule": np.where(sizes > 1, "jaccard", "single").tolist(),
                "status": ["auto"] * heads.size,
                "first_release": ["2030-01-02.1"] * heads.size,
            },
            schemas.CLUSTERS,
        ),
    )
    outcome = np.where(made.is_head, "published", "duplicate").tolist()
    staging.write(
        "records",
        filled(
            {
                "source_id": uris_of(made, rows),
                "uri": uris_of(made, rows),
                "doc_id": ids_of("d", rows),
                "source": sources_of(made, rows),
                "outcome": outcome,
                "cluster_id": ids_of("c", made.head),
                "similarity": made.similar,
                "rule": ["jaccard"] * made.n,
                "reason": ["made"] * made.n,
                "n_sections": [1] * made.n,
                "n_published": made.is_head.astype(int),
            },
            schemas.RECORDS,
        ),
    )
    a, b = np.array(ids_of("s", copies)), np.array(ids_of("s", made.head[copies]))
    similar = made.similar[copies]
    staging.write(
        "pairs",
        filled(
            {
                "section_a": np.where(a < b, a, b).tolist(),
                "section_b": np.where(a < b, b, a).tolist(),
                "jaccard": similar,
                "containment_a": similar,
                "containment_b": similar,
                "relation": ["near_duplicate"] * copies.size,
                "rule": ["jaccard"] * copies.size,
            },
            schemas.PAIRS,
        ),
    )
    chosen = copies[::3]
    staging.write(
        "conflicts",
        filled(
            {
                "conflict_id": ids_of("k", chosen),
                "cluster_id": ids_of("c", made.head[chosen]),
                "section_id": ids_of("s", chosen),
                "canonical_section": ids_of("s", made.head[chosen]),
                "type": ["figure"] * chosen.size,
                "canonical_quote": ["8.5%"] * chosen.size,
                "quote": ["8.3%"] * chosen.size,
                "canonical_end": [4] * chosen.size,
                "char_end": [4] * chosen.size,
                "context": ["增长8.5%。"] * chosen.size,
            },
            schemas.CONFLICTS,
        ),
    )
    signatures = made.rng.integers(0, 2**32, made.n * schemas.NUM_PERM, dtype=np.uint32)
    prints = pa.FixedSizeListArray.from_arrays(pa.array(signatures), schemas.NUM_PERM)
    columns = {"section_id": ids_of("s", rows), "n_shingles": [1000] * made.n, "signature": prints}
    staging.write("fingerprints", filled(columns, schemas.FINGERPRINTS))
    staging.write(
        "attributions",
        filled(
            {
                "section_id": ids_of("s", rows),
                "doc_id": ids_of("d", rows),
                "region_basis": ["printed"] * made.n,
                "region_name": [f"县{int(h) % 300}" for h in made.head],
                "year_review": [2000 + int(h) % 24 for h in made.head],
                "year_review_basis": ["printed"] * made.n,
                "year_plan_basis": ["none"] * made.n,
                "work_id": ids_of("w", made.head),
                "completeness": ["full"] * made.n,
            },
            schemas.ATTRIBUTIONS,
        ),
    )


def write_shared(staging: Staging, made: Made) -> None:
    n_passages = max(10, made.n // 10)
    owner = np.repeat(np.arange(made.n), PASSAGES)
    which = (made.rng.power(0.5, owner.size) * n_passages).astype(np.int64)
    start = np.tile(np.arange(PASSAGES) * 300, made.n)
    kinds = np.where(which % 3 == 0, "template", "copied")
    staging.write(
        "passages",
        filled(
            {
                "passage_id": ids_of("x", which),
                "section_id": ids_of("s", owner),
                "kind": kinds.tolist(),
                "char_start": start,
                "char_end": start + 80,
                "clean_start": start,
                "clean_end": start + 80,
                "n_chars": [70] * owner.size,
            },
            schemas.PASSAGES,
        ),
    )
    all_ = np.arange(n_passages)
    counts = np.bincount(which, minlength=n_passages)
    staging.write(
        "passage_stats",
        filled(
            {
                "passage_id": ids_of("x", all_),
                "kind": np.where(all_ % 3 == 0, "template", "copied").tolist(),
                "df": counts + 2,
                "n_sections": counts,
                "corpus_families": [made.n] * n_passages,
                "best_section": ids_of("s", all_),
                "char_end": [80] * n_passages,
                "text": ["坚持加快推进重点项目建设，全面提高服务管理水平。"] * n_passages,
            },
            schemas.PASSAGE_STATS,
        ),
    )
    n_templates = max(5, made.n // 100)
    ids = np.arange(n_templates)
    slots = [[{"name": "number", "values": ["1", "2"]}]] * n_templates
    staging.write(
        "templates",
        filled(
            {
                "template_id": ids_of("t", ids),
                "skeleton": [f"全市完成{WORDS[i % 60]}{{number}}亿元，增长{{number2}}%；" for i in ids],
                "df": (made.rng.power(0.3, n_templates) * 1000).astype(int) + 3,
                "slots": pa.array(slots, schemas.TEMPLATES.field("slots").type),
                "example": ["全市完成投资7.2亿元，增长8%；"] * n_templates,
                "section_id": ids_of("s", ids),
                "char_end": [20] * n_templates,
            },
            schemas.TEMPLATES,
        ),
    )
    rows = np.arange(made.n)
    staging.write(
        "template_occurrences",
        filled(
            {
                "template_id": ids_of("t", rows % n_templates),
                "section_id": ids_of("s", rows),
                "char_end": [20] * made.n,
                "values": [["7.2", "8"]] * made.n,
            },
            schemas.TEMPLATE_OCCURRENCES,
        ),
    )
    heads = made.heads[:-1:2]
    others = made.heads[1::2][: heads.size]
    ties = pa.concat_tables(
        filled(
            {
                "from_cluster": ids_of("c", x),
                "to_cluster": ids_of("c", y),
                "shared_chars": [200] * x.size,
                "share_from": [0.13] * x.size,
                "share_to": [0.13] * x.size,
                "n_passages": [2] * x.size,
                "longest": [120] * x.size,
                "idf_share": [0.1] * x.size,
            },
            schemas.REUSE_EDGES,
        )
        for x, y in ((heads, others), (others, heads))
    )
    staging.write("reuse_edges", ties)


def write_figures(staging: Staging, made: Made) -> None:
    owner = np.repeat(np.arange(made.n), FACTS)
    rows = np.arange(owner.size)
    start = np.tile(np.arange(FACTS) * 200 + 20, made.n)
    value = [f"{v:.1f}" for v in (rows % 977) / 7]
    flags = pa.array(
        [["growth_from_to: 12 / 10 - 1 = 20%, stated 12% (±0.5)"] if r % 40 == 0 else [] for r in rows.tolist()],
        schemas.FACTS.field("flags").type,
    )
    names = ("gdp", "fiscal_revenue", "fixed_investment", "grain_output", None)
    stated = {
        "char_start": start,
        "char_end": start + 12,
        "quote": ["生产总值增长8.5%"] * rows.size,
        "indicator": ["生产总值"] * rows.size,
        "indicator_id": [names[r % 5] for r in rows.tolist()],
        "obs_value": (rows % 977) / 7,
        "value_text": value,
        "unit": ["亿元"] * rows.size,
        "measure": ["level"] * rows.size,
        "aggregation": ["point"] * rows.size,
        "obs_status": ["actual"] * rows.size,
        "year": [2000 + r % 24 for r in rows.tolist()],
        "year_basis": ["printed"] * rows.size,
    }
    staging.write(
        "observations",
        filled(
            stated
            | {
                "observation_id": ids_of("o", rows),
                "section_id": ids_of("s", owner),
                "doc_id": ids_of("d", owner),
                "cluster_id": ids_of("c", made.head[owner]),
                "is_canonical": made.is_head[owner],
                "value_start": start + 6,
                "value_end": start + 10,
                "flags": flags,
            },
            schemas.OBSERVATIONS,
        ),
    )
    own = np.flatnonzero(made.is_head[owner])
    taken = {
        k: (v.take(pa.array(own)) if isinstance(v, pa.Array) else [v[i] for i in own.tolist()])
        for k, v in stated.items()
    }
    staging.write(
        "facts",
        filled(
            taken
            | {
                "fact_id": ids_of("a", own),
                "cluster_id": ids_of("c", owner[own]),
                "n_copies": [1] * own.size,
                "n_sources": [1] * own.size,
                "region_code": [f"{110000 + int(o) % 300}" for o in owner[own]],
                "region_name": [f"县{int(o) % 300}" for o in owner[own]],
                "n_sections": [1] * own.size,
                "section_id": ids_of("s", owner[own]),
                "doc_id": ids_of("d", owner[own]),
                "observation_id": ids_of("o", own),
                "flags": flags.take(pa.array(own)),
            },
            schemas.FACTS,
        ),
    )
