"""Furniture of a site: learned over distinct pages, at page edges only, and only marked."""

import pyarrow as pa

from dedup.schemas import FURNITURE
from dedup.settings import TextSettings
from dedup.text.furniture import learn_furniture
from dedup.text.sections import cut_documents
from tests.text_pages import report

NAVIGATION = "某某资料网 欢迎使用"
BAR = "公文频道 报告频道 素材频道"
FOOT = "某某资料网版权管理部敬上"
SETTINGS = TextSettings()


def story(k: int) -> str:
    """Return an invented page of its own words."""
    words = [f"第{k}号{chr(0x4E00 + (k * 37 + i * 11) % 2000)}工程进展{k * i}米" for i in range(12)]
    return f"关于{k}号工程的消息\n" + "，".join(words) + "。工程质量良好，群众普遍满意。"


def tables(
    pages: list[str], source: str = "s", clusters: list[str] | None = None
) -> tuple[pa.Table, pa.Table, pa.Table]:
    documents = pa.table(
        {
            "doc_id": [f"d_{source}{i:04d}" for i in range(len(pages))],
            "source": [source] * len(pages),
            "title": pa.array([None] * len(pages), type=pa.string()),
            "text": pages,
        }
    )
    sections = cut_documents(documents, SETTINGS)
    ids = sections["section_id"].to_pylist()
    owners = dict(zip(documents["doc_id"].to_pylist(), clusters or ids, strict=False))
    doc_ids = sections["doc_id"].to_pylist()
    joined = [owners[d] if clusters else i for d, i in zip(doc_ids, ids, strict=True)]
    membership = pa.table({"section_id": ids, "cluster_id": joined})
    return documents, sections, membership


def test_lines_at_the_edges_of_many_pages_are_marked_with_their_place() -> None:
    pages = [f"{NAVIGATION}\n{BAR}\n{story(k)}\n  {FOOT}\n" for k in range(6)]
    documents, sections, membership = tables(pages)
    found = learn_furniture(documents, sections, membership, SETTINGS)
    assert found.schema.equals(FURNITURE, check_metadata=True)
    assert sorted(set(found["line"].to_pylist())) == sorted([NAVIGATION, BAR, FOOT])
    assert found.num_rows == 18
    assert set(found["n_pages"].to_pylist()) == {6}
    texts = dict(zip(documents["doc_id"].to_pylist(), pages, strict=True))
    for row in found.to_pylist():
        assert texts[row["doc_id"]][row["char_start"] : row["char_end"]] == row["line"]


def test_fewer_pages_than_asked_teach_nothing() -> None:
    assert learn_furniture(*tables([f"{NAVIGATION}\n{story(k)}" for k in range(4)]), SETTINGS).num_rows == 0


def test_a_line_on_a_small_share_of_the_pages_is_no_furniture() -> None:
    pages = [f"{NAVIGATION}\n{story(k)}" if k < 5 else story(k) for k in range(40)]
    assert learn_furniture(*tables(pages), SETTINGS).num_rows == 0


def test_copies_of_one_page_count_once() -> None:
    pages = [f"{NAVIGATION}\n{story(1)}" for _ in range(8)]
    assert learn_furniture(*tables(pages, clusters=["c_1"] * 8), SETTINGS).num_rows == 0


def test_what_reports_say_at_their_edges_is_never_furniture() -> None:
    pages = ["政府工作报告\n" + "\n".join(report(k)) + f"\n第{k}页完" for k in range(6)]
    found = learn_furniture(*tables(pages), SETTINGS)
    assert not set(found["line"].to_pylist()) & {"政府工作报告", "各位代表：", "一、过去一年的工作"}


def test_a_line_in_the_middle_is_never_furniture() -> None:
    pages = [f"{story(k)}\n{story(k + 50)}\n{NAVIGATION}\n{story(k + 100)}" for k in range(6)]
    assert learn_furniture(*tables(pages), SETTINGS).num_rows == 0


def test_sources_are_learned_apart() -> None:
    parts = [tables([f"{NAVIGATION}\n{story(k)}" for k in range(6)], "a"), tables([story(k) for k in range(6)], "b")]
    documents, sections, membership = (pa.concat_tables(p) for p in zip(*parts, strict=True))
    found = learn_furniture(documents, sections, membership, SETTINGS)
    assert set(found["source"].to_pylist()) == {"a"}
    assert set(found["share"].to_pylist()) == {1.0}


def test_the_order_of_the_pages_does_not_matter() -> None:
    pages = [f"{NAVIGATION}\n{BAR}\n{story(k)}\n{FOOT}" for k in range(7)]
    documents, sections, membership = tables(pages)
    turned = documents.take([6, 2, 4, 0, 1, 5, 3])
    found = learn_furniture(documents, sections, membership, SETTINGS)
    assert learn_furniture(turned, sections.slice(0), membership, SETTINGS).equals(found)
    assert learn_furniture(documents.slice(0, 0), sections.slice(0, 0), membership.slice(0, 0), SETTINGS).num_rows == 0
