"""A real browser without a screen, and the inspector served to it; for tests that need both."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

#: Flags of Chromium: no screen, no sandbox where tests run as root, nothing that calls home.
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--metrics-recording-only",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
)


def why_missing() -> str:
    """Say what is missing for a test in a browser; '' when nothing is."""
    try:
        import selenium  # noqa: F401
    except ImportError:
        return "selenium is not installed: pip install -e '.[dev]'"
    if _chromium() is None or shutil.which("chromedriver") is None:
        return "Chromium or its driver is missing: apt-get install chromium chromium-driver"
    return ""


def _chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@contextlib.contextmanager
def open_browser(*, width: int = 1280, height: int = 900, dark: bool = False, lang: str = "en") -> Iterator[Any]:
    """Give a selenium driver of a headless Chromium that keeps a log of its requests."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(_chromium())
    for flag in (*FLAGS, f"--window-size={width},{height}", f"--lang={lang}"):
        options.add_argument(flag)
    if dark:
        options.add_argument("--force-dark-mode")
    options.add_experimental_option("prefs", {"intl.accept_languages": lang})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    try:
        driver.set_page_load_timeout(60)
        yield driver
    finally:
        driver.quit()


@contextlib.contextmanager
def served(warehouse: Path, **more: Any) -> Iterator[str]:
    """Serve a warehouse on a free port of loopback; gives the address without the last slash."""
    import uvicorn

    from dedup.inspector.app import create_app
    from dedup.inspector.serving import Shelf, listening

    shelf = Shelf(warehouse)
    app = create_app(shelf, **more)
    with listening("127.0.0.1", 0) as bound:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)
            shelf.close()
