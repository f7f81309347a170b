"""Who is told about a run, and when a figure of a run is out of the ordinary: `[alerts]` and `[alarms]`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

#: What can happen to a run that somebody wants to be told.
Occasion = Literal["published", "rejected", "failed", "alarm"]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WebhookSettings(_Group):
    """A place that messages about runs are sent to: `[[alerts.webhook]]` in `dedup.toml`."""

    kind: Literal["slack", "feishu", "dingtalk", "wecom", "plain"] = Field(
        "plain", description="whose webhook it is; plain: JSON for programs"
    )
    url: SecretStr = Field(
        description="its address (http or https), or $NAME for the environment variable that holds it"
    )
    secret: SecretStr | None = Field(
        None, description="secret that feishu and dingtalk sign messages with, or $NAME of the variable that holds it"
    )
    on: tuple[Occasion, ...] = Field(
        ("rejected", "failed", "alarm"), description="what is told: published, rejected, failed, alarm"
    )

    @field_validator("url", "secret")
    @classmethod
    def _written(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().strip("$ "):
            raise ValueError("expected a value, or $NAME of an environment variable that holds it")
        return value

    @field_validator("url")
    @classmethod
    def _address(cls, value: SecretStr) -> SecretStr:
        # The address is a secret, so the message does not repeat it.
        if not value.get_secret_value().startswith(("https://", "http://", "$")):
            raise ValueError("expected an address that begins with https:// or http://, or $NAME of a variable")
        return value


class AlertSettings(_Group):
    """Messages about runs by webhook, with and without Prefect."""

    webhook: tuple[WebhookSettings, ...] = Field((), description="places to tell, `[[alerts.webhook]]` each")
    inspector: str | None = Field(
        None, description="address of the web page (`dedup inspect`), which messages and artifacts link to"
    )
    timeout_seconds: float = Field(5.0, gt=0, le=60, description="how long an answer is waited for")
    attempts: int = Field(3, ge=1, le=10, description="tries per message; pauses between them grow from a second on")


class AlarmSettings(_Group):
    """When a figure of a run is out of the ordinary, by the runs before it."""

    enabled: bool = Field(True, description="false: no alarms are raised")
    history: int = Field(30, ge=3, le=1000, description="earlier runs that are looked at")
    least_runs: int = Field(
        5, ge=2, description="earlier values needed before a rate is compared; fewer say nothing about what is usual"
    )
    least_rows: int = Field(
        20, ge=1, description="documents or sections a rate must be of; in fewer, one page more is a jump"
    )
    deviations: float = Field(
        5.0, gt=0, description="robust standard deviations (1.4826 times the median distance) above the median"
    )
    least_jump: float = Field(
        0.1, ge=0, le=1, description="a rate must also rise by this much: sources that never vary have no deviation"
    )
    silent_runs: int = Field(3, ge=1, description="runs without a new or changed document before a source is silent …")
    silent_factor: float = Field(
        3.0, ge=1, description="… and the time since its last one, in its usual intervals (the median of those seen)"
    )
    recall: float = Field(
        0.99, ge=0, le=1, description="alarm when even the upper bound of the measured recall is less"
    )
    slower: float = Field(
        3.0, gt=1, description="times the usual seconds, allowing for more new documents; a minute at least"
    )
