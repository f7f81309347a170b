"""The checked-in sample: its truth quotes its pages, and it shows what the README says it shows."""

import csv
import gzip
import io
import json
import re
from pathlib import Path

import pytest

SAMPLE = Path(__file__).parent.parent / "data" / "sample"
GB18030 = {"wenku/002_qu-zhengfu-gongzuo-baogao.txt"}


def rows(name: str) -> list[dict]:
    return [json.loads(line) for line in (SAMPLE / f"truth.{name}.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture(scope="module")
def documents() -> dict[str, str]:
    """Decoded text by uri, read with the standard library only (HTML pages apart: their text is the extractor's)."""
    texts = {}
    for path in sorted((SAMPLE / "wenku").iterdir()):
        uri = f"wenku/{path.name}"
        data = path.read_bytes()
        if path.suffix == ".gz":
            try:
                data = gzip.decompress(data)
            except EOFError:
                continue
        texts[uri] = data.decode("gb18030" if uri in GB18030 else "utf-8").removeprefix("\ufeff")
    for line in (SAMPLE / "shuju" / "zhongxin.jsonl").read_text("utf-8").splitlines():
        record = json.loads(line)
        texts[record.get("url") or f"shuju/zhongxin.jsonl#{record['id']}"] = record["text"]
    table = (SAMPLE / "shuju" / "huibian.csv").read_bytes().decode("utf-8-sig")
    for row in csv.DictReader(io.StringIO(table, newline="")):
        texts[row["网址"]] = row["正文"]
    return texts


def bare(text: str) -> str:
    return re.sub("[\n 　]", "", text)


def test_sections_tile_their_pages(documents: dict[str, str]) -> None:
    ends: dict[str, int] = {}
    for section in rows("sections"):
        if section["char_start"] is None:
            continue
        assert section["char_start"] == ends.get(section["uri"], 0), section
        ends[section["uri"]] = section["char_end"]
    assert ends == {uri: len(text) for uri, text in documents.items()}


def test_truth_offsets_quote_the_decoded_text(documents: dict[str, str]) -> None:
    seen = 0
    for section in rows("sections"):
        if section["char_start"] is None or not section["head"]:
            continue
        text = documents[section["uri"]]
        assert text[section["char_start"] :].lstrip("# ").startswith(section["heading"])
        body = bare(text[section["body_start"] : section["char_end"]])
        assert body.startswith(section["head"])
        assert section["tail"] in body
        seen += 1
    assert seen >= 18


def test_html_pages_hold_the_head_and_tail_of_their_report() -> None:
    for section in rows("sections"):
        if section["uri"].endswith(".html") and section["uri"].startswith("gongwen/"):
            page = (SAMPLE / section["uri"]).read_bytes()
            text = bare(re.sub("<[^>]*>", "", page.decode("gb18030" if b"gb2312" in page else "utf-8")))
            assert section["head"] in text
            assert section["tail"] in text


def test_figures_and_passages_stand_where_the_truth_says(documents: dict[str, str]) -> None:
    states = set()
    for figure in rows("figures"):
        assert documents[figure["uri"]][figure["char_start"] : figure["char_end"]] == figure["value"]
        states.add(figure["state"])
    assert states == {"printed", "changed", "masked", "overwritten", "optional"}
    for passage in rows("passages"):
        here = documents[passage["uri"]][passage["char_start"] : passage["char_end"]]
        there = documents[passage["source_uri"]][passage["source_start"] : passage["source_end"]]
        assert here == there


def test_all_numbers_of_a_section_are_figures_where_the_truth_says_so(documents: dict[str, str]) -> None:
    # Dates, years, list numbers, pagination and table cells are none.
    other = re.compile(
        "[0-9x]+年(?:[0-9]+月[0-9]+日)?|[0-9]月底|“6·19”|^[|].*$|共[0-9]+页，当前第[0-9]+页[0-9]+|上一页12下一页", re.M
    )
    figures: dict[str, set[int]] = {}
    for figure in rows("figures"):
        figures.setdefault(figure["uri"], set()).update(range(figure["char_start"], figure["char_end"]))
    complete = [section for section in rows("sections") if section["figures"] == "all"]
    assert len(complete) == 24
    for section in complete:
        text = documents[section["uri"]]
        skip = {i for m in other.finditer(text) for i in range(*m.span())}
        span = range(section["char_start"], section["char_end"])
        missing = [i for i in span if text[i].isdigit() and i not in skip and i not in figures[section["uri"]]]
        assert not missing, text[missing[0] - 8 : missing[0] + 8]


def test_years_stand_in_the_text_where_the_truth_calls_them_printed(documents: dict[str, str]) -> None:
    states = set()
    for section in rows("sections"):
        text = documents.get(section["uri"], "")[section["char_start"] or 0 : section["char_end"]]
        for name in ("year_review", "year_plan"):
            year, state = section[name], section[f"{name}_state"]
            states.add(state)
            if text and state != "printed":
                assert f"{year}年" not in text
            elif text:
                assert str(year) in text
    assert states == {"printed", "masked", "overwritten", "absent"}


def test_the_sample_shows_every_kind_of_input() -> None:
    files = [path.relative_to(SAMPLE).as_posix() for path in SAMPLE.rglob("*") if path.is_file()]
    suffixes = {"".join(Path(name).suffixes) for name in files}
    assert {".txt", ".txt.gz", ".md", ".html", ".jsonl", ".csv"} <= suffixes
    assert sum(path.stat().st_size for path in SAMPLE.rglob("*") if path.is_file()) < 300_000
    header = (SAMPLE / "shuju" / "huibian.csv").read_bytes().decode("utf-8-sig").splitlines()[0]
    assert header == "标题,正文,网址,发布日期"
    with pytest.raises(EOFError):
        gzip.decompress((SAMPLE / "wenku" / "005_xiazai-zhongduan.txt.gz").read_bytes())
    assert "<table>" in (SAMPLE / "gongwen" / "lanbo-2013.html").read_text("utf-8")
    damage = {kind for section in rows("sections") for kind in section["damage"]}
    assert {"year_masked", "name_masked", "year_overwritten", "lines_broken", "figures_changed", "bytes_lost"} <= damage
    assert {pair["relation"] for pair in rows("pairs")} == {"near_duplicate", "variant"}
    # Two texts of one page are pieces of one report, which is not a pair of copies.
    pieces = [section["section"] for section in rows("sections") if section["report"] == "M"]
    assert len(pieces) == 2
    assert not any(pair["section_a"] in pieces or pair["section_b"] in pieces for pair in rows("pairs"))


def test_pairs_state_their_exact_similarities(documents: dict[str, str]) -> None:
    from dedup.evaluation.reference import Definition, similarities

    # A page's noise and headings are no part of a section's text, so only whole-document reports are compared here.
    whole = {s["uri"] for s in rows("sections") if s["char_start"] == 0 and s["char_end"] == len(documents[s["uri"]])}
    compared = 0
    for pair in rows("pairs"):
        assert pair["meets"] == Definition().holds(pair["jaccard"], pair["edit_similarity"])
        if {pair["uri_a"], pair["uri_b"]} <= whole:
            [(jaccard, edit)] = similarities([(documents[pair["uri_a"]], documents[pair["uri_b"]])])
            if not pair["uri_a"].endswith(".gz") and not pair["uri_b"].endswith(".gz"):
                assert pair["jaccard"] == pytest.approx(jaccard, abs=1e-6)
                assert pair["edit_similarity"] == pytest.approx(edit, abs=1e-6)
                compared += 1
    assert compared
