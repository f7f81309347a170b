"""What other thresholds would make of a release is what a run with them makes."""

from __future__ import annotations

import pytest

from dedup.clusters.rethreshold import NotPublished, preview_thresholds, read_pairs
from dedup.decisions import open_store
from dedup.evaluation import write_corpus
from dedup.settings import Settings
from tests.decided_pages import publish_pairs_only


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("thresholds")
    write_corpus(folder / "pages" / "records.parquet", 400, seed=11, chars=500, measure=False)
    return folder, publish_pairs_only(folder)


def partition(release) -> set[frozenset[str]]:
    rows = release.sql("SELECT list(section_id) AS members FROM membership GROUP BY cluster_id").to_pylist()
    return {frozenset(row["members"]) for row in rows}


def test_the_thresholds_of_the_release_change_nothing(corpus):
    found = preview_thresholds(read_pairs(corpus[1]))
    assert found.leaving == found.changed == found.undecided == 0
    assert found.clusters == found.clusters_before == corpus[1].rows("clusters")
    assert found.examples == ()


def test_a_run_with_the_thresholds_makes_the_same_clusters(corpus, tmp_path):
    import shutil

    match = {"jaccard": 0.9, "edit": 0.97, "floor": 0.5}
    folder, release = corpus
    found = preview_thresholds(read_pairs(release), **match)
    shutil.copytree(folder / "pages", tmp_path / "pages")
    other = publish_pairs_only(tmp_path, **match)
    assert found.undecided == 0
    assert found.clusters == other.rows("clusters")
    assert found.with_copies == sum(len(members) > 1 for members in partition(other))
    canonical = "SELECT section_id, stands_for FROM membership"
    before, after = ({r["section_id"]: r["stands_for"] for r in x.sql(canonical).to_pylist()} for x in (release, other))
    left = {section for section in before if before[section] != after[section]}
    assert left
    assert found.leaving == len(left)
    assert {e.section_id for e in found.examples} <= left


def test_lower_thresholds_cannot_be_answered_and_the_message_says_what_can(corpus):
    with pytest.raises(NotPublished, match=r"jaccard 0\.6: lower than in release .*--dry-run"):
        preview_thresholds(read_pairs(corpus[1]), jaccard=0.6)


def test_pairs_that_are_not_measured_are_counted(corpus):
    pairs = read_pairs(corpus[1])
    found = preview_thresholds(pairs, jaccard=0.95, measure=0)
    assert found.undecided > 0
    assert found.leaving >= preview_thresholds(pairs, jaccard=0.95).leaving


def test_decisions_hold_whatever_the_thresholds(corpus, tmp_path):
    import shutil

    shutil.copytree(corpus[0], tmp_path / "c")
    release = corpus[1]
    copies = release.sql(
        "SELECT cluster_id, list(content_hash ORDER BY is_canonical DESC, section_id) AS keys,"
        " count(DISTINCT content_hash) AS n FROM membership JOIN sections USING (section_id)"
        " GROUP BY cluster_id HAVING n >= 3 ORDER BY cluster_id"
    ).to_pylist()
    settings = Settings(warehouse=tmp_path / "c" / "warehouse")
    (first, one, two), (kept, chosen) = copies[0]["keys"][:3], copies[1]["keys"][:2]
    with open_store(settings) as store:
        store.record("not_same", one, two, who="Ren")
        store.record("same", first, kept, who="Ren")
        store.record("canonical", chosen, who="Ren")
    decided = publish_pairs_only(tmp_path / "c")
    found = preview_thresholds(read_pairs(decided))
    assert (found.leaving, found.clusters) == (0, decided.rows("clusters"))
    assert preview_thresholds(read_pairs(decided), jaccard=1, edit=1).clusters < decided.rows("membership")
