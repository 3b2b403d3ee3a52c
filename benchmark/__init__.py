"""Dataset to numbers: pairs of views, training, features, tasks, result records, leaderboard.

The rooms, and what each may import, are in docs/architecture.md.
"""
