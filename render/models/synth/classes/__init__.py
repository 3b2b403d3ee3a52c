"""A file for each class: its function of the same name makes an object."""
