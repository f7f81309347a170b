"""What the program wrote into a release in English is read in Chinese where the pages are Chinese."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dedup.engines import gate, outcomes
from dedup.inspector.language import catalogue
from dedup.inspector.sentences import Sentences
from dedup.schemas import KINDS
from tests import written_sentences as written
from tests.command import call
from tests.decided_pages import PAGES, settings_for, write_pages
from tests.inspected import Visitor, links_of, text_of, visiting

#: Modules, and their functions where not all of their sentences go into releases.
WRITERS: dict[str, tuple[str, ...]] = {
    "clusters/canonical.py": ("_WHY_CANONICAL", "_WHY_NOT", "explain_choice"),
    "clusters/comparison.py": ("compare", "_judge", "_why_variant"),
    "clusters/explain.py": ("_decided", "_verdict", "_canonical", "say_decision"),
    "clusters/repairs.py": ("_damage", "_vote", "_reason"),
    "clusters/damage.py": ("damage_of_letters",),
    "decisions/rows.py": ("by",),
    "decisions/exchange.py": ("read_content", "_fault"),
    "decisions/received.py": ("read_received", "_look_through"),
    "decisions/kinds.py": ("make_subject", "check_words"),
    "engines/deciding.py": ("decide", "_SAID", "mark_membership"),
    "engines/deciding_passages.py": ("decided_boilerplate",),
    "engines/figuring.py": ("_refusals",),
    "engines/ingest.py": ("_same_uri",),
    "extraction/consistency/checking.py": ("flag_observations",),
    "extraction/consistency/copies.py": ("check_copies",),
    "extraction/consistency/figures.py": ("equation",),
    "inspector/asking.py": ("Asked",),
    "inspector/forms.py": ("read_form", "_parts"),
    "quality/validating.py": ("_result", "_quarantine_rows"),
    "quality/cascade.py": ("_followers",),
    "text/junk.py": ("junk_reason", "_navigation"),
    "text/kinds.py": ("classify",),
    "text/cutting.py": ("_lead", "_with_appendices", "_footer"),
    "text/sections.py": ("cut_text",),
}
READERS = (
    "decode", "delimited", "dom", "formats", "html", "jsonl", "lines", "locate", "mapping", "pages", "parquet", "read",
    "record_text", "records", "remote", "unpack", "warc",
)  # fmt: skip


def forms() -> Iterator[tuple[str, list[str | tuple[str, ...]]]]:
    for module, functions in WRITERS.items():
        for form in written.forms_in(module, *functions):
            yield module, form
    for name in READERS:
        for form in written.forms_in(f"sources/{name}.py"):
            yield f"sources/{name}.py", form
    for query in (outcomes._RECORDS, gate._ANSWERS):
        for form in written.forms_in_sql(query):
            yield "records", form
    signs = written.keys_of("text/kinds.py", "report", "essay") | written.keys_of("text/seams.py", "signs")
    for sentence in (*sorted(signs), *sorted(written.said_of_rules())):
        yield "signs and rules", [sentence]


def test_every_sentence_of_the_program_has_a_chinese_form() -> None:
    gathered = list(forms())
    assert len(gathered) > 450, "the gathering itself found too little"
    knows = catalogue("zh").knows
    missing = [f"{module}: {written.shown(form)}" for module, form in gathered if not written.is_known(form, knows)]
    assert not missing, "\n".join(missing)


def test_names_of_rules_checks_and_kinds_have_chinese_words() -> None:
    rules, checks = written.refusal_rules(), written.check_names()
    assert len(rules) > 20
    assert len(checks) > 15
    for language in ("en", "zh"):
        t = catalogue(language)
        assert not [rule for rule in rules if t.named("refusal", rule) == rule and language == "zh"]
        assert not [check for check in checks if t.named("check", check) == check]
        assert not [kind for kind in (*KINDS, "boilerplate") if f"kind.{kind}" not in t._words]


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        (
            "joined in c_0123456789abcdef: Jaccard 0.812 is at least 0.7",
            "归入 c_0123456789abcdef：Jaccard 0.812，达到 0.7",
        ),
        (
            "kept apart, decided by Li Na on 2026-01-02 (not same: “other county”); by the rules: "
            "Jaccard 0.5 lies between 0.35 and 0.7, and the edit similarity 0.951 is at least 0.9",
            "不合并，Li Na 于 2026-01-02 裁定（不是同一篇：“other county”）；按规则："
            "Jaccard 0.5，介于 0.35 与 0.7 之间，编辑相似度 0.951，达到 0.9",
        ),
        ("A stands for B (more masked places than the canonical copy)", "A 代表 B（遮盖处多于正本）"),
        (
            "addresses the delegates, full of figures (3.0 against 0.0); heading missing: a new start, another place",
            "称呼代表、数字多（3.0 对 0.0）；缺标题行：另起一句、地名不同",
        ),
        ("no report in it, only: essay, junk", "其中没有报告，只有：文章、杂项"),
        (
            "growth_from_to: 46.3亿元 / 40亿元 - 1 = 15.75%, stated 11.6% (±0.05)",
            "起止数据与增长：46.3亿元 / 40亿元 - 1 = 15.75%，原文为 11.6%（±0.05）",
        ),
        (
            "a report this short is more often a fragment (n_chars = 40)",
            "这么短的报告多半是残篇（n_chars = 40）",
        ),
        (
            "goes with reports c_0123456789abcdef, which is set aside: my own rule",
            "随 reports c_0123456789abcdef 一并搁置：my own rule",
        ),
        ("line 7: a quote is opened and never closed", "第 7 行：引号没有闭合"),
    ],
)
def test_sentences_made_of_sentences_are_said_in_chinese(english: str, chinese: str) -> None:
    assert catalogue("zh").say(english) == chinese
    # English pages name checks in words, and leave all else as it is written.
    assert catalogue("en").say(english) == english.replace("growth_from_to", "growth from one figure to another")


def test_words_that_are_not_of_the_program_stay_as_they_are() -> None:
    t = catalogue("zh")
    for words in ("", "our own rule (value = 3)", "它有误；请看", "{name} {0}", "ok; (", "joined in nothing at all"):
        assert t.say(words) == words
    assert t.say(None) == ""
    # Words of strangers inside a sentence are neither translated nor taken for slots.
    assert t.say("files ending in .{x:kind} are not known") == "不认识扩展名为 .{x:kind} 的文件"


def test_a_long_sentence_of_a_stranger_is_given_up_soon() -> None:
    t = catalogue("zh")
    for unit in ("; ", " (", "a; b (", ", decided by ", ": a, b reads "):
        hostile = "x" + unit * 2000
        assert t.say(hostile) == hostile
        assert t.say(hostile[:1100]).endswith(hostile[900:1000]) or t.say(hostile[:1100])


def test_a_form_with_fewer_words_of_its_own_waits_for_one_with_more() -> None:
    sentences = Sentences({"{a} is {b}": "1 {a} {b}", "{a} is not {b:number}": "2 {a} {b}"}, lambda group, value: value)
    assert sentences.say("this is not 7") == "2 this 7"
    assert sentences.say("this is not so") == "1 this not so"


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("chinese")
    pages = {**PAGES, "gov/empty.html": "<html><body><script>x()</script></body></html>", "share/none.txt": " "}
    write_pages(folder, pages)
    done = call("run", "--no-prefect", "-q", "-w", settings_for(folder).warehouse, folder / "gov", folder / "share")
    assert done.code == 0, done.err
    with visiting(settings_for(folder).warehouse) as somebody:
        yield somebody


REASONS = {
    "membership": "reason", "records": "reason", "sections": "kind_reason", "quarantine": "reason", "repairs": "reason",
}  # fmt: skip


def reasons_of(visitor: Visitor) -> Iterator[str]:
    store = visitor.shelf.store()
    for dataset, column in REASONS.items():
        for row in store.rows(f"SELECT DISTINCT {column} AS said FROM {dataset}"):
            yield row["said"]
    for row in store.rows("SELECT DISTINCT unnest(flags) AS said FROM observations"):
        yield row["said"]


def test_what_a_release_says_is_known(visitor: Visitor) -> None:
    said = list(reasons_of(visitor))
    assert len(said) > 12
    assert not [sentence for sentence in said if not catalogue("zh").knows(sentence)]


def test_chinese_pages_say_verdicts_and_reasons_in_chinese(visitor: Visitor) -> None:
    (pair,) = visitor.shelf.store().rows(
        "SELECT cluster_id AS c, stands_for AS a, section_id AS b FROM membership WHERE NOT is_canonical LIMIT 1"
    )
    pages = {
        f"/pairs/{pair['a']}/{pair['b']}": ("归入 ", "A 代表 B（"),
        f"/clusters/{pair['c']}": ("正本",),
        "/documents": ("其报告是副本；采用了", "其报告已采用"),
        "/quality": ("编号由内容在同一处生成", "页面没有可见文字"),
        "/quarantine": ("空白", "页面没有可见文字，可能由脚本生成"),
    }
    english = re.compile(r"\b(?:joined|kept apart|stands for|its report|copies|the page|made from content|dated)\b")
    for path, words in pages.items():
        text = text_of(visitor.get(f"{path}?lang=zh"))
        assert not [word for word in words if word not in text], path
        found = english.search(text)
        assert found is None, text[max(0, found.start() - 40) : found.end() + 60]
    assert "joined in " in visitor.get(f"/pairs/{pair['a']}/{pair['b']}?lang=en")


def test_no_chinese_page_speaks_english(visitor: Visitor) -> None:
    """The pages of this release are Chinese throughout, so whatever is English on them is of the program."""
    waiting = ["/?lang=zh", "/queue", "/decisions?history=1", "/phrases", "/network?by=year", "/thresholds?jaccard=0.2",
               "/facts?all=1", "/clusters?least=x", "/nowhere", "/clusters/c_0123456789abcdef"]  # fmt: skip
    seen: set[str] = set()
    while waiting and len(seen) < 80:
        path = waiting.pop(0)
        seen.add(path)
        answer = visitor.client.get(path)
        if not answer.headers["content-type"].startswith("text/html"):
            continue
        links = {link.partition("#")[0] for link in links_of(answer.text)} - seen - set(waiting)
        waiting += sorted(link for link in links if link.startswith("/") and not re.search("lang=|theme=|static", link))
        shown = re.sub(r"<(code|script)\b.*?</\1>", " | ", answer.text, flags=re.DOTALL)
        said = re.findall(r'(?:title|aria-label|placeholder)="([^"]*)"', shown) + re.findall(r">([^<]+)<", shown)
        english = [words for words in said if re.search(r"[A-Za-z]{2,} [a-z]{2,}\b", words)]
        assert not english, (path, english)
    assert len(seen) > 50


@pytest.mark.slow
def test_what_the_sample_pages_give_is_known(sample_folder: Path, tmp_path: Path) -> None:
    done = call("run", "--no-prefect", "-q", "-w", tmp_path / "w", "-c", sample_folder / "dedup.toml")
    assert done.code == 0, done.err
    with visiting(tmp_path / "w") as somebody:
        said = list(reasons_of(somebody))
    assert len(said) > 60
    assert not [sentence for sentence in said if not catalogue("zh").knows(sentence)]
