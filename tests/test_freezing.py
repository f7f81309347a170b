"""Values that are written down and read back: the same, and nothing twice that lies in a file already."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.engines.corpus import filter_mapped
from dedup.engines.freezing import Freezer, Unkeepable, named_files, thaw
from dedup.engines.mapped_files import let_go
from dedup.engines.store import PrintStore, TableStore, TextStore
from dedup.fingerprinting.minhash import Fingerprints, signature_matrix
from dedup.matching.nodes import Nodes
from dedup.releases.integrity import Reference


@pytest.fixture
def freezer(tmp_path) -> Freezer:
    made = Freezer(tmp_path)
    made.begin(tmp_path / "kept" / "0")
    return made


def back(freezer: Freezer, value: object, root: Path) -> object:
    frozen = freezer.freeze(value)
    let_go(root)
    return thaw(frozen, root)


def written(root: Path) -> int:
    return sum(path.stat().st_size for path in (root / "kept").rglob("*") if path.is_file())


def test_plain_values_and_records_come_back_as_they_were(freezer, tmp_path):
    value = {
        "none": None,
        1: (True, 2, 3.5, float("inf"), "四\ud800"),
        "list": [(), [], {}, frozenset({"b", "a"})],
        "scalar": np.float32(0.1),
        "record": Reference("a", "b", "c", "d"),
        "file": "not a name of a file",
        "folder": tmp_path / "kept",
    }
    assert back(freezer, value, tmp_path) == value


def test_arrays_and_tables_come_back_with_their_types(freezer, tmp_path):
    nodes = Nodes(*(np.arange(n, dtype=np.int64) for n in (4, 3, 2, 0)))
    found = back(freezer, nodes, tmp_path)
    for name in ("node_of_row", "first_row", "rows", "bounds"):
        np.testing.assert_array_equal(getattr(found, name), getattr(nodes, name))
    assert found.rows.dtype == np.int64
    table = pa.table(
        {
            "text": pa.chunked_array([["甲", None], ["乙"]]),
            "words": pa.array([["a"], [], None], pa.list_(pa.string())),
            "source": pa.array(["x", "y", "x"]).dictionary_encode(),
            "row": pa.array([{"a": 1}, {"a": 2}, None]),
        }
    ).replace_schema_metadata({"scheme": "one"})
    again = back(freezer, table, tmp_path)
    assert again.equals(table)
    assert again.schema.equals(table.schema, check_metadata=True)
    for empty in (table.slice(0, 0), table.schema.empty_table(), pa.table({})):
        assert back(freezer, empty, tmp_path).equals(empty)
    for array in (pa.array([], pa.string()), pa.array([1, None, 3]), table.column("source").chunk(0)):
        assert back(freezer, array, tmp_path).equals(array)


def test_columns_that_lie_in_a_working_file_are_named_and_not_written(freezer, tmp_path):
    schema = pa.schema([("id", pa.int64()), ("text", pa.string()), ("map", pa.list_(pa.int32()))])
    store = TableStore(tmp_path / "long.arrow", schema)
    for start in range(0, 40, 10):
        rows = range(start, start + 10)
        store.append(pa.table([list(rows), ["长文" * 5000] * 10, [[i, i] for i in rows]], schema=schema))
    table = store.read()
    replaced = table.set_column(0, "id", pa.array(range(100, 140)))
    assert back(freezer, replaced, tmp_path).equals(replaced)
    assert written(tmp_path) < 10_000
    table = store.read()
    keep = np.ones(40, dtype=bool)
    keep[13] = False
    thinned = filter_mapped(table, keep)
    assert back(freezer, thinned, tmp_path).equals(thinned)
    # One of four parts lost a row and lies in memory.
    assert written(tmp_path) < 0.3 * (tmp_path / "long.arrow").stat().st_size


def test_texts_and_fingerprints_stay_in_their_files(freezer, tmp_path):
    texts = pa.array(["一段很长的文字，" * 400, "", "另一段文字，" * 300], pa.large_string())
    with TextStore(tmp_path / "texts.bin") as store, PrintStore(tmp_path) as prints:
        store.append(texts)
        prints.append(signature_matrix(texts, ngram=5, unit="char"))
        mapped, found = store.read(), prints.read()
    frozen = freezer.freeze({"texts": mapped, "prints": found})
    assert {"texts.bin", "prints.signatures.bin"} <= named_files(frozen)
    let_go(tmp_path)
    again = thaw(frozen, tmp_path)
    assert again["texts"].equals(mapped)
    assert isinstance(again["prints"], Fingerprints)
    np.testing.assert_array_equal(again["prints"].signatures, found.signatures)
    assert written(tmp_path) < 1000


def test_what_was_written_once_is_not_written_again(freezer, tmp_path):
    array = np.arange(10_000)
    first = freezer.freeze(array)
    size = written(tmp_path)
    freezer.begin(tmp_path / "kept" / "1")
    assert freezer.freeze((array, array)) == {"is": "tuple", "values": [first, first]}
    assert written(tmp_path) == size


@pytest.mark.parametrize("value", [object(), np.array([object()]), Path, {1}, print])
def test_what_cannot_be_written_is_refused(freezer, value):
    with pytest.raises(Unkeepable):
        freezer.freeze(value)


@pytest.mark.parametrize("name", ["pathlib:Path", "subprocess:Popen", "dedup.engines.crew:subprocess"])
def test_nothing_but_records_of_this_package_is_made(name, tmp_path):
    for kind in ("record", "named"):
        with pytest.raises((ValueError, TypeError)):
            thaw({"is": kind, "class": name, "fields": [], "values": []}, tmp_path)
