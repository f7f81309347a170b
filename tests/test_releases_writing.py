"""Files of a dataset: the rows decide the bytes, whatever their order, chunks and types on arrival."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup import schemas
from dedup.releases import open_staging, warehouse_lock
from dedup.releases.writing import write_parquet
from tests.small_release import NOW, publish, small_tables

FURNITURE = schemas.DATASETS["furniture"]


def _furniture(n: int) -> pa.Table:
    rows = [
        {
            "doc_id": f"d_{i * 7919 % n:016x}",
            "char_start": i % 3,
            "char_end": i % 3 + 5,
            "source": "cty",
            "line": "上一页 下一页" * (1 + i % 40),
            "n_pages": 5,
            "share": 0.5,
        }
        for i in range(n)
    ]
    return pa.Table.from_pylist(rows, schema=schemas.FURNITURE)


def _hashes(paths: list[Path]) -> list[tuple[str, str]]:
    return [(path.name, sha256(path.read_bytes()).hexdigest()) for path in paths]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(40)), cuts=st.lists(st.integers(0, 40), max_size=4))
def test_bytes_do_not_depend_on_order_or_chunks(tmp_path, order, cuts):
    table = _furniture(40)
    shuffled = table.take(order)
    edges = [0, *sorted(cuts), 40]
    parts = [shuffled.slice(a, b - a) for a, b in pairwise(edges)]
    small = {"row_group_bytes": 3000, "file_bytes": 4000}
    wanted = write_parquet(tmp_path / "a", FURNITURE, table, **small)
    found = write_parquet(tmp_path / "b", FURNITURE, iter(parts), **small)
    assert _hashes(found) == _hashes(wanted)
    assert len(wanted) > 1


def test_rows_without_a_key_are_ordered_by_all_their_values(tmp_path):
    rows = [
        {"dataset": "documents", "record_id": "a", "source": s, "rule": r, "reason": "", "record": "{}"}
        for s, r in [("x", "2"), ("x", "1"), ("w", "9"), ("x", "1")]
    ]
    dataset = schemas.DATASETS["quarantine"]
    table = pa.Table.from_pylist(rows, schema=schemas.QUARANTINE)
    found = _hashes(write_parquet(tmp_path / "a", dataset, table))
    assert found == _hashes(write_parquet(tmp_path / "b", dataset, table.take([2, 0, 3, 1])))


def test_row_groups_and_files_are_cut_by_bytes_and_rows_stay_sorted(tmp_path):
    files = write_parquet(tmp_path, FURNITURE, _furniture(5000), row_group_bytes=200_000, file_bytes=201_000)
    assert [path.name for path in files] == [f"part-{i:05d}.parquet" for i in range(len(files))]
    assert len(files) > 1
    for path in files:
        metadata = pq.read_metadata(path)
        assert path.stat().st_size <= 201_000
        for group in range(metadata.num_row_groups):
            assert 0 < metadata.row_group(group).num_rows < 5000
    keys = [(row["doc_id"], row["char_start"]) for path in files for row in pq.read_table(path).to_pylist()]
    assert keys == sorted(keys)
    assert len(keys) == 5000


def test_texts_may_arrive_as_large_strings_or_dictionaries(tmp_path):
    table = _furniture(50)
    wanted = _hashes(write_parquet(tmp_path / "a", FURNITURE, table))
    large = table.set_column(4, "line", table["line"].cast(pa.large_string()))
    coded = table.set_column(3, "source", table["source"].dictionary_encode())
    assert _hashes(write_parquet(tmp_path / "b", FURNITURE, large)) == wanted
    assert _hashes(write_parquet(tmp_path / "c", FURNITURE, coded)) == wanted


def test_memory_mapped_tables_are_taken_as_they_are(tmp_path):
    table = small_tables()["sections"]
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    mapped = pa.ipc.open_file(pa.memory_map(str(tmp_path / "t.arrow"))).read_all()
    dataset = schemas.DATASETS["sections"]
    assert _hashes(write_parquet(tmp_path / "a", dataset, mapped)) == _hashes(
        write_parquet(tmp_path / "b", dataset, table)
    )


@pytest.mark.parametrize("dataset", schemas.DATASETS)
def test_an_empty_dataset_still_has_its_schema(tmp_path, dataset):
    spec = schemas.DATASETS[dataset]
    for name, tables in (("a", []), ("b", schemas.empty(spec.schema))):
        (path,) = write_parquet(tmp_path / name, spec, tables)
        schema = pq.read_schema(path)
        assert schema.names == spec.schema.names
        assert all(found.type.equals(f.type) for found, f in zip(schema, spec.schema, strict=True))


def test_fields_and_files_carry_their_documentation(tmp_path):
    with warehouse_lock(tmp_path):
        staging = open_staging(tmp_path, now=NOW)
        staging.write("fingerprints", small_tables()["fingerprints"], {"seed": "1", "scheme": "affine32"})
        schema = pq.read_schema(staging.path / "index" / "fingerprints" / "part-00000.parquet")
    assert schema.metadata[b"scheme"] == b"affine32"
    assert schema.metadata[b"dataset"] == b"fingerprints"
    assert b"16 hex" in schemas.DATASETS["documents"].schema.field("doc_id").metadata[b"doc"]
    assert schema.field("signature").metadata[b"doc"] == schemas.FINGERPRINTS.field("signature").metadata[b"doc"]
    assert schema.field("signature").type == pa.list_(pa.uint32(), schemas.NUM_PERM)


def test_the_same_rows_give_the_same_files_in_another_release(tmp_path):
    first = publish(tmp_path / "one")
    second = publish(tmp_path / "two", now=datetime(2035, 1, 1, tzinfo=UTC))
    for name in schemas.DATASETS:
        hashes = [[f["sha256"] for f in r.manifest["datasets"][name]["files"]] for r in (first, second)]
        assert hashes[0] == hashes[1], name


def test_nulls_are_refused_where_the_contract_forbids_them(tmp_path):
    table = _furniture(3)
    broken = table.set_column(3, "source", pa.array(["cty", None, "cty"]))
    with pytest.raises(ValueError, match="furniture: column source holds 1 nulls"):
        write_parquet(tmp_path, FURNITURE, broken)
