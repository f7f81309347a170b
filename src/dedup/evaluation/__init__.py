"""Measuring results against known truth: samples with truth, precision and recall of a release."""

from dedup.evaluation.corpus import CorpusTruth, write_corpus
from dedup.evaluation.sample import SampleTruth, write_sample

__all__ = ["CorpusTruth", "SampleTruth", "write_corpus", "write_sample"]
