"""Pictures of every view for docs/inspector.md: `python -m tests.inspector_pictures`.

The sample pages are published, the inspector is opened in a headless Chromium, and what it shows is saved. Look at
the pictures before they are committed.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import dedup
from dedup.inspector.desk import Desk
from dedup.settings import load_settings
from tests.browser import open_browser, served, why_missing
from tests.command import call

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "inspector"
WIDTH, HEIGHT = 1180, 780


def views_of(warehouse: Path) -> dict[str, str]:
    """Return view -> its address in a release, with things that have something to show."""
    release = dedup.open_release(warehouse)

    def one(query: str) -> Any:
        return release.sql(query).column(0)[0].as_py()

    cluster = one("SELECT cluster_id FROM conflicts GROUP BY 1 ORDER BY count(DISTINCT section_id) DESC, 1 LIMIT 1")
    canonical = one(f"SELECT canonical_section FROM clusters WHERE cluster_id = '{cluster}'")
    copy = one(
        f"SELECT section_id FROM membership WHERE cluster_id = '{cluster}' AND rule = 'jaccard'"
        " ORDER BY similarity DESC LIMIT 1"
    )
    document = one(
        "SELECT doc_id FROM sections JOIN passages USING (section_id) GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
    )
    fact = one("SELECT fact_id FROM facts WHERE len(flags) > 0 ORDER BY fact_id LIMIT 1")
    template = one("SELECT template_id FROM templates ORDER BY df DESC, n_chars DESC, template_id LIMIT 1")
    passage = one("SELECT passage_id FROM passage_stats ORDER BY df DESC, n_chars DESC, passage_id LIMIT 1")
    return {
        "overview": "/",
        "clusters": "/clusters?q=政府",
        "cluster": f"/clusters/{cluster}",
        "pair": f"/pairs/{canonical}/{copy}",
        "document": f"/documents/{document}#text",
        "documents": "/documents",
        "figures": "/facts",
        "figure": f"/facts/{fact}",
        "templates": "/templates",
        "template": f"/templates/{template}",
        "passage": f"/passages/{passage}",
        "network": "/network?by=region",
        "quality": "/quality",
        "quarantine": "/quarantine",
        "releases": "/releases",
        "queue": "/queue",
        "decisions": "/decisions?history=1",
        "thresholds": "/thresholds?jaccard=0.85",
    }


def decide_something(warehouse: Path) -> None:
    """Leave some decisions behind, so that their pages show something."""
    from dedup.inspector.store import Store

    store = Store(dedup.open_release(warehouse))
    desk = Desk(load_settings(None, warehouse=warehouse), "lin.hua")
    try:
        pairs = store.rows(
            "SELECT section_a, section_b FROM pairs WHERE relation = 'near_duplicate' ORDER BY 1, 2 LIMIT 2"
        )
        for pair, kind in zip(pairs, ("same", "edition"), strict=True):
            desk.record(store, kind, pair["section_a"], pair["section_b"], note="", who="lin.hua")
        desk.undo(desk.in_force()[0].decision_id, "lin.hua")
    finally:
        desk.close()
        store.close()


def looking(path: str, lang: str, theme: str) -> str:
    """Return an address in a language and a theme."""
    before, mark, anchor = path.partition("#")
    return f"{before}{'&' if '?' in before else '?'}lang={lang}&theme={theme}{mark}{anchor}"


def take_pictures(folder: Path = FOLDER) -> list[Path]:
    """Save a picture of every view: in English and light, some also in Chinese or dark."""
    folder.mkdir(parents=True, exist_ok=True)
    saved: list[Path] = []
    with tempfile.TemporaryDirectory(prefix="pictures-") as temporary:
        warehouse = Path(temporary) / "warehouse"
        done = call("run", "--no-prefect", "-q", "-w", warehouse, "-c", ROOT / "data" / "sample" / "dedup.toml")
        assert done.code == 0, done.err
        desk = Desk(load_settings(None, warehouse=warehouse), "lin.hua")
        decide_something(warehouse)
        looks = [(name, path, "en", "light") for name, path in views_of(warehouse).items()]
        views = views_of(warehouse)
        looks += [("cluster-zh", views["cluster"], "zh", "light"), ("pair-zh-dark", views["pair"], "zh", "dark")]
        looks += [("overview-dark", views["overview"], "en", "dark")]
        with served(warehouse, desk=desk) as base, open_browser(width=WIDTH, height=HEIGHT) as driver:
            for name, path, lang, theme in looks:
                driver.get(base + looking(path, lang, theme))
                time.sleep(0.5)
                saved.append(folder / f"{name}.png")
                driver.save_screenshot(str(saved[-1]))
        desk.close()
    return saved


def main() -> None:
    """Take the pictures, or say why not."""
    if missing := why_missing():
        sys.exit(missing)
    for path in take_pictures():
        sys.stdout.write(f"{path.stat().st_size / 1000:6.0f} kB  {path.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
