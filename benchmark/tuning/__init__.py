"""Choosing the settings of methods, by one rule for all, on a held-out part of the training objects."""
