"""Which place and which years a section speaks for, which sections are one work, and which year a period means."""

from __future__ import annotations

from dedup.extraction.attribution.attributing import attribute_sections
from dedup.extraction.attribution.periods import resolve_periods
from dedup.extraction.attribution.works import assign_works

__all__ = ["assign_works", "attribute_sections", "resolve_periods"]
