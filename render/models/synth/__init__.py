"""Made-up models of the 55 classes: unlimited, deterministic, free of anyone's rights."""
