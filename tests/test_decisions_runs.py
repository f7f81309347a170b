"""What people decide comes back in the next run, holds while the text stands, and is gone when it is taken back."""

from __future__ import annotations

import pytest

from dedup.clusters.comparison import compare
from dedup.clusters.explain import explain
from dedup.decisions import StoreError, open_store
from dedup.engines.local import run
from dedup.evaluation.recheck import recheck_pairs
from dedup.evaluation.reference import Definition
from dedup.releases import verify_release
from dedup.settings import Settings, SourceSettings
from tests.decided_pages import PAGES, REPORT, publish, sections, settings_for, write_pages

COPIES = ("gov/report.txt", "share/copy.txt", "share/late.txt")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    folder = tmp_path_factory.mktemp("decided")
    write_pages(folder, PAGES)
    summary, release = publish(folder)
    return folder, summary, sections(release)


@pytest.fixture
def corpus(published, tmp_path):
    """A copy of the pages with their first release, and what is in it."""
    import shutil

    folder, _, before = published
    shutil.copytree(folder, tmp_path / "c")
    return tmp_path / "c", before


def decide(folder, before, *decisions):
    with open_store(settings_for(folder)) as store:
        return [
            store.record(kind, *(before[name]["key"] for name in names), who="Ren", note="looked at both")
            for kind, *names in decisions
        ]


def outcomes(release):
    return {row["decision_id"]: row for row in release.arrow("decisions").to_pylist()}


def test_without_decisions_nothing_is_said_of_them(published):
    _, summary, before = published
    assert len({before[name]["cluster_id"] for name in COPIES}) == 1
    assert {row["status"] for row in before.values()} == {"auto"}
    assert summary.decisions == {}


def test_a_release_with_every_kind_of_decision_passes_the_gate_and_verifies(corpus):
    folder, before = corpus
    copy = "share/copy.txt"
    # The better one of two that differ keeps their common copy.
    report, late = sorted(("gov/report.txt", "share/late.txt"), key=lambda name: not before[name]["is_canonical"])
    decide(
        folder, before, ("not_same", report, late), ("canonical", copy), ("same", late, "gov/other.txt"),
        ("boilerplate", "share/advice.txt"),
    )  # fmt: skip
    summary, release = publish(folder, quality=True)
    assert summary.outcome == "published"
    assert summary.decisions["applied"] == 4
    assert verify_release(release) == []
    assert recheck_pairs(release, Definition.of_manifest(release.manifest), 1000).passed
    now = sections(release)
    assert now[report]["cluster_id"] == now[copy]["cluster_id"] != now[late]["cluster_id"]
    assert now[late]["cluster_id"] == now["gov/other.txt"]["cluster_id"]
    assert now[copy]["is_canonical"]
    assert not now[report]["is_canonical"]
    assert "decided by Ren on " in now[copy]["reason"]
    assert {now[late]["rule"], now["gov/other.txt"]["rule"]} == {"canonical", "decided"}
    assert now[late]["link_rule"] == "decided"
    assert now[late]["status"] == now[report]["status"] == "split"
    assert now["share/advice.txt"]["kind"] == "boilerplate"
    assert now["share/advice.txt"]["outcome"] == "not_a_report"
    ids = release.arrow("reports", ["section_id"]).column(0).to_pylist()
    assert now["share/advice.txt"]["section_id"] not in ids
    assert now[copy]["section_id"] in ids
    assert release.manifest["decisions"]["applied"] == 4
    assert len(release.manifest["decisions"]["version"]) == 16
    low, high = sorted((now[late]["section_id"], now["gov/other.txt"]["section_id"]))
    (pair,) = release.sql("SELECT * FROM pairs WHERE section_a = ? AND section_b = ?", [low, high]).to_pylist()
    assert pair["rule"] == "decided"
    measured = compare(PAGES[late], PAGES["gov/other.txt"])
    assert (pair["jaccard"], pair["edit_similarity"]) == (measured.jaccard, measured.edit_similarity)
    assert "decided by Ren" in explain(release, now[late]["section_id"], now["gov/other.txt"]["section_id"]).verdict


def test_another_edition_is_published_beside_and_linked(corpus):
    folder, before = corpus
    decide(folder, before, ("edition", "gov/report.txt", "share/late.txt"))
    _, release = publish(folder)
    now = sections(release)
    assert now["gov/report.txt"]["cluster_id"] != now["share/late.txt"]["cluster_id"]
    assert now["gov/report.txt"]["family_id"] == now["share/late.txt"]["family_id"]
    (rule,) = release.sql("SELECT rule FROM pairs WHERE relation = 'variant'").column(0).to_pylist()
    assert "variant: decided by Ren on " in rule


