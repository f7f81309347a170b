"""Numbers and quantities as reports write them."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.reference import reference_file
from dedup.text.numbers import parse_chinese, read_number
from dedup.text.units import find_unit, read_quantity

DIGITS = "零一二三四五六七八九"


def in_words(n: int) -> str:
    """Spell a number out, independent of the reader: the textbook rule, a group of four digits at a time."""
    if n == 0:
        return ""
    for scale, name in ((10**8, "亿"), (10**4, "万")):
        if n >= scale:
            rest = n % scale
            gap = "零" if rest and rest < scale // 10 else ""
            return in_words(n // scale) + name + gap + in_words(rest)
    out, gap = "", False
    for place, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = n // place % 10
        if digit:
            out += ("零" if gap and out else "") + DIGITS[digit] + name
        gap = digit == 0
    return out


@given(st.integers(1, 99_999_999))
def test_every_number_in_words_reads_as_itself(n: int) -> None:
    assert parse_chinese(in_words(n)) == n


@given(st.integers(0, 10**9), st.integers(0, 3))
def test_separators_and_wide_digits_change_no_value(n: int, decimals: int) -> None:
    plain = f"{n / 10**decimals:.{decimals}f}"
    wide = plain.translate(str.maketrans("0123456789.", "０１２３４５６７８９．"))
    grouped = f"{n / 10**decimals:,.{decimals}f}"
    for written in (plain, wide, grouped):
        number = read_number(f"共{written}亩", 1)
        assert number is not None
        assert (number.value, number.end, number.digits) == (float(plain), 1 + len(written), decimals)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("十二", 12),
        ("三百五十", 350),
        ("一百二", 120),
        ("三万五", 35_000),
        ("一千二百万", 12_000_000),
        ("一万零五十", 10_050),
        ("二〇〇三", 2003),
        ("一九九八", 1998),
        ("三点五", 3.5),
        ("三分之一", 1 / 3),
        ("百分之八", 0.08),
        ("百分之百", 1.0),
        ("千分之六点五", 0.0065),
        ("一半", 0.5),
    ],
)
def test_numerals(written: str, value: float) -> None:
    number = read_number(written)
    assert number is not None
    assert number.value == pytest.approx(value)
    assert number.end == len(written)


@pytest.mark.parametrize("written", ["三五", "七八", "万", "千", "百十", "〇三", "一二三", "各", ""])
def test_numerals_that_are_no_number(written: str) -> None:
    assert read_number(written) is None


@pytest.mark.parametrize("written", ["20xx", "220xx", "19××", "12□", "3.×", "5**", "20__"])
def test_a_masked_number_is_none(written: str) -> None:
    assert read_number(written) is None


def test_signs_that_mean_something_are_no_masks() -> None:
    assert read_number("2×33万千瓦") is not None
    assert read_number("3～5个") is not None


def test_no_number_begins_inside_another() -> None:
    assert read_number("12.5", 1) is None
    assert read_number("12.5", 3) is None
    assert read_number("三十二", 1) is None


@pytest.mark.parametrize(
    ("cell", "value", "unit", "base", "unit_base", "bound"),
    [
        ("1,234.5", 1234.5, "", 1234.5, "", None),
        ("-2.1%", -2.1, "%", -2.1, "%", None),
        ("6.5‰", 6.5, "‰", 0.65, "%", None),
        ("12.5亿元", 12.5, "亿元", 1.25e9, "元", None),
        ("约3.5万亩", 3.5, "万亩", 35_000, "亩", "about"),
        ("2.1万多亩", 2.1, "万亩", 21_000, "亩", "over"),
        ("5100余万元", 5100, "万元", 5.1e7, "元", "over"),
        ("8公里多", 8, "公里", 8000, "米", "over"),
        ("95%以上", 95, "%", 95, "%", "at_least"),
        ("不超过4.5%", 4.5, "%", 4.5, "%", "at_most"),
        ("一百二十家", 120, "家", 120, "家", None),
        ("两万元", 2, "万元", 20_000, "元", None),
        ("百分之八", 8, "%", 8, "%", None),
        ("1.2万人次", 1.2, "万人次", 12_000, "人次", None),
        ("6.85亿斤", 6.85, "亿斤", 342_500, "吨", None),
        ("3.2万", 3.2, "万", 32_000, "", None),
    ],
)
def test_a_cell_that_is_one_quantity(
    cell: str, value: float, unit: str, base: float, unit_base: str, bound: str | None
) -> None:
    quantity = read_quantity(cell)
    assert quantity is not None
    assert (quantity.value, quantity.unit, quantity.bound) == (value, unit, bound)
    assert quantity.value_base == pytest.approx(base)
    assert quantity.unit_base == unit_base


@pytest.mark.parametrize("cell", ["", "—", "2019年", "20xx万元", "220xx元", "1.2abc", "3个和5个", "2019年3月"])
def test_a_cell_that_is_no_quantity(cell: str) -> None:
    assert read_quantity(cell) is None


def test_a_scale_may_stand_before_any_unit() -> None:
    for name, scale in (("万亿元", 1e12), ("百万吨", 1e6), ("亿度", 1e8), ("万千瓦", 1e4), ("千瓦时", 1.0)):
        unit = find_unit(name)
        assert unit is not None
        assert unit.scale == scale
    assert find_unit("万") is None
    assert find_unit("头绪") is None


def test_every_unit_of_the_table_is_listed_once_and_can_be_converted() -> None:
    with reference_file("units.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [row["unit"] for row in rows]
    assert len(names) == len(set(names))
    by_base: dict[str, set[str]] = {}
    for row in rows:
        assert float(row["scale"]) > 0
        by_base.setdefault(row["base"], set()).add(row["dimension"])
        quantity = read_quantity(f"7{row['unit']}")
        assert quantity is not None, row
        assert quantity.value_base == pytest.approx(7 * float(row["scale"])), row
    assert all(len(dimensions) == 1 for dimensions in by_base.values()), by_base
