"""Measuring results against known truth."""
