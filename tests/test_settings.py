"""Settings: flags before the environment, the environment before the file; mistakes are named with the way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from dedup.settings import Settings, SettingsError, load_settings


@pytest.fixture
def write(tmp_path):
    def write(text: str) -> Path:
        path = tmp_path / "project" / "dedup.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    return write


def test_flags_overrule_the_environment_which_overrules_the_file(write, monkeypatch):
    config = write('title = "file"\nmemory_limit = "1GB"\nworkers = 1\n[match]\njaccard = 0.8\nedit = 0.95\n')
    monkeypatch.setenv("DEDUP_TITLE", "environment")
    monkeypatch.setenv("DEDUP_MEMORY_LIMIT", "2GB")
    monkeypatch.setenv("DEDUP_MATCH__JACCARD", "0.9")
    settings = load_settings(config, title="flag", workers=None)
    assert (settings.title, settings.memory_limit, settings.workers) == ("flag", "2GB", 1)
    assert (settings.match.jaccard, settings.match.edit, settings.match.floor) == (0.9, 0.95, Settings().match.floor)


def test_paths_of_a_file_are_relative_to_it(write, tmp_path):
    config = write(
        'warehouse = "out"\n[[source]]\npath = "pages"\n[[source]]\npath = "/data/pages"\n'
        '[[source]]\npath = "https://pages.example/list.jsonl"\n[quality]\nsuites = "suites"\n'
    )
    settings = load_settings(config)
    here = config.parent
    assert settings.warehouse == here / "out"
    assert [s.path for s in settings.sources] == [
        str(here / "pages"),
        "/data/pages",
        "https://pages.example/list.jsonl",
    ]
    assert settings.quality.suites == str(here / "suites")


def test_a_file_of_a_windows_editor_is_read(write):
    assert load_settings(write('\ufefftitle = "with a byte order mark"\n')).title == "with a byte order mark"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[match]\njacard = 0.5\n", "match.jacard: there is no such setting"),
        ("[match]\njaccard = 2\n", "match.jaccard: Input should be less than or equal to 1"),
        ('[[source]]\nname = "a"\n', "source.0.path: it must be given"),
        ('[[source]]\npath = "a"\ncolumns = { text = "body" }\n', "source.0.columns.text: expected a list in brackets"),
        ('[[source]]\npath = ["a"]\n', "source.0.path: Input should be a valid string"),
        ('[source]\npath = "a"\n', r"\[\[source\]\], in two pairs of brackets"),
        ('source = "a"\n', r"\[\[source\]\], in two pairs of brackets"),
        ('[[sources]]\npath = "a"\n', r"\[\[source\]\], in two pairs of brackets"),
        ("quality = 3\n", "quality: Input should be a valid dictionary"),
        ('memory_limit = "lots"\n', "memory_limit: .*expected a size such as 4GB"),
        ('memory_limit = "-4GB"\n', "memory_limit: .*expected a size such as 4GB"),
        ('memory_limit = "4"\n', "memory_limit: .*expected a size such as 4GB"),
        ('memory_limit = "1KB"\n', "memory_limit: .*at least 64MB"),
        ("workers = 100000\n", "workers: Input should be less than or equal to 256"),
        ('[[source]]\npath = "a"\nencoding = "utf8-sig-bom"\n', "encoding: .*the name of a text encoding"),
        ('[[source]]\npath = "a"\nencoding = "base64"\n', "encoding: .*the name of a text encoding"),
        ("title = \n", "not valid TOML"),
    ],
)
def test_mistakes_are_named_with_their_place(write, text, message):
    config = write(text)
    with pytest.raises(SettingsError, match=message) as raised:
        load_settings(config)
    assert str(config) in str(raised.value)


def test_a_file_that_is_named_must_be_there(tmp_path):
    with pytest.raises(SettingsError, match="`dedup init` writes one"):
        load_settings(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("DEDUP_MATCH__JACCARD", "high", "DEDUP_MATCH__JACCARD: Input should be a valid number"),
        ("DEDUP_MATCH_JACCARD", "0.8", "DEDUP_MATCH_JACCARD: write DEDUP_MATCH__JACCARD"),
        ("DEDUP_MATCH", "{", "environment: .*written as JSON"),
        ("DEDUP_CLUSTER__PREFER", "gov", "environment: .*written as JSON"),
    ],
)
def test_mistakes_in_the_environment_name_the_variable(monkeypatch, name, value, message):
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=message):
        load_settings()


def test_empty_and_foreign_variables_change_nothing(monkeypatch):
    for name, value in {"DEDUP_WAREHOUSE": "", "DEDUP_WORKERS": "", "DEDUP_SERVICE_HOST": "10.0.0.1"}.items():
        monkeypatch.setenv(name, value)
    assert load_settings() == Settings()
