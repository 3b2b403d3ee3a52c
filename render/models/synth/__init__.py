"""Generated models of the 55 classes: unlimited, deterministic, free of third-party rights."""
