"""Training: settings, the loop, checkpoints."""
