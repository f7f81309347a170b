"""How lines of running text begin and end: the grammar that line joining, seams and completeness share."""

from __future__ import annotations

import re

from dedup.text.characters import CLOSERS, SENTENCE_ENDS
from dedup.text.lines import Line

_ENDED = re.compile(rf"(?:[{SENTENCE_ENDS}]|(?<![0-9])\.|[：:；;])[{re.escape(CLOSERS)}\"']*$")
_ENDED_BEFORE_NOTE = re.compile(r"[。！？；][（(][^（）()]{1,50}[）)]$")
# Most lines are judged by their last character alone; the full stop and closing marks need a look at what is before.
_ENDS = frozenset(SENTENCE_ENDS + "：:；;")
_MAY_END = frozenset(CLOSERS + ".\"'")
#: A stretch that goes on with a sentence: particles and joining words.
FRAGMENT = re.compile(
    "的(?!确)|了(?!解|然)|着(?!力|眼|重|手|陆|装)|过(?![去程渡硬关半])|们|性(?![能质别格])|化(?![解工肥学险石])|率(?![先领])"
    "|等(?![级待候])|和(?![谐平睦美气])|与(?![会时])|及(?![时早])|以及|或(?!者说|许)|而(?![且今后])|之(?![前后所间])|者|地区|，"
)
#: Words that start a sentence, often a paragraph.
NEW_SENTENCE = re.compile(
    r"(?:各位|同志们|今年|去年|明年|一年来|[一五]年来|过去|回顾|展望|当前|目前|今后|新的一年|现在|为此|同时|此外|另外|首先|其次|最后|总之|因此|我们|我[省市县区镇乡村]|"
    r"全[省市县区镇乡村]|坚持|坚决|继续|深入|大力|着力|积极|进一步|加强|加快|加大|突出|紧紧|紧扣|围绕|按照|根据|通过|认真|切实|全面|扎实|努力|是|(?:19|20)[0-9xX×]{2}年)"
)


def ends_sentence(text: str, line: Line) -> bool:
    """Whether a line ends as a sentence, a list item or an announcement ends."""
    # Closing marks after the end are few; looking at the last characters only keeps long lines cheap.
    start, end = line
    last = text[end - 1]
    if last in _ENDS:
        return True
    if last not in _MAY_END:
        return False
    if _ENDED.search(text, max(start, end - 8), end):
        return True
    return last in "）)" and _ENDED_BEFORE_NOTE.search(text, max(start, end - 60), end) is not None
