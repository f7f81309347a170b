"""Measuring results against known truth: samples with truth, precision and recall of a release."""

from dedup.evaluation.sample import SampleTruth, write_sample

__all__ = ["SampleTruth", "write_sample"]
