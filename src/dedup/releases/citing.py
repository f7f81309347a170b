"""How a release is cited: a sentence, a BibTeX entry, and a hash that proves what was meant."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dedup.releases.layout import MANIFEST, hash_file
from dedup.releases.reading import Release


@dataclass(frozen=True)
class Citation:
    """A release to be named in a paper.

    Attributes
    ----------
    text : one sentence
    bibtex : an entry of type `misc`
    sha256 : of `manifest.json`, which holds the hash of every other file
    """

    text: str
    bibtex: str
    sha256: str


def cite_release(release: Release, cluster_id: str | None = None) -> Citation:
    """Return how to cite a release, or one report of it.

    Parameters
    ----------
    release : the release
    cluster_id : a report of it; its title and id are added

    Raises
    ------
    KeyError
        The release has no such report.
    """
    title = " ".join(str(release.manifest.get("title", "Deduplicated reports")).split())
    year = str(release.manifest["created_at"])[:4]
    sha256 = hash_file(release.path / MANIFEST)
    what = f"{title}, release {release.id}"
    if cluster_id is not None:
        found = release.sql("select title from reports where cluster_id = ?", [cluster_id]).to_pylist()
        if not found:
            raise KeyError(f"release {release.id} has no report {cluster_id}")
        what = f"{found[0]['title'] or 'untitled'} ({cluster_id}). In: {what}"
    entry = [
        f"@misc{{{re.sub('[^0-9A-Za-z]+', '-', cluster_id or 'release')}-{release.id},",
        f"  title = {{{{{_tex(what)}}}}},",
        f"  year = {{{year}}},",
        f"  version = {{{release.id}}},",
        f"  note = {{SHA-256 of the manifest: {sha256}}},",
        "}",
    ]
    return Citation(f"{what} ({year}). SHA-256 of its manifest: {sha256}", "\n".join(entry), sha256)


def _tex(text: str) -> str:
    """Escape what TeX would take for commands."""
    return re.sub(r"([#$%&_{}])", r"\\\1", text.replace("\\", "/"))
