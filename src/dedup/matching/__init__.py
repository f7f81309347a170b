"""LSH candidates and exact verification."""
