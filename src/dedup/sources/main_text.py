"""The main text of a page: the smallest part that holds nearly all its prose, without what surrounds it.

The extractors at hand were written for pages of words and blanks. On Chinese pages they lose whole lists, inline
elements and text that stands in `<div>` without `<p>` (measured on small pages made for that), which is why this
works on characters and never drops an inline element.
"""

from __future__ import annotations

import re

from dedup.sources.dom import Outline, Paragraph

#: The main part holds at least this share of the page's prose.
MAIN_SHARE = 0.95
#: A suspect element (its class says sidebar, comments, …) goes when it holds less than this share of the prose.
SUSPECT_SHARE = 0.3
#: Above this share of characters in links an element is navigation.
LINK_SHARE = 0.55

_SENTENCE = re.compile(r"[。；！？;!?]|[.](?:\s|$)|，.{4,}")
_CJK = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _prose(paragraph: Paragraph) -> int:
    """Return the characters of a paragraph that count as prose: sentences and long lines, not labels and links."""
    if paragraph.n_link_chars * 2 > paragraph.n_chars:
        return 0
    free = paragraph.n_chars - paragraph.n_link_chars
    # A Chinese character says about what 2.5 Latin letters say.
    weight = free if _CJK.search(paragraph.text) else free * 2 // 5
    if weight >= 30 or paragraph.kind in {"row", "pre"} or (weight >= 8 and _SENTENCE.search(paragraph.text)):
        return weight
    return weight // 4 if paragraph.kind in {"heading", "item"} else 0


def _sums(outline: Outline, own: list[int]) -> list[int]:
    """Return for each element the sum over its subtree."""
    total = own.copy()
    for i in range(len(total) - 1, 0, -1):
        total[outline.parents[i]] += total[i]
    return total


def _kept(outline: Outline, dropped: list[bool]) -> list[int]:
    """Return the prose of each element without that of dropped ones."""
    own = [0] * len(dropped)
    for p in outline.paragraphs:
        if not dropped[p.element]:
            own[p.element] += _prose(p)
    return _sums(outline, own)


def main_paragraphs(outline: Outline) -> list[Paragraph]:
    """Return the paragraphs of the main text in order.

    The main part is found by going down from the body as long as one child holds `MAIN_SHARE` of the prose. Inside
    it, suspect elements with little prose and blocks that are mostly links are left out. A page without prose keeps
    all its paragraphs: whether it is worth anything is for the text stage to say.
    """
    n = len(outline.tags)
    prose, chars, links = [0] * n, [0] * n, [0] * n
    for p in outline.paragraphs:
        prose[p.element] += _prose(p)
        chars[p.element] += p.n_chars
        links[p.element] += p.n_link_chars
    prose, chars, links = (_sums(outline, own) for own in (prose, chars, links))
    if not prose[0]:
        return outline.paragraphs
    dropped = [False] * n
    for i in range(1, n):
        parent = outline.parents[i]
        dropped[i] = dropped[parent] or (outline.suspects[i] and prose[i] < SUSPECT_SHARE * prose[0])
    kept_prose = _kept(outline, dropped)
    if 2 * kept_prose[0] < prose[0]:
        # Names mislead here: a discussion is made of nothing but comments.
        dropped = [False] * n
        kept_prose = prose
    root = _descend(outline, kept_prose)
    inside = [False] * n
    inside[root] = True
    for i in range(root + 1, n):
        inside[i] = (
            inside[outline.parents[i]] and not dropped[i] and not _is_navigation(i, outline, prose, chars, links)
        )
    return [p for p in outline.paragraphs if inside[p.element] and not _is_link_line(p)]


def _is_navigation(i: int, outline: Outline, prose: list[int], chars: list[int], links: list[int]) -> bool:
    if outline.tags[i] in {"table", "tr", "p"} or not chars[i]:
        return False
    return links[i] > LINK_SHARE * chars[i] and prose[i] < 0.2 * prose[0]


def _is_link_line(p: Paragraph) -> bool:
    return p.kind in {"text", "item"} and p.n_link_chars >= 0.8 * p.n_chars and p.n_chars < 80


def _descend(outline: Outline, prose: list[int]) -> int:
    """Return the deepest element that still holds `MAIN_SHARE` of the prose of the page."""
    need = MAIN_SHARE * prose[0]
    root = 0
    for i in range(1, len(prose)):
        if (
            prose[i] >= need
            and outline.parents[i] == root
            and outline.tags[i] not in {"p", "table", "tr", "ul", "ol", "pre"}
        ):
            root = i
    return root


def render(paragraphs: list[Paragraph]) -> str:
    """Return paragraphs as lines, nothing added: no bullets, no markup; cells of a table row are divided by tabs."""
    return "\n".join(p.text for p in paragraphs)