def test_a_decision_holds_for_the_same_text_on_another_page(corpus):
    folder, before = corpus
    decide(folder, before, ("split", "share/late.txt"))
    write_pages(folder, {"gov/again.txt": "\n" + PAGES["share/late.txt"].replace("，", "， ")})
    _, release = publish(folder)
    now = sections(release)
    assert now["gov/again.txt"]["cluster_id"] == now["share/late.txt"]["cluster_id"], "exact copies stay together"
    assert now["gov/again.txt"]["cluster_id"] != now["gov/report.txt"]["cluster_id"]
    (row,) = outcomes(release).values()
    assert (row["outcome"], row["n_sections"]) == ("applied", 2)


def test_a_decision_about_a_text_that_changed_is_reported_as_not_applied(corpus):
    folder, before = corpus
    (made,) = decide(folder, before, ("not_same", "gov/report.txt", "share/late.txt"))
    write_pages(folder, {"share/late.txt": PAGES["share/late.txt"].replace("3.1万人", "3.2万人")})
    summary, release = publish(folder)
    now = sections(release)
    assert now["gov/report.txt"]["cluster_id"] == now["share/late.txt"]["cluster_id"]
    row = outcomes(release)[made.decision_id]
    assert row["outcome"] == "not_found"
    assert before["share/late.txt"]["key"] in row["reason"]
    assert row["section_a"] or row["section_b"], "the other text is still there"
    assert summary.decisions["not_found"] == 1
    counted = release.sql("SELECT value FROM runs WHERE stage = 'decisions' AND metric = 'not_found'")
    assert counted.column(0).to_pylist() == [1.0]


def test_the_older_of_two_decisions_that_exclude_each_other_is_reported_as_overruled(corpus):
    folder, before = corpus
    report, copy, late = COPIES
    made = decide(folder, before, ("same", report, copy), ("same", copy, late), ("not_same", report, late))
    _, release = publish(folder)
    told = outcomes(release)
    assert [told[d.decision_id]["outcome"] for d in made] == ["overruled", "applied", "applied"]
    assert made[2].decision_id in told[made[0].decision_id]["reason"]


def test_what_is_taken_back_leaves_no_trace_in_the_clusters(corpus):
    folder, before = corpus
    made = decide(folder, before, ("split", "share/late.txt"), ("canonical", "share/copy.txt"), ("unsure", *COPIES[:2]))
    publish(folder)
    with open_store(settings_for(folder)) as store:
        for decision in made[:2]:
            store.undo(decision.decision_id, "Ren")
    summary, release = publish(folder)
    now = sections(release)
    kept = ("is_canonical", "rule", "reason", "similarity", "status", "kind", "link_rule", "outcome")
    assert {u: {k: row[k] for k in kept} for u, row in now.items()} == {
        u: {k: row[k] for k in kept} for u, row in before.items()
    }
    assert len({now[name]["cluster_id"] for name in COPIES}) == 1
    assert summary.decisions == {"applied": 0, "overruled": 0, "not_found": 0, "not_possible": 0, "noted": 1}


def test_a_passage_may_be_called_boilerplate_and_ties_nobody_any_more(tmp_path):
    shared = "本县坚持走生态优先绿色发展的道路，全面推行河长制和林长制，空气质量优良天数比例稳定在百分之九十以上。"
    write_pages(tmp_path, PAGES | {"gov/report.txt": REPORT + shared, "gov/other.txt": PAGES["gov/other.txt"] + shared})
    _, release = publish(tmp_path)
    (passage,) = release.sql("SELECT passage_id FROM passage_stats WHERE contains(text, '河长制')").to_pylist()
    edges = release.rows("reuse_edges")
    assert edges
    with open_store(settings_for(tmp_path)) as store:
        store.record("boilerplate", passage["passage_id"], who="Ren")
        store.record("boilerplate", "x_0000000000000000", who="Ren")
    _, release = publish(tmp_path)
    kinds = release.sql("SELECT DISTINCT kind FROM passages WHERE passage_id = ?", [passage["passage_id"]])
    assert kinds.column(0).to_pylist() == ["boilerplate"]
    assert release.rows("reuse_edges") < edges
    told = {row["key_a"]: row["outcome"] for row in outcomes(release).values()}
    assert told == {passage["passage_id"]: "applied", "x_0000000000000000": "not_found"}


def test_a_database_that_does_not_answer_stops_the_run_instead_of_being_passed_over(corpus):
    folder, _ = corpus
    url = f"sqlite:///{folder}/gov/report.txt/decisions.sqlite"
    settings = Settings(warehouse=folder / "warehouse", decisions={"url": url}, quality={"enabled": False})
    with pytest.raises(StoreError, match="cannot be opened"):
        run(settings, [SourceSettings(path=str(folder / "gov"), name="gov")])
