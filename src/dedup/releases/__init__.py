"""Writing, reading, comparing releases."""
