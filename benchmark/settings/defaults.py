"""Defaults and limits that commands and the Python API share; quick to import."""

import os

DEFAULT_RECIPE = "mini"
DEFAULT_PROTOCOL = "quick"
DEFAULT_WORKERS = min(os.cpu_count() or 1, 16)
"""Threads that decode images."""
MAX_SEED = 2**32 - 1
SAVE_EVERY_S = 60.0
"""Seconds between checkpoints."""
