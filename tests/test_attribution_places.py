"""Which place a report speaks for: as it names itself, else as the places inside it tell, else none."""

import pytest

from .attribution_pages import attribute


def place(text: str) -> tuple[str | None, str | None, str]:
    row = attribute(text)[0]
    return row["region_code"], row["region_name"], row["region_basis"]


def test_who_speaks_says_for_which_place() -> None:
    text = "现在，我代表德惠市人民政府向大会作工作报告。\n我们学习了昆山市的经验，昆山市、江阴市、张家港市发展很快。"
    assert place(text) == ("220183", "吉林省长春市德惠市", "printed")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("江苏省南京市鼓楼区", "320106"),
        ("福州市鼓楼区", "350102"),
        ("内蒙古自治区鄂尔多斯市准格尔旗", "150622"),
        ("海南省海口市秀英区", "460105"),
    ],
)
def test_superiors_printed_before_a_name_tell_which_of_several_it_is(name: str, code: str) -> None:
    found = place(f"各位代表：\n现在，我代表{name}人民政府向大会报告工作，请予审议。")
    assert (found[0], found[2]) == (code, "printed")
    assert found[1] is not None
    assert found[1].endswith(name)


def test_the_line_under_the_title_names_the_place() -> None:
    text = "——2013年1月18日在浏阳市第十五届人民代表大会第二次会议上\n各位代表：\n现在，我代表市人民政府作报告。"
    assert place(text) == ("430181", "湖南省长沙市浏阳市", "printed")


def test_a_place_that_the_table_does_not_know_keeps_its_name_and_gets_no_code() -> None:
    row = attribute("现在，我代表澜泊县人民政府向大会作工作报告，请予审议。")[0]
    assert (row["region_code"], row["region_name"], row["region_level"]) == (None, "澜泊县", "county")
    assert row["own_name"] == "澜泊县"
    assert row["region_confidence"] < 0.9


@pytest.mark.parametrize(
    "text",
    [
        "各位代表：\n我受岚岙乡人民政府委托，向大会报告工作。",
        "各位代表：\n我谨代表岚岙乡人民政府，向大会报告工作。",
        "岚岙中学建成，我乡大变样。\n让我们共同谱写富裕文明的岚岙新篇章！",
    ],
)
def test_formulae_of_opening_and_closing_name_a_place(text: str) -> None:
    assert place(text)[1] == "岚岙乡"


def test_slogans_and_the_level_together_name_a_place() -> None:
    text = "我区要打造“诚信信州”品牌。我区坚持创新，努力建设和谐平安信州。具有信州特色的产业不断发展，我区大有希望。"
    assert place(text) == ("361102", "江西省上饶市信州区", "resolved")


def test_the_closing_formula_names_a_place() -> None:
    text = "我镇今年要修路。\n各位代表，让我们携手并肩，为建设富裕和谐新慕仪而努力奋斗！我镇的明天更美好。"
    assert place(text)[0] == "610304105"


def test_the_closing_formula_names_a_place_that_no_table_knows() -> None:
    text = "澜泊大桥通车，我县变了样。\n各位代表，让我们为建设富裕文明的新澜泊而努力奋斗！"
    assert place(text) == (None, "澜泊县", "resolved")


@pytest.mark.parametrize(
    "text",
    [
        "我县干部赴昆山市学习，引进昆山市企业3家。昆山市经验值得借鉴。",
        "我县境内的沪昆高速、浏阳至醴陵公路通车。浏阳籍客商投资2亿元。",
        "我县坚持绿色发展，建设文明和谐社会，全县人民安居乐业。",
        "我镇加快小城镇建设，提高城乡居民收入，推进城市管理，扩大新城区。",
        "我县结合昆山实际，推进改革。",
        "我县人民幸福安康，安居乐业，建设阳光法治政府，打造魅力古镇。",
        "我县向汶川县人民捐款捐物，支援汶川县人民。全县人民同心。",
        "我镇出席了浏阳市第十六届人民代表大会，全镇人民同心。我镇实干。" + "我镇修路。" * 100,
        "",
    ],
)
def test_mentions_of_other_places_are_no_attribution(text: str) -> None:
    assert place(text) == (None, None, "none")


def test_a_masked_name_is_masked() -> None:
    assert place("现在，我代表xx县人民政府向大会作工作报告，请予审议。") == (None, None, "masked")


def test_a_name_that_several_places_have_needs_a_superior_beside_it() -> None:
    text = "我乡要建设富裕河东、和谐河东、活力河东。我乡坚持以农业为本，美丽河东人人有份。"
    row = attribute(text)[0]
    assert (row["region_code"], row["region_name"], row["region_level"]) == (None, "河东乡", "township")
    code, name, basis = place(text + "\n昌九大道德安段开工。")
    assert (code, name, basis) == ("360426201", "江西省九江市德安县河东乡", "inferred")


def test_a_place_cannot_speak_before_it_had_its_name() -> None:
    text = "——{}年1月18日在繁昌区第五届人民代表大会第二次会议上\n各位代表：\n过去一年，在区委领导下，我区实干。"
    assert place(text.format(2022))[0] == "340212"
    assert place(text.format(2004))[0] is None


def test_an_abolished_county_keeps_the_code_it_had() -> None:
    text = "——{}年1月18日在繁昌县第五届人民代表大会第二次会议上\n各位代表：\n过去一年，在县委领导下，我县实干。"
    assert place(text.format(2004)) == ("340222", "安徽省芜湖市繁昌县", "printed")


def test_townships_inside_tell_a_county_whose_name_is_masked() -> None:
    text = "全县上下齐心，xx县大有希望，我县实干。\n改造了下河清、东洞、西洞、金佛寺、泉湖等乡镇的渠道。"
    # These lie in a district: a text that says 我县 cannot be it.
    assert place(text)[0] is None
    code, _, basis = place(text.replace("县", "区"))
    assert (code, basis) == ("620902", "inferred")


def test_an_ordinary_word_names_no_place() -> None:
    text = "我县要建设富裕、和谐、文明的家园，实现富裕和谐。全县人民走向富裕，富裕起来的群众更有信心。"
    assert place(text)[0] is None
    assert place("我县发展很快。现在，我代表富裕县人民政府作报告。")[0] == "230227"


def test_two_places_that_are_as_likely_are_none() -> None:
    text = "现在，我代表德惠市人民政府作报告。现在，我代表昆山市人民政府作报告。我市实干。"
    assert place(text)[0] is None
