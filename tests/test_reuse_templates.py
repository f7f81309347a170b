"""Templates: variants of one formula share a skeleton whose slots, filled again, give every occurrence."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from dedup.ids import make_id
from dedup.reuse.rows import SectionRows
from dedup.reuse.templates import Templates, build_templates
from dedup.settings import ReuseSettings
from dedup.text.normalise import normalise
from tests.shared_text_rows import permuted, section_rows

GB = 1 << 30


def templates_of(rows: SectionRows, *, memory_limit: int = GB, threads: int = 1, **settings: int) -> Templates:
    return build_templates(
        rows, ReuseSettings(**settings), folder=Path("unused-folder"), memory_limit=memory_limit, threads=threads
    )


def filled(template: dict, values: list[str]) -> str:
    return template["skeleton"].format(**{s["name"]: v for s, v in zip(template["slots"], values, strict=True)})


def check_occurrences(rows: SectionRows, found: Templates) -> None:
    by_id = {row["template_id"]: row for row in found.table.to_pylist()}
    assert len(by_id) == found.table.num_rows
    families: dict[str, set[int]] = {}
    for place in found.occurrences.to_pylist():
        template = by_id[place["template_id"]]
        text = rows.texts[place["row"]].as_py()[place["clean_start"] : place["clean_end"]]
        assert normalise(filled(template, place["values"])) == normalise(text)
        assert all(value in text for value in place["values"])
        families.setdefault(place["template_id"], set()).add(int(rows.family[place["row"]]))
    for key, template in by_id.items():
        assert template["df"] == len(families[key]) >= 3
        text = rows.texts[template["row"]].as_py()
        assert text[template["clean_start"] : template["clean_end"]] == template["example"]
        outside = normalise(filled(template, [""] * len(template["slots"])))
        assert template["n_chars"] == len(outside) >= max(8, 0.6 * len(normalise(template["example"])))


OPENINGS = [
    "现在，我代表槐坪县人民政府，向大会作政府工作报告，请予审议，并请各位政协委员提出意见。",
    "现在，我代表枫桥市人民政府，向大会作政府工作报告，请予审议，并请列席人员提出意见。",
    "现在,我代表XX区人民政府,向大会作政府工作报告,请予审议,并请各位政协委员提出意见。",
    "现在，我代表 青岚县人民政府 向大会作政府工作报告，请予审议，并请各位列席会议的同志提出意见。",
    "各位代表：现在，我代表××市人民政府，向大会作政府工作报告，请予审议，并请各位政协委员提出意见。",
]
FILLER = [
    "全年新修水渠三十里，旱情有所缓解。",
    "老街改造如期完工，商户陆续回迁。",
    "桃园大道两侧种上了银杏。",
    "夜校办到了山里，学员过百。",
    "码头仓库全部更新了消防设备。",
]


def opening_template(pages: list[str]) -> tuple[SectionRows, Templates, dict]:
    rows = section_rows(pages)
    found = templates_of(rows)
    (template,) = found.table.to_pylist()
    return rows, found, template


def test_variants_of_an_opening_are_one_template() -> None:
    rows, found, template = opening_template([a + b for a, b in zip(OPENINGS, FILLER, strict=True)])
    assert template["skeleton"] in {
        "现在，我代表{place}人民政府，向大会作政府工作报告，请予审议，并请{other}提出意见。",
        "现在,我代表{place}人民政府,向大会作政府工作报告,请予审议,并请{other}提出意见。",
    }
    assert (template["df"], template["n_sections"], template["n_variants"]) == (5, 5, 5)
    place, audience = template["slots"]
    assert set(place["values"]) == {"槐坪县", "枫桥市", "XX区", "青岚县", "××市"}
    assert audience["values"][0] == "各位政协委员"
    check_occurrences(rows, found)


def test_masks_are_values_as_they_stand() -> None:
    _, found, _ = opening_template(OPENINGS)
    assert [values[0] for values in found.occurrences.column("values").to_pylist()] == [
        "槐坪县",
        "枫桥市",
        "XX区",
        "青岚县",
        "××市",
    ]


def test_numbers_are_whole_and_years_are_years() -> None:
    pages = [
        f"到{year}年底，全镇累计完成河道清淤{number}公里，惠及沿线群众{people}人。"
        for year, number, people in (("2013", "12.5", "1,350"), ("2016", "12.8", "1,420"), ("20xx", "7", "980"))
    ]
    rows = section_rows(pages)
    found = templates_of(rows)
    (template,) = found.table.to_pylist()
    skeleton = "到{year}底，全镇累计完成河道清淤{number}公里，惠及沿线群众{number2}人。"
    assert template["skeleton"] == skeleton
    assert [set(slot["values"]) for slot in template["slots"]] == [
        {"2013年", "2016年", "20xx年"},
        {"12.5", "12.8", "7"},
        {"1,350", "1,420", "980"},
    ]
    check_occurrences(rows, found)


def test_dates_keep_year_month_and_day_apart() -> None:
    pages = [f"本办法自{date}起在全县范围内施行。" for date in ("2009年3月1日", "2012年10月15日", "2015年7月1日")]
    (template,) = templates_of(section_rows(pages)).table.to_pylist()
    assert template["skeleton"].startswith("本办法自{year}年{number}月{")


def test_a_sentence_that_is_repeated_is_a_template_without_slots() -> None:
    sentence = "成绩来之不易，经验弥足珍贵。"
    rows = section_rows([f"{a}{sentence}" for a in FILLER[:3]])
    found = templates_of(rows)
    (template,) = found.table.to_pylist()
    assert (template["skeleton"], template["slots"], template["df"]) == (sentence, [], 3)
    assert template["template_id"] == make_id("t", normalise(sentence))
    assert found.occurrences.column("values").to_pylist() == [[], [], []]


def test_two_families_make_no_template() -> None:
    assert templates_of(section_rows(OPENINGS, family=[0, 1, 0, 1, 0])).table.num_rows == 0


def test_a_family_has_one_voice_however_many_variants_it_has() -> None:
    rows = section_rows([*OPENINGS, OPENINGS[0].replace("槐坪", "柳坪")], family=[0, 1, 2, 0, 0, 0])
    (template,) = templates_of(rows).table.to_pylist()
    assert (template["df"], template["n_sections"], template["n_variants"]) == (3, 6, 6)


def test_further_copies_of_a_page_change_nothing_but_the_number_of_sections() -> None:
    pages = [a + b for a, b in zip(OPENINGS, FILLER, strict=True)]
    before = templates_of(section_rows(pages)).table
    after = templates_of(section_rows(pages + [pages[0]] * 10, family=[*range(5), *[0] * 10])).table
    assert after.column("n_sections").to_pylist() == [15]
    assert before.drop_columns(["n_sections"]).equals(after.drop_columns(["n_sections"]))


def test_sentences_that_share_less_than_a_skeleton_are_not_grouped() -> None:
    pages = [
        "我们要把粮食安全摆在首位。",
        "我们要把校车安全管得更严，每辆车都装上记录仪。",
        "我们要把老城管网改造当作头等大事来办。",
    ]
    assert templates_of(section_rows(pages)).table.num_rows == 0


def test_what_many_reports_write_alike_gets_no_slot_for_a_misprint() -> None:
    sentence = "全县上下同心同德，攻坚克难，各项工作取得明显成效。"
    pages = [f"{sentence}{i}" for i in range(40)] + [sentence.replace("克难", "克滩")]
    found = templates_of(section_rows(pages))
    (template,) = found.table.to_pylist()
    assert (template["skeleton"], template["df"]) == (sentence, 40)
    assert found.metrics["misprints"] == 1


def test_braces_of_a_text_are_doubled() -> None:
    pages = [f"模板中的{{占位}}应当替换为第{n}号文件的名称。" for n in (3, 7, 12)]
    rows = section_rows(pages)
    found = templates_of(rows)
    (template,) = found.table.to_pylist()
    assert template["skeleton"] == "模板中的{{占位}}应当替换为第{number}号文件的名称。"
    check_occurrences(rows, found)


def test_reference_sources_have_no_voice() -> None:
    rows = section_rows(OPENINGS, reference=[False, False, False, True, True])
    (template,) = templates_of(rows).table.to_pylist()
    assert template["df"] == 3
    assert templates_of(section_rows(OPENINGS[:3], reference=[True, False, False])).table.num_rows == 0


def test_other_languages_have_templates_too() -> None:
    pages = [
        f"In {year} the council repaired {km} km of road and opened {n} new bus routes in the {side}."
        for year, km, n, side in ((2014, 62, "two", "west"), (2017, 48, "three", "east"), (2019, 7, "two", "north"))
    ]
    rows = section_rows(pages)
    found = templates_of(rows)
    (template,) = found.table.to_pylist()
    assert template["skeleton"].startswith("In {year} the council repaired {number} km of road and opened {")
    check_occurrences(rows, found)


places = st.sampled_from(["槐坪县", "枫桥市", "XX镇", "××区", "", "青岚 乡", "槐坪市", "“试点”区"])
numbers = st.sampled_from(["3", "12.5", "1,250", "二十三", "近百", "xx", "20xx", "①"])
tails = st.sampled_from(["扎实推进", "全面推进", "统筹", "", "（含续建）加快推进", "×× "])
formulae = st.one_of(
    st.builds("今年，{}新建改建农村公路{}公里，{}饮水安全工程建设。".format, places, numbers, tails),
    st.builds("受{}人民政府委托，向大会报告{}年工作，请予审议{}。".format, places, numbers, tails),
    st.builds("{}一、{}：确保{}项民生实事按期办结！".format, places, tails, numbers),
    st.text(alphabet="甲乙丙，。；\n 12xX×{}（）“”①ﬁ", max_size=25),
)
corpora = st.lists(st.tuples(st.lists(formulae, max_size=4).map("".join), st.integers(0, 7)), min_size=3, max_size=14)


def rows_of(corpus: list[tuple[str, int]]) -> SectionRows:
    numbers = [number for _, number in corpus]
    return section_rows([text for text, _ in corpus], [numbers.index(number) for number in numbers])


@given(corpora)
def test_skeletons_filled_with_values_give_every_occurrence(corpus: list[tuple[str, int]]) -> None:
    rows = rows_of(corpus)
    check_occurrences(rows, templates_of(rows))


@given(corpora, st.randoms(use_true_random=False))
def test_the_order_of_the_input_does_not_matter(corpus: list[tuple[str, int]], random) -> None:
    rows = rows_of(corpus)
    at = list(range(len(corpus)))
    random.shuffle(at)
    one, other = templates_of(rows), templates_of(permuted(rows, at))
    assert one.table.drop_columns(["row"]).equals(other.table.drop_columns(["row"]))
    occurrences = sorted((at[p.pop("row")], *map(str, p.values())) for p in other.occurrences.to_pylist())
    assert occurrences == sorted((p.pop("row"), *map(str, p.values())) for p in one.occurrences.to_pylist())


def test_memory_and_threads_change_nothing(tmp_path: Path) -> None:
    pages = [
        f"第{i % 9}批：{OPENINGS[i % 5]}本年完成堤防加固{i}公里，投资{i * 7}万元以上，受益{i % 11}个行政村。\n" * 2
        for i in range(300)
    ]
    rows = section_rows(pages)
    whole = templates_of(rows)
    spilled = build_templates(rows, ReuseSettings(), folder=tmp_path / "work", memory_limit=1 << 17, threads=2)
    assert whole.table.num_rows >= 2
    assert whole.table.equals(spilled.table)
    assert whole.occurrences.equals(spilled.occurrences)
    assert list((tmp_path / "work").iterdir()) == []


def test_no_text_has_no_templates() -> None:
    for pages in ([], ["", "，。", "\n"]):
        found = templates_of(section_rows(pages))
        assert found.table.num_rows == found.occurrences.num_rows == 0
