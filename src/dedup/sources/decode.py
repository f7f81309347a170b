"""From bytes to text: strict, in a fixed order, never a guess that cannot be justified.

Order: byte order mark; UTF-8; the charset the page declares; the GB family and Big5, each only when the outcome looks
like Chinese that people write; GB18030 or UTF-8 with a few bytes lost; last a statistical detector for the rest.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dedup.sources.errors import Refused
from dedup.sources.repair import FREQUENT, PRIVATE, decode_damaged

#: Share of the non-ASCII characters that must be common ones before a legacy Chinese encoding is believed. Chinese
#: prose has 0.95 and more of GB2312 level 1 and punctuation; Big5 or UTF-8 read as GB18030 stays below 0.6.
PLAUSIBLE = 0.75
#: The same when the page itself declares the encoding: only nonsense is refused.
PLAUSIBLE_DECLARED = 0.35
#: One lost character in so many is repaired with U+FFFD; more than that and the page is refused.
LOST_PER = 1000
#: From this length on one lost character is accepted even though it is more than one in `LOST_PER`.
LOST_ONE_FROM = 100
#: Least share of the Hanzi that are among the 550 most frequent ones, judged from `_JUDGED_FROM` Hanzi on. Reports have
#: 0.8, prose 0.6; Korean and Japanese read as Chinese give common characters, but 0.12 to 0.25 of these. What falls
#: through (a list of names) is left to the detector.
FREQUENT_SHARE = 0.3
_JUDGED_FROM = 40
_SAMPLE = 200_000

_BOMS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a ZIP archive or an Office document"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ", "an xz file"),
    (b"\x1f\x8b", "a gzip file inside another"),
    (b"PAR1", "a Parquet file"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3", "a SQLite database"),
)
#: Control characters that text does not hold; tab, line ends, form feed, substitute (DOS end) and escape are let pass.
_CONTROLS = bytes(set(range(32)) - {9, 10, 11, 12, 13, 26, 27} | {127})
#: Names under which pages announce the GB family; GB18030 is a superset of all of them.
_GB_NAMES = frozenset({"gb2312", "gbk", "gb18030", "cp936", "ms936", "hz-gb-2312", "gb_2312-80", "x-gbk", "euc-cn"})
#: Encodings that decode any bytes whatsoever: their declaration proves nothing.
_LATIN = frozenset({"iso8859-1", "cp1252", "ascii", "latin-1"})
#: What the detector may answer. Code pages of DOS and of Macintosh never stand behind scraped pages.
_DETECTABLE = re.compile(
    r"big5(hkscs)?|cp950|gb18030|gbk|gb2312|shift_jis(_2004|x0213)?|cp932|euc_j(p|is_2004|isx0213)|iso2022_jp|euc_kr|cp949|johab"
    r"|cp125[0-8]|koi8_[rtu]|iso8859_[0-9]+|latin_1|cp874|tis_620"
)


_HANZI = re.compile("[\u4e00-\u9fff]")
_FREQUENT_SET = frozenset(FREQUENT)


@dataclass(frozen=True)
class Decoded:
    """Text and the encoding it was decoded from; `+replaced` marks text in which U+FFFD stands for lost bytes."""

    text: str
    encoding: str


@lru_cache(maxsize=1)
def _common_tables() -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return tables over the BMP of the characters common in simplified and in traditional Chinese.

    GB2312 level 1 (rows B0 to D7, 3,755 characters) and Big5 level 1 (A440 to C67E, 5,401), each with punctuation,
    full-width forms and the symbols of GB2312 rows 1 to 3.
    """
    shared = np.zeros(0x10000, dtype=np.bool_)
    shared[0x2010:0x2040] = shared[0x3000:0x3020] = shared[0xFF00:0xFF61] = shared[0xFFE0:0xFFE7] = True
    shared[0x2460:0x249C] = True
    for char in "·×÷°‰℃①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣⅤ→←↑↓□■○●◎◇◆△▲※☆★§№":
        shared[ord(char)] = True
    simplified, traditional = shared.copy(), shared.copy()
    rows = bytes(b for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF) for b in (high, low))
    for char in rows.decode("gb2312", "ignore"):
        simplified[ord(char)] = True
    lows = (*range(0x40, 0x7F), *range(0xA1, 0xFF))
    rows = bytes(b for high in range(0xA4, 0xC7) for low in lows for b in (high, low))
    for char in rows.decode("big5", "ignore"):
        traditional[ord(char)] = True
    return simplified, traditional


