"""The commands `3die bench` and `3die leaderboard`: they parse, call and print."""
