"""Clusters, canonical choice, variants."""
