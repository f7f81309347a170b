"""Where pages come from: files, formats, decoding, provenance."""

from dedup.sources.batch import SourceBatch
from dedup.sources.errors import SourceError
from dedup.sources.locate import count_inputs, resolve_sources
from dedup.sources.propose import propose_config
from dedup.sources.read import read_batches

__all__ = ["SourceBatch", "SourceError", "count_inputs", "propose_config", "read_batches", "resolve_sources"]
