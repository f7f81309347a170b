"""Texts as a reader sees them: aligned differences, highlighted stretches."""
