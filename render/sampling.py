"""Latents: the only place of the dataset where random numbers are drawn."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import LatentField
from threedie.manifests.objects import ObjectRef
from threedie.render.preset import Preset

Array = npt.NDArray[np.float64]
SAMPLERS = ("counter", "reference")

_NUMBERS_PER_STEP = 4
"""Numbers of 64 bits that Philox makes for each value of its counter."""

REFERENCE_ORDER = (
    "floor_hue",
    "light_theta",
    "light_phi",
    "light_hue",
    "rotation_x",
    "rotation_y",
    "rotation_z",
)
"""Order in which the original's generator draws the fields of one view (checked by running it)."""


def sample(preset: Preset, sampler: str, seed: int, refs: Sequence[ObjectRef], views: int) -> Iterator[Array]:
    """Latents of each object in turn, float64 (views, fields).

    `counter`: a pure function of (seed, preset, object, view). `reference`: the original's single stream, in which an
    object's latents depend on those before it in the list.

    Raises:
        ThreeDieError: another sampler, or a preset that the reference sampler can't draw.
    """
    check_sampler(sampler)
    if sampler == "reference":
        return _reference(preset, seed, refs, views)
    return (counter_latents(preset.name, preset.latents, seed, ref, views) for ref in refs)


def check_sampler(sampler: str) -> None:
    """Refuse an unknown sampler.

    Raises:
        ThreeDieError: it isn't one of `SAMPLERS`.
    """
    if sampler not in SAMPLERS:
        raise ThreeDieError(f"{sampler!r} is not a sampler; choose from {', '.join(SAMPLERS)}")


def counter_latents(preset: str, fields: Sequence[LatentField], seed: int, ref: ObjectRef, views: int) -> Array:
    """Latents (views, fields) of one object from a counter-based generator.

    Philox is keyed by (seed, preset, class, id) and its counter is the view's index, so that other views, workers and
    their order don't matter. Every field consumes one number, fixed ones too: fixing a field leaves the others as they
    were.
    """
    key = hashlib.sha256(f"latents\0{seed}\0{preset}\0{ref.synset}\0{ref.object_id}".encode()).digest()
    words = np.frombuffer(key[:16], "<u8").astype(np.uint64)
    uniform = np.empty((views, len(fields)))
    counter = np.random.Philox(key=words, counter=0)
    generator = np.random.Generator(counter)
    steps = -(-len(fields) // _NUMBERS_PER_STEP)
    for view in range(views):
        generator.random(out=uniform[view])
        # From (steps, 0, 0, view) to (0, 0, 0, view + 1): as a new generator there, at a third of the cost.
        counter.advance(2**192 - steps)
    return np.stack([spread(field, uniform[:, column]) for column, field in enumerate(fields)], axis=1)


def spread(field: LatentField, uniform: Array) -> Array:
    """Map numbers in [0, 1) to a field's ranges, each with odds in proportion to its length."""
    lows = np.array([low for low, _ in field.ranges])
    lengths = np.array([high - low for low, high in field.ranges])
    ends = np.cumsum(lengths)
    position = uniform * ends[-1]
    which = np.minimum(np.searchsorted(ends, position, side="right"), len(lows) - 1)
    return np.asarray(lows[which] + (position - (ends - lengths)[which]))


def _reference(preset: Preset, seed: int, refs: Iterable[ObjectRef], views: int) -> Iterator[Array]:
    ranges = {field.name: field.ranges for field in preset.latents}
    if set(ranges) != set(REFERENCE_ORDER) or any(len(spans) != 1 for spans in ranges.values()):
        raise ThreeDieError(
            f"the reference sampler replays the original's seven fields with one range each; preset {preset.name!r} "
            "has others: use --sampler counter"
        )
    if not 0 <= seed < 2**32:
        raise ThreeDieError(f"seed {seed}: the reference sampler takes 0 to {2**32 - 1}")
    return _reference_stream(preset, ranges, seed, refs, views)


def _reference_stream(
    preset: Preset, ranges: dict[str, tuple[tuple[float, float], ...]], seed: int, refs: Iterable[ObjectRef], views: int
) -> Iterator[Array]:
    stream = np.random.RandomState(seed)  # the legacy stream is the point
    columns = [field.name for field in preset.latents]
    for _ in refs:
        latents = np.empty((views, len(columns)))
        for view in range(views):
            for name in REFERENCE_ORDER:
                latents[view, columns.index(name)] = stream.uniform(*ranges[name][0])
        yield latents
