"""Default folders and files: where one command writes and the next one looks, relative to the working folder."""

from pathlib import Path

DEFAULT_RENDER = Path("3die-data")
"""Folder of a render: `3die render --out`."""

DATASET_FILE = "dataset.h5"
"""The packed dataset within the folder of a render."""

DEFAULT_DATASET = DEFAULT_RENDER / DATASET_FILE
"""Dataset that is trained and measured on: `3die bench run --data`."""

DEFAULT_RUNS = Path("runs")
"""Folder of training runs, one subfolder each: `3die bench run --out`."""

DEFAULT_FIGURES = Path("figures")
"""Folder of figures: `3die bench figures --out`."""

DEFAULT_LEADERBOARD = Path("leaderboard")
"""Folder of tables and page: `3die leaderboard --out`."""

DEFAULT_TUNING = Path("tuning")
"""Folder of the outcomes of tuning, one file for each method: `3die bench tune --out`."""
