"""Figures, places, years and tables: what reports state, and whether it can be so."""
