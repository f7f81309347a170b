"""Benchmarks: what runs cost, measured from outside each process."""
