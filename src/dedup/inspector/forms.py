"""Forms as browsers send them: fields, and one file that never touches the disk."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from dedup.inspector.asking import Unclear

#: Fields of one form at most.
FIELDS = 40
#: Bytes of one field, and of the headers of a part.
FIELD_BYTES = 8192
HEADER_BYTES = 2048

_BOUNDARY = re.compile(r'multipart/form-data\s*;.*?\bboundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))', re.I)
_NAME = re.compile(rb'form-data\s*;.*?\bname="([A-Za-z_]{1,40})"', re.I)
_FILE = re.compile(rb";\s*filename\*?=", re.I)


@dataclass(frozen=True)
class Form:
    """What a form brought.

    Attributes
    ----------
    values : field -> text
    file : bytes of the file, None where none was sent. Its name is not kept: nothing here is named by a visitor
    """

    values: dict[str, str]
    file: bytes | None = field(default=None, repr=False)


def read_form(body: bytes, content_type: str) -> Form:
    """Return the fields of a form.

    Raises
    ------
    Unclear
        It is not put together as browsers do it.
    """
    match = _BOUNDARY.match(content_type.strip())
    if match is None:
        try:
            return Form(dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=FIELDS)))
        except ValueError as error:
            raise Unclear(f"form: at most {FIELDS} fields") from error
    values: dict[str, str] = {}
    file: bytes | None = None
    for name, is_file, content in _parts(body, (match[1] or match[2]).encode("latin-1", "replace")):
        if is_file:
            file = content
        elif len(content) > FIELD_BYTES:
            raise Unclear(f"{name}: at most {FIELD_BYTES} characters")
        else:
            values[name] = content.decode("utf-8", "replace")
    return Form(values, file)


def _parts(body: bytes, boundary: bytes) -> list[tuple[str, bool, bytes]]:
    """Return name, whether it is a file, and content of each part."""
    mark = b"\r\n--" + boundary
    # The mark must not be looked for in the content of the file by anything but these bytes.
    pieces = (b"\r\n" + body).split(mark, FIELDS + 2)
    if len(pieces) < 2 or pieces[0] or len(pieces) > FIELDS + 2 or not pieces[-1].startswith(b"--"):
        raise Unclear("form: it does not arrive whole")
    found: list[tuple[str, bool, bytes]] = []
    for piece in pieces[1:-1]:
        if not piece.startswith(b"\r\n"):
            raise Unclear("form: it does not arrive whole")
        head, blank, content = piece.partition(b"\r\n\r\n")
        named = _NAME.search(head) if blank and len(head) <= HEADER_BYTES else None
        if named is None:
            raise Unclear("form: it does not arrive whole")
        found.append((named[1].decode(), _FILE.search(head) is not None, content))
    return found
