"""Datasets are cut into files by what they hold, and files with the same rows are shared between releases."""

from __future__ import annotations

import os
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.ids import make_id
from dedup.releases import open_release, prune_releases, verify_release, warehouse_lock
from dedup.releases.chunking import MOST_FILES, SMALL_BYTES, DocumentOrder, chunk_starts, local_maxima
from dedup.releases.sharing import content_digest
from tests.small_release import publish, replace, small_tables

VALUES = pa.struct([("name", pa.string()), ("values", pa.list_(pa.string()))])
SCHEMA = pa.schema(
    [
        ("text", pa.string()),
        ("number", pa.float64()),
        ("year", pa.int32()),
        ("ok", pa.bool_()),
        ("list", pa.list_(pa.int32())),
        ("slots", pa.list_(VALUES)),
        ("print", pa.list_(pa.uint32(), 2)),
        ("at", pa.timestamp("us", "UTC")),
        ("day", pa.date32()),
    ]
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "text": st.none() | st.text(max_size=4),
            "number": st.none() | st.floats(allow_nan=False, width=32),
            "year": st.none() | st.integers(0, 2),
            "ok": st.booleans(),
            "list": st.lists(st.integers(0, 9), max_size=3),
            "slots": st.lists(
                st.fixed_dictionaries({"name": st.text(max_size=2), "values": st.lists(st.text(max_size=2))}),
                max_size=2,
            ),
            "print": st.lists(st.integers(0, 9), min_size=2, max_size=2),
            "at": st.none() | st.integers(0, 99),
            "day": st.none() | st.integers(0, 99),
        }
    ),
    max_size=6,
)


def digest(table: pa.Table) -> str:
    return content_digest([table], ["schema"])


@given(ROWS, ROWS, st.integers(0, 6))
def test_the_digest_depends_on_the_rows_alone(rows, others, cut):
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    padded = pa.concat_tables([pa.Table.from_pylist(others, schema=SCHEMA), table, table])
    sliced = padded.slice(len(others), len(rows))
    chunked = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    assert digest(table) == digest(sliced) == digest(chunked)


@given(ROWS, ROWS)
def test_other_rows_have_another_digest(rows, others):
    one, other = (pa.Table.from_pylist(r, schema=SCHEMA) for r in (rows, others))
    assert (digest(one) == digest(other)) == (repr(one.to_pylist()) == repr(other.to_pylist()))  # 0.0 is not -0.0


@given(st.integers(0, 2**32), st.integers(100, 3000), st.integers(1, 40))
def test_a_row_that_comes_moves_no_other_border(seed, n, megabytes):
    rng = np.random.default_rng(seed)
    keys = sorted(make_id("s", str(k)) for k in rng.integers(0, 10**9, n))
    new = make_id("s", "new")
    n_bytes = megabytes * 10 * SMALL_BYTES

    def files(ids: list[str]) -> list[tuple[str, ...]]:
        starts = [*chunk_starts(pa.array(ids), n_bytes).tolist(), len(ids)]
        return [tuple(ids[a:b]) for a, b in pairwise(starts)]

    before, after = files(keys), files(sorted([*keys, new]))
    assert sum(before, ()) == tuple(keys)
    assert len(before) <= 4 * MOST_FILES
    # A window reaches over one border on either side; unless the number of rows passed a power of two.
    if len(after) - len(before) in (-1, 0, 1):
        assert len(set(before) - set(after)) <= 3


@given(st.lists(st.integers(0, 99), min_size=1, max_size=300), st.integers(1, 64))
def test_borders_are_the_largest_of_their_neighbourhood(values, wanted):
    numbers = np.array(values, dtype=np.uint64)
    width = 1 << max((len(values) // wanted).bit_length() - 2, 0)
    found = local_maxima(numbers, wanted).tolist()
    expected = {0}
    if wanted > 1 and len(values) > width:
        expected |= {
            i
            for i, value in enumerate(values)
            if all(value > other for other in values[max(0, i - width) : i])
            and all(value >= other for other in values[i + 1 : i + 1 + width])
            and i
        }
    assert found == sorted(expected)


@given(st.integers(0, 2**32), st.integers(1, 5000))
def test_datasets_of_less_bytes_are_cut_at_some_of_the_same_documents(seed, n):
    rng = np.random.default_rng(seed)
    order = DocumentOrder(pa.array([make_id("d", str(k)) for k in rng.integers(0, 10**9, n)]))
    rows = np.sort(rng.integers(0, n, 2 * n))
    fine, coarse = (order.files(rows, k * SMALL_BYTES) for k in (64, 8))
    assert (np.diff(fine) >= 0).all()
    assert fine.max() < 4 * MOST_FILES
    # Rows of one file of the finer cut are together in the coarser one.
    assert all(len(set(coarse[fine == k].tolist())) == 1 for k in np.unique(fine).tolist())


def test_rows_of_one_thing_stay_in_one_file():
    keys = [make_id("s", str(k)) for k in range(400) for _ in range(5)]
    starts = chunk_starts(pa.array(sorted(keys)), 64 * SMALL_BYTES)
    assert len(starts) > 4
    assert all(sorted(keys)[k] != sorted(keys)[k - 1] for k in starts.tolist() if k)


def test_small_datasets_and_names_that_are_no_ids_are_one_file():
    assert chunk_starts(pa.array([make_id("s", str(k)) for k in range(999)]), SMALL_BYTES).tolist() == [0]
    assert chunk_starts(pa.array(["a", "b", "c"] * 99), 99 * SMALL_BYTES).tolist() == [0]
    assert chunk_starts(None, 99 * SMALL_BYTES).tolist() == [0]


def test_a_release_shares_what_did_not_change_and_outlives_the_one_it_shares_with(tmp_path):
    first = publish(tmp_path)
    second = publish(tmp_path, {**small_tables(), "records": replace(small_tables()["records"], 0, reason="other")})
    files = {f["path"]: f for d in second.manifest["datasets"].values() for f in d["files"]}
    own = [path for path, file in files.items() if not file.get("shared")]
    assert own == ["records/part-00000.parquet"]
    for path in files:
        assert os.path.samefile(first.path / path, second.path / path) == (path not in own)
    assert verify_release(second) == []
    with warehouse_lock(tmp_path):
        prune_releases(tmp_path, 1)
    assert not first.path.exists()
    assert verify_release(open_release(tmp_path)) == []
    assert second.arrow("reports").num_rows == 2


def test_a_file_that_was_damaged_is_not_shared_when_its_size_changed(tmp_path):
    first = publish(tmp_path)
    (first.path / "reports" / "part-00000.parquet").write_bytes(b"PAR1")
    second = publish(tmp_path)
    assert verify_release(second) == []


def test_where_links_cannot_be_made_files_are_copied(tmp_path, monkeypatch):
    first = publish(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    second = publish(tmp_path)
    assert verify_release(second) == []
    path = "reports/part-00000.parquet"
    assert not os.path.samefile(first.path / path, second.path / path)
    assert (first.path / path).read_bytes() == (second.path / path).read_bytes()


@pytest.mark.parametrize("change", ["text", "schema"])
def test_the_digest_knows_what_else_a_file_depends_on(change):
    table = pa.table({"a": ["x"]})
    identity = ["schema"] if change == "text" else ["other"]
    other = pa.table({"a": ["y"]}) if change == "text" else table
    assert content_digest([table], ["schema"]) != content_digest([other], identity)
