"""Comparisons of what is here with the plain way of doing the same: `make bench`, or `python -m speed`.

A file each; every one has `SUBJECT` (a line) and `compare()`, which gives `Comparison`s. Both sides run in one go, in
turns, so that a noisy machine is unfair to neither.
"""
