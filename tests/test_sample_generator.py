"""Generated samples: the same everywhere, truthful to the character, and as hard as they claim to be."""

import gzip
import hashlib
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.evaluation import edits, write_corpus, write_sample
from dedup.evaluation.draws import Dice, raw_draws
from dedup.evaluation.grammar import MARK
from dedup.evaluation.reference import Definition, reference_edit, reference_jaccard, shingle_set
from dedup.evaluation.report_writer import ReportWriter, clean
from dedup.evaluation.sites import stored_gzip

GB18030_SITES = ("pages/wenmi/", "pages/laozhan/")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory):
    return write_sample(tmp_path_factory.mktemp("sample"), pages=60, seed=5)


@pytest.fixture(scope="module")
def texts(sample) -> dict[str, str]:
    """Decoded text by uri, HTML apart."""
    found = {}
    for path in sorted((sample.folder / "pages").rglob("*")):
        uri = path.relative_to(sample.folder).as_posix()
        if path.suffix == ".jsonl":
            for line in path.read_text("utf-8").splitlines():
                record = json.loads(line)
                found[record["url"]] = record["text"]
        elif path.is_file() and path.suffix in (".txt", ".md", ".gz"):
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            found[uri] = data.decode("gb18030" if uri.startswith(GB18030_SITES) else "utf-8")
    return found


