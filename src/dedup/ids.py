"""Ids made from content: a letter and 16 hex digits, the same on every machine."""

from __future__ import annotations

from hashlib import blake2b


def make_id(prefix: str, *parts: str) -> str:
    """Return `prefix` + '_' + 16 hex digits of BLAKE2b-64 over the parts.

    Parts are joined with U+001F, which cannot stand in a uri or an id. The birthday bound for a collision among
    10**7 ids is below 3e-6.
    """
    digest = blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=8)
    return f"{prefix}_{digest.hexdigest()}"


def document_id(uri: str) -> str:
    """Return the id of a document."""
    return make_id("d", uri)


def section_id(doc_id: str, content_hash: str, occurrence: int) -> str:
    """Return the id of a section: the nth section (0-based) with this content in its document."""
    return make_id("s", doc_id, content_hash, str(occurrence))
