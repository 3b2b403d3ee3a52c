"""Figures from runs and their records: PNG and SVG, with the numbers they show as JSON.

`kinds` lists them; each kind has a file of its own.
"""
