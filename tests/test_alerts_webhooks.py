"""Messages about runs: what each messenger is sent, how patiently, and what becomes of it when nobody answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import dedup
from dedup.alert_settings import AlertSettings, WebhookSettings
from dedup.alerts.bodies import MOST_BYTES, template_body
from dedup.alerts.message import Message
from dedup.alerts.sending import LONGEST_PAUSE, Delivery, problems, send
from dedup.settings import SettingsError, load_settings
from tests.command import call, write_pages
from tests.prefect_service import free_port
from tests.webhook_server import Answer, Webhook, webhook_server

HOSTILE = "<!channel> <@all> [x](http://evil.example) *a* & 某县"
MESSAGE = Message(
    ("rejected",), "nightly: nothing was published", ("stopped by a rule", HOSTILE), datetime(2031, 3, 4, tzinfo=UTC)
)
TAKEN = {
    "slack": b"ok",
    "feishu": b'{"code":0,"msg":"success"}',
    "dingtalk": b'{"errcode":0,"errmsg":"ok"}',
    "wecom": b'{"errcode":0,"errmsg":"ok"}',
    "plain": b"",
}


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook_server() as server:
        yield server


def settings(hook: Webhook, kind: str, secret: str | None = None, **more: Any) -> AlertSettings:
    hook.answers = [Answer(content=TAKEN[kind])] if hook.answers == [Answer()] else hook.answers
    on = more.pop("on", ("rejected", "failed", "alarm"))
    return AlertSettings(webhook=(WebhookSettings(kind=kind, url=hook.url, secret=secret, on=on),), **more)


def deliver(hook: Webhook, kind: str, secret: str | None = None, message: Message = MESSAGE, **more: Any) -> Delivery:
    (delivery,) = send(message, settings(hook, kind, secret, **more), sleep=lambda _: None)
    return delivery


def test_slack_gets_blocks_in_which_pages_cannot_call_people(hook: Webhook) -> None:
    assert deliver(hook, "slack").problem == ""
    (got,) = hook.received
    assert got.headers["Content-Type"].startswith("application/json")
    header, section = got.body["blocks"]
    assert header["text"] == {"type": "plain_text", "text": "✗ dedup: nightly: nothing was published", "emoji": False}
    assert section["text"]["type"] == "mrkdwn"
    assert "&lt;!channel&gt;" in section["text"]["text"]
    assert "<!channel>" not in section["text"]["text"]
    assert "某县" in section["text"]["text"]


def test_feishu_gets_a_post_of_plain_text_signed_in_the_body(hook: Webhook) -> None:
    assert deliver(hook, "feishu", "s3cret").problem == ""
    (got,) = hook.received
    post = got.body["content"]["post"]["zh_cn"]
    assert got.body["msg_type"] == "post"
    assert post["title"] == "✗ dedup: nightly: nothing was published"
    assert post["content"] == [[{"tag": "text", "text": "stopped by a rule"}], [{"tag": "text", "text": HOSTILE}]]
    stamp = got.body["timestamp"]
    assert abs(int(stamp) - datetime.now(UTC).timestamp()) < 60
    digest = hmac.new(f"{stamp}\ns3cret".encode(), b"", hashlib.sha256).digest()
    assert got.body["sign"] == base64.b64encode(digest).decode()


def test_dingtalk_gets_markdown_signed_in_the_address(hook: Webhook) -> None:
    hook.url += "?access_token=abc"
    assert deliver(hook, "dingtalk", "SEC1").problem == ""
    (got,) = hook.received
    assert got.body["msgtype"] == "markdown"
    assert got.body["markdown"]["title"] == "✗ dedup: nightly: nothing was published"
    assert r"\[x\]\(http://evil.example\)" in got.body["markdown"]["text"]
    assert got.body["at"] == {"isAtAll": False}
    assert got.query["access_token"] == ["abc"]
    (stamp,) = got.query["timestamp"]
    assert abs(int(stamp) / 1000 - datetime.now(UTC).timestamp()) < 60
    digest = hmac.new(b"SEC1", f"{stamp}\nSEC1".encode(), hashlib.sha256).digest()
    assert got.query["sign"] == [base64.b64encode(digest).decode()]


def test_wecom_gets_markdown_of_no_more_bytes_than_it_takes(hook: Webhook) -> None:
    long = Message(("failed",), "t", tuple(f"第{i}行：{HOSTILE}" for i in range(400)), MESSAGE.at)
    assert deliver(hook, "wecom", message=long).problem == ""
    content = hook.received[0].body["markdown"]["content"]
    assert hook.received[0].body["msgtype"] == "markdown"
    assert len(content.encode()) <= MOST_BYTES["wecom"] < 4096
    assert content.endswith("…")
    assert "<@all>" not in content
    assert content.startswith('<font color="warning">✗ dedup: t</font>\n')


def test_programs_get_the_facts(hook: Webhook) -> None:
    told = Message(("published", "alarm"), "t", ("a", "b"), MESSAGE.at, {"release_id": "2031-03-04.1", "alarms": []})
    assert deliver(hook, "plain", message=told).problem == ""
    assert hook.received[0].body == {
        "version": 1,
        "occasions": ["published", "alarm"],
        "title": "t",
        "text": "a\nb",
        "at": "2031-03-04T00:00:00+00:00",
        "release_id": "2031-03-04.1",
        "alarms": [],
    }


@pytest.mark.parametrize("kind", ["slack", "feishu", "dingtalk", "wecom", "plain"])
def test_a_body_can_be_filled_in_by_others(kind: str) -> None:
    text = json.dumps(template_body(kind, "{{subject}}", "{{body}}"))
    assert "{{subject}}" in text
    assert "{{body}}" in text


@pytest.mark.parametrize(
    ("kind", "answer", "tries", "says"),
    [
        ("slack", Answer(404, b"no_service"), 1, "status 404: no_service"),
        ("slack", Answer(500, b"<html>http://127.0.0.1/secret</html>"), 3, "status 500"),
        ("slack", Answer(302, headers={"Location": "http://127.0.0.1:1/"}), 1, "status 302"),
        ("feishu", Answer(content=b'{"code":19021,"msg":"sign match fail"}'), 1, "code 19021: sign match fail"),
        ("feishu", Answer(content=b'{"code":11232,"msg":"too many"}'), 3, "code 11232: too many"),
        ("dingtalk", Answer(content=b'{"errcode":310000,"errmsg":"keywords"}'), 1, "code 310000: keywords"),
        ("wecom", Answer(content=b"<html>login</html>"), 1, "its answer is not that of a wecom webhook"),
        ("plain", Answer(delay=1.5), 3, "no answer"),
    ],
)
def test_a_refusal_is_said_and_tried_again_where_that_can_help(
    hook: Webhook, kind: str, answer: Answer, tries: int, says: str
) -> None:
    hook.answers = [answer]
    delivery = deliver(hook, kind, timeout_seconds=0.3)
    assert delivery.attempts == tries == len(hook.received)
    assert says in delivery.problem
    (sentence,) = problems([delivery])
    assert sentence.startswith(f"the message to {kind} webhook 1 (127.0.0.1) was not delivered: ")
    assert "t0ken" not in sentence
    assert "secret" not in sentence


def test_pauses_grow_and_heed_what_the_server_asks(hook: Webhook) -> None:
    hook.answers = [Answer(503), Answer(503), Answer(429, headers={"Retry-After": "3600"}), Answer(200)]
    pauses: list[float] = []
    (delivery,) = send(MESSAGE, settings(hook, "plain", attempts=5), sleep=pauses.append)
    assert (delivery.problem, delivery.attempts) == ("", 4)
    assert pauses == [1.0, 2.0, LONGEST_PAUSE]


def test_each_webhook_is_told_of_what_it_wants_to_hear(hook: Webhook) -> None:
    good = Message(("published",), "t", (), MESSAGE.at)
    assert send(good, settings(hook, "plain")) == []
    both = Message(("published", "alarm"), "t", (), MESSAGE.at)
    assert [d.problem for d in send(both, settings(hook, "plain"))] == [""]
    assert [d.problem for d in send(good, settings(hook, "plain", on=("published",)))] == [""]
    assert len(hook.received) == 2


def test_nothing_that_goes_wrong_leaves_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    gone = f"http://127.0.0.1:{free_port()}/t0ken"
    for url, says in [(gone, "no answer"), ("$NO_SUCH_VARIABLE", "NO_SUCH_VARIABLE is not set"), ("http://", "")]:
        hooks = AlertSettings(webhook=(WebhookSettings(url=url),))
        (delivery,) = send(MESSAGE, hooks, sleep=lambda _: None)
        assert delivery.problem
        assert says in delivery.problem
        assert "t0ken" not in delivery.problem + delivery.place


def test_an_address_comes_from_the_environment(hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_HOOK", hook.url)
    (delivery,) = send(MESSAGE, AlertSettings(webhook=(WebhookSettings(url="$MY_HOOK"),)))
    assert delivery.problem == ""


@pytest.mark.parametrize("url", ["ftp://x/y", "hooks.example/secret-path", "", "$"])
def test_an_address_that_cannot_be_one_is_refused_without_repeating_it(tmp_path: Path, url: str) -> None:
    config = tmp_path / "dedup.toml"
    config.write_text(f'[[alerts.webhook]]\nurl = "{url}"\n', "utf-8")
    with pytest.raises(SettingsError, match=r"alerts\.webhook\.0\.url") as refused:
        load_settings(config)
    assert "secret-path" not in str(refused.value)


def with_webhook(folder: Path, hook: Webhook, on: str) -> Path:
    config = write_pages(folder)
    config.write_text(
        config.read_text("utf-8") + f'[[alerts.webhook]]\nurl = "{hook.url}"\nsecret = "s3cret"\non = {on}\n', "utf-8"
    )
    return config


def test_a_run_without_prefect_tells_how_it_went_and_keeps_the_address_to_itself(tmp_path: Path, hook: Webhook) -> None:
    config = with_webhook(tmp_path / "pages", hook, '["published"]')
    done = call("run", "--no-prefect", "-w", tmp_path / "w", "-c", config)
    assert (done.code, done.err) == (0, "")
    (got,) = hook.received
    release = dedup.open_release(tmp_path / "w")
    assert (got.body["release_id"], got.body["documents"], got.body["outcome"]) == (release.id, 4, "published")
    for path in (tmp_path / "w").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"t0ken" not in content, path
            assert b"s3cret" not in content, path


def test_a_run_that_fails_is_told_and_keeps_its_exit_code(tmp_path: Path, hook: Webhook) -> None:
    config = with_webhook(tmp_path / "pages", hook, '["failed"]')
    (tmp_path / "empty").mkdir()
    failed = call("run", "--no-prefect", tmp_path / "empty", "-w", tmp_path / "w", "-c", config)
    assert failed.code == 1
    (got,) = hook.received
    assert got.body["outcome"] == "failed"
    assert "nothing was found" in got.body["text"]


def test_sources_that_are_gone_are_told_and_a_slip_of_the_hand_is_not(tmp_path: Path, hook: Webhook) -> None:
    config = with_webhook(tmp_path / "pages", hook, '["failed"]')
    for name in ("gov", "share", "harbour"):
        shutil.rmtree(config.parent / name)
    assert call("run", "--no-prefect", "-w", tmp_path / "w", "-c", config).code == 2
    (got,) = hook.received
    assert "none of the declared sources is there" in got.body["text"]
    assert call("run", "--no-prefect", "nowhere/", "-w", tmp_path / "w", "-c", config).code == 2
    assert len(hook.received) == 1


def test_a_message_that_nobody_takes_fails_no_run(tmp_path: Path, hook: Webhook) -> None:
    hook.answers = [Answer(404, b"")]
    config = with_webhook(tmp_path / "pages", hook, '["published"]')
    done = call("run", "--no-prefect", "-q", "-w", tmp_path / "w", "-c", config)
    assert done.code == 0
    assert done.err == "the message to plain webhook 1 (127.0.0.1) was not delivered: status 404\n"
    assert dedup.open_release(tmp_path / "w").rows("reports") == 3


def test_nobody_is_told_of_a_dry_run(tmp_path: Path, hook: Webhook) -> None:
    config = with_webhook(tmp_path / "pages", hook, '["published", "failed"]')
    assert call("run", "--no-prefect", "--dry-run", "-w", tmp_path / "w", "-c", config).code == 0
    assert hook.received == []


def doctor(config: Path) -> dict[str, str]:
    found = call("doctor", "-c", config, "-w", config.parent / "w", "--json").json()
    return next(check for check in found["checks"] if check["name"] == "alerts")


def test_webhooks_can_be_tried(tmp_path: Path, hook: Webhook) -> None:
    config = with_webhook(tmp_path, hook, '["failed"]')
    tried = call("alerts", "test", "-c", config, "--message", "试一试")
    assert tried.code == 0
    assert "delivered" in tried.out
    assert hook.received[0].body["text"] == "试一试"
    hook.answers = [Answer(410, b"")]
    tried = call("alerts", "test", "-c", config, "--json")
    assert tried.code == 1
    assert tried.json()[0]["problem"] == "status 410"
    assert doctor(config)["status"] == "ok"
    config.write_text(config.read_text("utf-8").replace(hook.url, "$NO_SUCH_HOOK"), "utf-8")
    assert doctor(config)["message"] == "1 webhook declared; not set: NO_SUCH_HOOK"
    none = call("alerts", "test", "-c", write_pages(tmp_path / "none"))
    assert none.code == 2
    assert "[[alerts.webhook]]" in none.err
