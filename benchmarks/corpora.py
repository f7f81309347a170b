"""Seeded corpora with planted copies, fast enough to write a million documents: `write_corpus(CORPORA["words"], ...)`.

Texts are streams of words from a vocabulary of 50,000 words of two to four Chinese characters (3,000 characters, drawn
uniformly, word frequencies p(rank) ~ (rank + 100) ** -0.7: Zipf-like with a flat head), with commas, full stops and
numbers between them. A share of the documents are copies of others in which scattered characters are substituted,
inserted or deleted. Everything is drawn by batches of `BATCH` documents, each with a seed of its own, so that memory
does not grow with the corpus and the first documents do not depend on how many follow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Documents drawn together; a copy and its original lie in the same batch.
BATCH = 10_000
VOCABULARY = 50_000
ALPHABET = 3_000
COMMA, STOP, LINE = ord("，"), ord("。"), ord("\n")
#: What stands between words and is dropped by normalising; the rest of the corpora are letters and digits.
SIGNS = "，。\n"
SCHEMA = pa.schema([("id", pa.string()), ("text", pa.large_string())])


@dataclass(frozen=True)
class CorpusPlan:
    """What a corpus is made of; shares are of its documents unless said otherwise.

    Attributes
    ----------
    chars : mean length of a document in characters; lengths vary by a tenth
    copies : share of edited copies; each takes its original at random, so some originals have several
    edits : range of the share of characters that are edited in a copy
    halves : share of documents that take 40 to 75 % of another as it stands and continue differently: related, but
        by definition no near-duplicates
    template_share : range of the share of its text that each document takes from the pool of template sentences
    pool : template sentences in the pool
    stamped : share of documents that begin with one and the same passage of 300 characters
    identical : number of documents that are one text
    """

    name: str
    chars: int = 2_000
    copies: float = 0.30
    edits: tuple[float, float] = (0.02, 0.10)
    halves: float = 0.0
    template_share: tuple[float, float] | None = None
    pool: int = 30
    stamped: float = 0.0
    identical: int = 0


CORPORA = {
    plan.name: plan
    for plan in (
        CorpusPlan("words"),
        CorpusPlan("templates", template_share=(0.30, 0.40), halves=0.05),
        CorpusPlan("stamped", stamped=0.30),
        CorpusPlan("identical", chars=800, identical=50_000),
    )
}


@dataclass(frozen=True)
class CorpusBatch:
    """Documents and where they come from.

    Attributes
    ----------
    texts : (n,) large_string
    work : (n,) int64; documents of one work stem from one text: an original, its copies and its halves
    """

    texts: pa.Array
    work: NDArray[np.int64]


@cache
def alphabet() -> NDArray[np.uint32]:
    """Return the (3000,) code points of the letters, drawn from the common characters of GB 2312's first level."""
    rows = ((high, low) for high in range(0xB0, 0xD8) for low in range(0xA1, 0xFF))
    common = np.array([ord(bytes(code).decode("gb2312")) for code in rows if code < (0xD7, 0xFA)], dtype=np.uint32)
    return np.sort(np.random.default_rng(7).choice(common, ALPHABET, replace=False))


@cache
def _vocabulary() -> tuple[NDArray[np.uint32], NDArray[np.int64], NDArray[np.float64]]:
    rng = np.random.default_rng(11)
    words = alphabet()[rng.integers(0, ALPHABET, (VOCABULARY, 4))]
    lengths = rng.choice([2, 3, 4], VOCABULARY, p=[0.6, 0.2, 0.2]).astype(np.int64)
    weights = (np.arange(VOCABULARY) + 100.0) ** -0.7
    return words, lengths, np.cumsum(weights / weights.sum())


def _prose(rng: np.random.Generator, chars: int) -> NDArray[np.uint32]:
    """Draw a stream of at least `chars` code points: words, every eighth followed by a sign, some by a number."""
    words, lengths, cumulated = _vocabulary()
    n = int(chars / 2.7) + 64
    drawn = np.searchsorted(cumulated, rng.random(n)).clip(0, VOCABULARY - 1)
    block = np.zeros((n, 9), dtype=np.uint32)
    block[:, :4] = words[drawn]
    block[:, :4][np.arange(4) >= lengths[drawn][:, None]] = 0
    numbered = np.flatnonzero(rng.random(n) < 0.03)
    block[numbered, 4:8] = rng.integers(0, 10, (numbered.size, 4)) + ord("0")
    ended = np.flatnonzero(rng.random(n) < 0.12)
    block[ended, 8] = np.where(rng.random(ended.size) < 0.3, STOP, COMMA)
    flat = block.reshape(-1)
    return flat[flat != 0][:chars]


