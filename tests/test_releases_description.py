"""What a release says about itself can be used by the tools it is written for."""

from __future__ import annotations

import json
import shutil

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from frictionless import Package

from dedup import schemas
from dedup.releases import IntegrityError, diff_releases, open_release, verify_release, warehouse_lock
from dedup.releases.staging import open_staging
from tests.small_release import NOW, publish, replace, small_tables


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    """A warehouse with two releases; the second has one more title and one document less in records' favour."""
    folder = tmp_path_factory.mktemp("place") / "warehouse"
    publish(folder)
    title = 'Reports: "drafts" <b>\n- and: more'
    recall = {"recall": 0.995, "low": 0.99, "high": 1.0}
    publish(folder, title=title, languages=["zh"], code_version="0.1.0", quality="PASS=3", recall=recall)
    return folder


def test_the_data_package_is_valid_and_complete(warehouse):
    release = open_release(warehouse)
    descriptor = json.loads((release.path / "datapackage.json").read_text("utf-8"))
    report = Package.validate_descriptor(descriptor)
    assert report.valid, report.flatten(["message"])
    resources = {resource["name"]: resource for resource in descriptor["resources"]}
    assert list(resources) == list(schemas.DATASETS)
    for name, dataset in schemas.DATASETS.items():
        fields = resources[name]["schema"]["fields"]
        assert [field["name"] for field in fields] == dataset.schema.names
        assert all(field["description"] for field in fields)
        assert resources[name]["schema"].get("primaryKey", []) == list(dataset.key)
        assert (release.path / resources[name]["path"]).is_file()
    keys = resources["membership"]["schema"]["foreignKeys"]
    assert {"fields": ["stands_for"], "reference": {"resource": "", "fields": ["section_id"]}} in keys


def test_frictionless_reads_the_tables_that_the_package_names(warehouse):
    release = open_release(warehouse)
    descriptor = json.loads((release.path / "datapackage.json").read_text("utf-8"))
    # It takes the arrays that pyarrow gives it for lists as wrong types, so datasets with lists are left out.
    lists = {
        name for name in schemas.DATASETS if any(pa.types.is_nested(f.type) for f in schemas.DATASETS[name].schema)
    }
    resources = [resource for resource in descriptor["resources"] if resource["name"] not in lists]
    for resource in resources:
        resource["schema"].pop("foreignKeys", None)
    package = Package.from_descriptor({**descriptor, "resources": resources}, basepath=str(release.path))
    assert len(resources) > 5
    report = package.validate()
    assert report.valid, report.flatten(["message"])


def test_the_card_has_a_config_per_dataset_that_finds_its_files(warehouse):
    release = open_release(warehouse)
    text = (release.path / "README.md").read_text("utf-8")
    front = yaml.safe_load(text.split("---\n")[1])
    assert front["pretty_name"] == release.manifest["title"]
    assert front["language"] == ["zh"]
    assert front["size_categories"] == ["n<1K"]
    configs = {config["config_name"]: config for config in front["configs"]}
    assert list(configs) == list(schemas.DATASETS)
    assert [name for name, config in configs.items() if config.get("default")] == ["reports"]
    for name, config in configs.items():
        assert list(release.path.glob(config["data_files"])) == release.files(name)


def test_the_card_names_every_column_and_count(warehouse):
    release = open_release(warehouse)
    text = (release.path / "README.md").read_text("utf-8")
    body = text.split("---\n", 2)[2]
    assert "<b>" not in body
    assert "0.995 (0.990 to 1.000)" in body
    assert release.id in body
    for name, dataset in schemas.DATASETS.items():
        assert f"| [`{name}`](#{name}) | {release.rows(name):,} |" in body
        for field in dataset.schema:
            assert f"| `{field.name}` |" in body


def _count(script: str) -> int:
    connection = duckdb.connect()
    connection.execute(script)
    return connection.execute("select count(*) from reports join clusters using (cluster_id)").fetchone()[0]


def test_views_of_the_warehouse_work_from_anywhere(warehouse, tmp_path, monkeypatch):
    script = (warehouse / "views.sql").read_text("utf-8")
    for folder in (warehouse.parent, warehouse, tmp_path):
        monkeypatch.chdir(folder)
        assert _count(script) == 2


