"""Dataset to numbers: pairs of views, training, features, tasks, result records, leaderboard."""
