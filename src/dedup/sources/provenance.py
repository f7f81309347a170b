"""Where a document comes from: uri, source, site. Nothing here depends on a machine's paths."""

from __future__ import annotations

import re
from hashlib import blake2b
from urllib.parse import SplitResult, urlsplit

#: Query keys whose values open doors. Compared lower-cased, without `-` and `_`; a url keeps every other key.
_SECRET_KEYS = frozenset(
    {
        *("token", "accesstoken", "authtoken", "refreshtoken", "idtoken", "usertoken", "csrftoken", "xsrftoken", "jwt"),
        *("session", "sessionid", "sessid", "sid", "jsessionid", "phpsessid", "aspsessionid", "aspnetsessionid"),
        *("password", "passwd", "pwd", "pass", "secret", "clientsecret", "appsecret", "credential", "credentials"),
        *("auth", "authorization", "apikey", "appkey", "accesskey", "accesskeyid", "awsaccesskeyid", "ossaccesskeyid"),
        *("signature", "sig", "sign", "googleaccessid", "keypairid", "ticket", "csrf", "xsrf"),
    }
)
_SECRET_PREFIXES = ("xamz", "xgoog", "xoss")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid|sessionid)=[^/;?#]*", re.I | re.A)
_SCHEMES = frozenset({"http", "https", "ftp"})
_DEFAULT_PORTS = {"http": 80, "https": 443, "ftp": 21}
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def _is_secret(key: str) -> bool:
    plain = key.translate(_ASCII_LOWER).replace("-", "").replace("_", "").replace("%5f", "").replace("%2d", "")
    return plain in _SECRET_KEYS or plain.startswith(_SECRET_PREFIXES)


def _host(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2].translate(_ASCII_LOWER)
    name, colon, port = host.rpartition(":")
    if colon and port.isdecimal() and port.isascii():
        return name if int(port) == _DEFAULT_PORTS.get(parts.scheme) else host
    return name if colon and not port else host


def clean_url(value: str | None) -> str | None:
    """Return `value` as a uri without credentials, or None when it is no absolute http(s) or ftp url.

    Removed: user and password, query keys that carry tokens, signatures or sessions, `;jsessionid=…`, default ports,
    and the fragment unless it is a route of the page's own (`#/…`, `#!…`) without such keys.
    """
    if not value:
        return None
    value = value.strip()
    if value.startswith("//"):
        value = "http:" + value
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    if parts.scheme not in _SCHEMES:
        return None
    host = _host(parts)
    if not host or re.search(r"[\s<>\"'\\^`{|}]", host):
        return None
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _is_secret(pair.partition("=")[0]))
    path = _PATH_SESSION.sub("", parts.path) or "/"
    fragment = parts.fragment
    if not fragment.startswith(("/", "!")) or any(_is_secret(k) for k in re.findall(r"([\w.%-]+)=", fragment, re.A)):
        fragment = ""
    uri = f"{parts.scheme}://{host}{path}" + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")
    return _UNPRINTABLE.sub(_escape, uri)


def url_host(url: str) -> str:
    """Return the host of a url that `clean_url` gave, without port."""
    host = url.split("://", 1)[1].split("/", 1)[0].split("?", 1)[0]
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host


def url_without_secrets(url: str) -> str:
    """Return any url for a message: without user, password and query."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.split('?', 1)[0].rpartition('@')[2]}"


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a file name that is not UTF-8, as the operating system gives it
        return f"%{code - 0xDC00:02X}"
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))


def printable(text: str) -> str:
    """Return a path or id with control characters and stray bytes %-escaped, so that it can be written and shown."""
    return _UNPRINTABLE.sub(_escape, text)


def file_uri(source: str, inside: str) -> str:
    """Return the uri of a file: name of the source, slash, path inside it; `#` is kept for records."""
    return f"{printable(source)}/{printable(inside)}".replace("#", "%23")


def first_folder(inside: str) -> str | None:
    """Return the first folder of a path inside a source, None when the file lies on top."""
    folder, slash, _ = inside.partition("/")
    return folder if slash else None


def content_key(*parts: str | bytes | None) -> str:
    """Return 16 hex digits for a record without an id of its own.

    All parts count, not only the text: records that differ in title or date get keys of their own, and those with
    equal keys are interchangeable, so that the order of the rows cannot show.
    """
    digest = blake2b(digest_size=8)
    for part in parts:
        data = part if isinstance(part, bytes) else (part or "").encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little"))
        digest.update(data)
    return digest.hexdigest()


class Occurrences:
    """Tells equal keys of one file apart: the first keeps its name, the next become `key-2`, `key-3` and so on."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def name(self, key: str) -> str:
        """Return the name of the next record with this key."""
        n = self._seen[key] = self._seen.get(key, 0) + 1
        return key if n == 1 else f"{key}-{n}"