def chinese_share(text: str, *, traditional: bool = False) -> float:
    """Return the share of the non-ASCII characters that are common in Chinese; 0.0 when there are none."""
    codes = np.frombuffer(text[:_SAMPLE].encode("utf-32-le", "surrogatepass"), dtype="<u4")
    codes = codes[codes > 127]
    if not len(codes):
        return 0.0
    table = _common_tables()[1 if traditional else 0]
    return float(table[codes[codes < 0x10000]].sum() / len(codes))


def _reads_as_chinese(text: str) -> bool:
    """Tell whether the Hanzi of a text are those that people use, not only those that an encoding puts first."""
    hanzi = _HANZI.findall(text[:_SAMPLE])
    return len(hanzi) < _JUDGED_FROM or sum(map(_FREQUENT_SET.__contains__, hanzi)) >= FREQUENT_SHARE * len(hanzi)


def strict(data: bytes, encoding: str) -> str | None:
    """Return `data` decoded, None when a single byte does not fit or the codec is unknown."""
    try:
        return data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None


def _refuse_binary(data: bytes) -> None:
    for magic, what in _MAGIC:
        if data.startswith(magic):
            raise Refused("binary", f"this is {what}, not text; convert or unpack it before it is read")
    head = data[:_SAMPLE]
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * 50 > len(head):
        raise Refused("binary", f"{controls} of the first {len(head)} bytes are control characters: no text file")


def _utf16_without_mark(data: bytes) -> Decoded | None:
    """Return UTF-16 text without a byte order mark, recognised by what it would mean."""
    if len(data) % 2:
        return None
    for encoding in ("utf-16-le", "utf-16-be"):
        text = strict(data, encoding)
        if text is None or "\x00" in text:
            continue
        ascii_share = len(text.encode("ascii", "ignore")) / len(text)
        if ascii_share + (1 - ascii_share) * chinese_share(text) >= 0.9:
            return Decoded(text, encoding)
    return None


def _escaped(data: bytes) -> Decoded | None:
    """Return text in a seven-bit encoding that switches character sets by escapes (RFC 1468, 1557, 1843), or None."""
    if not data.isascii():
        return None
    if b"\x1b$" in data:
        for encoding in ("iso2022_jp_2", "iso2022_kr"):
            if (text := strict(data, encoding)) is not None and not text.isascii():
                return Decoded(text, encoding)
    if b"~{" in data and (text := strict(data, "hz")) is not None and chinese_share(text) >= PLAUSIBLE:
        return Decoded(text, "hz")
    return None