def test_views_of_a_warehouse_that_moved_work_from_its_parent_and_inside(warehouse, tmp_path, monkeypatch):
    original = tmp_path / "first" / "warehouse"
    shutil.copytree(warehouse, original)
    publish(original)
    moved = original.parent.rename(tmp_path / "second") / "warehouse"
    for folder in (moved.parent, moved):
        monkeypatch.chdir(folder)
        assert _count((moved / "views.sql").read_text("utf-8")) == 2
    monkeypatch.chdir(tmp_path)
    with pytest.raises(duckdb.Error, match="start DuckDB in the folder that holds the warehouse"):
        _count((moved / "views.sql").read_text("utf-8"))


def test_views_never_show_another_warehouse_of_the_same_name(tmp_path, monkeypatch):
    ours, theirs = tmp_path / "ours" / "warehouse", tmp_path / "theirs" / "warehouse"
    publish(ours)
    tables = small_tables()
    tables["records"] = replace(tables["records"], 0, reason="of theirs")
    publish(theirs, tables)
    monkeypatch.chdir(theirs.parent)
    connection = duckdb.connect()
    connection.execute((ours / "views.sql").read_text("utf-8"))
    assert connection.execute("select count(*) from records where reason = 'of theirs'").fetchone() == (0,)
    shutil.rmtree(ours / "releases")
    with pytest.raises(duckdb.Error, match="is not here"):
        duckdb.connect().execute((ours / "views.sql").read_text("utf-8"))


def test_columns_are_explained_inside_duckdb(warehouse):
    connection = duckdb.connect()
    connection.execute((warehouse / "views.sql").read_text("utf-8"))
    comment = "select comment from duckdb_columns() where table_name = 'reports' and column_name = 'n_copies'"
    assert connection.execute(comment).fetchone() == ("sections in the cluster, itself included",)


def test_views_inside_a_release_work_from_there(warehouse, monkeypatch):
    release = open_release(warehouse)
    monkeypatch.chdir(release.path)
    connection = duckdb.connect()
    connection.execute((release.path / "views.sql").read_text("utf-8"))
    for name in schemas.DATASETS:
        assert connection.execute(f"select count(*) from {name}").fetchone() == (release.rows(name),)


@pytest.mark.parametrize("name", schemas.DATASETS)
def test_polars_and_pandas_read_every_dataset(warehouse, name):
    release = open_release(warehouse)
    frame = pl.read_parquet([str(path) for path in release.files(name)])
    assert frame.columns == schemas.DATASETS[name].schema.names
    assert frame.height == len(release.pandas(name)) == release.rows(name)


def test_the_release_folder_opens_like_a_warehouse(warehouse):
    release = open_release(warehouse)
    assert open_release(release.path).id == release.id


def test_a_published_release_verifies(warehouse):
    for id_ in ("2031-03-04.1", "2031-03-04.2"):
        assert verify_release(open_release(warehouse, id_)) == []


def test_verification_names_each_kind_of_damage(tmp_path):
    release = publish(tmp_path)
    reports = release.path / "reports" / "part-00000.parquet"
    content = bytearray(reports.read_bytes())
    content[100] ^= 1
    reports.write_bytes(content)
    (release.path / "views.sql").unlink()
    (release.path / "records" / "part-00000.parquet").write_bytes(b"short")
    (release.path / "reports" / "part-00001.parquet").write_bytes(b"")
    problems = verify_release(release)
    assert "reports/part-00000.parquet: changed since publication (SHA-256 differs)" in problems
    assert "views.sql: missing" in problems
    assert any(problem.startswith("records/part-00000.parquet: 5 bytes") for problem in problems)
    assert "reports/part-00001.parquet: not part of the release" in problems
    assert len(problems) == 4


