"""Measuring results against known truth: samples with truth, precision and recall of a release."""

from dedup.evaluation.corpus import CorpusTruth, write_corpus
from dedup.evaluation.evaluating import Band, Evaluation, evaluate
from dedup.evaluation.reasons import Finding
from dedup.evaluation.sample import SampleTruth, write_sample
from dedup.evaluation.truth import TruthError

__all__ = [
    "Band",
    "CorpusTruth",
    "Evaluation",
    "Finding",
    "SampleTruth",
    "TruthError",
    "evaluate",
    "write_corpus",
    "write_sample",
]
