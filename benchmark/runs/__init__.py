"""A run: its folder, its settings, and what is told about it."""
