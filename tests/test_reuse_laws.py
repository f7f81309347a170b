"""Paragraphs known to stand in several Chinese laws lie in passages; those of three families in templates."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import dedup
from dedup.engines.local import run
from dedup.settings import load_settings
from dedup.sources import resolve_sources
from dedup.text.normalise import normalise

CORPORA = Path(__file__).resolve().parents[2] / "shared" / "corpora"
LAWS, KNOWN = CORPORA / "laws_dev.parquet", CORPORA / "laws_dev.templates.parquet"
LEAST = 20

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not KNOWN.exists(), reason="skipped: the corpus of laws (../shared/corpora) is not here"),
]


class Law:
    """The normalised text of a section, and where passages cover it."""

    def __init__(self, row: dict, passages: list[dict]) -> None:
        folded = {c: normalise(c) for c in set(row["clean_text"])}
        pieces = [folded[c] for c in row["clean_text"]]
        at = np.concatenate([[0], np.cumsum([len(p) for p in pieces])])
        self.text, self.cluster, self.family = "".join(pieces), row["cluster_id"], row["family_id"]
        self.any, self.template = np.zeros(len(self.text), dtype=bool), np.zeros(len(self.text), dtype=bool)
        for p in passages:
            span = slice(at[p["clean_start"]], at[p["clean_end"]])
            self.any[span] = True
            self.template[span] |= p["kind"] == "template"


@pytest.fixture(scope="module")
def laws(tmp_path_factory) -> dict[str, Law]:
    settings = load_settings(warehouse=tmp_path_factory.mktemp("laws"), quality={"enabled": False})
    assert run(settings, resolve_sources([str(LAWS)], settings)).outcome == "published"
    release = dedup.open_release(settings.warehouse)
    passages = defaultdict(list)
    for p in release.arrow("passages", ["section_id", "kind", "clean_start", "clean_end"]).to_pylist():
        passages[p["section_id"]].append(p)
    rows = release.sql(
        "SELECT d.source_id, s.section_id, s.clean_text, m.cluster_id, c.family_id FROM sections s"
        " JOIN documents d USING (doc_id) JOIN membership m USING (section_id) JOIN clusters c USING (cluster_id)"
    ).to_pylist()
    return {row["source_id"]: Law(row, passages[row["section_id"]]) for row in rows}


def test_known_paragraphs_lie_in_passages_and_those_of_three_families_in_templates(laws) -> None:
    known = defaultdict(list)
    for row in pq.read_table(KNOWN).to_pylist():
        known[row["template_id"]].append((row["doc_id"], normalise(row["text"])))
    seen = in_passage = in_own_cluster = wide = as_template = 0
    for occurrences in known.values():
        said = occurrences[0][1]
        hits = [(laws[i], laws[i].text.find(said)) for i, _ in occurrences if i in laws and said in laws[i].text]
        if len(said) < LEAST:
            continue
        families, clusters = {law.family for law, _ in hits}, {law.cluster for law, _ in hits}
        for law, at in hits:
            seen += 1
            covered = bool(law.any[at : at + len(said)].all())
            in_passage += covered
            in_own_cluster += not covered and len(clusters) == 1
            wide += len(families) >= 3
            as_template += len(families) >= 3 and bool(law.template[at : at + len(said)].all())
    assert seen > 1_500
    assert (in_passage + in_own_cluster) / seen >= 0.98
    assert wide > 1_000
    assert as_template / wide >= 0.98
