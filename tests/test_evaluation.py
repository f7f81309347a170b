"""Evaluation: what is found, missed and wrong, on releases small enough to count by hand."""

import csv
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.evaluation import TruthError, evaluate, write_sample
from dedup.evaluation.curve import CurvePoint, draw_curve
from dedup.evaluation.reference import Definition, reference_edit, reference_jaccard
from dedup.evaluation.report_writer import ReportWriter, clean
from dedup.evaluation.scores import compare_clusterings, connected_labels
from dedup.evaluation.truth import read_truth
from dedup.schemas import DATASETS

WRITER = ReportWriter(4, chars=900)
A, B, C = (clean(WRITER.report(number).text) for number in (1, 2, 3))
A2 = A.replace("各位代表", "各位同志")
B2 = B.replace("的", "之")


class SmallRelease:
    """As much of a release as evaluation reads, from plain rows."""

    def __init__(self, documents: dict[str, list[tuple[str, str]]], pairs: list[dict], clusters: dict[str, str]):
        """`documents`: uri -> [(section_id, text)]; `clusters`: section_id -> cluster_id."""
        self.manifest = {"release_id": "2020-01-01.1", "settings": {"match": {"complete_cluster": 200}}}
        self.rows: dict[str, list[dict]] = {"documents": [], "sections": [], "membership": [], "quarantine": []}
        for uri, sections in documents.items():
            doc_id = f"d_{uri}"
            text = "".join(text for _, text in sections)
            self.rows["documents"].append(
                {"doc_id": doc_id, "uri": uri, "source_id": uri.rsplit("#")[-1], "text": text}
            )
            at = 0
            for ordinal, (section_id, part) in enumerate(sections):
                self.rows["sections"].append(
                    {
                        "section_id": section_id,
                        "doc_id": doc_id,
                        "ordinal": ordinal,
                        "title": "",
                        "kind": "report",
                        "char_start": at,
                        "char_end": at + len(part),
                        "clean_text": part,
                    }
                )
                at += len(part)
        clusters = {
            s["section_id"]: clusters.get(s["section_id"], f"c_{s['section_id']}") for s in self.rows["sections"]
        }
        self.rows["membership"] = [{"section_id": s, "cluster_id": c} for s, c in clusters.items()]
        sizes = {c: list(clusters.values()).count(c) for c in clusters.values()}
        self.rows["clusters"] = [{"cluster_id": c, "family_id": f"f{c}", "n_sections": n} for c, n in sizes.items()]
        self.rows["pairs"] = pairs

    def arrow(self, name: str, columns: list[str] | None = None) -> pa.Table:
        if not self.rows[name]:
            empty = DATASETS[name].schema.empty_table()
            return empty.select(columns) if columns else empty
        table = pa.Table.from_pylist(self.rows[name])
        if name == "pairs":
            table = table.set_column(3, "edit_similarity", table.column("edit_similarity").cast(pa.float64()))
        return table.select(columns) if columns else table

    def sql(self, query: str, parameters: list | None = None) -> pa.Table:
        with duckdb.connect() as connection:
            for name in self.rows:
                connection.register(name, self.arrow(name))
            return connection.sql(query, params=parameters).to_arrow_table()


def pair(a: str, b: str, text_a: str, text_b: str, relation: str = "near_duplicate", **given) -> dict:
    measured = {"jaccard": reference_jaccard(text_a, text_b), "edit_similarity": reference_edit(text_a, text_b)}
    return {"section_a": a, "section_b": b, **measured, "relation": relation, "rule": "jaccard"} | given


