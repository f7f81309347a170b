"""Looking after the shelf of releases from the command line."""

import json

from tests.command import call
from tests.test_engine_promises import report


def test_releases_are_cited_pruned_and_the_latest_stays(tmp_path):
    (tmp_path / "in.txt").write_text(report("柳湾县", 1), "utf-8")
    shelf = ("--warehouse", str(tmp_path / "w"))
    for _ in range(3):
        assert call("run", str(tmp_path / "in.txt"), *shelf, "--no-prefect", "--quiet").code == 0
    listed = json.loads(call("releases", "list", *shelf, "--json").out)
    names = [r["id"] for r in listed]
    assert len(names) == 3
    assert names[0] in call("releases", "cite", *shelf).out
    assert call("releases", "cite", "--bibtex", *shelf).out.startswith("@misc{")
    unknown = call("releases", "cite", "c_0000000000000000", *shelf)
    assert unknown.code == 2
    assert "dedup clusters" in unknown.err
    rehearsed = json.loads(call("releases", "prune", "--keep", "1", "--dry-run", *shelf, "--json").out)
    assert sorted(rehearsed["removed"]) == sorted(names[1:])
    assert len(json.loads(call("releases", "list", *shelf, "--json").out)) == 3
    assert call("releases", "prune", "--keep", "1", *shelf).code == 0
    assert [r["id"] for r in json.loads(call("releases", "list", *shelf, "--json").out)] == names[:1]
    assert call("releases", "verify", *shelf).code == 0
