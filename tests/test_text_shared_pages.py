"""The annotated pages beside the project, where they are there: sections, kinds, noise, broken lines."""

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dedup.ids import document_id
from dedup.settings import TextSettings
from dedup.text.sections import cut_documents

SHARED = Path(__file__).parent.parent.parent / "shared"
PAGES = sorted((SHARED / "pages").glob("*.txt"))

pytestmark = pytest.mark.skipif(not PAGES, reason="the annotated pages (../shared/pages) are not beside this checkout")


@pytest.fixture(scope="module")
def score(tmp_path_factory: pytest.TempPathFactory) -> dict:
    texts = [path.read_bytes().decode("utf-8") for path in PAGES]
    documents = pa.table(
        {
            "doc_id": [document_id(path.name) for path in PAGES],
            "uri": [path.name for path in PAGES],
            "source": ["pages"] * len(PAGES),
            "title": pa.array([None] * len(PAGES), type=pa.string()),
            "text": texts,
        }
    )
    release = tmp_path_factory.mktemp("release")
    for name, table in (("documents", documents), ("sections", cut_documents(documents, TextSettings()))):
        folder = release / "evidence" / name
        folder.mkdir(parents=True)
        pq.write_table(table, folder / "part-0.parquet")
    run = subprocess.run(
        [sys.executable, str(SHARED / "score.py"), str(release), "--json"], capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def share(text: str) -> float:
    part, whole = map(int, text.split("/"))
    return part / whole


def test_sections_and_kinds_are_right(score: dict) -> None:
    assert score["sections"]["f1"] >= 0.95
    assert score["sections"]["kind_accuracy"] >= 0.95


def test_all_site_noise_is_dropped(score: dict) -> None:
    assert score["noise"]["noise_left"] == []


def test_broken_lines_are_joined_and_paragraphs_kept(score: dict) -> None:
    assert share(score["noise"]["broken_lines_joined"]) >= 0.95
    assert share(score["noise"]["paragraph_breaks_kept"]) == 1.0


def test_every_law_is_one_report() -> None:
    path = SHARED / "corpora" / "laws_dev.parquet"
    if not path.exists():
        pytest.skip("the laws (../shared/corpora) are not beside this checkout")
    laws = pq.read_table(path, columns=["doc_id", "source", "title", "text"]).slice(0, 200)
    sections = cut_documents(laws, TextSettings())
    assert sections.num_rows == laws.num_rows
    assert set(sections["kind"].to_pylist()) == {"report"}