def listed(path: Path, rows: list[dict]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def records(pairs: list[dict], clusters: dict[str, str] | None = None) -> SmallRelease:
    documents = {f"r.jsonl#{name}": [(f"s_{name}", text)] for name, text in
                 {"a1": A, "a2": A2, "b1": B, "b2": B2, "c": C}.items()}  # fmt: skip
    return SmallRelease(documents, pairs, clusters or {})


TRUTH = [{"doc_a": "a1", "doc_b": "a2", "j5": 0.98}, {"doc_a": "b2", "doc_b": "b1", "j5": 0.75}]


def test_everything_found_is_one(tmp_path: Path) -> None:
    release = records(
        [pair("s_a1", "s_a2", A, A2), pair("s_b1", "s_b2", B, B2)],
        {"s_a1": "c1", "s_a2": "c1", "s_b1": "c2", "s_b2": "c2"},
    )
    result = evaluate(release, listed(tmp_path / "pairs.jsonl", TRUTH))
    assert (result.pairs.recall, result.pairs.precision, result.pairs.f1) == (1.0, 1.0, 1.0)
    assert result.families is not None
    assert result.families.ari == 1.0
    assert result.passed
    assert not result.missed
    assert not result.false
    assert result.recheck.checked == result.recheck.published == 2


def test_a_missed_pair_is_named_with_the_reason(tmp_path: Path) -> None:
    release = records([pair("s_a1", "s_a2", A, A2)])
    result = evaluate(release, listed(tmp_path / "pairs.jsonl", TRUTH))
    assert result.pairs.recall == 0.5
    assert result.pairs.precision == 1.0
    [finding] = result.missed
    assert {finding.a, finding.b} == {"b1", "b2"}
    assert "was not found among the candidates" in finding.reason
    counts = {band.label: (band.expected, band.found) for band in result.bands if band.pairs}
    assert counts == {"0.7 to 0.9": (1, 0), "0.9 to 1": (1, 1)}


def test_pairs_below_the_score_do_not_count_for_recall_and_are_no_error(tmp_path: Path) -> None:
    release = records([pair("s_a1", "s_a2", A, A2), pair("s_b1", "s_b2", B, B2)])
    result = evaluate(release, listed(tmp_path / "pairs.jsonl", TRUTH), score="j5", min_score=0.9)
    assert (result.pairs.expected, result.pairs.found) == (1, 1)
    assert (result.pairs.right, result.pairs.wrong) == (1, 0)
    assert result.threshold == "j5 >= 0.9"


def test_a_published_pair_the_list_does_not_know_is_wrong_only_if_it_breaks_the_definition(tmp_path: Path) -> None:
    truth = listed(tmp_path / "pairs.jsonl", [TRUTH[0], {"doc_a": "b1", "doc_b": "c", "label": "different", "j5": 0.1}])
    unlisted = [pair("s_a1", "s_a2", A, A2), pair("s_a1", "s_c", A, C), pair("s_a2", "s_c", A2, C, jaccard=0.9)]
    result = evaluate(records([*unlisted, pair("s_b1", "s_c", B, C)]), truth)
    assert result.n_false == 3
    assert result.pairs.precision == 0.25
    assert all("does not meet the definition" in finding.reason for finding in result.false)
    assert not result.recheck.passed
    assert any("published with Jaccard 0.900000" in problem for problem in result.recheck.problems)
    negative = [{"doc_a": "a1", "doc_b": "b1", "label": "different"}, {"doc_a": "a2", "doc_b": "c", "label": "0"}]
    good = evaluate(records([pair("s_a1", "s_a2", A, A2)]), listed(tmp_path / "b.jsonl", [*TRUTH[1:], *negative]))
    assert (good.unlisted, good.n_false, good.pairs.precision) == (1, 0, None)


def test_records_outside_the_truth_are_no_error(tmp_path: Path) -> None:
    result = evaluate(records([pair("s_b1", "s_b2", B, B2)]), listed(tmp_path / "a.jsonl", TRUTH[:1]))
    assert (result.pairs.right, result.pairs.wrong, result.unlisted) == (0, 0, 0)


def test_an_exact_pair_must_be_equal_after_nfkc(tmp_path: Path) -> None:
    promille = A.replace("%", "‰")
    release = SmallRelease(
        {"r#1": [("s1", A)], "r#2": [("s2", promille)]}, [pair("s1", "s2", A, promille, relation="exact")], {}
    )
    result = evaluate(release, listed(tmp_path / "a.jsonl", [{"doc_a": "1", "doc_b": "2"}]))
    [problem] = result.recheck.problems
    assert "called exact, but the texts differ" in problem


def test_only_a_sample_is_checked_again_when_there_are_many_pairs(tmp_path: Path) -> None:
    release = records([pair("s_a1", "s_a2", A, A2), pair("s_b1", "s_b2", B, B2)])
    result = evaluate(release, listed(tmp_path / "pairs.jsonl", TRUTH), check_pairs=1)
    assert (result.recheck.published, result.recheck.checked) == (2, 1)
    assert any("a sample of 2" in note for _, _, note in result.rows())


def section_truth(folder: Path, rows: list[dict], pairs: list[dict]) -> Path:
    listed(folder / "truth.sections.jsonl", rows)
    listed(folder / "truth.pairs.jsonl", pairs)
    return folder


def known(section: str, uri: str, span: tuple[int, int] | None, text: str) -> dict:
    start, end = span if span else (None, None)
    return {"section": section, "uri": uri, "char_start": start, "char_end": end, "kind": "report",
            "head": text[:24].replace("\n", ""), "tail": text[-24:].replace("\n", "")}  # fmt: skip


def test_sections_are_found_by_overlap_and_pages_cut_elsewhere_are_explained(tmp_path: Path) -> None:
    # The first page holds A and B; the release took both for one report.
    release = SmallRelease(
        {
            "site/1.txt": [("s1", A + B)],
            "site/2.txt": [("s2", A2)],
            "site/3.txt": [("s3", C[: len(C) // 5]), ("s4", B2)],
        },
        [pair("s1", "s2", A + B, A2)],
        {},
    )
    rows = [
        known("t1", "pages/site/1.txt", (0, len(A)), A),
        known("t2", "pages/site/1.txt", (len(A), len(A + B)), B),
        known("t3", "pages/site/2.txt", (3, len(A2)), A2),
        known("t4", "pages/site/3.txt", None, B2),
    ]
    pairs = [
        {"section_a": "t1", "section_b": "t3", "relation": "near_duplicate", "jaccard": 0.98, "meets": True},
        {"section_a": "t2", "section_b": "t4", "relation": "near_duplicate", "jaccard": 0.8, "meets": True},
    ]
    result = evaluate(release, section_truth(tmp_path, rows, pairs))
    assert result.units == 4
    assert result.placed == 3
    reasons = " ".join(finding.reason for finding in result.missed)
    assert "cut into report 0–" in reasons
    assert result.cut is not None
    # Of the three units with a place, only the second page's is where the truth says.
    assert (result.cut.units, result.cut.found, result.cut.exact, result.cut.kinds_right) == (3, 2, 1, 2)
    assert result.pairs.expected == 2


def test_for_complete_truth_an_unknown_pair_is_wrong_even_if_alike(tmp_path: Path) -> None:
    release = SmallRelease({"x/1.txt": [("s1", A)], "x/2.txt": [("s2", A2)]}, [pair("s1", "s2", A, A2)], {})
    rows = [known("t1", "x/1.txt", (0, len(A)), A), known("t2", "x/2.txt", (0, len(A2)), A2),
            known("t3", "x/3.txt", (0, 9), B)]  # fmt: skip
    pairs = [{"section_a": "t1", "section_b": "t3", "relation": "near_duplicate", "jaccard": 0.9, "meets": True}]
    result = evaluate(release, section_truth(tmp_path, rows, pairs))
    assert result.n_false == 1
    assert "different reports by the truth, yet alike" in result.false[0].reason
    assert "is not in the release" in result.missed[0].reason


def test_quarantined_pages_are_named_as_the_reason(tmp_path: Path) -> None:
    release = SmallRelease({"x/1.txt": [("s1", A)]}, [], {})
    release.rows["quarantine"] = [{"record_id": "x/2.txt", "rule": "truncated", "reason": "ends in the middle"}]
    rows = [known("t1", "x/1.txt", (0, len(A)), A), known("t2", "x/2.txt", (0, len(A2)), A2)]
    pairs = [{"section_a": "t1", "section_b": "t2", "relation": "near_duplicate", "jaccard": 0.9, "meets": True}]
    result = evaluate(release, section_truth(tmp_path, rows, pairs))
    assert "in quarantine: truncated, ends in the middle" in result.missed[0].reason


def test_members_of_a_large_cluster_are_found_though_their_pair_is_not_written(tmp_path: Path) -> None:
    release = records([pair("s_a1", "s_a2", A, A2)], {"s_a1": "c1", "s_a2": "c1", "s_b1": "c1", "s_b2": "c1"})
    truth = listed(tmp_path / "pairs.jsonl", TRUTH)
    assert evaluate(release, truth).pairs.found == 1
    release.manifest["settings"]["match"]["complete_cluster"] = 3
    assert evaluate(release, truth).pairs.found == 2


def test_ids_that_look_like_numbers_stay_text_in_csv(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["doc_a", "doc_b", "jaccard"], ["007", "008", "0.9"], ["008", "007", "0.9"]])
    truth = read_truth(path)
    assert truth.units.column("id").to_pylist() == ["007", "008"]
    assert truth.pairs.num_rows == 1


def test_truth_that_cannot_be_used_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(TruthError, match="no such file"):
        read_truth(tmp_path / "none.parquet")
    with pytest.raises(TruthError, match=r"no truth\.sections"):
        read_truth(tmp_path)
    pq.write_table(pa.table({"a": ["1"], "doc_b": ["2"]}), tmp_path / "x.parquet")
    with pytest.raises(TruthError, match="no column doc_a; it has a, doc_b"):
        read_truth(tmp_path / "x.parquet")
    with pytest.raises(TruthError, match="no column best"):
        read_truth(listed(tmp_path / "y.jsonl", TRUTH), score="best")
    with pytest.raises(TruthError, match=r"no pair is left with j5 >= 0\.99"):
        read_truth(tmp_path / "y.jsonl", min_score=0.99)
    (tmp_path / "z.jsonl").write_text("{", "utf-8")
    with pytest.raises(TruthError, match="not JSON Lines"):
        read_truth(tmp_path / "z.jsonl")


def test_a_generated_truth_is_read_whole(tmp_path: Path) -> None:
    made = write_sample(tmp_path, 20, 3)
    truth = read_truth(tmp_path)
    assert truth.complete
    assert truth.has_relations
    assert truth.pairs.num_rows == made.pairs
    assert truth.units.num_rows == made.sections
    assert read_truth(tmp_path / "truth.pairs.parquet").pairs.equals(truth.pairs)


def test_ari_and_bcubed_of_known_examples() -> None:
    same = compare_clusterings(np.array([1, 1, 2, 2]), np.array([7, 7, 5, 5]))
    assert same is not None
    assert (same.ari, same.precision, same.recall) == (1.0, 1.0, 1.0)
    # The example of scikit-learn's documentation of adjusted_rand_score.
    other = compare_clusterings(np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2]))
    assert other is not None
    assert other.ari == pytest.approx(0.5714285714)
    # Amigó et al. (2009), by hand: items 1-3 together in truth, the third put with the fourth.
    mixed = compare_clusterings(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
    assert mixed is not None
    assert mixed.precision == pytest.approx((1 + 1 + 0.5 + 0.5) / 4)
    assert mixed.recall == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert compare_clusterings(np.array([], np.int64), np.array([], np.int64)) is None


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.lists(
    st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=60))))  # fmt: skip
