"""Features as rows, one for each view, read from their file when they are used."""

import numpy as np

from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.tasks.subject import Floats


class Rows:
    """The views of some objects as rows (n * V, E'), read from the array (N, V, E) when they are sliced."""

    def __init__(self, array: Floats, objects: Indices, dims: slice) -> None:
        self.array, self.objects, self.dims = array, objects, dims
        self.views = array.shape[1]
        self.shape = (len(objects) * self.views, len(range(*dims.indices(array.shape[2]))))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> Floats:
        index = np.arange(*rows.indices(len(self)))
        return self.array[self.objects[index // self.views], index % self.views][:, self.dims]
