"""dedup: scraped reports in, a deduplicated, validated Parquet release out."""
