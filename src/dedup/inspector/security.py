"""What is let in and what is sent along: hosts, token, writes from other sites, content security policy."""

from __future__ import annotations

import hmac
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from dedup.decisions.received import MOST_BYTES
from dedup.inspector.addresses import PATHS

SESSION_COOKIE = "dedup_session"
#: Longest query string and largest body that are looked at.
QUERY_BYTES = 4096
BODY_BYTES = 64 * 1024
#: Forms that carry a file may be larger: path -> bytes, those of the form around the file included.
LARGE_BODIES = {PATHS["import"]: MOST_BYTES + BODY_BYTES}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def most_bytes(path: str) -> int:
    """Return how large a form to an address may be."""
    return LARGE_BODIES.get(path, BODY_BYTES)


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server bound to `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True)
class Guard:
    """Who may ask.

    Attributes
    ----------
    token : what a visitor must bring once; None lets everybody in who reaches the server (loopback only)
    hosts : names under which the server may be addressed beside loopback and plain addresses. Another name is refused:
        a page of a stranger could let its own name point here and then read everything (DNS rebinding)
    secret : signs the marks in forms; new with each start
    """

    token: str | None = None
    hosts: Collection[str] = ()
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def knows(self, host: str) -> bool:
        """Return whether the server goes by this value of the Host header."""
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        if name in _LOOPBACK or name in self.hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    def session(self, cookie: str | None) -> str | None:
        """Return the session of a visitor whose cookie is one that was given out, else None."""
        if cookie and cookie.count(".") == 1:
            name, signature = cookie.split(".")
            if hmac.compare_digest(signature, self._sign(f"session {name}")):
                return name
        return None

    def new_session(self) -> str:
        """Return the cookie of a new session."""
        name = secrets.token_urlsafe(18)
        return f"{name}.{self._sign(f'session {name}')}"

    def form_mark(self, session: str) -> str:
        """Return what forms of a session must bring back."""
        return self._sign(f"form {session}")

    def admits(self, token: str) -> bool:
        """Return whether a token is the right one."""
        return self.token is not None and hmac.compare_digest(token.encode(), self.token.encode())

    def _sign(self, message: str) -> str:
        return hmac.new(self.secret, message.encode(), sha256).hexdigest()[:40]


class Gatekeeper:
    """ASGI middleware that applies a `Guard` and sends the headers along.

    A visitor without a session gets one: at once where no token is asked for, else for the token, after which the
    address is shown again without it. `scope["state"]["session"]` holds its name.
    """

    def __init__(self, app: App, guard: Guard) -> None:
        self.app = app
        self.guard = guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
                return
            await self.app(scope, receive, send)
            return
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        refusal = self._refusal(scope, headers)
        if refusal:
            await _answer(send, *refusal)
            return
        session = self.guard.session(_cookie(headers.get("cookie", ""), SESSION_COOKIE))
        new = None
        if session is None:
            query = dict(parse_qsl(scope["query_string"].decode("latin-1")))
            if self.guard.token is not None:
                if not self.guard.admits(query.pop("token", "")):
                    await _answer(send, 401, "open the address with the token that `dedup inspect` printed")
                    return
                new = self.guard.new_session()
                where = scope["path"] + (f"?{urlencode(query)}" if query else "")
                await _answer(send, 303, "", {"location": _own_path(where), "set-cookie": _set_cookie(new)})
                return
            new = self.guard.new_session()
            session = new.split(".")[0]
        scope.setdefault("state", {})["session"] = session

        async def dressed(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                have = {k.lower() for k, _ in message["headers"]}
                more = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in have]
                if new:
                    more.append((b"set-cookie", _set_cookie(new).encode()))
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        await self.app(scope, receive, dressed)

    def _refusal(self, scope: Scope, headers: Mapping[str, str]) -> tuple[int, str] | None:
        host = headers.get("host", "")
        if not self.guard.knows(host):
            return 421, "this server does not go by that name; `dedup inspect --allow-host NAME` lets it"
        if len(scope["query_string"]) > QUERY_BYTES:
            return 414, "the query is too long"
        site, origin = headers.get("sec-fetch-site", "none"), headers.get("origin")
        if scope["method"] not in ("GET", "HEAD"):
            if scope["method"] != "POST":
                return 405, "only GET and POST"
            if site not in ("same-origin", "none") or (origin is not None and urlsplit(origin).netloc != host):
                return 403, "a write must come from a page of this server"
            length = headers.get("content-length", "")
            if not length.isdigit() or int(length) > most_bytes(scope["path"]):
                return 413, "too much, or of unknown length"
        elif site in ("cross-site", "same-site") and headers.get("sec-fetch-mode") != "navigate":
            return 403, "pages of other sites may link here, not read or embed"
        return None


def _own_path(path: str) -> str:
    """Return a path that leads nowhere but to this server (`//host` would)."""
    before, mark, query = path.partition("?")
    return "/" + quote(before.lstrip("/\\")) + mark + query


def _cookie(header: str, name: str) -> str | None:
    try:
        found = SimpleCookie(header).get(name)
    except CookieError:
        return None
    return found.value if found else None


def _set_cookie(value: str) -> str:
    return f"{SESSION_COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict"


async def _answer(send: Send, status: int, text: str, more: Mapping[str, str] | None = None) -> None:
    headers = {**HEADERS, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store", **(more or {})}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": text.encode()})
