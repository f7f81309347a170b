"""`make bench`: speed, memory and correctness, beside other tools; writes docs/benchmarks.md and its pictures.

    python -m benchmarks.run [--only PART ...] [--tools NAME ...] [--large] [--documents 20000]

Parts keep their figures in `.bench/results`, so that one of them can be run again; the report says of each when and at
which commit it was measured.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.comparison import compare
from benchmarks.extraction import measure_extraction
from benchmarks.flow import measure_corpus, measure_pages, measure_sample
from benchmarks.kernel import first_call, measure_kernel
from benchmarks.measuring import machine
from benchmarks.peers.registry import PEERS
from benchmarks.report import write_report
from benchmarks.results import ROOT, ensure_corpus, read_result, write_result
from benchmarks.scaling import SIZES, measure_scaling
from benchmarks.shared import SIZES as SHARED_SIZES
from benchmarks.shared import measure_shared
from benchmarks.validation import measure_validation

LARGE = 1_000_000


def main() -> None:
    """Measure the parts that are asked for and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=20_000, help="size of the corpora (default %(default)s)")
    parser.add_argument("--pages", type=int, default=400, help="pages to generate (default %(default)s)")
    parser.add_argument("--large", action="store_true", help=f"scaling up to {LARGE:,} sections (6 GB of disk)")
    parser.add_argument("--tools", nargs="+", choices=[p.name for p in PEERS], help="of the peers, run only these")
    parser.add_argument("--environments", type=Path, default=ROOT / ".bench-venv", help="where the peers are installed")
    parser.add_argument("--report", action="store_true", help="write the report from what was measured before")
    names = ("peers", "kernel", "scaling", "shared", "flow", "crowds", "pages", "extraction", "validation")
    parser.add_argument("--only", nargs="+", choices=names, default=list(names), help="parts to measure")
    arguments = parser.parse_args()

    def scaling() -> dict[str, Any]:
        before = read_result("scaling")
        sizes = [*SIZES, LARGE] if arguments.large else list(SIZES)
        return measure_scaling(sizes, before["runs"] if before else None)

    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "kernel": lambda: {
            **measure_kernel(ensure_corpus("words", arguments.documents)[0]),
            "first_call_s": first_call(),
        },
        "scaling": scaling,
        "shared": lambda: measure_shared(list(SHARED_SIZES)),
        "flow": lambda: measure_corpus("words", arguments.documents),
        "crowds": lambda: {
            "corpora": {name: measure_corpus(name, arguments.documents) for name in ("stamped", "identical")}
        },
        "pages": lambda: {"sample": measure_sample(), "generated": measure_pages(arguments.pages)},
        "extraction": lambda: measure_extraction(arguments.pages),
        "validation": measure_validation,
    }
    for name in () if arguments.report else arguments.only:
        print(f"measuring {name}", flush=True)
        if name == "peers":
            compare(arguments.environments, arguments.documents, arguments.tools)
            continue
        write_result(name, {"machine": machine(), **parts[name]()})
    print(f"written: {write_report()}")


if __name__ == "__main__":
    main()
