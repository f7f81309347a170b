"""What each messenger wants: the JSON of a message, the signature of its sender, and how it says no.

Sources: Slack "Incoming webhooks" and "Block Kit"; Feishu "Custom bot usage guide"; DingTalk "Custom robots";
WeCom "Group robot configuration".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from dedup.alert_settings import WebhookSettings
from dedup.alerts.message import Message

#: Bytes of UTF-8 that a text may have; each messenger refuses more (WeCom 4,096, Feishu and DingTalk 20,000 for the
#: whole body, Slack 3,000 characters a block).
MOST_BYTES = {"slack": 2_900, "feishu": 12_000, "dingtalk": 12_000, "wecom": 3_900, "plain": 100_000}
_MARKS = ("✓", "!", "✗")
_WECOM_COLOURS = ("info", "warning", "warning")
#: Codes with which a messenger says that too much is sent at the moment (Feishu, DingTalk, WeCom).
_LATER = {11232, 130101, 45009}


def build_body(kind: str, message: Message) -> dict[str, Any]:
    """Return the JSON of a message for a kind of webhook (`WebhookSettings.kind`), unsigned."""
    return _BODIES[kind](message)


def template_body(kind: str, subject: str, body: str) -> dict[str, Any]:
    """Return the JSON of a message whose words are filled in later, by whoever knows placeholders such as `{{body}}`.

    The words are not escaped then, and the message is not signed.
    """
    empty = Message((), "DEDUPSUBJECT", ("DEDUPBODY",), datetime(1970, 1, 1, tzinfo=UTC))
    text = json.dumps(build_body(kind, empty), ensure_ascii=False)
    filled = text.replace("DEDUPSUBJECT", json.dumps(subject)[1:-1]).replace("DEDUPBODY", json.dumps(body)[1:-1])
    return dict(json.loads(filled))


def sign(
    webhook: WebhookSettings, url: str, body: dict[str, Any], secret: str | None, now: datetime
) -> tuple[str, dict[str, Any]]:
    r"""Return address and body with the signature that the messenger checks; both as they are where none is wanted.

    Feishu takes HMAC-SHA256 of nothing with the key `seconds\nsecret`, in the body; DingTalk that of
    `milliseconds\nsecret` with the key `secret`, in the address.
    """
    if secret is None:
        return url, body
    if webhook.kind == "feishu":
        seconds = str(int(now.timestamp()))
        key = f"{seconds}\n{secret}".encode()
        return url, {"timestamp": seconds, "sign": _base64(hmac.digest(key, b"", hashlib.sha256)), **body}
    if webhook.kind == "dingtalk":
        millis = str(int(now.timestamp() * 1000))
        digest = hmac.digest(secret.encode(), f"{millis}\n{secret}".encode(), hashlib.sha256)
        parts = urlsplit(url)
        query = "&".join(filter(None, [parts.query, urlencode({"timestamp": millis, "sign": _base64(digest)})]))
        return urlunsplit(parts._replace(query=query)), body
    return url, body


def refusal(kind: str, answer: bytes) -> tuple[str, bool] | None:
    """Return why a messenger that answered with status 200 refused a message all the same, and whether to try again.

    None when it took the message.
    """
    if kind not in ("feishu", "dingtalk", "wecom"):
        return None
    try:
        said = json.loads(answer)
        code = next(said[name] for name in ("code", "StatusCode", "errcode") if name in said)
    except (ValueError, TypeError, StopIteration):
        return "its answer is not that of a " + kind + " webhook", False
    if code == 0:
        return None
    words = str(said.get("msg") or said.get("errmsg") or said.get("StatusMessage") or "no reason given")
    return f"code {code}: {' '.join(words.split())[:200]}", code in _LATER


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode("ascii")


def _cut(text: str, most: int) -> str:
    """Return text of at most `most` bytes of UTF-8, whole characters."""
    data = text.encode("utf-8")
    return text if len(data) <= most else data[: most - 3].decode("utf-8", "ignore") + "…"


def _title(message: Message) -> str:
    # The name stands in every title: robots that listen to keywords can be given it.
    return f"{_MARKS[message.seriousness]} dedup: {message.title}"


def _slack(message: Message) -> dict[str, Any]:
    def safe(text: str) -> str:
        # Otherwise <!channel> in the title of a page would call everybody.
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    title = _title(message)
    text = _cut("\n".join(map(safe, message.lines)), MOST_BYTES["slack"])
    blocks: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": _cut(title, 145), "emoji": False}}
    ]
    if text:
        blocks.append({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}})
    return {"text": safe(title), "blocks": blocks}


def _feishu(message: Message) -> dict[str, Any]:
    # Text in a post is shown as it is; in a card it would be Markdown, in which pages could call people.
    text = _cut("\n".join(message.lines), MOST_BYTES["feishu"])
    content = [[{"tag": "text", "text": line}] for line in text.split("\n")]
    return {"msg_type": "post", "content": {"post": {"zh_cn": {"title": _title(message), "content": content}}}}


def _dingtalk(message: Message) -> dict[str, Any]:
    lines = [re.sub(r"([\\`*_{}\[\]()#+!|<>~-])", r"\\\1", line) for line in message.lines]
    text = f"#### {_title(message)}\n\n" + "  \n".join(lines)
    return {
        "msgtype": "markdown",
        "markdown": {"title": _title(message), "text": _cut(text, MOST_BYTES["dingtalk"])},
        "at": {"isAtAll": False},
    }


def _wecom(message: Message) -> dict[str, Any]:
    def safe(text: str) -> str:
        # There is no escape for <@all>; full-width signs look alike and mean nothing.
        return text.replace("<", "＜").replace(">", "＞")

    colour = _WECOM_COLOURS[message.seriousness]
    text = f'<font color="{colour}">{safe(_title(message))}</font>\n' + "\n".join(map(safe, message.lines))
    return {"msgtype": "markdown", "markdown": {"content": _cut(text, MOST_BYTES["wecom"])}}


def _plain(message: Message) -> dict[str, Any]:
    return {
        "version": 1,
        "occasions": list(message.occasions),
        "title": message.title,
        "text": _cut("\n".join(message.lines), MOST_BYTES["plain"]),
        "at": message.at.isoformat(),
        **message.facts,
    }


_BODIES: dict[str, Callable[[Message], dict[str, Any]]] = {
    "slack": _slack,
    "feishu": _feishu,
    "dingtalk": _dingtalk,
    "wecom": _wecom,
    "plain": _plain,
}
