"""Text that stands in several reports: passages, phrases, templates, and who shares it with whom."""
