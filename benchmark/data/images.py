"""Decoding JPEGs to arrays of pixels: once if they fit in memory, else each time they are used."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np
import psutil
import simplejpeg
from PIL import Image

from threedie.benchmark.data.normalization import Pixels, Statistics
from threedie.benchmark.data.pairs import Indices
from threedie.benchmark.data.source import ImageStore
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import check_latents

Item = TypeVar("Item")
Result = TypeVar("Result")

MEMORY_SHARE = 0.35
"""Share of the memory free at the start that decoded images may take."""
STATISTICS_IMAGES = 1024
"""How many training images the dataset's own pixel statistics are taken from."""
_MINIMUM_STD = 1e-3
_AT_ONCE = 8
"""Images that a thread decodes before it asks for more: asking takes a tenth as long as an image."""


class Images(ImageStore):
    """The images of a dataset as pixels of one size.

    They are decoded by threads (the decoder lets go of Python's lock, so threads do as well as processes and share
    their memory). A dataset whose pixels fit in memory is decoded once; results are the same either way.

    Attributes:
        size: width and height in pixels.
        center: share of the width and height of the dataset's images that they show.
        in_memory: whether all pixels are kept in memory.
    """

    def __init__(
        self,
        dataset: Dataset,
        size: int,
        channels: str = "file",
        workers: int = 2,
        memory: int | None = None,
        progress: Callable[[Iterable[int]], Iterable[int]] = iter,
        center: float = 1.0,
    ) -> None:
        """Open, and decode if it fits.

        Args:
            dataset: the dataset.
            size: width and height wanted; images of another size are resized (bilinear over the area a pixel covers).
            channels: `file` keeps the order the files hold, which for `bgr` datasets means red and blue exchanged, as
                the original trains on them; `rgb` puts them right.
            workers: decoding threads.
            memory: bytes that pixels may take in memory; by default a share of what is free.
            progress: wraps the iteration over objects while decoding.
            center: share of width and height, around the middle, that is kept before resizing.

        Raises:
            ThreeDieError: an image that can't be decoded, differs from its checksum or has another size than the
                dataset says; latents that aren't finite.
        """
        check_latents(dataset.info.fields, dataset.latents, dataset.objects, str(dataset.path))
        self.dataset: Dataset = dataset
        self.size, self.workers, self.center = size, max(1, workers), center
        self._cut = _middle(dataset.info.image_size, center)
        swapped = channels == "rgb" and dataset.info.channel_order == "bgr"
        self._colorspace = "BGR" if swapped else "RGB"
        needed = len(dataset) * dataset.info.views * size * size * 3
        allowed = int(psutil.virtual_memory().available * MEMORY_SHARE) if memory is None else memory
        self.in_memory = needed <= allowed
        self._pixels: Pixels | None = None
        if self.in_memory:
            pixels = np.empty((len(dataset), dataset.info.views, size, size, 3), np.uint8)

            def fill(index: int) -> None:
                for view in range(dataset.info.views):
                    self._decode_into(pixels[index, view], index, view)

            for _ in progress(ordered(fill, range(len(dataset)), self.workers)):  # type: ignore[arg-type]
                pass
            self._pixels = pixels

    @property
    def pixels(self) -> Pixels | None:
        """All images, uint8 (N, V, size, size, 3); None where they don't fit in memory."""
        return self._pixels

    def decode(self, index: int, view: int) -> Pixels:
        """One image as uint8 (size, size, 3)."""
        pixels = np.empty((self.size, self.size, 3), np.uint8)
        self._decode_into(pixels, index, view)
        return pixels

    def _decode_into(self, out: Pixels, index: int, view: int) -> None:
        """One image into memory at hand, uint8 (size, size, 3): a fifth faster than into new memory at 256 px."""
        jpeg = self.dataset.jpeg(index, view)
        if self.center < 1 or self.dataset.info.image_size != self.size:
            pixels = self._decode(jpeg, index, view)[self._cut, self._cut]
            if len(pixels) != self.size:
                pixels = np.asarray(Image.fromarray(pixels).resize((self.size, self.size), Image.Resampling.BILINEAR))
            out[:] = pixels
            return
        try:
            decoded = simplejpeg.decode_jpeg(jpeg, colorspace=self._colorspace, buffer=out)
        except ValueError:
            decoded = None
        if decoded is None or decoded.shape != out.shape:
            out[:] = self._decode(jpeg, index, view)

    def _decode(self, jpeg: memoryview, index: int, view: int) -> Pixels:
        try:
            pixels = simplejpeg.decode_jpeg(jpeg, colorspace=self._colorspace)
        except ValueError as error:
            raise ThreeDieError(
                f"{self.dataset.path}: view {view} of {self.dataset.objects[index]} can't be decoded ({error}); "
                "'3die data verify' lists all damaged images"
            ) from error
        expected = self.dataset.info.image_size
        if pixels.shape != (expected, expected, 3):
            raise ThreeDieError(
                f"{self.dataset.path}: view {view} of {self.dataset.objects[index]} is "
                f"{pixels.shape[1]} x {pixels.shape[0]} pixels, the dataset says {expected} x {expected}"
            )
        return pixels

    def take(self, objects: Indices, views: Indices) -> Pixels:
        """Images of the views of some objects: uint8 (B, size, size, 3)."""
        if self._pixels is not None:
            return self._pixels[objects, views]
        decoded = np.empty((len(objects), self.size, self.size, 3), np.uint8)
        targets = list(zip(decoded, objects.tolist(), views.tolist(), strict=True))

        def decode_some(begin: int) -> None:
            for out, index, view in targets[begin : begin + _AT_ONCE]:
                self._decode_into(out, index, view)

        for _ in ordered(decode_some, range(0, len(targets), _AT_ONCE), self.workers):
            pass
        return decoded

    def statistics(self) -> Statistics:
        """Mean and standard deviation of each channel, in 0 to 1, over training images spread evenly through the data.

        Raises:
            ThreeDieError: the dataset has no training objects.
        """
        train = self.dataset.indices("train")
        total = len(train) * self.dataset.info.views
        if not total:
            raise ThreeDieError(f"{self.dataset.path}: none of its objects are for training (split 'train')")
        chosen = np.linspace(0, total - 1, min(total, STATISTICS_IMAGES)).round().astype(np.int64)
        objects, views = train[chosen // self.dataset.info.views], chosen % self.dataset.info.views
        sums, squares = np.zeros(3), np.zeros(3)
        rows = [slice(begin, begin + 64) for begin in range(0, len(chosen), 64)]
        for piece in rows:
            pixels = self.take(objects[piece], views[piece])
            values = pixels.reshape(-1, 3).astype(np.float64) / 255
            sums += values.sum(0)
            squares += np.square(values).sum(0)
        count = len(chosen) * self.size**2
        mean = sums / count
        std = np.maximum(np.sqrt(np.maximum(squares / count - mean**2, 0)), _MINIMUM_STD)
        # Seven digits: enough for pixels, and the sums' last bits stay out of the record.
        return tuple(round(float(value), 7) for value in mean), tuple(round(float(value), 7) for value in std)


def _middle(side: int, share: float) -> slice:
    """The pixels of a row or column that are kept: as many left out before as after."""
    margin = round(side * (1 - share) / 2)
    return slice(margin, max(margin + 1, side - margin))


def ordered(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """Do `work` on each item in threads, a few ahead, and give the results in the order of the items."""
    with ThreadPoolExecutor(max(1, workers), thread_name_prefix="images") as pool:
        ahead: list[Future[Result]] = []
        try:
            for item in items:
                ahead.append(pool.submit(work, item))
                if len(ahead) > 2 * workers:
                    yield ahead.pop(0).result()
            while ahead:
                yield ahead.pop(0).result()
        finally:
            for future in ahead:
                future.cancel()
