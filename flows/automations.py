"""Automations of a Prefect server that tell people how runs went; an example to start from.

    python flows/automations.py --url https://hooks.example/… --kind feishu --hours 26

Made, or replaced, on the server in use:

- a webhook block `dedup-alerts`, with the body that the messenger wants;
- `dedup: release stopped`, when a quality gate stops a release, or a figure of a run raises an alarm;
- `dedup: release damaged`, when a published release is not as it was published;
- `dedup: run crashed`, when a run ends without a word: killed, out of memory, the machine gone;
- `dedup: release overdue`, when a warehouse has had no release for that many hours.

The webhooks of dedup.toml tell most of it without a server. Only a server notices runs that crash or never begin.
"""

from __future__ import annotations

import argparse
from contextlib import suppress
from datetime import timedelta

from dedup.engines.launch import silence_telemetry

silence_telemetry()

from prefect.automations import Automation  # noqa: E402 - telemetry is settled before Prefect is imported
from prefect.blocks.notifications import CustomWebhookNotificationBlock  # noqa: E402
from prefect.events.actions import SendNotification  # noqa: E402
from prefect.events.schemas.automations import EventTrigger, Posture  # noqa: E402

from dedup.alerts.bodies import template_body  # noqa: E402
from dedup.engines.assets import ALARM, DAMAGED, PUBLISHED, REJECTED  # noqa: E402

BLOCK = "dedup-alerts"
WAREHOUSES = {"prefect.resource.id": "dedup.warehouse.*"}
#: Prefect fills these in from the event that fired the trigger.
WHO = "{{ event.resource.name }}"
WHAT = "{{ event.payload.release_id or '' }} {{ event.payload.message or '' }} {{ event.payload.problems or '' }}"


def triggers(hours: float) -> dict[str, tuple[EventTrigger, str, str]]:
    """Return trigger, subject and body of each automation by its name."""
    return {
        "dedup: release stopped": (
            EventTrigger(match=WAREHOUSES, expect={REJECTED, ALARM}, posture=Posture.Reactive, threshold=1),
            f"{WHO}: {{{{ event.event }}}}",
            WHAT,
        ),
        "dedup: release damaged": (
            EventTrigger(match=WAREHOUSES, expect={DAMAGED}, posture=Posture.Reactive, threshold=1),
            f"{WHO}: the newest release is damaged",
            WHAT,
        ),
        "dedup: run crashed": (
            EventTrigger(
                match={"prefect.resource.id": "prefect.flow-run.*"},
                match_related={"prefect.resource.role": "flow", "prefect.resource.name": "publish-reports"},
                expect={"prefect.flow-run.Crashed"},
                posture=Posture.Reactive,
                threshold=1,
            ),
            f"run {WHO} crashed",
            "The last release is untouched; the next run does the work.",
        ),
        "dedup: release overdue": (
            EventTrigger(
                match=WAREHOUSES,
                for_each={"prefect.resource.id"},
                # The clock of a warehouse starts with its last release.
                after={PUBLISHED},
                expect={PUBLISHED},
                posture=Posture.Proactive,
                threshold=1,
                within=timedelta(hours=hours),
            ),
            "no release in time",
            f"A warehouse has had no release for {hours:g} hours. Is the server up, the worker, the schedule active?",
        ),
    }


def create(url: str, kind: str, hours: float) -> list[str]:
    """Make the block and the automations, or replace those of the same names; returns the names."""
    block = CustomWebhookNotificationBlock(
        name=BLOCK, url=url, json_data=template_body(kind, "{{subject}}", "{{body}}"), timeout=10
    )
    identity = block.save(BLOCK, overwrite=True)
    made = []
    for name, (trigger, subject, body) in triggers(hours).items():
        with suppress(ValueError):  # there is none yet
            Automation.read(name=name).delete()
        action = SendNotification(block_document_id=identity, subject=subject, body=body)
        Automation(name=name, trigger=trigger, actions=[action]).create()
        made.append(name)
    return made


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Automations that tell people how runs of dedup went.")
    parser.add_argument("--url", required=True, help="address of the webhook")
    parser.add_argument("--kind", default="plain", choices=["plain", "slack", "feishu", "dingtalk", "wecom"])
    parser.add_argument("--hours", type=float, default=26, help="hours after which a release is overdue")
    given = parser.parse_args()
    print("\n".join(create(given.url, given.kind, given.hours)))  # noqa: T201 - what was made, for the person who asked
