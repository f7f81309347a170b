"""The tools that are compared, and the environment each needs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Environment:
    """A virtual environment; exact versions are in `constraints-<name>.txt`.

    Attributes
    ----------
    requirements : what pip is asked for
    """

    name: str
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Peer:
    """One way to run one tool.

    Attributes
    ----------
    driver : module `benchmarks.peers.<driver>`
    environment : name of its environment; None for this project's own
    documented : whether its documentation shows this way
    note : how it was run, for the report
    corpora : corpora it is run on
    """

    name: str
    driver: str
    environment: str | None
    documented: bool
    note: str
    corpora: tuple[str, ...] = ("words", "templates")


ENVIRONMENTS = {
    e.name: e
    for e in (
        Environment("sketch", ("rensa", "gaoya", "datasketch", "numpy", "pyarrow")),
        Environment("textdedup", ("text-dedup", "pyarrow")),
        # Its Chinese word tokenizer needs spaCy and jieba, which it does not require by itself.
        Environment("datatrove", ("datatrove[io,processing]", "spacy", "jieba", "pyarrow")),
        # aiohttp and scipy are imported by the operator, but are not among its requirements.
        Environment("juicer", ("py-data-juicer", "aiohttp", "scipy", "uv")),
    )
}

PEERS = (
    Peer(
        "dedup.find_duplicates",
        "dedup_pairs",
        None,
        True,
        "this project: `dedup.find_duplicates(column)`, every pair with its exact similarities; one thread",
    ),
    Peer(
        "dedup.deduplicate",
        "dedup_clusters",
        None,
        True,
        "this project: `dedup.deduplicate(frame)`, clusters in which each row meets the definition with the canonical "
        "one; one thread",
    ),
    Peer(
        "rensa, hashes from NumPy",
        "rensa_hashes",
        "sketch",
        False,
        "not its documented way: shingle hashes by NumPy over code points, one digest matrix, its native one-pass LSH "
        "(16 bands of 8), which answers with flags; pairs for scoring are made afterwards from the same bands, not "
        "timed",
    ),
    Peer(
        "rensa",
        "rensa_documented",
        "sketch",
        True,
        "`RMinHash.from_token_sets` over lists of 5-character strings, `RMinHashDeduplicator(threshold=0.7, "
        "num_perm=128, use_lsh=True)`; a copy is tied to the documents kept before it",
    ),
    Peer(
        "rensa, threshold 0.35",
        "rensa_wide",
        "sketch",
        False,
        "the same asked for all pairs that the definition may hold: threshold 0.35, 32 bands of 4 values",
    ),
    Peer(
        "gaoya",
        "gaoya_documented",
        "sketch",
        True,
        "`MinHashStringIndex` with `analyzer='char'`, `ngram_range=(5, 5)`, 16 bands of 8 hashes, threshold 0.7, bulk "
        "insert and bulk query in its threads",
    ),
    Peer(
        "gaoya, threshold 0.35",
        "gaoya_wide",
        "sketch",
        False,
        "the same asked for all pairs that the definition may hold: threshold 0.35, 42 bands of 3 hashes",
    ),
    Peer(
        "datasketch",
        "datasketch_documented",
        "sketch",
        True,
        "`MinHash(num_perm=128)`, `update_batch` of 5-character shingles, `MinHashLSH(threshold=0.7)`, query before "
        "insert; candidates are its answer",
    ),
    Peer(
        "text-dedup",
        "textdedup_documented",
        "textdedup",
        True,
        "`text_dedup.minhash`, 128 permutations, 5-grams of its words, threshold 0.7, one process; a Chinese clause is "
        "one word to it, so that it sees next to nothing of an edited copy",
    ),
    Peer(
        "text-dedup, characters spaced",
        "textdedup_spaced",
        "textdedup",
        False,
        "the same after a blank was put between all characters, which is counted; on corpus (a) only, as it takes "
        "minutes",
        ("words",),
    ),
    Peer(
        "datatrove",
        "datatrove_documented",
        "datatrove",
        True,
        "its four minhash steps, default configuration (14 buckets of 8 hashes, 5 words), its Chinese tokenizer, local "
        "executor, one worker; minutes of cutting words, therefore on corpus (a) only",
        ("words",),
    ),
    Peer(
        "data-juicer",
        "datajuicer_documented",
        "juicer",
        True,
        "operator `document_minhash_deduplicator`, `tokenization='character'`, window 5, 128 permutations, threshold "
        "0.7, one process; on corpus (a) only, as it takes minutes",
        ("words",),
    ),
)
