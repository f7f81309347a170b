"""Where pages come from: files, formats, decoding, provenance."""