def test_verification_looks_into_files_whose_hashes_agree(tmp_path):
    release = publish(tmp_path)
    path = release.path / "clusters" / "part-00000.parquet"
    table = pq.read_table(path)
    manifest = release.manifest
    entry = manifest["datasets"]["clusters"]["files"][0]

    def forge(forged: pa.Table) -> list[str]:
        pq.write_table(forged, path)
        from dedup.releases.layout import hash_file

        entry.update(bytes=path.stat().st_size, sha256=hash_file(path))
        return verify_release(release)

    assert forge(table.slice(1)) == ["clusters/part-00000.parquet: 1 rows, published were 2"]
    retyped = table.set_column(4, "n_sections", table["n_sections"].cast(pa.int32()))
    assert forge(retyped) == ["clusters/part-00000.parquet: column n_sections is int32, the contract says int64"]
    (problem,) = forge(table.drop_columns(["status"]))
    assert problem == "clusters/part-00000.parquet: column status is missing"
    doubled = table.set_column(4, "n_sections", pa.array([5, 1], pa.int64()))
    (problem,) = forge(doubled)
    assert problem.startswith("a cluster counts its sections rightly: broken for")


@pytest.mark.parametrize(
    ("dataset", "change", "says"),
    [
        ("membership", {"stands_for": "s_0000000000000000"}, "membership.stands_for stands in membership.section_id"),
        ("reports", {"cluster_id": "c_0000000000000000"}, "reports.cluster_id stands in clusters.cluster_id"),
        ("records", {"uri": "elsewhere"}, "every document of a corpus source stands in records"),
        ("sections", {"char_end": 3}, "sections tile the text of their document"),
        ("sections", {"char_start": 3}, "sections tile the text of their document"),
        ("clusters", {"n_sections": 7}, "a cluster counts its sections rightly"),
        ("pairs", {"section_a": "s_0000000000000000"}, "pairs.section_a stands in"),
        ("fingerprints", {"section_id": "s_0000000000000000"}, "fingerprints.section_id stands in"),
    ],
)
def test_each_contradiction_stops_publication(tmp_path, dataset, change, says):
    tables = small_tables()
    tables[dataset] = replace(tables[dataset], 0, **change)
    with pytest.raises(IntegrityError, match=says.replace(".", r"\.")) as caught:
        publish(tmp_path, tables)
    assert not (tmp_path / "latest.json").exists()
    assert not list((tmp_path / "staging").iterdir())
    assert open_release(caught.value.kept).rows(dataset) == tables[dataset].num_rows


def test_keys_that_repeat_stop_publication(tmp_path):
    tables = small_tables()
    tables["records"] = pa.concat_tables([tables["records"], tables["records"].slice(0, 1)])
    with pytest.raises(IntegrityError, match=r"records: uri is unique: broken for 1 rows, e\.g\. cty/a\.txt"):
        publish(tmp_path, tables)


def test_differences_are_counted_by_key_and_named_by_column(tmp_path):
    a = publish(tmp_path)
    tables = small_tables()
    tables["documents"] = replace(tables["documents"], 0, title="云溪县", last_seen=NOW.replace(year=2032))
    tables["runs"] = replace(tables["runs"], 0, value=4.0)
    tables["pairs"] = tables["pairs"].slice(0, 0)
    diffs = {diff.name: diff for diff in diff_releases(a, publish(tmp_path, tables))}
    assert diffs["documents"].columns == {"title": 1}
    assert (diffs["documents"].changed, diffs["documents"].same) == (1, 2)
    assert diffs["documents"].examples == {"changed": (tables["documents"]["doc_id"][0].as_py(),)}
    assert (diffs["pairs"].removed, diffs["pairs"].added) == (1, 0)
    assert (diffs["runs"].removed, diffs["runs"].added, diffs["runs"].same) == (1, 1, 0)
    assert diffs["reports"].is_empty
    assert diffs["reports"].same == 2


def test_last_seen_alone_is_no_change(tmp_path):
    a = publish(tmp_path)
    tables = small_tables()
    tables["documents"] = replace(tables["documents"], 0, last_seen=NOW.replace(year=2032))
    assert all(diff.is_empty for diff in diff_releases(a, publish(tmp_path, tables)))


def test_a_rejected_folder_with_a_manifest_opens_like_a_release(tmp_path):
    with warehouse_lock(tmp_path):
        staging = open_staging(tmp_path, now=NOW)
        staging.write("reports", small_tables()["reports"])
        folder = staging.reject({"quality": "ERROR=1"})
    assert open_release(folder).arrow("reports").num_rows == 2
    assert open_release(folder).manifest["quality"] == "ERROR=1"
