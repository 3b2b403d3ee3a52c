"""Images of a folder of classes, decoded each time they are used, at the scale that is needed, by threads."""

from collections.abc import Callable, Sequence

import numpy as np

from threedie.benchmark.data.crops import Box, RandomCrop, cut, middle
from threedie.benchmark.data.image_files import BadImageError, coarsest_scale, decode, read_head
from threedie.benchmark.data.image_folder import ImageFolder, bad_image, read_file
from threedie.benchmark.data.images import STATISTICS_IMAGES, ordered
from threedie.benchmark.data.normalization import Pixels, Statistics
from threedie.benchmark.data.pairs import Indices, spread_over
from threedie.benchmark.data.source import ImageStore

_AT_ONCE = 4
"""Images that a thread decodes before it asks for more."""
_MINIMUM_STD = 1e-3

Boxes = Callable[[int, int], list[Box]]
"""Height and width of an image -> what is cut from it."""


class FolderImages(ImageStore):
    """The images of a folder.

    A JPEG is decoded at a half, a quarter or an eighth of its size where no crop then has less than a pixel for each
    that is wanted; decoder and resizing let go of Python's lock, so that threads do as well as processes.
    """

    pairs_repeat_views = True
    cuts_crops = True

    def __init__(self, dataset: ImageFolder, side: int, workers: int = 2) -> None:
        """Prepare; nothing is read yet.

        Args:
            dataset: whose images.
            side: width and height of what `take` gives.
            workers: decoding threads.
        """
        self.dataset: ImageFolder = dataset
        self.side, self.workers = side, max(1, workers)

    @property
    def classes(self) -> int:
        """Folders of `train`."""
        return len(self.dataset.files.classes)

    def take(self, objects: Indices, views: Indices) -> Pixels:
        """The middle square of each image, as it is measured; each has view 0 alone."""
        return self._cut(objects, [self.side], lambda _: lambda height, width: [middle(height, width)])[0]

    def crops(self, objects: Indices, wanted: Sequence[tuple[RandomCrop, Indices]]) -> list[Pixels]:
        """Random crops; see `ImageStore.crops`."""

        def boxes(row: int) -> Boxes:
            return lambda height, width: [kind.box(int(numbers[row]), height, width) for kind, numbers in wanted]

        return self._cut(objects, [kind.side for kind, _ in wanted], boxes)

    def _cut(self, objects: Indices, sides: Sequence[int], boxes: Callable[[int], Boxes]) -> list[Pixels]:
        results = [np.empty((len(objects), side, side, 3), np.uint8) for side in sides]
        paths = [self.dataset.files.paths[index] for index in objects.tolist()]

        def fill(begin: int) -> None:
            for row in range(begin, min(begin + _AT_ONCE, len(paths))):
                parts = self._parts(paths[row], sides, boxes(row))
                for result, part in zip(results, parts, strict=True):
                    result[row] = part

        for _ in ordered(fill, range(0, len(paths), _AT_ONCE), self.workers):
            pass
        return results

    def _parts(self, path: str, sides: Sequence[int], boxes: Boxes) -> list[Pixels]:
        """What is cut from one image."""
        folder = self.dataset.path
        content = read_file(folder, path)
        try:
            head = read_head(content)
            chosen = boxes(head.height, head.width)
            lengths = [(min(box.height, box.width), side) for box, side in zip(chosen, sides, strict=True)]
            scale = coarsest_scale(lengths)
            pixels = decode(content, head, scale)
        except BadImageError as error:
            raise bad_image(folder, path, error) from error
        return [cut(pixels, box, scale, side) for box, side in zip(chosen, sides, strict=True)]

    def statistics(self) -> Statistics:
        """Of training images spread evenly through the data."""
        chosen = spread_over(self.dataset.indices("train"), STATISTICS_IMAGES)
        sums, squares, count = np.zeros(3), np.zeros(3), 0
        for begin in range(0, len(chosen), 64):
            rows = chosen[begin : begin + 64]
            values = self.take(rows, np.zeros_like(rows)).reshape(-1, 3).astype(np.float64) / 255
            sums += values.sum(0)
            squares += np.square(values).sum(0)
            count += len(values)
        mean = sums / count
        std = np.maximum(np.sqrt(np.maximum(squares / count - mean**2, 0)), _MINIMUM_STD)
        return tuple(round(float(value), 7) for value in mean), tuple(round(float(value), 7) for value in std)