def _pieces(
    stream: NDArray[np.uint32], starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Gather stretches of a stream; return them end to end and their (n + 1,) bounds."""
    bounds = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(lengths, out=bounds[1:])
    return stream[np.repeat(starts - bounds[:-1], lengths) + np.arange(bounds[-1])], bounds


def _edited(
    rng: np.random.Generator, text: NDArray[np.uint32], bounds: NDArray[np.int64], share: NDArray[np.float64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Substitute, insert behind, or delete scattered characters, a third each, the given share of each text."""
    sizes = np.diff(bounds)
    kind = np.where(rng.random(text.size) < np.repeat(share, sizes), rng.integers(1, 4, text.size), 0)
    text = text.copy()
    fresh = alphabet()
    substituted = np.flatnonzero(kind == 1)
    text[substituted] = fresh[rng.integers(0, ALPHABET, substituted.size)]
    count = np.where(kind == 3, 0, np.where(kind == 2, 2, 1))
    ends = np.cumsum(count)
    out = np.repeat(text, count)
    inserted = ends[kind == 2] - 1
    out[inserted] = fresh[rng.integers(0, ALPHABET, inserted.size)]
    return out, np.concatenate([[0], ends])[bounds]


def _with_templates(
    rng: np.random.Generator, plan: CorpusPlan, lengths: NDArray[np.int64]
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Draw documents that mix own sentences with sentences of a pool, whose numbers and place names differ."""
    assert plan.template_share is not None
    shape = np.random.default_rng(23)
    sentences = [_prose(shape, int(size)) for size in shape.integers(22, 50, plan.pool)]
    sentences = [s[(s != STOP) & (s != COMMA)] for s in sentences]
    mean = float(np.mean([s.size for s in sentences])) + 8
    words, word_lengths, _ = _vocabulary()
    parts: list[NDArray[np.uint32]] = []
    sizes = np.zeros(lengths.size, dtype=np.int64)
    # Popular sentences stand in most documents, the last of the pool in few.
    weights = 1.0 / (np.arange(plan.pool) + 12.0)
    for d, length in enumerate(lengths.tolist()):
        taken = int(length * rng.uniform(*plan.template_share) / mean)
        chosen = np.argsort(rng.exponential(size=plan.pool) / weights)[:taken]
        own = _prose(rng, int(length - taken * mean))
        cuts = np.sort(rng.integers(0, own.size, taken))
        at = 0
        size = 0
        for cut, number in zip(cuts.tolist(), chosen.tolist(), strict=True):
            sentence = sentences[number]
            middle = sentence.size // 2
            place = int(rng.integers(0, VOCABULARY))
            figure = rng.integers(0, 10, 4).astype(np.uint32) + ord("0")
            piece = (
                own[at:cut],
                words[place, : word_lengths[place]],
                sentence[:middle],
                figure,
                sentence[middle:],
                np.array([STOP], dtype=np.uint32),
            )
            parts.extend(piece)
            size += sum(p.size for p in piece)
            at = cut
        parts.append(own[at:])
        sizes[d] = size + own.size - at
    bounds = np.zeros(lengths.size + 1, dtype=np.int64)
    np.cumsum(sizes, out=bounds[1:])
    return np.concatenate(parts), bounds


def _originals(rng: np.random.Generator, plan: CorpusPlan, count: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    lengths = rng.normal(plan.chars, plan.chars / 10, count).clip(plan.chars / 2, plan.chars * 2).astype(np.int64)
    if plan.template_share is not None:
        return _with_templates(rng, plan, lengths)
    stamp = int(min(300, plan.chars // 2)) if plan.stamped else 0
    carries = rng.random(count) < plan.stamped
    own = lengths - carries * stamp
    stream = _prose(rng, int(own.sum()))
    bounds = np.concatenate([[0], np.cumsum(own)])
    if not stamp:
        return stream, bounds
    passage = _prose(np.random.default_rng(29), stamp)
    parts = []
    for i in range(count):
        if carries[i]:
            parts.append(passage)
        parts.append(stream[bounds[i] : bounds[i + 1]])
    return np.concatenate(parts), np.concatenate([[0], np.cumsum(lengths)])


def _batch(plan: CorpusPlan, documents: int, seed: int, number: int) -> CorpusBatch:
    rng = np.random.default_rng([seed, number])
    n_copies, n_halves = int(documents * plan.copies), int(documents * plan.halves)
    originals = documents - n_copies - n_halves
    text, bounds = _originals(rng, plan, originals)
    streams, marks = [text], [bounds[1:]]
    source = rng.integers(0, originals, n_copies)
    taken, taken_bounds = _pieces(text, bounds[source], np.diff(bounds)[source])
    copies, copy_bounds = _edited(rng, taken, taken_bounds, rng.uniform(*plan.edits, n_copies))
    streams.append(copies)
    marks.append(copy_bounds[1:])
    half_source = rng.integers(0, originals, n_halves)
    halves = [
        np.concatenate([text[bounds[o] : bounds[o] + k], _prose(rng, int(bounds[o + 1] - bounds[o] - k))])
        for o, share in zip(half_source.tolist(), rng.uniform(0.40, 0.75, n_halves).tolist(), strict=True)
        for k in [int(share * (bounds[o + 1] - bounds[o]))]
    ]
    streams.extend(halves)
    marks.append(np.cumsum([h.size for h in halves], dtype=np.int64))
    sizes = np.concatenate([np.diff(m, prepend=0) for m in marks])
    work = np.concatenate([np.arange(originals), source, half_source])
    order = rng.permutation(documents)
    everything = np.concatenate(streams)
    starts = np.cumsum(sizes) - sizes
    mixed, mixed_bounds = _pieces(everything, starts[order], sizes[order])
    return CorpusBatch(as_strings(mixed, mixed_bounds), work[order] + number * BATCH)


def as_strings(text: NDArray[np.uint32], bounds: NDArray[np.int64]) -> pa.Array:
    """Return code points as an Arrow large_string array of the stretches between (n + 1,) bounds."""
    width = 1 + (text > 0x7F) + (text > 0x7FF).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(width)])
    data = text.astype("<u4").tobytes().decode("utf-32-le").encode("utf-8")
    offsets = pa.py_buffer(np.ascontiguousarray(ends[bounds], dtype=np.int64))
    return pa.Array.from_buffers(pa.large_string(), bounds.size - 1, [None, offsets, pa.py_buffer(data)])


def draw_batches(plan: CorpusPlan, documents: int, seed: int = 1) -> Iterator[CorpusBatch]:
    """Draw a corpus, batch after batch; of `plan.identical` texts the last batches are full.

    Parameters
    ----------
    documents : number of documents beside the identical ones
    """
    number = 0
    for start in range(0, documents, BATCH):
        yield _batch(plan, min(BATCH, documents - start), seed, number)
        number += 1
    if plan.identical:
        text = as_strings(_prose(np.random.default_rng([seed, 31]), plan.chars), np.array([0, plan.chars]))
        for start in range(0, plan.identical, BATCH):
            size = min(BATCH, plan.identical - start)
            texts = text.take(pa.array(np.zeros(size, dtype=np.int64)))
            yield CorpusBatch(texts, np.full(size, number * BATCH))


def write_corpus(plan: CorpusPlan, documents: int, path: Path, seed: int = 1) -> NDArray[np.int64]:
    """Write a corpus as Parquet (id, text), zstd, and return the work of each row, (n,) int64."""
    works: list[NDArray[np.int64]] = []
    row = 0
    with pq.ParquetWriter(path, SCHEMA, compression="zstd") as file:
        for batch in draw_batches(plan, documents, seed):
            ids = pa.array([f"r{i:08d}" for i in range(row, row + len(batch.texts))])
            row += len(batch.texts)
            file.write_table(pa.table([ids, batch.texts], schema=SCHEMA), row_group_size=2_000)
            works.append(batch.work)
    return np.concatenate(works)
