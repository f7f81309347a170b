"""The annotated pages beside the project, where they are there: every known figure difference is a conflict."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pyarrow as pa
import pytest

from dedup.clusters.copies import CopyFindings, examine_copies
from dedup.ids import document_id
from dedup.settings import MatchSettings, TextSettings
from dedup.text.sections import cut_documents
from tests.conftest import SHARED

PAGES = sorted((SHARED / "pages").glob("*.txt"))
pytestmark = pytest.mark.skipif(not PAGES, reason="the annotated pages (../shared/pages) are not beside this checkout")


@pytest.fixture(scope="module")
def copies() -> tuple[list[str], CopyFindings]:
    from dedup.clusters.comparison import compare

    texts = [path.read_bytes().decode("utf-8") for path in PAGES]
    documents = pa.table(
        {
            "doc_id": [document_id(path.name) for path in PAGES],
            "source": ["pages"] * len(PAGES),
            "title": pa.array([None] * len(PAGES), type=pa.string()),
            "text": texts,
        }
    )
    sections = cut_documents(documents, TextSettings())
    clean = sections.column("clean_text").combine_chunks().cast(pa.large_string())
    matched = [i for i, kind in enumerate(sections.column("kind").to_pylist()) if kind in ("report", "essay")]
    canonical = np.full(len(clean), -1, dtype=np.int64)
    for i, j in combinations(matched, 2):
        # Copies have their length in common; the long comparison is spared for the others.
        a, b = clean[i].as_py(), clean[j].as_py()
        if min(len(a), len(b)) > 0.9 * max(len(a), len(b)) and compare(a, b, match=MatchSettings()).is_duplicate:
            longer, shorter = (i, j) if len(a) >= len(b) else (j, i)
            canonical[longer], canonical[shorter] = longer, longer
    return clean.to_pylist(), examine_copies(clean, canonical, np.arange(len(clean)))


def test_six_pairs_are_copies_and_none_is_another_edition(copies: tuple[list[str], CopyFindings]) -> None:
    assert copies[1].distinct_pairs == 6


@pytest.mark.parametrize(
    ("kind", "quotes", "times"),
    [
        ("unit", {"8%", "8‰"}, 1),
        ("mask", {"万元", "20xx万元"}, 1),
        ("figure", {"以下七个方面", "以下方面"}, 1),
        ("year", {"20", "20xx年"}, 1),
        ("mask", {"“十二五”", "“”"}, 1),
        ("year", {"2004年政府", "政府"}, 1),
        ("year", {"2004年", "20"}, 1),
        ("year", {"2004年", "年"}, 1),
        ("year", {"2024年", "～年"}, 5),
    ],
)
def test_a_figure_difference_of_the_notes_is_a_conflict(
    copies: tuple[list[str], CopyFindings], kind: str, quotes: set[str], times: int
) -> None:
    rows = copies[1].conflicts.to_pylist()
    assert [r["type"] for r in rows if {r["quote"], r["canonical_quote"]} == quotes] == [kind] * times


def test_no_other_figure_or_unit_differs(copies: tuple[list[str], CopyFindings]) -> None:
    types = copies[1].conflicts.column("type").to_pylist()
    assert (types.count("figure"), types.count("unit"), types.count("year")) == (1, 1, 9)


def test_lost_bytes_and_masked_words_are_repaired_and_years_are_not(copies: tuple[list[str], CopyFindings]) -> None:
    texts, found = copies
    rows = found.repairs.to_pylist()
    assert sorted((r["kind"], r["quote"], r["repaired"]) for r in rows) == [
        ("lost_bytes", "储", "础、"),
        ("lost_bytes", "尝", "场、"),
        ("lost_bytes", "尝", "场、"),
        ("lost_bytes", "矗", "础。"),
        ("mask", "～", "圆满"),
        ("mask", "～", "腐败"),
        ("mask", "～", "腐败"),
    ]
    assert all(r["donor_row"] == r["canonical_row"] != r["row"] for r in rows)
    text = texts[rows[0]["row"]]
    repaired = text
    for r in reversed(rows):
        repaired = repaired[: r["clean_start"]] + r["repaired"] + repaired[r["clean_end"] :]
    assert "市尝社会" in text
    assert "市场、社会" in repaired
    assert text.count("～年") == repaired.count("～年") == 5
    assert text.count("2024") == repaired.count("2024")
    assert found.consensus.num_rows == 0
