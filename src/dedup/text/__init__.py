"""What a page says: normalise, clean, split into sections."""
