"""Shingles and MinHash kernels over Arrow buffers."""
