"""Copies of a trusted source stand for the others, also in runs that read another source."""

import pytest

import dedup
from dedup.engines.local import run
from dedup.settings import load_settings
from dedup.sources import resolve_sources

REPORT = "各位代表：\n" + "".join(f"第{i}号堤段加高{i * 37 % 101}厘米，护坡{i * 53 % 997}米。" for i in range(60))


@pytest.mark.parametrize("name", ['name = "gov"\n', ""], ids=["named", "named by its folder"])
def test_a_trusted_source_keeps_its_place_when_another_one_is_read_again(tmp_path, name):
    for source, text in (("gov", REPORT.replace("37", "xx")), ("share", REPORT)):
        (tmp_path / source).mkdir()
        (tmp_path / source / "page.txt").write_text(text, "utf-8")
    config = tmp_path / "dedup.toml"
    config.write_text(
        f'[[source]]\npath = "gov"\n{name}trusted = true\n[[source]]\nname = "share"\npath = "share"\n'
        "[quality]\nenabled = false\n",
        "utf-8",
    )
    settings = load_settings(config, warehouse=tmp_path / "warehouse")
    for arguments in ([], ["share"]):
        run(settings, resolve_sources(arguments, settings))
        reports = dedup.open_release(tmp_path / "warehouse").arrow("reports")
        assert reports["uri"].to_pylist() == ["gov/page.txt"]
        reasons = dedup.open_release(tmp_path / "warehouse").arrow("membership")["reason"].to_pylist()
        assert "its source is preferred" in reasons
