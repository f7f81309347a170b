"""The command dedup."""
