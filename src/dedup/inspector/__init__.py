"""The web page over a release: what was found, why, and what people decide about it."""