def digest(folder: Path) -> str:
    """Hash of the pages' bytes and of the truth's values (Parquet files name the version that wrote them)."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            total.update(json.dumps(pq.read_table(path).to_pylist(), ensure_ascii=False).encode())
        elif path.is_file():
            total.update(path.read_bytes())
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_sample(tmp_path / name, pages=12, seed=seed, measure=False)
    assert digest(tmp_path / "a") == digest(tmp_path / "b") != digest(tmp_path / "c")


@pytest.mark.slow
def test_workers_change_nothing(tmp_path: Path) -> None:
    write_sample(tmp_path / "a", pages=70, seed=3)
    write_sample(tmp_path / "b", pages=70, seed=3, workers=2)
    assert digest(tmp_path / "a") == digest(tmp_path / "b")
    one = write_corpus(tmp_path / "c" / "x.parquet", 60, 3)
    two = write_corpus(tmp_path / "d" / "x.parquet", 60, 3, workers=2)
    assert pq.read_table(one.path).equals(pq.read_table(two.path))
    assert pq.read_table(one.pairs).equals(pq.read_table(two.pairs))


def test_draws_are_those_of_splitmix64() -> None:
    # Test vector of the reference implementation (prng.di.unimi.it, seed 1234567).
    assert raw_draws(1234567, 3).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_a_report_is_the_same_text_on_every_machine() -> None:
    # Written down once; it changes on purpose only, as every sample changes with it.
    text = clean(ReportWriter(1).report(2, edition=1).text)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "c0599f45eb6fc3b7"


def test_sections_tile_every_page_and_start_at_their_headings(sample, texts: dict[str, str]) -> None:
    ends: dict[str, int] = {}
    for row in sample.table("sections").to_pylist():
        if row["char_start"] is None or row["uri"] not in texts:
            continue
        text = texts[row["uri"]]
        assert row["char_start"] == ends.get(row["uri"], 0)
        ends[row["uri"]] = row["char_end"]
        if row["heading"]:
            assert text[row["char_start"] :].startswith(row["heading"])
        body = re.sub("[\n 　]", "", text[row["body_start"] : row["char_end"]])
        assert body.startswith(row["head"])
        assert row["tail"] in body
    assert ends == {uri: len(text) for uri, text in texts.items()}


def test_figures_and_passages_stand_where_the_truth_says(sample, texts: dict[str, str]) -> None:
    figures = [row for row in sample.table("figures").to_pylist() if row["uri"] in texts]
    assert len(figures) > 5000
    for row in figures:
        assert texts[row["uri"]][row["char_start"] : row["char_end"]] == row["value"]
        assert (row["state"] == "masked") == (not row["value"][0].isdigit()), row
        if row["state"] != "masked":
            behind = texts[row["uri"]][row["char_end"] :]
            assert behind.startswith(row["unit"]) == (row["state"] != "unit_lost")
        assert (row["state"] == "overwritten") <= (row["value"] == "2024")
    assert {row["state"] for row in figures} == {"printed", "changed", "masked", "overwritten", "unit_lost"}
    passages = 0
    for row in sample.table("passages").to_pylist():
        if row["uri"] in texts and row["source_uri"] in texts and row["char_start"] is not None:
            here = re.sub("[\n 　]", "", texts[row["uri"]][row["char_start"] : row["char_end"]])
            there = re.sub("[\n 　]", "", texts[row["source_uri"]][row["source_start"] : row["source_end"]])
            if row["edit_rate"] == 0:
                assert here == there
            else:
                assert reference_edit(here, there) > 0.8
            passages += 1
    assert passages >= 5


def test_no_mark_of_the_generator_reaches_a_page(texts: dict[str, str]) -> None:
    assert not any(MARK.search(text) for text in texts.values())


def test_a_sample_has_everything_it_promises(sample) -> None:
    sections = sample.table("sections").to_pylist()
    damage = set(itertools.chain.from_iterable(row["damage"] for row in sections))
    assert {"year_masked", "name_masked", "bytes_lost", "figures_changed", "narrow", "spun"} <= damage
    assert {row["role"] for row in sections} >= {"original", "copy", "edition", "essay", "preamble", "footer"}
    suffixes = {"".join(path.suffixes) for path in (sample.folder / "pages").rglob("*") if path.is_file()}
    assert suffixes == {".txt", ".txt.gz", ".md", ".html", ".jsonl", ".csv"}
    per_page: dict[str, int] = {}
    for row in sections:
        if row["kind"] in ("report", "essay"):
            per_page[row["uri"]] = per_page.get(row["uri"], 0) + 1
    assert min(per_page.values()) == 1
    assert 9 <= max(per_page.values()) <= 20


def test_pairs_are_all_those_of_one_work_with_their_exact_similarities(sample, texts: dict[str, str]) -> None:
    sections = {row["section"]: row for row in sample.table("sections").to_pylist() if row["section"]}
    pairs = sample.table("pairs").to_pylist()
    of_work: dict[str, list[str]] = {}
    for row in sections.values():
        of_work.setdefault(row["report"], []).append(row["section"])
    expected = {frozenset(p) for members in of_work.values() for p in itertools.combinations(members, 2)}
    assert {frozenset((row["section_a"], row["section_b"])) for row in pairs} == expected
    for row in pairs:
        assert row["meets"] == Definition().holds(row["jaccard"], row["edit_similarity"])
        editions = {sections[row[side]]["edition"] for side in ("section_a", "section_b")}
        assert (row["relation"] == "near_duplicate") == (len(editions) == 1)


def test_other_editions_are_near_duplicates_with_other_figures_and_another_date() -> None:
    writer = ReportWriter(9)
    dated = 0
    for number in range(12):
        first, second = writer.report(number), writer.report(number, 1)
        old, new = (re.findall(edits.FIGURE, report.text) for report in (first, second))
        assert [kind for kind, _ in old] == [kind for kind, _ in new]
        changed = sum(a != b for (_, a), (_, b) in zip(old, new, strict=True)) / len(old)
        assert 0.55 < changed < 0.95
        assert second.year == first.year + 1
        heads = [clean(report.text).split("\n")[0] for report in (first, second)]
        if heads[0].startswith("——"):
            assert heads[0] != heads[1]
            dated += 1
        a, b = clean(first.text), clean(second.text)
        assert Definition().holds(reference_jaccard(a, b), reference_edit(a, b))
    assert dated


@pytest.mark.parametrize(("templates", "median", "largest"), [(False, 0.03, 0.08), (True, 0.09, 0.3)])
def test_unrelated_reports_share_little_but_their_set_phrases(templates: bool, median: float, largest: float) -> None:
    writer = ReportWriter(2, templates=templates)
    sets = [shingle_set(clean(writer.report(number).text)) for number in range(40)]
    shared = sorted(len(a & b) / len(a | b) for a, b in itertools.combinations(sets, 2))
    assert shared[len(shared) // 2] < median
    assert shared[-1] < largest


@settings(max_examples=40, deadline=None)
@given(rate=st.floats(0.005, 0.2), key=st.integers(0, 2**64 - 1), number=st.integers(0, 500))
def test_scattered_edits_hold_their_rate_and_leave_figures_alone(rate: float, key: int, number: int) -> None:
    text = ReportWriter(3).report(number).text
    edited = edits.scatter(text, rate, key)
    assert re.findall(edits.FIGURE, edited) == re.findall(edits.FIGURE, text)
    a, b = clean(text), clean(edited)
    # A replaced character costs two of Indel's operations, a dropped or added one costs one: 1.4 on average.
    lost = (1 - reference_edit(a, b)) * (len(a) + len(b))
    assert 0.75 * 1.4 * rate * len(a) - 6 < lost < 1.2 * 1.4 * rate * len(a) + 6


@settings(max_examples=40, deadline=None)
@given(st.floats(0.3, 0.99), st.integers(0, 300))
def test_truncation_never_cuts_a_figure(share: float, number: int) -> None:
    text = ReportWriter(3).report(number).text
    cut = edits.truncate(text, share)
    assert text.startswith(cut)
    assert re.findall(edits.FIGURE, text)[: len(re.findall(edits.FIGURE, cut))] == re.findall(edits.FIGURE, cut)
    assert cut.count("\ue001") == len(re.findall("[\U000f0000-\U000ffffd]", cut))


def test_lost_bytes_are_those_of_gbk() -> None:
    for before, after in (
        ("开拓市场、管好", "开拓市尝管好"),
        ("打牢基础。今年", "打牢基矗今年"),
        ("医疗保健、教育", "医疗保舰教育"),
    ):
        assert edits.lose_bytes(before) == after
        assert before.encode("gbk").replace(b"\xa1\xa1", b"", 1) == after.encode("gbk")


def test_masks_hide_and_never_invent() -> None:
    assert edits.mask_years("2012年与2011年相比，投资2012万元", "20xx") == "20xx年与20xx年相比，投资2012万元"
    text = ReportWriter(1).report(4).text
    hidden = edits.mask_figures(text, 1.0, Dice(1))
    assert not any(any(c.isdigit() for c in value) for _, value in re.findall(edits.FIGURE, hidden))
    changed = edits.change_figures(text, 3, Dice(2))
    differing = [
        (a, b) for a, b in zip(edits.FIGURE.findall(text), edits.FIGURE.findall(changed), strict=True) if a != b
    ]
    assert 1 <= len(differing) <= 3
    assert all(old != new and len(old) == len(new) for (_, old), (_, new) in differing)


@given(st.binary(max_size=200_000))
@settings(max_examples=20, deadline=None)
def test_stored_gzip_is_gzip(data: bytes) -> None:
    assert gzip.decompress(stored_gzip(data)) == data


def test_a_corpus_has_one_report_per_record_and_the_pairs_of_its_copies(tmp_path: Path) -> None:
    truth = write_corpus(tmp_path / "c.parquet", 300, 1, chars=900)
    table, pairs = pq.read_table(truth.path), pq.read_table(truth.pairs).to_pylist()
    texts = dict(zip(table.column("doc_id").to_pylist(), table.column("text").to_pylist(), strict=True))
    assert len(texts) == 300
    assert 600 < np.mean([len(text) for text in texts.values()]) < 1200
    assert len(pairs) == truth.true_pairs > 40
    for row in pairs:
        assert row["doc_a"] < row["doc_b"]
        assert row["jaccard"] == pytest.approx(reference_jaccard(texts[row["doc_a"]], texts[row["doc_b"]]))
        assert 0.02 <= row["edit_rate"] < 0.2
    plain = write_corpus(tmp_path / "d.parquet", 300, 1, chars=900, shared_templates=False, measure=False)
    assert not any("各位代表" in text for text in pq.read_table(plain.path).column("text").to_pylist())


def test_numbers_out_of_range_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pages: expected at least 1"):
        write_sample(tmp_path, 0, 1)
    with pytest.raises(ValueError, match="edits: expected two shares"):
        write_sample(tmp_path, 1, 1, edits=(0.3, 0.1))
    with pytest.raises(ValueError, match="documents: expected at least 1"):
        write_corpus(tmp_path / "x.parquet", 0, 1)
