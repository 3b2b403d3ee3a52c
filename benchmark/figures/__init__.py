"""Figures from runs and their records: PNG and SVG, with the numbers they show as JSON."""
