"""What the pages ask of a release: plain rows, no HTML."""
