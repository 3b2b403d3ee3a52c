"""The data of a run: a `Source` opens a dataset, `pairs` draws views, `inputs` makes a method's batches.

`images` decodes JPEGs, `augmentation` and `normalization` change pixels; `sources/` has a file for each kind of data.
"""
