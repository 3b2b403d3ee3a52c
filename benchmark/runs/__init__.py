"""A run: its folder, its steps in order, how long they take, and what is shown of it."""
