"""The proposed dedup.toml shows every setting, parses as it is, and knows what lies in the folder."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

from dedup.settings import ReadSettings, Settings, SourceSettings, load_settings
from dedup.sources import propose_config, resolve_sources
from tests.test_sources_files import PAGE, read


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "输入"
    (root / "wenku").mkdir(parents=True)
    (root / "shuju").mkdir()
    (root / "wenku" / "a.txt").write_text(PAGE)
    (root / "wenku" / "b.html").write_text(f"<html><p>{PAGE}</p></html>")
    (root / "wenku" / "c.pdf").write_bytes(b"%PDF-1.4")
    (root / "shuju" / "r.csv").write_text(f"编号,标题,正文\n1,t,{PAGE!r}\n")
    pq.write_table(pa.table({"story": [PAGE], "id": [1]}), root / "shuju" / "p.parquet")
    return root


def all_settings(model: type[BaseModel]) -> set[str]:
    names: set[str] = set()
    for name, info in model.model_fields.items():
        if isinstance(info.default, BaseModel):
            names |= all_settings(type(info.default))
        elif name != "sources":
            names.add(name)
    return names


def test_it_loads_as_it_is_and_changes_no_default(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "dedup.toml"
    path.write_text(propose_config(folder, "releases"), "utf-8")
    settings = load_settings(path)
    assert settings.warehouse == tmp_path / "releases"
    assert settings.read == ReadSettings()
    assert settings.model_copy(update={"sources": (), "warehouse": Path("warehouse")}) == Settings()


def test_every_setting_is_shown_with_its_default(folder: Path, tmp_path: Path) -> None:
    text = propose_config(folder)
    shown = {line.removeprefix("# ").partition(" = ")[0] for line in text.splitlines() if " = " in line}
    # Rules are tables of their own, each shown with its keys.
    assert "[[quality.rule]]" in text
    assert {"dataset", "name", "sql", "severity", "why"} <= {key.strip() for key in shown}
    assert "[[alerts.webhook]]" in text
    assert {"kind", "url", "secret", "on"} <= {key.strip() for key in shown}
    assert all_settings(Settings) | all_settings(SourceSettings) <= shown | {"rule", "webhook"}
    assert "largest single page file" in text


def test_every_comment_can_be_put_in_force(folder: Path, tmp_path: Path) -> None:
    lines = propose_config(folder).splitlines()
    out = []
    for line in lines:
        bare = line.removeprefix("# ")
        key = bare.partition(" = ")[0]
        commented = line.startswith("# ") and " = " in bare and key.isidentifier() and '"…"' not in bare
        out.append(bare if commented else line)
    path = tmp_path / "dedup.toml"
    path.write_text("\n".join(out), "utf-8")
    tomllib.loads(path.read_text("utf-8"))
    assert load_settings(path).read == ReadSettings()


def test_folders_become_sources_with_formats_and_columns(folder: Path, tmp_path: Path) -> None:
    text = propose_config(folder)
    path = tmp_path / "dedup.toml"
    path.write_text(text, "utf-8")
    settings = load_settings(path)
    assert [s.name for s in settings.sources] == ["shuju", "wenku"]
    assert "found: 1 csv, 1 parquet" in text
    assert "found: 1 html, 1 text, 1 unreadable" in text
    assert "text <- 正文" in text
    assert "no text column known" in text
    documents, _ = read(*resolve_sources(["wenku"], settings))
    assert documents["uri"].to_pylist() == ["wenku/a.txt", "wenku/b.html"]


def test_a_folder_with_files_on_top_is_one_source(folder: Path) -> None:
    (folder / "top.txt").write_text(PAGE)
    data = tomllib.loads(propose_config(folder))
    assert [(s["name"], s["path"]) for s in data["source"]] == [("输入", folder.as_posix())]


def test_without_a_folder_an_example_is_shown(tmp_path: Path) -> None:
    text = propose_config(None)
    assert "source" not in tomllib.loads(text)
    assert "# [[source]]" in text


def test_names_that_need_quoting_survive(tmp_path: Path) -> None:
    root = tmp_path / 'a "quoted" \\ name'
    root.mkdir()
    (root / "a.txt").write_text(PAGE)
    assert tomllib.loads(propose_config(root))["source"][0]["path"] == root.as_posix()
