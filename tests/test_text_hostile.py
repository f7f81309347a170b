"""Hostile pages cost time in proportion to their length, and are cut without an error."""

import time

import pytest

from tests.text_pages import cut


def repeated(unit: str, length: int) -> str:
    return (unit * (length // len(unit) + 1))[:length]


PAGES = {
    "one line": lambda n: repeated("全县生产总值增长8.5%，工业增加值增长9%。", n),
    "one word": lambda n: repeated("发展", n),
    "empty lines": lambda n: "\n" * n,
    "blank lines": lambda n: " \n" * (n // 2),
    "blanks": lambda n: repeated("　 \t", n) + "x",
    "headings": lambda n: repeated("第一篇：工作报告\n", n // 4),
    "headings without lines": lambda n: repeated("第一篇：", n // 2),
    "series": lambda n: "".join(f"第{i % 99 + 1}篇：工作报告\n各位代表：我县\n" for i in range(n // 80)),
    "titles": lambda n: "".join(f"某县报告篇{i % 999}\n全县各项事业发展。\n" for i in range(n // 80)),
    "open quotes": lambda n: repeated("“", n),
    "open brackets": lambda n: repeated("（", n),
    "crosses": lambda n: repeated("×.", n),
    "masks": lambda n: repeated("20xx×～", n // 4),
    "stars": lambda n: repeated("**", n),
    "pagers": lambda n: repeated("共3页，当前第2页123", n // 2),
    "crumbs": lambda n: repeated("首页 > ", n),
    "metadata": lambda n: repeated("来源： 作者： ", n // 2),
    "links": lambda n: repeated("相关文章：\n链接\n", n // 4),
    "markup": lambda n: repeated("<a", n),
    "digits": lambda n: repeated("1.", n // 2),
    "intros": lambda n: repeated("小编给大家", n),
    "letters": lambda n: repeated("lorem ipsum dolor ", n),
    "hyphens": lambda n: repeated("develop-\nment ", n // 4),
    "short lines": lambda n: repeated("全县\n", n // 8),
    "numbers": lambda n: repeated("一、发展\n", n // 8),
    "words apart": lambda n: repeated("县 ", n // 4),
}


def seconds(text: str) -> float:
    start = time.process_time()
    sections = cut(text)
    spent = time.process_time() - start
    assert sections[0].start == 0
    assert sections[-1].end == len(text)
    return spent


@pytest.mark.parametrize("name", PAGES)
def test_twice_the_page_costs_about_twice_the_time(name: str) -> None:
    small, large = PAGES[name](20_000), PAGES[name](160_000)
    seconds(small)
    # Eight times the text; a square would cost 64 times. The floor keeps clock noise out.
    assert min(seconds(large) for _ in range(2)) < 32 * max(seconds(small), 0.008)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["one line", "empty lines", "blanks", "letters", "headings without lines"])
def test_five_million_characters_take_seconds(name: str) -> None:
    assert seconds(PAGES[name](5_000_000)) < 30
