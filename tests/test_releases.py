"""A release is published whole or not at all, and read as it was published."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa
import pytest

from dedup import schemas
from dedup.releases import (
    IntegrityError,
    NoRelease,
    QueryRefused,
    UnknownDataset,
    list_releases,
    open_release,
    open_staging,
    warehouse_lock,
)
from tests.small_release import NOW, publish, replace, small_tables


def test_what_was_written_is_read_back(tmp_path):
    tables = small_tables()
    publish(tmp_path, tables)
    release = open_release(tmp_path)
    assert release.id == "2031-03-04.1"
    assert release.datasets == list(schemas.DATASETS)
    for name, table in tables.items():
        spec = schemas.DATASETS[name]
        # Without a column that gives the order of documents they stand in that of their ids.
        by = [column if column in table.column_names else "doc_id" for column in spec.sort_by]
        by = [column for column in by if column in table.column_names]
        wanted = table.sort_by([(column, "ascending") for column in by])
        assert release.arrow(name).to_pylist() == wanted.to_pylist(), name
        assert release.rows(name) == table.num_rows


def test_the_pointer_moves_to_the_newest_and_the_elder_stays_readable(tmp_path):
    first = publish(tmp_path)
    second = publish(tmp_path)
    assert (first.id, second.id) == ("2031-03-04.1", "2031-03-04.2")
    assert open_release(tmp_path).id == second.id
    assert second.manifest["parent"] == first.id
    assert open_release(tmp_path, first.id).arrow("reports").num_rows == 2
    assert [(info.id, info.is_latest) for info in list_releases(tmp_path)] == [(second.id, True), (first.id, False)]


def test_ids_go_on_when_the_clock_goes_back(tmp_path):
    publish(tmp_path)
    assert publish(tmp_path, now=NOW - timedelta(days=3)).id == "2031-03-04.2"
    assert publish(tmp_path, now=NOW + timedelta(days=1)).id == "2031-03-05.1"


def test_contradictions_stop_the_release(tmp_path):
    publish(tmp_path)
    tables = small_tables()
    tables["membership"] = replace(tables["membership"], 0, is_canonical=False)
    with pytest.raises(IntegrityError, match="exactly one canonical"):
        publish(tmp_path, tables)
    assert open_release(tmp_path).id == "2031-03-04.1"


def test_a_rejected_run_leaves_the_pointer_and_uses_up_its_number(tmp_path):
    publish(tmp_path)
    with warehouse_lock(tmp_path):
        staging = open_staging(tmp_path, now=NOW)
        staging.write("reports", small_tables()["reports"])
        kept = staging.reject()
    assert kept == tmp_path / "rejected" / "2031-03-04.2"
    assert (kept / "reports" / "part-00000.parquet").is_file()
    assert open_release(tmp_path).id == "2031-03-04.1"
    assert publish(tmp_path).id == "2031-03-04.3"


def test_no_release_says_how_to_make_one(tmp_path):
    with pytest.raises(NoRelease, match="dedup run"):
        open_release(tmp_path)
    publish(tmp_path)
    with pytest.raises(NoRelease, match=r"2031-03-04\.1"):
        open_release(tmp_path, "2031-03-04.9")
    with pytest.raises(NoRelease):
        open_release(tmp_path, "../releases/2031-03-04.1")


def test_unknown_names_list_what_exists(tmp_path):
    release = publish(tmp_path)
    with pytest.raises(UnknownDataset, match="reports, facts, records"):
        release.arrow("rapports")
    with pytest.raises(UnknownDataset, match="cluster_id, section_id"):
        release.arrow("reports", ["cluster"])


def test_pandas_keeps_dates_and_nullable_integers(tmp_path):
    frame = publish(tmp_path).pandas("reports", ["year_review", "year_plan", "published_at"])
    assert [str(kind) for kind in frame.dtypes] == ["int32[pyarrow]", "int32[pyarrow]", "date32[day][pyarrow]"]
    assert frame["year_review"].isna().all()


def test_sql_joins_datasets_and_binds_parameters(tmp_path):
    release = publish(tmp_path)
    query = "select source_id from records join clusters using (cluster_id) where clusters.n_sections = ? order by 1"
    assert release.sql(query, [2]).to_pylist() == [{"source_id": "a.txt"}, {"source_id": "b.txt"}]
    assert release.sql("select $word as w", {"word": "'; drop view reports; --"}).num_rows == 1
    assert release.sql("describe reports").num_rows == len(schemas.REPORTS)


def test_sql_explains_columns(tmp_path):
    query = "select comment from duckdb_columns() where table_name = 'clusters' and column_name = 'n_sources'"
    assert publish(tmp_path).sql(query).to_pylist() == [{"comment": "sources they come from"}]


def test_sql_works_in_a_folder_with_a_quote_in_its_name(tmp_path):
    assert publish(tmp_path / "o'brien's [1]").sql("from reports").num_rows == 2


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_csv('/etc/passwd')",
        "select * from read_text('{warehouse}/latest.json')",
        "select * from glob('/etc/*')",
        "select * from read_parquet('{warehouse}/releases/*/reports/*.parquet')",
        "copy reports to '{warehouse}/out.csv'",
        "copy reports to '{release}/reports/part-00000.parquet'",
        "explain analyze copy reports to '{release}/reports/part-00000.parquet'",
        "attach '{release}/x.db'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "set lock_configuration = false",
        "select 1; select 2",
        "create table t as select 1",
        "select nonsense from reports",
        "",
    ],
)
def test_sql_reads_this_release_and_nothing_else(tmp_path, query):
    release = publish(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with pytest.raises(QueryRefused):
        release.sql(query.format(warehouse=tmp_path, release=release.path))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


def test_rows_must_fit_the_schema(tmp_path):
    with warehouse_lock(tmp_path):
        staging = open_staging(tmp_path, now=NOW)
        with pytest.raises(ValueError, match="columns missing: n_shingles"):
            staging.write("fingerprints", pa.table({"section_id": ["s_1"]}))
        assert not staging.path.exists()
