"""Records of JSONL, CSV and Parquet: good rows are kept, each bad row is named once."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.settings import ColumnSettings, ReadSettings, SourceSettings
from dedup.sources import read_batches
from tests.test_sources_files import read

NOW = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
TEXT = "各位代表，现在我向大会报告工作。全镇工业总产值完成四亿元。"


def rules(quarantine: pa.Table) -> list[str]:
    return quarantine["rule"].to_pylist()


def lines(*records: Any) -> str:
    return "".join(r if isinstance(r, str) else json.dumps(r, ensure_ascii=False) + "\n" for r in records)


# Columns -------------------------------------------------------------------------------------------------------------


def test_chinese_headers_are_known(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(
        f"标题,正文,网址,发布日期\n某镇报告,{TEXT},http://bao.example/1.html,2014年2月9日\n某乡报告,{TEXT},,2014-02-30\n"
    )
    documents, quarantine = read(SourceSettings(path=str(tmp_path / "r.csv")))
    first, second = documents.to_pylist()
    assert first["uri"] == first["source_id"] == "http://bao.example/1.html"
    assert (first["title"], first["source"], first["site"]) == ("某镇报告", "bao.example", "bao.example")
    assert (first["published_at"], first["published_at_basis"]) == (date(2014, 2, 9), "column")
    assert (second["published_at"], second["published_at_basis"]) == (None, "none")
    assert second["source"] == tmp_path.name
    assert quarantine.num_rows == 0


def test_a_declared_name_wins_over_the_host_of_the_url(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(lines({"text": TEXT, "url": "https://a.example/2014/03/05/x"}))
    documents, _ = read(SourceSettings(path=str(tmp_path / "r.jsonl"), name="crawl"))
    row = documents.to_pylist()[0]
    assert (row["source"], row["site"], row["uri"]) == ("crawl", "a.example", "https://a.example/2014/03/05/x")
    assert (row["published_at"], row["published_at_basis"]) == (date(2014, 3, 5), "url")


def test_columns_can_be_named_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(f"no,story\n7,{TEXT}\n")
    columns = ColumnSettings(text=("story",), id=("no",))
    documents, _ = read(SourceSettings(path=str(tmp_path / "r.csv"), name="s", columns=columns))
    assert documents["uri"].to_pylist() == ["s/r.csv#7"]
    assert documents["source_id"].to_pylist() == ["7"]


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl", "r.parquet"])
def test_without_a_text_column_the_columns_found_are_named(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "r.csv":
        path.write_text("id,body_html2\n1,x\n2,y\n")
    elif name == "r.jsonl":
        path.write_text(lines({"id": 1, "body_html2": "x"}))
    else:
        pq.write_table(pa.table({"id": [1], "body_html2": ["x"]}), path)
    documents, quarantine = read(path)
    assert documents.num_rows == 0
    assert rules(quarantine) == ["no_text_column"]
    reason = quarantine["reason"].to_pylist()[0]
    assert "Found: id, body_html2" in reason
    assert "正文" in reason


def test_headers_match_without_regard_to_case_and_blanks(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(b"\xef\xbb\xbf Title , TEXT \n" + f"t,{TEXT}\n".encode())
    assert read(tmp_path)[0]["title"].to_pylist() == ["t"]


# Identity ------------------------------------------------------------------------------------------------------------


def test_records_without_id_are_named_by_content_and_never_by_row(tmp_path: Path) -> None:
    rows = [{"text": TEXT + str(i), "title": "t"} for i in (1, 2, 1, 3)] + [{"text": TEXT + "1", "title": "other"}]
    (tmp_path / "r.jsonl").write_text(lines(*rows))
    first, _ = read(tmp_path)
    (tmp_path / "r.jsonl").write_text(lines(*reversed(rows)))
    second, _ = read(tmp_path)
    uris = first["uri"].to_pylist()
    assert len(set(uris)) == 5
    assert uris[2] == uris[0] + "-2"
    assert first.sort_by("uri").equals(second.sort_by("uri"))


def test_the_same_rows_have_the_same_identity_in_every_format(tmp_path: Path) -> None:
    rows = [{"id": f"k{i}", "title": f"t{i}", "text": f"{TEXT}\n{i}", "date": "2001-02-03"} for i in range(5)]
    (tmp_path / "a").mkdir()
    seen = []
    for name in ("r.jsonl", "r.csv", "r.parquet"):
        path = tmp_path / "a" / name
        if name == "r.jsonl":
            path.write_text(lines(*rows))
        elif name == "r.csv":
            body = "".join(f'{r["id"]},{r["title"]},"{r["text"]}",{r["date"]}\r\n' for r in rows)
            path.write_bytes(("id,title,text,date\r\n" + body).encode())
        else:
            pq.write_table(pa.Table.from_pylist(rows), path)
        documents, _ = read(path)
        seen.append(documents.select(["source_id", "title", "text", "sha256", "n_chars", "n_bytes", "published_at"]))
    assert seen[0].equals(seen[1])
    assert seen[0].equals(seen[2])


def test_own_ids_of_any_type_become_text(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(lines(*({"id": i, "text": TEXT} for i in (12, 1.5, " x ", None))))
    ids = read(SourceSettings(path=str(tmp_path / "r.jsonl"), name="s"))[0]["uri"].to_pylist()
    assert ids[:3] == ["s/r.jsonl#12", "s/r.jsonl#1.5", "s/r.jsonl#x"]
    table = pa.table({"id": pa.array([1.0, 2.0, None]), "text": [TEXT, TEXT + "2", TEXT + "3"]})
    pq.write_table(table, tmp_path / "p.parquet")
    uris = read(SourceSettings(path=str(tmp_path / "p.parquet"), name="s"))[0]["uri"].to_pylist()
    assert uris[:2] == ["s/p.parquet#1", "s/p.parquet#2"]


def test_moments_of_fetching_are_kept_in_utc(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(lines({"id": 1, "text": TEXT, "抓取时间": "2020-05-06 07:08:09+08:00"}))
    assert read(tmp_path)[0]["fetched_at"].to_pylist() == [datetime(2020, 5, 5, 23, 8, 9, tzinfo=UTC)]


# JSONL ---------------------------------------------------------------------------------------------------------------


def test_bad_lines_of_jsonl_cost_only_themselves(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text(
        lines({"id": 1, "text": TEXT}, "{broken\n", "[1, 2]\n", "\n", {"id": 2, "text": 5}, {"id": 3, "text": "  "})
        + lines({"id": 4, "content": TEXT}, {"id": 5, "text": None, "content": TEXT}, '{"text": "' + TEXT)
    )
    documents, quarantine = read(tmp_path)
    assert documents["source_id"].to_pylist() == ["1", "4", "5"]
    assert sorted(rules(quarantine)) == ["broken_json", "broken_json", "broken_json", "empty", "wrong_type"]
    assert len(set(quarantine["record_id"].to_pylist())) == 5
    known = [json.loads(r) for r in quarantine["record"].to_pylist()]
    assert {k.get("line") for k in known} == {2, 3, 5, 9, None}
    assert next(k["source_id"] for k, r in zip(known, rules(quarantine), strict=True) if r == "empty") == "3"


def test_jsonl_in_gb18030_and_with_one_foreign_line(tmp_path: Path) -> None:
    body = lines({"id": 1, "text": TEXT}, {"id": 2, "text": TEXT}).encode("gbk")
    (tmp_path / "r.jsonl").write_bytes(body + lines({"id": 3, "text": TEXT}).encode())
    documents, _ = read(tmp_path)
    assert documents["text"].to_pylist() == [TEXT] * 3
    assert documents["encoding"].to_pylist() == ["gb18030", "gb18030", "utf-8"]


def test_half_a_surrogate_pair_is_replaced_and_named(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"text": "笑脸 \\ud83d 后面的文字"}\n{"text": "\\ud83d\\ude00 整个"}\n')
    documents, _ = read(tmp_path)
    assert documents["text"].to_pylist() == ["笑脸 \ufffd 后面的文字", "\U0001f600 整个"]
    assert documents["encoding"].to_pylist() == ["utf-8+replaced", "utf-8"]


def test_deeply_nested_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text("[" * 200_000 + "\n" + lines({"text": TEXT}))
    documents, quarantine = read(tmp_path)
    assert documents.num_rows == 1
    assert rules(quarantine) == ["broken_json"]


# CSV -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_delimiter_and_encoding_of_csv_are_found(tmp_path: Path, delimiter: str, codec: str) -> None:
    rows = [["id", "标题", "正文"], ["1", "甲，乙", f'"第一行\r\n{TEXT}，""引""\n末行"'], ["2", "丙", TEXT]]
    (tmp_path / "r.csv").write_bytes("\r\n".join(delimiter.join(r) for r in rows).encode(codec))
    documents, quarantine = read(tmp_path)
    assert rules(quarantine) == []
    assert documents["text"].to_pylist() == [f'第一行\r\n{TEXT}，"引"\n末行', TEXT]
    assert documents["title"].to_pylist() == ["甲，乙", "丙"]


def test_broken_rows_of_csv_cost_only_themselves(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(
        "id,title,text\n"
        f"1,t,{TEXT}\n"
        f"2,t,{TEXT},没有引号,的逗号\n"
        f"3,t,{TEXT},\n"
        "4,只有两格\n"
        f'5,t,"没有关上的引号\n'
        f"6,t,{TEXT}\n"
        f"\n7,t,{TEXT}\n"
    )
    documents, quarantine = read(tmp_path)
    assert documents["source_id"].to_pylist() == ["1", "3", "6", "7"]
    assert rules(quarantine) == ["broken_row"] * 3
    assert [json.loads(r)["line"] for r in quarantine["record"].to_pylist()] == [3, 5, 6]


def test_a_row_with_bytes_of_another_encoding_is_refused_alone(tmp_path: Path) -> None:
    good = f"1,{TEXT}\n3,{TEXT}\n".encode()
    (tmp_path / "r.csv").write_bytes(b"id,text\n" + good + b"2,\xff\xfe\xff broken\n")
    documents, quarantine = read(tmp_path)
    assert documents["source_id"].to_pylist() == ["1", "3"]
    assert rules(quarantine) == ["undecodable"]


def test_data_without_a_header_is_not_guessed_at(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(f"1,{TEXT * 3}\n2,{TEXT * 3}\n")
    documents, quarantine = read(tmp_path)
    assert documents.num_rows == 0
    assert rules(quarantine) == ["no_header"]


def test_line_ends_of_the_old_macintosh(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_bytes(f"id,text\r1,{TEXT}\r2,{TEXT}\r".encode())
    assert read(tmp_path)[0]["source_id"].to_pylist() == ["1", "2"]


def test_a_swallowed_file_is_read_on_behind_the_open_quote(tmp_path: Path) -> None:
    rows = "".join(f"{i},{TEXT}\n" for i in range(2000))
    (tmp_path / "r.csv").write_text(f'id,text\nx,"open\n{rows}')
    documents, quarantine = read(tmp_path, max_record_mb=0.05)
    assert documents.num_rows == 2000
    assert rules(quarantine) == ["broken_row"]


@given(
    st.lists(
        st.tuples(
            st.text("ab文字 ,;\"'\t\n", min_size=1, max_size=30),
            st.text('报告数字abc,"\n\r ', min_size=1, max_size=40).filter(lambda t: t.strip()),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]]
) -> None:
    import csv

    path = tmp_path_factory.mktemp("csv") / "r.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["title", "text"])
        writer.writerows(rows)
    documents, quarantine = read(path)
    assert rules(quarantine) == []
    assert documents["text"].to_pylist() == [text for _, text in rows]


# Parquet -------------------------------------------------------------------------------------------------------------


def test_parquet_is_streamed_and_only_the_needed_columns_are_read(tmp_path: Path) -> None:
    table = pa.table(
        {
            "doc_id": [f"r{i}" for i in range(1000)],
            "text": [f"{TEXT}{i}" for i in range(1000)],
            "region": ["x"] * 1000,
            "date": pa.array([date(2010, 1, 2)] * 1000),
        }
    )
    pq.write_table(table, tmp_path / "p.parquet", row_group_size=300)
    batches = list(
        read_batches([SourceSettings(path=str(tmp_path), name="s")], ReadSettings(batch_chars=5000), now=NOW)
    )
    assert max(b.documents.num_rows for b in batches) < 1000
    documents = pa.concat_tables([b.documents for b in batches])
    assert documents["uri"].to_pylist() == [f"s/p.parquet#r{i}" for i in range(1000)]
    assert set(documents["published_at"].to_pylist()) == {date(2010, 1, 2)}


@pytest.mark.parametrize(
    "kind", [pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.dictionary(pa.int32(), pa.string())]
)
def test_text_columns_of_every_string_type(tmp_path: Path, kind: pa.DataType) -> None:
    values = [TEXT, None, "第二篇" + TEXT]
    if kind == pa.binary():
        values = [v.encode("gbk") if v else None for v in values]
    pq.write_table(pa.table({"text": pa.array(values, kind)}), tmp_path / "p.parquet")
    documents, quarantine = read(tmp_path)
    assert documents["text"].to_pylist() == [TEXT, "第二篇" + TEXT]
    assert rules(quarantine) == ["empty"]


def test_strings_that_are_not_utf8_are_decoded_or_refused(tmp_path: Path) -> None:
    raw = pa.array([TEXT.encode(), TEXT.encode("gbk") * 3, b"\xff\xfe\xfa\xfb\xff" * 9, b"with \x00"], pa.binary())
    broken = pa.StringArray.from_buffers(len(raw), raw.buffers()[1], raw.buffers()[2])
    pq.write_table(pa.table({"id": ["a", "b", "c", "d"], "text": broken}), tmp_path / "p.parquet")
    documents, quarantine = read(tmp_path)
    assert documents["text"].to_pylist() == [TEXT, TEXT * 3]
    assert documents["encoding"].to_pylist() == ["utf-8", "gb18030"]
    assert rules(quarantine) == ["undecodable", "binary"]


def test_a_text_column_of_another_type_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [["a"], ["b"]]}), tmp_path / "p.parquet")
    assert rules(read(tmp_path)[1]) == ["wrong_type"]


def test_other_columns_of_odd_types_are_no_obstacle(tmp_path: Path) -> None:
    raw = pa.array([b"\xffbad", b"good"], pa.binary())
    title = pa.StringArray.from_buffers(2, raw.buffers()[1], raw.buffers()[2])
    table = pa.table({"text": [TEXT, TEXT + "2"], "title": title, "url": [["a"], ["b"]], "id": [1.5, 2.0]})
    pq.write_table(table, tmp_path / "p.parquet")
    documents, quarantine = read(SourceSettings(path=str(tmp_path), name="s"))
    assert documents["title"].to_pylist() == ["\ufffdbad", "good"]
    assert documents["uri"].to_pylist() == ["s/p.parquet#1.5", "s/p.parquet#2"]
    assert quarantine.num_rows == 0


def test_a_value_that_many_rows_share_does_not_fill_the_memory(tmp_path: Path) -> None:
    long = TEXT * 20_000
    shared = pa.DictionaryArray.from_arrays(pa.array([0] * 50_000, pa.int32()), [long])
    pq.write_table(pa.table({"text": shared}), tmp_path / "p.parquet")
    before = pa.total_allocated_bytes()
    peak = rows = 0
    rule = ""
    for batch in read_batches([SourceSettings(path=str(tmp_path))], ReadSettings(), now=NOW):
        rows += batch.documents.num_rows
        peak = max(peak, pa.total_allocated_bytes() - before)
        rule = (batch.quarantine["rule"].to_pylist() or [rule])[-1]
    assert rule == "expansion"
    assert 100 < rows < 1_000
    assert peak < 400_000_000


def test_a_damaged_row_group_costs_only_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    table = pa.table({"id": [f"r{i}" for i in range(90)], "text": [f"{TEXT}{i}" * 5 for i in range(90)]})
    pq.write_table(table, path, row_group_size=30, compression="zstd")
    column = pq.ParquetFile(path).metadata.row_group(1).column(1)
    data = bytearray(path.read_bytes())
    start = column.dictionary_page_offset or column.data_page_offset
    data[start + 30 : start + column.total_compressed_size - 5] = b"\xaa" * (column.total_compressed_size - 35)
    path.write_bytes(data)
    documents, quarantine = read(path)
    assert documents["source_id"].to_pylist() == [f"r{i}" for i in (*range(30), *range(60, 90))]
    assert rules(quarantine) == ["broken_parquet"]
    assert "30 rows of row group 1" in quarantine["reason"].to_pylist()[0]


def test_html_columns_give_text_tables_and_what_the_page_states(tmp_path: Path) -> None:
    html = (
        "<html><head><title>镇报告</title><meta name='PubDate' content='2012-03-04'></head><body><div><p>"
        + TEXT
        + "</p><table><tr><th>年</th><th>值</th></tr><tr><td>2011</td><td>5</td></tr></table></div></body></html>"
    )
    rows = [
        {"id": 1, "html": html},
        {"id": 2, "html": html, "text": "自己的正文", "title": "自己的题"},
        {"id": 3, "html": ""},
    ]
    (tmp_path / "r.jsonl").write_text(lines(*rows))
    documents, quarantine = read(tmp_path)
    first, second = documents.to_pylist()
    assert first["text"].startswith(TEXT)
    assert "2011\t5" in first["text"]
    assert (first["title"], first["published_at"], first["published_at_basis"]) == ("镇报告", date(2012, 3, 4), "meta")
    assert (second["text"], second["title"]) == ("自己的正文", "自己的题")
    assert len(first["tables_html"]) == len(second["tables_html"]) == 1
    assert rules(quarantine) == ["empty"]


def test_markup_in_a_text_column_is_read_as_html(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "content": f"<p>第一段，{TEXT}</p>\n<p>第二段<br/>换行</p>"},
        {"id": "b", "content": f"<p> 这个标签只是文中提到的，{TEXT}"},
        {"id": "c", "content": f"利润 < 成本，{TEXT}"},
    ]
    (tmp_path / "r.jsonl").write_text(lines(*rows))
    texts = read(tmp_path)[0]["text"].to_pylist()
    assert texts == [f"第一段，{TEXT}\n第二段\n换行", rows[1]["content"], rows[2]["content"]]


# Limits --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl", "r.parquet"])
def test_a_record_beyond_the_limit_is_refused_alone(tmp_path: Path, name: str) -> None:
    rows = [{"id": "a", "text": TEXT}, {"id": "b", "text": TEXT * 400}, {"id": "c", "text": TEXT}]
    if name == "r.jsonl":
        (tmp_path / name).write_text(lines(*rows))
    elif name == "r.csv":
        (tmp_path / name).write_text("id,text\n" + "".join(f"{r['id']},{r['text']}\n" for r in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name)
    documents, quarantine = read(tmp_path, max_record_mb=0.02)
    assert documents["source_id"].to_pylist() == ["a", "c"]
    assert rules(quarantine) == ["too_large"]


@pytest.mark.parametrize("name", ["r.csv", "r.jsonl", "r.parquet"])
def test_rows_do_not_depend_on_the_batch_size(tmp_path: Path, name: str) -> None:
    rows = [{"id": f"r{i}", "text": f"{TEXT}{i % 7}" * (i % 5 + 1)} for i in range(200)]
    if name == "r.jsonl":
        (tmp_path / name).write_text(lines(*rows))
    elif name == "r.csv":
        (tmp_path / name).write_text("id,text\n" + "".join(f"{r['id']},{r['text']}\n" for r in rows))
    else:
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / name, row_group_size=64)
    whole, _ = read(tmp_path)
    small, _ = read(tmp_path, batch_chars=100)
    assert whole.num_rows == 200
    assert whole.equals(small)
    assert read(tmp_path, limit=17)[0].equals(whole.slice(0, 17))


def test_the_published_laws_are_named_by_their_own_ids(shared_folder: Path) -> None:
    path = shared_folder / "corpora" / "laws_dev.parquet"
    documents, quarantine = read(SourceSettings(path=str(path), name="laws"))
    ids = pq.read_table(path, columns=["doc_id"])["doc_id"].to_pylist()
    assert documents["source_id"].to_pylist() == ids
    assert documents["uri"].to_pylist() == [f"laws/laws_dev.parquet#{i}" for i in ids]
    assert quarantine.num_rows == 0
