"""The inspector in a real browser: a steward's day, keys, hostile pages, nothing from elsewhere, accessibility."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

import dedup
from dedup.inspector.desk import Desk
from dedup.settings import load_settings
from tests.browser import open_browser, served, why_missing
from tests.command import call, write_pages
from tests.inspected import HOSTILE, hostile_release
from tests.inspector_pictures import ROOT, decide_something, looking, views_of

pytestmark = pytest.mark.skipif(bool(why_missing()), reason=why_missing() or "a browser is there")


#: How grave a finding of axe must be to fail a test.
SERIOUS = ("moderate", "serious", "critical")


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    with open_browser() as browser:
        yield browser


def _wait(condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until something is so; what is not on the page yet is not so."""
    from selenium.common.exceptions import WebDriverException

    until = time.monotonic() + seconds
    while True:
        try:
            if found := condition():
                return found
        except WebDriverException:
            pass
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.05)


def _find(driver: Any, css: str) -> Any:
    return _wait(lambda: driver.find_element("css selector", css))


def _all(driver: Any, css: str) -> list[Any]:
    return list(driver.find_elements("css selector", css))


def _press(driver: Any, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    ActionChains(driver).send_keys(*keys).perform()


def _asked_hosts(driver: Any) -> set[str]:
    """Where the browser sent requests to since it was last asked."""
    hosts = set()
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            url = urlsplit(message["params"]["request"]["url"])
            if url.scheme not in ("data", "chrome", "about", "chrome-error"):
                hosts.add(url.netloc)
    return hosts


def test_a_steward_finds_a_cluster_reads_the_diff_decides_and_sees_the_effect(driver: Any, tmp_path: Path) -> None:
    warehouse, config = tmp_path / "w", write_pages(tmp_path / "pages")
    run = ("run", "--no-prefect", "-q", "-w", warehouse, "-c", config)
    assert call(*run).code == 0
    desk = Desk(load_settings(None, warehouse=warehouse), "steward")
    with served(warehouse, desk=desk) as base:
        driver.get(f"{base}/?lang=en")
        _asked_hosts(driver)
        _press(driver, "/", "蔬菜大棚", "\ue007")
        _wait(lambda: "蔬菜大棚" in driver.find_element("css selector", "h1").text)
        assert _wait(lambda: driver.find_element("css selector", ".snippet mark").text) == "蔬菜大棚"
        _press(driver, "j", "\ue007")
        _wait(lambda: driver.find_element("css selector", "#members"))
        cluster = driver.current_url.rsplit("/", 1)[1]
        driver.find_element("link text", "Compare").click()
        changed = _find(driver, "del.d-figure")
        assert changed.text == "126公里"
        assert _find(driver, "ins.d-figure").text == "162公里"
        assert "joined in" in driver.page_source
        _press(driver, "n")
        assert _find(driver, ".current-diff")
        pair = driver.current_url
        note = _find(driver, ".judge input[name=note]")
        note.send_keys("two counties")
        _find(driver, ".judge button[value=not_same]").click()
        assert "Recorded" in _find(driver, "[role=status]").text
        # What was decided shows when the flow has run again.
        assert call(*run).code == 0
        time.sleep(2.1)
        driver.get(pair)
        _wait(lambda: "kept apart" in driver.page_source or "in two clusters" in driver.page_source)
        driver.get(f"{base}/decisions")
        row = _find(driver, "table.list tbody tr").text
        assert "steward" in row
        assert "two counties" in row
        assert "applied" in row
        driver.get(f"{base}/clusters/{cluster}")
        assert len(_all(driver, "#members tbody tr")) == 1
        assert _asked_hosts(driver) == {urlsplit(base).netloc}
    desk.close()


def test_the_queue_is_worked_by_keys_alone(driver: Any, tmp_path: Path) -> None:
    warehouse = tmp_path / "w"
    assert call("run", "--no-prefect", "-q", "-w", warehouse, "-c", write_pages(tmp_path / "pages")).code == 0
    desk = Desk(load_settings(None, warehouse=warehouse), "steward")
    with served(warehouse, desk=desk) as base:
        driver.get(f"{base}/?lang=en")
        _press(driver, "g", "u")
        first = _find(driver, "#progress").text
        assert first.startswith("0 of ")
        _press(driver, "y")
        _wait(lambda: driver.find_element("id", "progress").text.startswith("1 of "))
        _press(driver, "z")
        _wait(lambda: driver.find_element("id", "progress").text == first)
        _press(driver, "u")
        _wait(lambda: driver.find_element("id", "progress").text.startswith("1 of "))
        assert [d.kind for d in desk.history()] == ["unsure", "undo", "same"]
        _press(driver, "?")
        assert _find(driver, "dialog[open]")
    desk.close()


def test_hostile_text_stays_text(driver: Any, tmp_path: Path) -> None:
    hostile_release(tmp_path)
    release = dedup.open_release(tmp_path)
    cluster = release.sql("SELECT cluster_id FROM clusters WHERE n_sections = 2").column(0)[0].as_py()
    doc = release.sql("SELECT doc_id FROM documents ORDER BY uri LIMIT 1").column(0)[0].as_py()
    with served(tmp_path) as base:
        driver.get_log("browser")
        for path in (f"/clusters/{cluster}", f"/documents/{doc}", "/quarantine", "/documents"):
            driver.get(base + path)
            shown = _find(driver, "main").text
            assert HOSTILE[:25] in shown, path
            assert "49" not in shown.replace("2049", ""), path
            assert driver.execute_script("return document.querySelectorAll('main script').length") == 0
        assert not [e for e in driver.get_log("browser") if e["level"] == "SEVERE"]


def test_the_policy_lets_no_script_of_a_page_run(driver: Any, tmp_path: Path) -> None:
    hostile_release(tmp_path)
    with served(tmp_path) as base:
        driver.get(base + "/")
        driver.execute_script(
            "const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);"
            "const i = document.createElement('div'); i.innerHTML = '<img src=x onerror=\"window.ran = 2\">';"
            "document.body.append(i);"
        )
        time.sleep(0.3)
        assert driver.execute_script("return window.ran || null") is None


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing: it fetches axe-core")
    folder = tmp_path_factory.mktemp("axe")
    done = subprocess.run(
        [npm, "pack", "--silent", "axe-core@4"], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        pytest.skip(f"axe-core cannot be fetched: {done.stderr.strip()[-200:]}")
    with tarfile.open(next(folder.glob("*.tgz"))) as packed:
        script = packed.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode("utf-8")


@pytest.fixture(scope="module")
def sample_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the sample pages, about which something was decided."""
    warehouse = tmp_path_factory.mktemp("axe") / "w"
    config = ROOT / "data" / "sample" / "dedup.toml"
    assert call("run", "--no-prefect", "-q", "-w", warehouse, "-c", config).code == 0
    decide_something(warehouse)
    return warehouse


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_nobody_is_kept_out(driver: Any, axe: str, sample_warehouse: Path, lang: str, theme: str) -> None:
    desk = Desk(load_settings(None, warehouse=sample_warehouse), "steward")
    views = {**views_of(sample_warehouse), "in_force": "/decisions", "nowhere": "/nowhere"}
    found = []
    with served(sample_warehouse, desk=desk) as base:
        for view, path in views.items():
            driver.get(base + looking(path, lang, theme))
            # What is folded must be readable, too.
            driver.execute_script("document.querySelectorAll('details').forEach(d => d.open = true)")
            driver.execute_script(axe)
            result = driver.execute_async_script("const done = arguments[0]; axe.run(document).then(done);")
            found += [
                (view, v["id"], v["impact"], v["nodes"][0]["html"][:160], v["nodes"][0]["failureSummary"][:300])
                for v in result["violations"]
                if v["impact"] in SERIOUS
            ]
    desk.close()
    assert not found, "\n".join(map(str, found))
