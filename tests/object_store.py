"""An object store on loopback, for tests; each machine that uses it is a folder for workspaces."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dedup.releases.remote.bucket import Bucket

_numbers = itertools.count(1)
SECRET = "wJalr-not-a-secret-of-anybody"


@dataclass(frozen=True)
class Store:
    """A bucket of its own, and the machines that write to it."""

    bucket: str
    client: Any
    root: Path
    patch: pytest.MonkeyPatch

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/reports/zh"

    def on(self, machine: str) -> None:
        """Be another machine from here on: one with workspaces of its own."""
        self.patch.setenv("DEDUP_WORKSPACE", str(self.root / machine))

    def stored(self) -> list[str]:
        """Keys below the prefix, sorted."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        start = "reports/zh/"
        return sorted(o["Key"].removeprefix(start) for page in pages for o in page.get("Contents", ()))

    def read(self, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=self.bucket, Key=f"reports/zh/{key}")["Body"].read())

    def write(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=f"reports/zh/{key}", Body=content)

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=f"reports/zh/{key}")


@contextmanager
def running_store() -> Iterator[str]:
    """Serve on a free port of loopback; gives the endpoint."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with running_store() as address:
        yield address


@pytest.fixture
def store(endpoint: str, tmp_path: Path) -> Iterator[Store]:
    with new_bucket(endpoint, tmp_path) as bucket:
        yield bucket


@contextmanager
def new_bucket(endpoint: str, root: Path) -> Iterator[Store]:
    """Make a bucket and let the environment of this process name it and its credentials."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_ACCESS_KEY_ID": "AKIATEST",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_PROFILE", raising=False)
        client = boto3.session.Session().client("s3")
        bucket = f"warehouse-{next(_numbers)}"
        client.create_bucket(Bucket=bucket)
        store = Store(bucket, client, root, patch)
        store.on("first")
        yield store


class Killed(BaseException):
    """Stands for SIGKILL: no handler of the code under test may catch it."""


def die_at(patch: pytest.MonkeyPatch, step: str, key: str, *, after: bool = False) -> None:
    """Let the process be dead to the store from the first call of `step` on a key that begins with `key`."""
    dead = False

    def wrap(name: str) -> None:
        real = getattr(Bucket, name)

        def call(self: Bucket, *arguments: Any, **more: Any) -> Any:
            nonlocal dead
            keys = [str(a) for a in arguments if isinstance(a, str)]
            hit = not dead and name == step and any(k.startswith(key) for k in keys)
            if dead or (hit and not after):
                dead = True
                raise Killed
            result = real(self, *arguments, **more)
            if hit:
                dead = True
                raise Killed
            return result

        patch.setattr(Bucket, name, call)

    for name in ("get", "put", "upload", "copy", "delete", "names", "sizes"):
        wrap(name)
