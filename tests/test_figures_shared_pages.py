"""Figures of the annotated pages beside the project, where they are there: found, named, measured, told or planned."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pyarrow as pa
import pytest

from dedup.extraction.figures import find_figures
from dedup.schemas import MATCHED_KINDS
from dedup.settings import TextSettings
from dedup.text.clean_map import spans_in_pages
from dedup.text.sections import cut_text

SHARED = Path(__file__).parent.parent.parent / "shared"
PAGES = sorted((SHARED / "pages").glob("*.txt"))
#: What the site put over other numbers, as the notes on the page say.
OVERWRITTEN = {"002": 2024}

pytestmark = pytest.mark.skipif(not PAGES, reason="the annotated pages (../shared/pages) are not beside this checkout")


def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shared_score", SHARED / "score.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def score() -> dict:
    pages = {}
    for path in PAGES:
        page, text = path.name[:3], path.read_bytes().decode("utf-8")
        sections = [s for s in cut_text(text, None, TextSettings()) if s.kind in MATCHED_KINDS]
        texts = pa.array([s.clean_text for s in sections], pa.large_string())
        found = find_figures(texts, np.full(len(sections), OVERWRITTEN.get(page, 0), dtype=np.int32))
        maps = pa.chunked_array([pa.array([s.clean_map for s in sections], pa.list_(pa.int32()))])
        rows = found.column("row").to_numpy()
        observations = found.to_pylist()
        for prefix, name in (("", "clean"), ("value_", "value_clean")):
            spans = (found.column(f"{name}_{side}").to_numpy() for side in ("start", "end"))
            for row, start, end in zip(observations, *spans_in_pages(maps, rows, *spans), strict=True):
                row[f"{prefix}start"], row[f"{prefix}end"] = int(start), int(end)
        for row in observations:
            row["quote"] = text[row["start"] : row["end"]]
        pages[page] = {"observations": observations, "text": text}
    return scorer().score_facts(pages, SHARED / "gold")


def test_figures_are_found_and_nothing_else(score: dict) -> None:
    assert score["f1"] >= 0.98, (score["missed"], score["extra"])


def test_no_masked_or_overwritten_number_is_taken(score: dict) -> None:
    assert score["masked_numbers_taken"].startswith("0/")


def test_they_are_named_measured_and_told_from_plans(score: dict) -> None:
    assert score["indicator_named_right"] >= 0.97
    assert score["measure_right"] >= 0.98
    assert score["status_right"] >= 0.98
    assert score["bound_right"] >= 0.98
    assert score["comparison_right"] >= 0.98
