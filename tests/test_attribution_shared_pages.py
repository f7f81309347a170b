"""Places and years of the annotated pages beside the project, where they are there."""

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from dedup.extraction.attribution import attribute_sections
from dedup.ids import document_id
from dedup.schemas import MATCHED_KINDS
from dedup.settings import TextSettings
from dedup.text.sections import cut_documents

SHARED = Path(__file__).parent.parent.parent / "shared"
PAGES = sorted((SHARED / "pages").glob("*.txt"))

pytestmark = pytest.mark.skipif(not PAGES, reason="the annotated pages (../shared/pages) are not beside this checkout")

#: Page and ordinal -> end of the region name, year looked back on, year planned for; None where the text proves none.
EXPECTED = {
    ("001", 1): ("慕仪镇", None, 2011),
    ("001", 2): ("芦溪县", 2013, 2014),
    ("001", 3): ("河东乡", None, None),
    ("001", 4): ("安福县", None, None),
    ("001", 5): ("慕仪镇", None, None),
    ("002", 1): (None, 2003, 2004),
    ("002", 2): ("复兴区", 2011, 2012),
    ("002", 3): ("信州区", 2004, 2005),
    ("002", 4): ("肃州区", None, 2012),
    ("002", 5): (None, 2003, 2004),
    ("004", 1): ("德惠市", None, None),
    ("004", 2): ("慕仪镇", None, None),
    ("004", 3): (None, None, 2004),
    ("004", 4): ("安福县", None, None),
    ("004", 5): ("枨冲镇", 2004, 2005),
    ("004", 6): ("芦溪县", 2013, 2014),
    ("004", 7): ("枨冲镇", 2004, 2005),
    ("004", 8): ("慕仪镇", None, None),
    ("004", 9): (None, 2012, 2013),
}


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, int], dict]:
    documents = pa.table(
        {
            "doc_id": [document_id(path.name) for path in PAGES],
            "uri": [path.name for path in PAGES],
            "source": ["pages"] * len(PAGES),
            "title": pa.nulls(len(PAGES), pa.string()),
            "text": [path.read_bytes().decode("utf-8") for path in PAGES],
            "published_at": pa.nulls(len(PAGES), pa.date32()),
        }
    )
    sections = cut_documents(documents, TextSettings())
    sections = sections.filter(pc.is_in(sections["kind"], pa.array(MATCHED_KINDS)))
    page = dict(zip(documents["doc_id"].to_pylist(), (path.name[:3] for path in PAGES), strict=True))
    rows = attribute_sections(sections, documents).to_pylist()
    texts = sections["clean_text"].to_pylist()
    return {
        (page[row["doc_id"]], ordinal): row | {"clean_text": text}
        for row, ordinal, text in zip(rows, sections["ordinal"].to_pylist(), texts, strict=True)
    }


@pytest.mark.parametrize("key", EXPECTED)
def test_places_and_years_are_those_of_the_notes(found: dict, key: tuple[str, int]) -> None:
    row = found[key]
    name, review, plan = EXPECTED[key]
    assert (row["year_review"], row["year_plan"]) == (review, plan)
    assert row["region_name"] is None if name is None else row["region_name"].endswith(name)


def test_no_year_of_page_002_is_taken_from_the_page(found: dict) -> None:
    for (page, _), row in found.items():
        if page == "002":
            assert 2024 not in (row["year_review"], row["year_plan"])
            assert row["overwritten_year"] == (2024 if "2024年" in row["clean_text"] else None)


def test_no_place_comes_from_a_heading(found: dict) -> None:
    assert not any("衡阳" in (row["region_name"] or "") for row in found.values())


def test_evidence_is_quoted_from_the_text(found: dict) -> None:
    for row in found.values():
        for name in ("region", "year_review", "year_plan"):
            evidence = row[f"{name}_evidence"]
            assert evidence is None or evidence in row["clean_text"]


def test_the_pieces_of_one_report_share_a_work(found: dict) -> None:
    assert found["001", 1]["work_id"] == found["001", 5]["work_id"]
    assert found["004", 2]["work_id"] == found["004", 8]["work_id"]
    assert (found["004", 2]["piece"], found["004", 8]["piece"], found["004", 8]["pieces"]) == (2, 3, 3)
    works = [row["work_id"] for key, row in found.items() if key not in {("001", 5), ("004", 8)}]
    assert len(set(works)) == len(works)


def test_masks_are_named(found: dict) -> None:
    for row in found.values():
        if row["year_plan"] is None and re.search("(?:20)?xx年(?:主要)?工作", row["clean_text"]):
            assert row["year_plan_basis"] == "masked"
