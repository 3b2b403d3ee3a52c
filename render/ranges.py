"""The range of each number in a request to render."""

RANGES: dict[str, tuple[float, float | None]] = {
    "views": (1, 10_000),
    "objects": (1, None),
    "size": (8, 8192),
    "seed": (0, None),
    "workers": (1, 1024),
    "time_limit": (0.1, 1_000_000),
    "memory_limit": (0.1, 1_000_000),
}
"""Smallest and largest value of each number in a request; None where there is no largest."""
