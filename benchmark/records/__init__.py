"""Result records: their format, building them, reading them.

`types`, `rules` and `bounds` are the format; `record` reads and writes files, `build` makes a record of an evaluation.
"""
