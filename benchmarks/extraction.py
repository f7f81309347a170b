"""What reading figures, places, years and tables costs on one core: MB of UTF-8 per second.

    python -m benchmarks.extraction [--pages 400]

On generated report pages and on the sample, each cut by a run of its own; then every function is called by itself in
this process on what the release holds. A small corpus is read over and over, so that a measurement takes a while.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measuring import dedup, machine
from benchmarks.results import ROOT, write_result

if TYPE_CHECKING:
    from dedup.releases import Release

#: CPU seconds that each measurement takes at least, so that the clock and the first call do not count.
LEAST_S = 1.0
REPEAT = 3


def per_second(work: Callable[[], object], megabytes: float, least_s: float = LEAST_S) -> float:
    """Return the MB/s of one thread's CPU time, best of three measurements of at least some seconds."""
    work()
    best, times = 0.0, 1
    for _ in range(REPEAT):
        while True:
            start = time.process_time()
            for _ in range(times):
                work()
            spent = time.process_time() - start
            if spent >= least_s:
                break
            times = max(times + 1, int(times * least_s / max(spent, 1e-4)) + 1)
        best = max(best, megabytes * times / spent)
    return best


def measure_release(release: Release, least_s: float = LEAST_S) -> dict[str, Any]:
    """Measure each function on the pages of a release."""
    from dedup.extraction.attribution import attribute_sections
    from dedup.extraction.figures import find_figures
    from dedup.extraction.tables import extract_tables
    from dedup.schemas import MATCHED_KINDS

    documents = release.arrow("documents", ["doc_id", "text", "published_at", "tables_html"])
    sections = release.arrow("sections")
    matched = sections.filter(pc.is_in(sections.column("kind"), pa.array(MATCHED_KINDS)))
    texts = matched.column("clean_text").combine_chunks().cast(pa.large_string())
    nowhere = np.zeros(len(texts), dtype=np.int32)
    of_texts, of_pages = _megabytes(texts), _megabytes(documents.column("text"))
    html = _megabytes(pc.list_flatten(documents.column("tables_html")))
    figures = find_figures(texts, nowhere).num_rows
    tables, cells = extract_tables(documents, sections)
    # One after the other, as a run does: figures of all texts, places and years, tables.
    rates = {
        "figures": per_second(lambda: find_figures(texts, nowhere), of_texts, least_s),
        "attribution": per_second(lambda: attribute_sections(matched, documents), of_texts, least_s),
        "tables": per_second(lambda: extract_tables(documents, sections), of_pages + html, least_s),
    }
    seconds = of_texts / rates["figures"]
    return {
        "pages": documents.num_rows,
        "sections": matched.num_rows,
        "megabytes": of_texts,
        "page_megabytes": of_pages + html,
        "figures": figures,
        "figures_per_mb": figures / of_texts,
        "figures_per_s": figures / seconds,
        "tables": tables.num_rows,
        "cells": cells.num_rows,
        "mb_per_s": rates,
        "together": of_texts / (seconds + of_texts / rates["attribution"] + (of_pages + html) / rates["tables"]),
    }


def _megabytes(texts: pa.Array | pa.ChunkedArray) -> float:
    return (pc.sum(pc.binary_length(texts)).as_py() or 0) / 1e6


def measure_extraction(pages: int, seed: int = 1) -> dict[str, Any]:
    """Cut generated pages and the sample, and measure both."""
    import dedup as library

    # Cutting is all that is needed of these runs.
    quiet = {"DEDUP_QUALITY__ENABLED": "false", "DEDUP_EXTRACT__ENABLED": "false"}
    found = {}
    with tempfile.TemporaryDirectory(prefix="bench-") as temporary:
        folder = Path(temporary)
        dedup("sample", "--pages", str(pages), "--seed", str(seed), str(folder / "pages"))
        for name, source in (
            ("generated", [str(folder / "pages")]),
            ("sample", ["--config", str(ROOT / "data" / "sample" / "dedup.toml")]),
        ):
            dedup("run", *source, "--warehouse", str(folder / name), "--no-prefect", cwd=folder, env=quiet)
            found[name] = measure_release(library.open_release(folder / name))
    return {"corpora": found}


def main() -> None:
    """Measure, keep the figures, print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=400, help="pages to generate (default %(default)s)")
    result = measure_extraction(parser.parse_args().pages)
    write_result("extraction", {"machine": machine(), **result})
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
