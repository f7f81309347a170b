"""The Arrow schema of every dataset: the contract between the stages and with the readers of a release.

Every field carries its documentation in the field metadata (`doc`), from which the data package, the dataset
card and `dedup sql` help are written. Ids are a one-letter prefix, an underscore and 16 hex digits. Offsets
(`char_start`, `char_end`) count Python characters in `documents.text`, end exclusive.
"""

from __future__ import annotations

from dedup.schemas.copies import (
    CLUSTER_HISTORY,
    CLUSTERS,
    CONFLICTS,
    CONSENSUS,
    FINGERPRINTS,
    MEMBERSHIP,
    PAIRS,
    REPAIRS,
)
from dedup.schemas.datasets import DATASETS, Dataset, conform, empty
from dedup.schemas.decisions import DECISION_OUTCOMES, DECISIONS
from dedup.schemas.fields import KINDS, MATCHED_KINDS, NUM_PERM, OUTCOMES, RELATIONS, TIMESTAMP, Kind, field
from dedup.schemas.figures import (
    AGGREGATIONS,
    ATTRIBUTIONS,
    BOUNDS,
    CHECKS,
    COMPARISONS,
    EXTRACTED_TABLES,
    FACTS,
    FOUND_FIGURES,
    MEASURES,
    OBSERVATIONS,
    PRICE_BASES,
    STATUSES,
    TABLE_CELLS,
    TABLE_ORIGINS,
)
from dedup.schemas.pages import DOCUMENTS, FURNITURE, QUARANTINE, RECORDS, RUNS, SECTIONS
from dedup.schemas.reports import REPORTS
from dedup.schemas.reuse import PASSAGE_STATS, PASSAGES, PHRASES, REUSE_EDGES, SLOT, TEMPLATE_OCCURRENCES, TEMPLATES
from dedup.schemas.search import SEARCH

__all__ = [
    "AGGREGATIONS",
    "ATTRIBUTIONS",
    "BOUNDS",
    "CHECKS",
    "CLUSTERS",
    "CLUSTER_HISTORY",
    "COMPARISONS",
    "CONFLICTS",
    "CONSENSUS",
    "DATASETS",
    "DECISIONS",
    "DECISION_OUTCOMES",
    "DOCUMENTS",
    "EXTRACTED_TABLES",
    "FACTS",
    "FINGERPRINTS",
    "FOUND_FIGURES",
    "FURNITURE",
    "KINDS",
    "MATCHED_KINDS",
    "MEASURES",
    "MEMBERSHIP",
    "NUM_PERM",
    "OBSERVATIONS",
    "OUTCOMES",
    "PAIRS",
    "PASSAGES",
    "PASSAGE_STATS",
    "PHRASES",
    "PRICE_BASES",
    "QUARANTINE",
    "RECORDS",
    "RELATIONS",
    "REPAIRS",
    "REPORTS",
    "REUSE_EDGES",
    "RUNS",
    "SEARCH",
    "SECTIONS",
    "SLOT",
    "STATUSES",
    "TABLE_CELLS",
    "TABLE_ORIGINS",
    "TEMPLATES",
    "TEMPLATE_OCCURRENCES",
    "TIMESTAMP",
    "Dataset",
    "Kind",
    "conform",
    "empty",
    "field",
]
