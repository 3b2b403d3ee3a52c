"""The commands `3die render`, `doctor`, `models` and `manifest`: they parse, call and print."""
