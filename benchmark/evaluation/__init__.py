"""Evaluation: features of every view, heads and searches, tasks by a protocol.

`evaluate` does all of it for a trained method; `own_features` does it for arrays from any framework; `measure` runs the
tasks for both.
"""
