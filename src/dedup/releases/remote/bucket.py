"""The few things that are asked of an object store, and its errors in words that lead somewhere."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from dedup.releases.errors import ReleaseError, WarehouseLocked
from dedup.workspaces import Origin, endpoint

#: What an object store answers when the condition of a write is not met, or when two such writes meet.
_CONDITION = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_ABSENT = {"NoSuchKey", "404", "NotFound"}
_DENIED = {"AccessDenied", "403", "Forbidden", "AllAccessDisabled"}
_STRANGERS = {
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AuthorizationHeaderMalformed",
}
#: Keys that one request may delete.
_DELETED_AT_ONCE = 1000


class StoreError(ReleaseError):
    """The object store cannot be used: it cannot be reached, refuses, or lacks the bucket."""


class MissingExtra(StoreError):
    """The packages for object stores are not installed."""


class PublishedMeanwhile(WarehouseLocked):
    """Another run published while this one was at work; nothing was overwritten."""


class ConditionFailed(Exception):
    """An object is not what a conditional write expected; callers turn it into words."""


@dataclass(frozen=True)
class Stored:
    """An object that was read.

    Attributes
    ----------
    content, etag : as the store has them
    changed_at, read_at : when it was last written and when it was read, both by the clock of the store
    """

    content: bytes
    etag: str
    changed_at: datetime
    read_at: datetime


class Bucket:
    """The part of a bucket that a warehouse has; keys are relative to its prefix."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        try:
            import boto3  # noqa: F401 - asked for here, where there are words for its absence
        except ImportError:
            raise MissingExtra(f"{origin.url}: object stores need boto3: pip install 'dedup[s3]'") from None

    @cached_property
    def _client(self) -> Any:
        with self._explained("be used"):
            return _client(tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith("AWS_"))))

    def _key(self, key: str) -> str:
        return f"{self.origin.prefix}/{key}" if self.origin.prefix else key

    def _name(self, **more: str) -> dict[str, str]:
        return {"Bucket": self.origin.bucket, **more}

    def get(self, key: str) -> Stored | None:
        """Return an object, None where there is none."""
        with self._explained("be read"):
            try:
                answer = self._client.get_object(**self._name(Key=self._key(key)))
            except self._client.exceptions.NoSuchKey:
                return None
            date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
            changed = answer["LastModified"]
            read = parsedate_to_datetime(date) if date else changed
            return Stored(answer["Body"].read(), answer["ETag"], changed, read)

    def put(self, key: str, content: bytes, *, replaces: str | None = None, new: bool = False) -> str:
        """Write an object and return its ETag.

        Parameters
        ----------
        replaces : ETag that the object must have
        new : there must be none

        Raises
        ------
        ConditionFailed
            The condition is not met; nothing was written.
        """
        condition = {"IfMatch": replaces} if replaces is not None else {"IfNoneMatch": "*"} if new else {}
        with self._explained("be written"):
            answer = self._client.put_object(**self._name(Key=self._key(key)), Body=content, **condition)
        return str(answer["ETag"])

    def names(self, folder: str) -> set[str]:
        """Return what stands directly below `folder/`: names of objects, and of what has objects below it."""
        start = self._key(f"{folder}/")
        found: set[str] = set()
        for page in self._pages(Prefix=start, Delimiter="/"):
            found.update(entry["Prefix"][len(start) : -1] for entry in page.get("CommonPrefixes", ()))
            found.update(entry["Key"][len(start) :] for entry in page.get("Contents", ()))
        return found - {""}

    def sizes(self, folder: str) -> dict[str, int]:
        """Return bytes of all objects below `folder/`, by their keys relative to it."""
        start = self._key(f"{folder}/")
        return {
            entry["Key"][len(start) :]: int(entry["Size"])
            for page in self._pages(Prefix=start)
            for entry in page.get("Contents", ())
        }

    def _pages(self, **wanted: str) -> Iterator[dict[str, Any]]:
        with self._explained("be listed"):
            yield from self._client.get_paginator("list_objects_v2").paginate(**self._name(**wanted))

    def upload(self, path: Path, key: str) -> None:
        """Write a file, in parts where it is large."""
        with self._explained("be written"):
            self._client.upload_file(str(path), self.origin.bucket, self._key(key), Config=_one_thread())

    def copy(self, source: str, key: str) -> bool:
        """Copy an object inside the store; returns False where there is nothing to copy."""
        with self._explained("be written"):
            try:
                place = self._name(Key=self._key(source))
                self._client.copy(place, self.origin.bucket, self._key(key), Config=_one_thread())
            except self._client.exceptions.ClientError as error:
                if _code(error) in _ABSENT:
                    return False
                raise
        return True

    def blocks(self, key: str) -> Iterator[bytes]:
        """Yield an object in blocks of 1 MiB.

        Raises
        ------
        FileNotFoundError
            There is none.
        """
        with self._explained("be read"):
            try:
                answer = self._client.get_object(**self._name(Key=self._key(key)))
            except self._client.exceptions.NoSuchKey:
                raise FileNotFoundError(f"{self.origin.url}/{key}") from None
            yield from answer["Body"].iter_chunks(1 << 20)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects; those that are not there are passed over."""
        names = [{"Key": self._key(key)} for key in keys]
        for start in range(0, len(names), _DELETED_AT_ONCE):
            part = {"Objects": names[start : start + _DELETED_AT_ONCE], "Quiet": True}
            with self._explained("be deleted"):
                answer = self._client.delete_objects(**self._name(), Delete=part)
            if refused := answer.get("Errors"):
                raise self._in_words(str(refused[0].get("Code", "")), "be deleted")

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        """Turn errors of boto3 into `StoreError` and `ConditionFailed`; never with what boto3 says of requests."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import (
            BotoCoreError,
            ClientError,
            ConnectionError,  # noqa: A004 - the name that botocore gives it
            HTTPClientError,
            NoCredentialsError,
        )

        try:
            yield
        except ClientError as error:
            if _code(error) in _CONDITION:
                raise ConditionFailed from None
            raise self._in_words(_code(error), what) from None
        except NoCredentialsError:
            raise StoreError(
                f"{self.origin.url}: no credentials found; name them as for other AWS tools: AWS_PROFILE, or "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the role of this machine"
            ) from None
        except (HTTPClientError, ConnectionError) as error:
            where = endpoint() and " (its endpoint is named by AWS_ENDPOINT_URL)"
            raise StoreError(
                f"{self.origin.url}: the object store cannot be reached{where}: {type(error).__name__}; "
                "try again when it can"
            ) from None
        except (BotoCoreError, Boto3Error) as error:
            code = _code_in(error)
            raise self._in_words(code or type(error).__name__, what) from None

    def _in_words(self, code: str, what: str) -> StoreError:
        url = self.origin.url
        if code == "NoSuchBucket":
            return StoreError(f"{url}: there is no bucket {self.origin.bucket!r}; make it, or correct the address")
        if code in _DENIED:
            return StoreError(
                f"{url}: no permission, it cannot {what} with these credentials; docs/object-store.md lists the "
                "rights that reading and publishing need"
            )
        if code in _STRANGERS:
            return StoreError(f"{url}: the object store does not accept these credentials ({code}); renew them")
        if code in ("NotImplemented", "501"):
            return StoreError(f"{url}: this object store has no conditional writes, which publishing needs")
        return StoreError(f"{url}: it cannot {what} ({code}); try again, or look at the state of the store")


@lru_cache(maxsize=4)
def _client(environment: tuple[tuple[str, str], ...]) -> Any:
    """Return the client for an environment; made once, since that costs more than most requests."""
    from boto3.session import Session
    from botocore.config import Config

    # Stores of one's own have one host name, with the bucket in the path.
    style = {"s3": {"addressing_style": "path"}} if endpoint() else {}
    config = Config(retries={"max_attempts": 5, "mode": "standard"}, connect_timeout=10, read_timeout=60, **style)
    return Session().client("s3", config=config)


def _one_thread() -> Any:
    """Return how one file is sent: its parts in turn, since several files are on their way at once."""
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(use_threads=False)


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _code_in(error: BaseException) -> str:
    """Return the code that an error of a transfer hides in its cause."""
    cause = error.__cause__ or error.__context__
    return _code(cause) if cause is not None and hasattr(cause, "response") else ""