def _lost_allowed(n_chars: int) -> int:
    return max(n_chars // LOST_PER, 1 if n_chars >= LOST_ONE_FROM else 0)


def _nearly_utf8(data: bytes) -> Decoded | None:
    """Return UTF-8 text in which a few bytes are lost, None when this is not UTF-8 in the first place."""
    escaped = data.decode("utf-8", "surrogateescape")
    stray = re.findall("[\udc80-\udcff]+", escaped)
    replaced = data.decode("utf-8", "replace")
    lost = replaced.count("\ufffd") - escaped.count("\ufffd")
    foreign = len(re.findall("[\u0080-\ud7ff\ue000-\U0010ffff]", escaped[:_SAMPLE]))
    if lost > _lost_allowed(len(escaped)) or foreign < 20 * lost:
        return None
    for run in stray:
        text = strict(run.encode("utf-8", "surrogateescape"), "gb18030") if len(run) >= 4 else None
        if text and chinese_share(text) >= PLAUSIBLE:
            raise Refused("mixed_encoding", f"UTF-8 text with GB18030 inside ('{text[:20]}'); decode it by parts first")
    return Decoded(replaced, "utf-8+replaced")


def _refuse_mixed(data: bytes) -> None:
    """Refuse a page whose lines are partly UTF-8 and partly GB18030: no single decoding gives its text."""
    utf8 = gb = 0
    for line in data[: 4 * _SAMPLE].splitlines():
        if line.isascii():
            continue
        text = strict(line, "utf-8")
        # Three characters prove it: two bytes of GB18030 may pass for one character of UTF-8.
        utf8 += text is not None and len(_HANZI.findall(text)) >= 3
        text = strict(line, "gb18030") if text is None else None
        gb += text is not None and len(_HANZI.findall(text)) >= 3 and chinese_share(text) >= PLAUSIBLE
    if utf8 and gb:
        raise Refused("mixed_encoding", f"{utf8} lines are UTF-8 and {gb} GB18030; convert it to one encoding first")


def _chinese(data: bytes) -> Decoded | None:
    """Return GB18030 or Big5 text, whichever strict decoding reads more like Chinese, or None."""
    best, best_share = None, PLAUSIBLE
    for encoding, traditional in (("gb18030", False), ("cp950", True), ("big5hkscs", True)):
        text = strict(data, encoding)
        if text is None or (share := chinese_share(text, traditional=traditional)) <= best_share:
            continue
        if _reads_as_chinese(text):
            best, best_share = Decoded(text, "big5" if encoding == "cp950" else encoding), share
    if best is not None and best.encoding == "gb18030" and PRIVATE.search(best.text):
        return _nearly_gb18030(data) or best
    return best


def _declared(data: bytes, declared: str) -> Decoded | None:
    name = declared.strip().strip("\"'").lower()
    if name in _GB_NAMES:
        text = strict(data, "gb18030")
        return Decoded(text, "gb18030") if text is not None and chinese_share(text) >= PLAUSIBLE_DECLARED else None
    if name.startswith("big5"):
        for encoding in ("cp950", "big5hkscs"):
            text = strict(data, encoding)
            if text is not None and chinese_share(text, traditional=True) >= PLAUSIBLE_DECLARED:
                return Decoded(text, "big5" if encoding == "cp950" else encoding)
        return None
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return None
    if codec in _LATIN or codec.startswith(
        ("utf", "hex", "rot", "base64", "bz2", "zlib", "uu", "quopri", "idna", "punycode")
    ):
        return None
    text = strict(data, codec)
    return Decoded(text, codec) if text is not None else None


def _nearly_gb18030(data: bytes) -> Decoded | None:
    text = decode_damaged(data)
    lost = text.count("\ufffd")
    if 0 < lost <= _lost_allowed(len(text)) and chinese_share(text) >= PLAUSIBLE:
        return Decoded(text, "gb18030+replaced")
    return None


def _detected(data: bytes) -> Decoded | None:
    """Ask the statistical detector; its answer must be an encoding of web pages and decode every byte."""
    from charset_normalizer import from_bytes

    found = [
        (m.chaos, -m.coherence, m.encoding != "cp1252", m.encoding) for m in from_bytes(data[:_SAMPLE], threshold=0.1)
    ]
    if not found:
        return None
    # Western encodings explain a page equally well where it has few letters of its own: the web's default comes first.
    encoding = min(found)[3]
    text = strict(data, encoding) if _DETECTABLE.fullmatch(encoding) else None
    return None if text is None else Decoded(text, encoding)


def decode(data: bytes, *, encoding: str = "auto", declared: str | None = None) -> Decoded:
    """Decode a page or record.

    Parameters
    ----------
    data : all its bytes
    encoding : "auto", or the encoding that the source is configured to have
    declared : charset that the page declares; believed only where the bytes agree

    Returns
    -------
    the text with nothing but a byte order mark removed (line ends as they are), and the encoding's name

    Raises
    ------
    Refused
        `binary`, `undecodable` or `mixed_encoding`, with the reason
    """
    for bom, name in _BOMS:
        if data.startswith(bom):
            text = strict(data[len(bom) :], name)
            if text is None and name == "utf-8" and (nearly := _nearly_utf8(data[len(bom) :])):
                return nearly
            if text is None:
                raise Refused("undecodable", f"it starts with the byte order mark of {name} but is not {name}")
            if "\x00" in text:
                raise Refused("binary", "it holds NUL characters: no text file")
            return Decoded(text, name)
    if encoding != "auto":
        return _configured(data, encoding)
    text = strict(data, "utf-8")
    if b"\x00" in data:
        if wide := _utf16_without_mark(data):
            return wide
        _refuse_binary(data)
        raise Refused("binary", "it holds NUL bytes: no text file")
    if text is not None:
        if escaped := _escaped(data):
            return escaped
        _refuse_binary(data)
        return Decoded(text, "utf-8")
    if nearly := _nearly_utf8(data):
        return nearly
    _refuse_binary(data)
    if declared and (found := _declared(data, declared)):
        return found
    if found := _chinese(data):
        return found
    _refuse_mixed(data)
    if found := _nearly_gb18030(data) or _detected(data):
        return found
    raise Refused(
        "undecodable",
        "not UTF-8, GB18030, Big5 or any other encoding that would make sense of it; set `encoding` for the source"
        " if you know it",
    )


def _configured(data: bytes, encoding: str) -> Decoded:
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise Refused("undecodable", f"the source is configured as '{encoding}', which is no known encoding") from None
    name = "gb18030" if name in {"gb2312", "gbk"} else name
    text = strict(data, name)
    if text is None and name == "gb18030" and (nearly := _nearly_gb18030(data)):
        return nearly
    if text is None:
        raise Refused("undecodable", f"the source is configured as '{encoding}', but the bytes are not")
    if "\x00" in text:
        raise Refused("binary", "it holds NUL characters: no text file")
    return Decoded(text, name)
