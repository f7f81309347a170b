"""The documentation says what the code does: every setting and every column has its line."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from dedup.quality import load_suites, require_evaluable
from dedup.schemas import DATASETS
from dedup.settings import load_settings

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
GENERATE = runpy.run_path(str(DOCS / "generate.py"))


@pytest.mark.parametrize("page", ["configuration.md", "datasets.md"])
def test_generated_tables_are_those_of_the_code(page):
    text = (DOCS / page).read_text("utf-8")
    assert GENERATE["rendered"](text) == text, "`python docs/generate.py` writes the tables anew"


def test_every_setting_is_documented():
    text = (DOCS / "configuration.md").read_text("utf-8")
    for name, model in GENERATE["groups"]().items():
        assert f"<!-- generated: settings {name} -->" in text
        assert model.__doc__
        for key, info in model.model_fields.items():
            nested = hasattr(info.annotation, "model_fields") or key == "sources"
            assert nested or info.description, f"{name}.{key} has no description"


def test_every_column_is_documented():
    text = (DOCS / "datasets.md").read_text("utf-8")
    for name, dataset in DATASETS.items():
        section = text.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        for field in dataset.schema:
            assert f"| `{field.name}` |" in section
            assert field.metadata[b"doc"].strip()


def examples(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / "configuration.md").read_text("utf-8"), re.M | re.S)


def test_examples_of_sources_are_accepted(tmp_path):
    example = examples("toml")[0]
    config = tmp_path / "dedup.toml"
    config.write_text(example, "utf-8")
    county, records, published = load_settings(config).sources
    assert county.trusted
    assert records.name is None
    assert published.role == "reference"


def test_the_example_of_a_rule_is_accepted(tmp_path):
    example = examples("toml")[1]
    config = tmp_path / "dedup.toml"
    config.write_text(example, "utf-8")
    rules = load_settings(config).quality.rule
    require_evaluable(rules)
    assert load_suites(rules=rules)["facts"].expectations[-1]["meta"]["rule"] == "gdp growth is plausible"


def test_the_example_of_a_webhook_is_accepted(tmp_path):
    config = tmp_path / "dedup.toml"
    config.write_text(examples("toml")[2], "utf-8")
    (webhook,) = load_settings(config).alerts.webhook
    assert (webhook.kind, webhook.on) == ("feishu", ("rejected", "failed", "alarm"))


def test_the_example_of_a_suite_is_accepted(tmp_path):
    (example,) = examples("json")
    (tmp_path / "reports.json").write_text(example, "utf-8")
    added = load_suites(tmp_path)["reports"].expectations[-1]
    assert (added["severity"], added["meta"]["rule"]) == ("warning", "reports.n_chars.whole")
