"""Evaluation: features of every view, heads and searches, tasks by a protocol."""
