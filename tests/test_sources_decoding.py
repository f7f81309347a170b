"""Bytes become text strictly; what no encoding explains is refused, and the reason says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.sources.decode import decode
from dedup.sources.errors import Refused

REPORT = (
    "各位代表：\r\n　　现在，我代表岚浦区人民政府，向大会作工作报告，请予审议。\r\n"
    "一、过去五年的工作\r\n　　全区生产总值年均增长8.5%，财政收入突破20亿元，城镇居民人均可支配收入达到3.2万元。\r\n"
) * 6
TRADITIONAL = (
    "各位代表：現在，我代表縣政府向大會報告工作，請予審議。全縣農業發展良好，財政收入穩步增長，教育經費逐年增加。"
)


def refusal(data: bytes, **options: str) -> str:
    with pytest.raises(Refused) as caught:
        decode(data, **options)
    assert len(caught.value.reason) > 15
    return caught.value.rule


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("gbk", "gb18030"),
        ("gb18030", "gb18030"),
        ("gb2312", "gb18030"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32-le"),
    ],
)
def test_chinese_text_comes_back_as_it_was(codec: str, name: str) -> None:
    found = decode(REPORT.encode(codec))
    assert (found.text, found.encoding) == (REPORT, name)


def test_only_the_byte_order_mark_is_removed() -> None:
    text = "\ufefffirst\r\n\r\n\u3000second\r"
    assert decode(text.encode()).text == text[1:]


def test_big5_is_told_from_gb18030_although_both_decode() -> None:
    data = TRADITIONAL.encode("big5")
    assert data.decode("gb18030", "replace") != TRADITIONAL
    found = decode(data)
    assert (found.text, found.encoding) == (TRADITIONAL, "big5")


def test_traditional_characters_in_gbk_are_gbk() -> None:
    data = (REPORT + TRADITIONAL).encode("gbk")
    assert decode(data).text == REPORT + TRADITIONAL


@pytest.mark.parametrize("declared", ["gb2312", "GBK", "x-gbk", "iso-8859-1", "utf-8", "no-such-charset", None])
def test_what_the_page_declares_is_believed_only_where_the_bytes_agree(declared: str | None) -> None:
    assert decode(REPORT.encode("gbk"), declared=declared).text == REPORT
    assert decode(REPORT.encode("utf-8"), declared=declared).text == REPORT


def test_a_declared_western_charset_is_used() -> None:
    text = "Übersicht über die Gemeinde Öhringsfeld: die Einnahmen stiegen um 4 %, die Ausgaben blieben gleich."
    assert decode(text.encode("cp1250"), declared="windows-1250").text == text


def test_western_text_without_declaration_is_detected() -> None:
    text = "Le budget de la commune a été voté à l'unanimité ; les dépenses générales ont été réduites. " * 20
    assert decode(text.encode("cp1252")).text == text


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (
            "Бюджет района исполнен полностью, доходы выросли на восемь процентов по сравнению с прошлым годом. ",
            "cp1251",
        ),
        ("日本の自治体は予算を可決した。歳入は増加し、歳出は減少した。学校の数は変わらない。", "shift_jis"),
        ("日本の自治体は予算を可決した。歳入は増加し、歳出は減少した。学校の数は変わらない。", "euc_jp"),
        ("지방자치단체는 예산을 통과시켰다. 세입은 증가하고 세출은 감소하였다. 학교의 수는 변함이 없다. ", "euc_kr"),
    ],
)
def test_other_scripts_are_not_taken_for_chinese(text: str, codec: str) -> None:
    assert decode((text * 10).encode(codec)).text == text * 10


def test_one_lost_byte_costs_one_character_and_is_named() -> None:
    data = bytearray(REPORT.encode("gbk") * 4)
    del data[data.index("财政收入".encode("gbk")) + 1]
    found = decode(bytes(data))
    assert found.encoding == "gb18030+replaced"
    assert found.text.count("\ufffd") == 1
    damaged = found.text.index("\ufffd")
    assert found.text[:damaged] == (REPORT * 4)[:damaged]
    assert found.text[damaged + 3 :] == (REPORT * 4)[damaged + 3 :]


def test_a_character_cut_at_the_end_is_replaced() -> None:
    for codec in ("gbk", "utf-8"):
        found = decode(REPORT.encode(codec).rstrip()[:-1])
        assert found.encoding.endswith("+replaced")
        assert found.text.endswith("\ufffd")
        assert found.text[:-1] == REPORT.rstrip()[:-1]


def test_many_lost_bytes_are_not_papered_over() -> None:
    data = REPORT.encode("gbk")
    assert refusal(b"\xff".join(data[i : i + 41] for i in range(0, len(data), 41))) in {"undecodable", "mixed_encoding"}


def test_mixed_encodings_are_refused() -> None:
    assert refusal(REPORT.encode("gbk") + REPORT.encode()) == "mixed_encoding"
    assert refusal(REPORT.encode() * 20 + "标题用了另一种编码".encode("gbk")) == "mixed_encoding"


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 8,
        b"%PDF-1.7\n1 0 obj",
        b"PK\x03\x04 word/document.xml",
        b"text with a \x00 in it",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
    ],
)
def test_binary_data_is_refused(data: bytes) -> None:
    assert refusal(data) == "binary"


def test_noise_is_refused_and_not_guessed() -> None:
    noise = bytes((i * 7919 + i * i * 31) % 253 + 2 for i in range(3000))
    assert refusal(noise.translate(None, bytes(range(32)))) in {"undecodable", "binary"}


def test_a_configured_encoding_is_held_to() -> None:
    assert decode(REPORT.encode("gbk"), encoding="gbk").text == REPORT
    assert decode("naïve".encode("latin-1"), encoding="latin-1").text == "naïve"
    assert refusal(REPORT.encode("gbk"), encoding="utf-8") == "undecodable"
    assert refusal(b"abc", encoding="no-such-codec") == "undecodable"


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=300))
def test_any_text_in_utf8_comes_back(text: str) -> None:
    try:
        found = decode(text.encode())
    except Refused as refused:
        assert refused.rule == "binary"  # noqa: PT017 - text that starts like a PDF or an archive
        return
    assert found.text == text.removeprefix("\ufeff")


@given(st.binary(max_size=400))
def test_any_bytes_are_decoded_or_refused(data: bytes) -> None:
    try:
        found = decode(data)
    except Refused as refused:
        assert refused.rule in {"binary", "undecodable", "mixed_encoding"}  # noqa: PT017
        return
    assert "\x00" not in found.text
    found.text.encode("utf-8")


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("iso2022_jp", "議会の報告書は公開されています。\n次の年度の計画も示します。\n"),
        ("hz", "全县粮食总产量稳步提高。\n新建公路四十公里。\n"),
    ],
)
def test_seven_bit_encodings_are_recognised_by_their_escapes(encoding, text):
    assert decode(text.encode(encoding)).text == text


def test_plain_ascii_with_braces_and_tildes_stays_what_it_is():
    assert decode(b"if a ~{ b ~} c\n").encoding == "utf-8"
