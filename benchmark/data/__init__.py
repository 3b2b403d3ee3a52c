"""The data of a run: images, pairs of views and what is done to them on their way to a method."""
