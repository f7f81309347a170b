"""The formulae that people found in the annotated pages beside the project, where they are there."""

import json
import re
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.clusters.assignment import assign_clusters
from dedup.clusters.variants import mark_variants
from dedup.fingerprinting.minhash import signature_matrix
from dedup.ids import document_id
from dedup.matching.match import match_texts
from dedup.reuse.phrases import count_phrases
from dedup.reuse.rows import SectionRows
from dedup.reuse.templates import build_templates
from dedup.schemas import MATCHED_KINDS
from dedup.settings import FingerprintSettings, MatchSettings, ReuseSettings, TextSettings
from dedup.text.normalise import normalise
from dedup.text.sections import cut_documents

GB = 1 << 30


@pytest.fixture(scope="module")
def rows(shared_folder: Path) -> SectionRows:
    """The sections of the annotated pages, cut and clustered as a run would."""
    pages = sorted((shared_folder / "pages").glob("*.txt"))
    if not pages:
        pytest.skip("the annotated pages (../shared/pages) are not beside this checkout")
    documents = pa.table(
        {
            "doc_id": [document_id(path.name) for path in pages],
            "uri": [path.name for path in pages],
            "source": ["pages"] * len(pages),
            "title": pa.array([None] * len(pages), type=pa.string()),
            "text": [path.read_bytes().decode("utf-8") for path in pages],
        }
    )
    sections = cut_documents(documents, TextSettings())
    sections = sections.filter(pa.array([kind in MATCHED_KINDS for kind in sections["kind"].to_pylist()]))
    texts = sections["clean_text"].combine_chunks().cast(pa.large_string())
    n = len(texts)
    match, order, nobody = MatchSettings(), np.arange(n), np.zeros(n, dtype=bool)
    matches = match_texts(texts, signature_matrix(texts), match, FingerprintSettings())
    marks = mark_variants(matches.pairs, texts, matches.nodes.first_row, match)
    found = assign_clusters(matches, marks, order, nobody)
    unknown = np.full(n, -1, dtype=np.int32)
    page = sections["doc_id"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int32)
    return SectionRows(
        texts, found.canonical, found.family, found.canonical == order, nobody, page, page, order, unknown, unknown
    )


@pytest.fixture(scope="module")
def formulae(shared_folder: Path) -> list[str]:
    """Normalised texts of the formulae that reports of the pages share, one for each place in the annotation."""
    path = shared_folder / "gold" / "cross_duplicates.jsonl"
    if not path.exists():
        pytest.skip("the annotation (../shared/gold) is not beside this checkout")
    pairs = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [
        normalise(passage["text"])
        for pair in pairs
        if pair["relation"] == "template_phrase"
        for passage in pair["shared_passages"]
    ]


def clauses_of(text: str) -> set[str]:
    parts = re.split(r"[，。；、：！？!?;:…\n（）()]|——|(?<![0-9A-Za-z])[,.]|[,.](?![0-9A-Za-z])", text)
    return {normalise(part) for part in parts}


def test_phrases_of_the_pages_have_the_right_df(rows: SectionRows) -> None:
    found = count_phrases(
        rows, ReuseSettings(phrase_families=2), folder=Path("unused"), memory_limit=GB, threads=1
    ).table.to_pylist()
    held = [clauses_of(text) for text in rows.texts.to_pylist()]
    assert len(found) > 20
    for phrase in found:
        families = {int(rows.family[i]) for i, clauses in enumerate(held) if normalise(phrase["text"]) in clauses}
        assert phrase["df"] == len(families)


def common_length(a: str, b: str) -> int:
    return SequenceMatcher(None, a, b, autojunk=False).find_longest_match().size


def test_formulae_of_the_pages_are_found(rows: SectionRows, formulae: list[str]) -> None:
    """46 places: 20 hold a phrase, 17 more are long enough for the guarantee of passages, 5 lie in a template.

    The rest stands in two families only and has 19 characters: below what passages promise (20) and phrases count.
    """
    settings, folder = ReuseSettings(), Path("unused")
    phrases = count_phrases(rows, settings, folder=folder, memory_limit=GB, threads=1).table.column("text").to_pylist()
    templates = build_templates(rows, settings, folder=folder, memory_limit=GB, threads=1)
    sentences = {
        normalise(rows.texts[o["row"]].as_py()[o["clean_start"] : o["clean_end"]])
        for o in templates.occurrences.to_pylist()
    }
    ways: Counter[str] = Counter()
    for formula in formulae:
        if any(normalise(phrase) in formula for phrase in phrases):
            ways["phrase"] += 1
        elif len(formula) >= settings.passage_chars:
            ways["passage"] += 1
        elif any(common_length(formula, s) >= 0.7 * len(formula) for s in sentences):
            ways["template"] += 1
        else:
            ways["none"] += 1
    assert sum(ways.values()) == 46
    assert ways["phrase"] >= 20
    assert ways["none"] <= 4


def test_the_opening_of_the_reports_is_one_template(rows: SectionRows) -> None:
    templates = build_templates(rows, ReuseSettings(), folder=Path("unused"), memory_limit=GB, threads=1)
    opening = [t for t in templates.table.to_pylist() if "我代表{place}人民政府" in t["skeleton"]]
    assert len(opening) == 1
    assert opening[0]["df"] >= 4
