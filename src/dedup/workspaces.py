"""Warehouses in an object store (`s3://bucket/prefix`), and the folder on this machine that stands for each.

A run writes, links and renames files, which an object store cannot do; so it works in a folder of this machine, the
workspace, which is brought up to the store before and delivered to it afterwards (`dedup.releases.remote`). The file
`origin.json` in it says which store it belongs to: a workspace is told by its content, like a release.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

ORIGIN = "origin.json"
#: Variable that names the folder in which workspaces lie.
WORKSPACE_VARIABLE = "DEDUP_WORKSPACE"
#: Where boto3 is told of another endpoint than Amazon's, the more special first.
ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")

_SCHEME = re.compile(r"s3:/{1,2}", re.IGNORECASE)  # a `Path` has only one of the two slashes left
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]")
#: Folders above a file of a dataset, up to the warehouse: part, dataset, evidence, release, releases.
_DEPTH = 6


@dataclass(frozen=True)
class Origin:
    """The object store that a workspace belongs to.

    Attributes
    ----------
    bucket, prefix : where the warehouse lies; the prefix has no slash at either end and may be empty
    workspace : id of the workspace, made once
    folder : of the workspace
    """

    bucket: str
    prefix: str
    workspace: str
    folder: Path

    @property
    def url(self) -> str:
        """Address of the warehouse."""
        return _url(self.bucket, self.prefix)


def is_object_store(warehouse: str | Path) -> bool:
    """Tell whether a warehouse is named by an address in an object store."""
    return _SCHEME.match(str(warehouse)) is not None


def local_folder(warehouse: str | Path) -> Path:
    """Return the folder to work with: the workspace of an address, which is made where it is missing, else the path.

    Raises
    ------
    ValueError
        The address is none of a bucket and a prefix.
    """
    if not is_object_store(warehouse):
        return Path(warehouse)
    bucket, prefix = _parts(str(warehouse))
    folder = _workspaces() / _name(bucket, prefix)
    path = folder / ORIGIN
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = path.with_name(f".{ORIGIN}.{secrets.token_hex(4)}.tmp")
        origin = {"bucket": bucket, "prefix": prefix, "workspace": secrets.token_hex(8)}
        temporary.write_text(json.dumps(origin) + "\n", "utf-8")
        try:
            # Whoever comes second keeps the id of the first.
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return folder


def origin_of(path: Path) -> Origin | None:
    """Return the store that a workspace, or the workspace around a file or folder, belongs to; None for others."""
    for folder in (path, *path.parents[:_DEPTH]):
        try:
            value = json.loads((folder / ORIGIN).read_bytes())
            return Origin(value["bucket"], value["prefix"], value["workspace"], folder)
        except (OSError, ValueError, LookupError, TypeError):
            continue
    return None


def public_name(path: str | Path) -> str:
    """Return what a path is called outside this machine: its address where it lies in a workspace, else the path."""
    place = Path(path)
    origin = origin_of(place)
    if origin is None:
        return str(path)
    inside = place.relative_to(origin.folder).as_posix()
    return origin.url if inside == "." else f"{origin.url}/{inside}"


def _parts(address: str) -> tuple[str, str]:
    rest = address[_SCHEME.match(address).end() :]  # type: ignore[union-attr]
    bucket, _, prefix = rest.partition("/")
    names = [name for name in prefix.split("/") if name]
    if _BUCKET.fullmatch(bucket) is None or any(name in (".", "..") for name in names) or re.search(r"[?#\s]", prefix):
        # The address is not repeated: names and passwords may have been put into it.
        raise ValueError(
            "expected s3://bucket/prefix without names, passwords, queries and white space; credentials come from "
            "the AWS environment or profile"
        )
    return bucket, "/".join(names)


def _url(bucket: str, prefix: str) -> str:
    return f"s3://{bucket}/{prefix}" if prefix else f"s3://{bucket}"


def _workspaces() -> Path:
    named = os.environ.get(WORKSPACE_VARIABLE)
    if named:
        return Path(named)
    # No cache: a release that could not be delivered yet, rejected runs and decisions lie only here.
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "dedup" / "workspaces"


def endpoint() -> str:
    """Return the endpoint that the environment names, empty for Amazon's own."""
    return next((value for name in ENDPOINT_VARIABLES if (value := os.environ.get(name))), "")


def _name(bucket: str, prefix: str) -> str:
    """Return the name of a workspace: readable, and another one for the same address at another endpoint."""
    digest = sha256(f"{endpoint()}\n{_url(bucket, prefix)}".encode()).hexdigest()[:12]
    words = re.sub(r"[^A-Za-z0-9.-]+", "-", f"{bucket}-{prefix}").strip("-.")[:60]
    return f"{words}-{digest}"
