"""A run: its folder, its steps in order, how long they take, and what is printed about it.

`run` trains and measures; `checkpoint_evaluation` measures weights that exist already; both make a `measurement`.
"""
