"""Sound rows of every dataset that refer to each other: two copies of one report, and another one beside them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from dedup import schemas
from dedup.ids import document_id, make_id
from tests.small_release import NOW, OTHER, REPORT, sections, small_tables, table

A, B, C = (row["section_id"] for row in sections().to_pylist())
DOC_A, DOC_B, DOC_C = (document_id(uri) for uri in ("cty/a.txt", "cty/b.txt", "net/c.txt"))
COPIED, ALONE = make_id("c", A), make_id("c", C)
GRAIN_A, GRAIN_B, GROWTH_A, GROWTH_B, JOBS = (make_id("o", name) for name in "abcde")
PASSAGE, TEMPLATE, TABLE = make_id("x", "1"), make_id("t", "1"), make_id("b", "1")


def _attributed(name: str) -> dict[str, Any]:
    return {
        "region_code": "539999",
        "region_name": f"云南省{name}",
        "region_level": "county",
        "region_basis": "printed",
        "region_confidence": 0.9,
        "region_evidence": name,
        "year_review": None,
        "year_review_basis": "masked",
        "year_review_confidence": 0.0,
        "year_review_evidence": None,
        "year_plan": 2031,
        "year_plan_basis": "printed",
        "year_plan_confidence": 0.8,
        "year_plan_evidence": "2031年",
    }


def _observation(
    id_: str, section: str, doc: str, cluster: str, text: str, number: str, **values: Any
) -> dict[str, Any]:
    at = text.index(number)
    start = text.rindex("。", 0, at) + 1
    end = text.index("，" if "，" in text[at:] else "。", at)
    return {
        "observation_id": id_,
        "section_id": section,
        "doc_id": doc,
        "cluster_id": cluster,
        "is_canonical": section != B,
        "char_start": start,
        "char_end": end,
        "value_start": at,
        "value_end": at + len(number),
        "quote": text[start:end],
        "indicator_id": None,
        "value_text": number,
        "obs_value": float(number),
        "aggregation": "point",
        "year": 2030,
        "year_basis": "resolved",
        "obs_status": "actual",
        "flags": [],
        **values,
    }


def observations() -> list[dict[str, Any]]:
    grain = {
        "indicator": "粮食总产量",
        "unit": "万吨",
        "value_base": 124000.0,
        "unit_base": "吨",
        "measure": "level",
    }
    growth = {
        "indicator": "粮食总产量",
        "unit": "%",
        "value_base": 3.1,
        "unit_base": "%",
        "measure": "growth",
        "comparison": "yoy",
    }
    jobs = {
        "indicator": "新增就业",
        "unit": "人",
        "value_base": 1860.0,
        "unit_base": "人",
        "measure": "count",
        "flags": ["sum: 1800 + 40 = 1860 (1)"],
    }
    return [
        _observation(GRAIN_A, A, DOC_A, COPIED, REPORT, "12.4", **grain),
        _observation(GRAIN_B, B, DOC_B, COPIED, REPORT, "12.4", **grain),
        _observation(GROWTH_A, A, DOC_A, COPIED, REPORT, "3.1", **growth),
        _observation(GROWTH_B, B, DOC_B, COPIED, REPORT, "3.1", **growth),
        _observation(JOBS, C, DOC_C, ALONE, OTHER, "1860", **jobs),
    ]


def _facts() -> list[dict[str, Any]]:
    kept = set(schemas.FACTS.names)
    return [
        {name: value for name, value in row.items() if name in kept}
        | {
            "fact_id": make_id("a", row["observation_id"]),
            "region_code": "539999",
            "region_name": "云南省云溪县",
            "n_copies": 2 if row["cluster_id"] == COPIED else 1,
            "n_sources": 1,
            "n_sections": 2 if row["cluster_id"] == COPIED else 1,
        }
        for row in observations()
        if row["is_canonical"]
    ]


def _check(name: str, section: str, cluster: str, ids: list[str], base: list[str], **values: Any) -> dict[str, Any]:
    return {
        "check_id": make_id("v", name),
        "rule": name,
        "section_id": section,
        "cluster_id": cluster,
        "observation_ids": ids,
        "base_ids": base,
        "formula": "a = b",
        "tolerance": 0.1,
        **values,
    }


def _reuse() -> dict[str, list[dict[str, Any]]]:
    counted = {"df": 2, "df_ratio": 1.0, "corpus_families": 2, "n_sections": 3, "n_sources": 2, "n_sites": 2}
    span = {"char_start": 0, "char_end": 7}
    places = [{"section_id": s, **span} for s in (A, B, C)]
    return {
        "passages": [
            {"passage_id": PASSAGE, "kind": "copied", "clean_start": 0, "clean_end": 7, "n_chars": 6, **place}
            for place in places
        ],
        "passage_stats": [
            {
                "passage_id": PASSAGE,
                "kind": "copied",
                **counted,
                "in_reference": False,
                "n_chars": 6,
                "best_section": A,
                **span,
                "text": "各位代表：现在",
            }
        ],
        "phrases": [{"phrase_id": make_id("h", "1"), "text": "各位代表", "n_chars": 4, **counted, **places[0]}],
        "templates": [
            {
                "template_id": TEMPLATE,
                "skeleton": "各位代表：{word}",
                "n_variants": 2,
                **counted,
                "slots": [{"name": "word", "values": ["现在"]}],
                "example": "各位代表：现在",
                **places[0],
            }
        ],
        "template_occurrences": [{"template_id": TEMPLATE, "values": ["现在"], **place} for place in places],
        "reuse_edges": [
            {
                "from_cluster": COPIED,
                "to_cluster": ALONE,
                "shared_chars": 6,
                "share_from": 0.1,
                "share_to": 0.1,
                "n_passages": 1,
                "longest": 6,
                "idf_share": 0.1,
                "year_gap": 0,
                "direction": "same",
            }
        ],
        "conflicts": [
            {
                "conflict_id": make_id("k", "1"),
                "cluster_id": COPIED,
                "section_id": B,
                "canonical_section": A,
                "type": "word",
                "canonical_quote": "各位",
                "quote": "各 位",
                "canonical_start": 0,
                "canonical_end": 2,
                "char_start": 0,
                "char_end": 2,
                "context": "各位代表",
            }
        ],
        "repairs": [
            {
                "cluster_id": COPIED,
                "section_id": A,
                "kind": "word",
                **span,
                "quote": "各 位",
                "repaired": "各位",
                "donor_section": B,
                "donor_start": 0,
                "donor_end": 2,
                "n_agreeing": 1,
                "reason": "one copy says so",
            }
        ],
        "consensus": [{"cluster_id": COPIED, "section_id": A, "text": REPORT, "repairs": 1}],
        "furniture": [{"doc_id": DOC_A, **span, "source": "cty", "line": "首页", "n_pages": 5, "share": 0.5}],
    }


def _tables() -> dict[str, list[dict[str, Any]]]:
    cell = {"table_id": TABLE, "row_header": "", "column_header": "", "is_header": False, "is_repeated": False}
    return {
        "extracted_tables": [
            {
                "table_id": TABLE,
                "doc_id": DOC_C,
                "section_id": C,
                "ordinal": 0,
                "origin": "aligned",
                "char_start": 0,
                "char_end": 7,
                "caption": "",
                "n_rows": 2,
                "n_columns": 1,
                "header_rows": 1,
                "header_columns": 0,
                "n_numeric": 1,
            }
        ],
        "table_cells": [
            {**cell, "row_index": 0, "col_index": 0, "text": "年", "is_header": True},
            {**cell, "row_index": 1, "col_index": 0, "text": "12", "value": 12.0},
        ],
    }


def _decision(kind: str, outcome: str, **values: Any) -> dict[str, Any]:
    return {
        "decision_id": make_id("g", kind),
        "kind": kind,
        "key_a": "1" * 32,
        "who": "Gu",
        "decided_at": NOW,
        "outcome": outcome,
        "reason": "decided by Gu on 2031-03-04",
        "n_sections": 1,
        **values,
    }


def sound_tables() -> dict[str, pa.Table]:
    """Return a table with rows for every dataset; all rules hold for all of them."""
    small = small_tables()
    places = {A: _attributed("云溪县"), B: _attributed("云溪县"), C: _attributed("青岚区")}
    reports = [row | places[row["section_id"]] for row in small["reports"].to_pylist()]
    rows: dict[str, list[dict[str, Any]]] = {
        "reports": reports,
        "attributions": [
            {
                "section_id": section,
                "doc_id": doc,
                **places[section],
                "overwritten_year": 2024 if section == B else None,
                "work_id": make_id("w", section),
                "completeness": "full",
            }
            for section, doc in ((A, DOC_A), (B, DOC_B), (C, DOC_C))
        ],
        "observations": observations(),
        "facts": _facts(),
        "checks": [
            _check("level_growth", A, COPIED, [GROWTH_A], [GRAIN_A], stated=3.1, expected=3.12, holds=True),
            _check("sum", C, ALONE, [JOBS], [], stated=1860.0, expected=1840.0, holds=False),
        ],
        "quarantine": [
            {
                "dataset": "documents",
                "record_id": "cty/empty.txt",
                "source": "cty",
                "rule": "empty",
                "reason": "it holds nothing",
                "record": "{}",
            }
        ],
        "decisions": [
            _decision("canonical", "applied", section_a=A),
            _decision("not_same", "applied", key_b="2" * 32, section_a=A, section_b=C, n_sections=2),
        ],
        "cluster_history": [
            {
                "release_id": "2031-03-04.1",
                "recorded_at": NOW,
                "event": "merged",
                "elder": make_id("c", "elder"),
                "cluster_id": make_id("c", A),
                "n_sections": 1,
            }
        ],
        "search": [{"block": DOC_A, "piece": "政府", "n_places": 1, "gaps": [1]}],
        **_reuse(),
        **_tables(),
    }
    return small | {name: table(found, schemas.DATASETS[name].schema) for name, found in rows.items()}
