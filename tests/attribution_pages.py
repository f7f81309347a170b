"""Pages made for the tests of places and years; places are invented unless a test is about a real one."""

import datetime as dt

import pyarrow as pa

from dedup.extraction.attribution import attribute_sections

SECTIONS = pa.schema(
    [
        ("section_id", pa.string()),
        ("doc_id", pa.string()),
        ("ordinal", pa.int32()),
        ("title", pa.string()),
        ("kind", pa.string()),
        ("char_start", pa.int32()),
        ("char_end", pa.int32()),
        ("clean_text", pa.string()),
        ("completeness", pa.string()),
    ]
)


def pages(
    documents: dict[str, list[str]],
    *,
    titles: dict[str, list[str]] | None = None,
    completeness: dict[str, list[str]] | None = None,
    footers: dict[str, list[str]] | None = None,
    published: dict[str, dt.date] | None = None,
) -> tuple[pa.Table, pa.Table]:
    """Return sections and documents: every text of a page is one section, with a heading and a footer of the site."""
    rows, docs = [], []
    for doc, texts in documents.items():
        page = ""
        for n, text in enumerate(texts):
            title = titles[doc][n] if titles else f"县政府工作报告篇{n + 1}"
            footer = footers[doc][n] if footers else ""
            start = len(page)
            page += f"{title}\n{text}\n{footer}\n"
            rows.append(
                {
                    "section_id": f"s_{doc}_{n}",
                    "doc_id": doc,
                    "ordinal": n,
                    "title": title,
                    "kind": "report",
                    "char_start": start,
                    "char_end": len(page),
                    "clean_text": text,
                    "completeness": completeness[doc][n] if completeness else "full",
                }
            )
        docs.append({"doc_id": doc, "text": page, "published_at": (published or {}).get(doc)})
    schema = pa.schema([("doc_id", pa.string()), ("text", pa.string()), ("published_at", pa.date32())])
    return pa.Table.from_pylist(rows, SECTIONS), pa.Table.from_pylist(docs, schema)


def attribute(*texts: str, **options: object) -> list[dict]:
    """Return the attributions of the texts of one page."""
    sections, documents = pages({"d": list(texts)}, **options)
    return attribute_sections(sections, documents).to_pylist()


def years(text: str) -> tuple[int | None, str, int | None, str]:
    """Return (year looked back on, its basis, year planned for, its basis) of one text."""
    row = attribute(text)[0]
    return row["year_review"], row["year_review_basis"], row["year_plan"], row["year_plan_basis"]