def test_components_are_those_of_a_plain_search(graph: tuple[int, list[tuple[int, int]]]) -> None:
    n, edges = graph
    label = list(range(n))
    for _ in range(n):
        for a, b in edges:
            label[a] = label[b] = min(label[a], label[b])
    ends = np.array(edges, np.int64).reshape(-1, 2)
    assert connected_labels(n, ends[:, 0], ends[:, 1]).tolist() == label


def test_the_curve_is_a_picture_and_falls_with_the_threshold(tmp_path: Path) -> None:
    release = records([pair("s_a1", "s_a2", A, A2), pair("s_b1", "s_b2", B, B2)])
    result = evaluate(release, listed(tmp_path / "pairs.jsonl", TRUTH))
    recalls = [point.recall for point in result.curve]
    assert recalls[0] == 1.0
    assert recalls == sorted(recalls, reverse=True)
    assert result.curve[-1].precision is None
    svg = result.save_curve(tmp_path / "curve.svg").read_text("utf-8")
    names = [element.tag.rsplit("}", 1)[-1] for element in ET.fromstring(svg).iter()]
    assert names.count("polyline") == 2
    width, height = (float(value) for value in ET.fromstring(svg).attrib["viewBox"].split()[2:])
    for line in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}polyline"):
        for point in line.attrib["points"].split():
            x, y = (float(value) for value in point.split(","))
            assert 0 <= x <= width
            assert 0 <= y <= height
    escaped = draw_curve([CurvePoint(0.5, 1.0, None, 0)], "a <b> & c", "", 0.7)
    assert "a &lt;b&gt; &amp; c" in escaped
    ET.fromstring(escaped)


def test_the_result_is_plain_json(tmp_path: Path) -> None:
    result = evaluate(records([pair("s_a1", "s_a2", A, A2)]), listed(tmp_path / "pairs.jsonl", TRUTH))
    plain = json.loads(json.dumps(result.as_dict(), ensure_ascii=False))
    assert plain["pairs"]["recall"] == 0.5
    assert plain["missed"][0]["reason"]
    assert plain["curve"][0]["threshold"] == 0.3


def test_the_definition_is_read_from_the_release() -> None:
    definition = Definition.of_manifest({"settings": {"match": {"jaccard": 0.8}, "fingerprint": {"ngram": 3}}})
    assert (definition.jaccard, definition.floor, definition.edit, definition.ngram) == (0.8, 0.35, 0.9, 3)
    assert Definition.of_manifest({}) == Definition()
