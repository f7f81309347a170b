"""The notebooks of the documentation run in a fresh kernel, and print what is stored in them.

`python -m tests.test_notebooks` stores the outputs anew.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
#: Seconds a cell may take on a slow machine; all of them together take a few.
PATIENCE = 300


@contextmanager
def clean_surroundings() -> Iterator[None]:
    """Keep the settings of whoever runs the tests out of the kernel, and its history and sockets out of their home."""
    with tempfile.TemporaryDirectory(prefix="notebook-") as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DEDUP_")}
        jupyter = dict.fromkeys(("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR"), folder)
        with patch.dict(os.environ, {**kept, **jupyter}, clear=True):
            yield


def executed(path: Path) -> nbformat.NotebookNode:
    """Return the notebook after running all its cells in a new kernel; a cell that fails raises."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with clean_surroundings():
        client = NotebookClient(
            notebook, timeout=PATIENCE, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}},
            record_timing=False,
        )  # fmt: skip
        return client.execute()


def shown(notebook: nbformat.NotebookNode) -> list[str]:
    """Return what each code cell shows, as plain text: how tables look in HTML is the business of the libraries."""
    texts = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            parts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell.outputs]
            texts.append("".join(parts))
    return texts


def test_there_are_notebooks() -> None:
    assert {path.stem for path in NOTEBOOKS} == {"facts_and_yearbook", "release_in_duckdb_and_polars"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_is_stored_in_it(path: Path) -> None:
    stored = nbformat.read(path, as_version=4)
    assert shown(executed(path)) == shown(stored)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_stores_nothing_of_the_machine_or_the_day_it_ran_on(path: Path) -> None:
    text = path.read_text("utf-8")
    for trace in (str(Path.home()), tempfile.gettempdir(), "Traceback", "execution_time", "/releases/20"):
        assert trace not in text
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [c.execution_count for c in notebook.cells if c.cell_type == "code"] == list(
        range(1, sum(c.cell_type == "code" for c in notebook.cells) + 1)
    )


def main() -> None:
    """Store the outputs anew."""
    for path in NOTEBOOKS:
        notebook = executed(path)
        # Which Python ran it says nothing to a reader and changes from machine to machine.
        notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
        for cell in notebook.cells:
            cell.metadata = {}
            if cell.cell_type == "code":
                for output in cell.outputs:
                    if "data" in output:
                        output["data"] = {k: v for k, v in output["data"].items() if k in ("text/plain", "text/html")}
        nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
