"""Sending messages by webhook: with patience, never at the cost of a run, and without ever naming an address."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message as Headers
from http.client import HTTPException
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import SecretStr

from dedup.alert_settings import AlertSettings, WebhookSettings
from dedup.alerts.bodies import build_body, refusal, sign
from dedup.alerts.message import Message

#: Seconds before the second try; each further pause is twice as long, and none longer than the last figure.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 15.0
#: Bytes of an answer that are read.
_ANSWER = 4096


@dataclass(frozen=True)
class Delivery:
    """What became of a message at one webhook.

    Attributes
    ----------
    place : kind and host of the webhook, and its number in the settings; never its address, which is a secret
    problem : why it was not delivered; empty when it was
    attempts : tries it took
    """

    place: str
    problem: str
    attempts: int


class _NotSent(Exception):
    """A try that failed; `again` says whether another one may help, `pause` after how many seconds if they said."""

    def __init__(self, reason: str, *, again: bool, pause: float | None = None) -> None:
        super().__init__(reason)
        self.again = again
        self.pause = pause


class _NoRedirect(HTTPRedirectHandler):
    """Follows nothing: a message that is sent on as a GET to another host reaches nobody it was meant for."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Headers, newurl: str
    ) -> Request | None:
        """Refuse."""
        return None


_OPENER = build_opener(_NoRedirect)


def send(
    message: Message, settings: AlertSettings, *, everywhere: bool = False, sleep: Callable[[float], None] = time.sleep
) -> list[Delivery]:
    """Send a message to each webhook that wants to be told of one of its occasions.

    Parameters
    ----------
    everywhere : also to webhooks that are not told of such occasions (a test message)
    sleep : waits between tries

    Returns
    -------
    one line for each webhook that was tried; nothing is raised, whatever happens
    """
    return [
        _deliver(message, webhook, number, settings, sleep)
        for number, webhook in enumerate(settings.webhook, 1)
        if everywhere or set(webhook.on) & set(message.occasions)
    ]


def problems(deliveries: Iterable[Delivery]) -> list[str]:
    """Return a sentence for each message that was not delivered."""
    return [f"the message to {d.place} was not delivered: {d.problem}" for d in deliveries if d.problem]


def unset_variables(settings: AlertSettings) -> list[str]:
    """Return the names of environment variables that addresses and secrets are taken from, and that are not set."""
    values = [value for webhook in settings.webhook for value in (webhook.url, webhook.secret) if value is not None]
    names = [value.get_secret_value() for value in values]
    return [name.strip("${}") for name in names if name.startswith("$") and not os.environ.get(name.strip("${}"))]


def _deliver(
    message: Message,
    webhook: WebhookSettings,
    number: int,
    settings: AlertSettings,
    sleep: Callable[[float], None],
) -> Delivery:
    place = f"{webhook.kind} webhook {number}"
    attempt = 0
    try:
        url, secret = _revealed(webhook.url), _revealed(webhook.secret) if webhook.secret else None
        host = urlsplit(url).hostname
        place += f" ({host})" if host else ""
        body = build_body(webhook.kind, message)
        for attempt in range(1, settings.attempts + 1):
            try:
                # Signed anew each time: a signature is good for a short while.
                _post(*sign(webhook, url, body, secret, datetime.now(UTC)), webhook.kind, settings.timeout_seconds)
            except _NotSent as failure:
                if not failure.again or attempt == settings.attempts:
                    return Delivery(place, str(failure), attempt)
                pause = FIRST_PAUSE * 2 ** (attempt - 1) if failure.pause is None else failure.pause
                sleep(min(pause, LONGEST_PAUSE))
            else:
                return Delivery(place, "", attempt)
    except Exception as error:  # whatever it is, a run does not fail for a message
        return Delivery(place, str(error) if isinstance(error, _NotSent) else type(error).__name__, attempt)
    return Delivery(place, "no try was made", attempt)


def _revealed(value: SecretStr) -> str:
    text = value.get_secret_value()
    if not text.startswith("$"):
        return text
    name = text.strip("${}")
    found = os.environ.get(name, "")
    if not found:
        raise _NotSent(f"the environment variable {name} is not set", again=False)
    return found


def _post(url: str, body: dict[str, object], kind: str, timeout: float) -> None:
    """Send once.

    Raises
    ------
    _NotSent
        It did not arrive, or was refused. The reason holds nothing of the address but what the other side said.
    """
    if not url.startswith(("https://", "http://")):
        raise _NotSent("its address does not begin with https:// or http://", again=False)
    request = Request(  # noqa: S310 - the scheme was looked at
        url,
        data=json.dumps(body, ensure_ascii=False).encode("utf-8"),
        headers={"Content-Type": "application/json; charset=utf-8", "User-Agent": "dedup"},
        method="POST",
    )
    try:
        with _OPENER.open(request, timeout=timeout) as answer:
            content = answer.read(_ANSWER)
    except HTTPError as error:
        with error:
            again = error.code == 429 or error.code >= 500
            reason = f"status {error.code}{_said(error)}"
            raise _NotSent(reason, again=again, pause=_retry_after(error.headers)) from None
    except (URLError, OSError, HTTPException) as error:
        cause = error.reason if isinstance(error, URLError) else error
        words = cause.strerror if isinstance(cause, OSError) and cause.strerror else type(cause).__name__
        raise _NotSent(f"no answer ({words})", again=True) from None
    except ValueError:
        raise _NotSent("its address cannot be used", again=False) from None
    if refused := refusal(kind, content):
        raise _NotSent(refused[0], again=refused[1])


def _said(error: HTTPError) -> str:
    """Return the few words of a refusal such as Slack's `no_service`; nothing where it is a page, or has an address."""
    try:
        words = error.read(200).decode("utf-8").strip()
    except (OSError, HTTPException, ValueError):
        return ""
    return f": {words}" if re.fullmatch(r"[\w .,-]{1,80}", words) else ""


def _retry_after(headers: Headers) -> float | None:
    """Return the seconds a server asked to wait; None where it did not, or gave a date."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        return None
