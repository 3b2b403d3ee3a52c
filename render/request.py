"""What a render is asked to do, and what comes of it: the arguments and the result of `threedie.render.run.render`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.places import DEFAULT_RENDER
from threedie.render.engines.options import ClusterOptions

if TYPE_CHECKING:
    from threedie.manifests.objects import ObjectRef
    from threedie.render.shard import Shard
    from threedie.render.supervisor import Limits

RANGES: dict[str, tuple[float, float | None]] = {
    "views": (1, 10_000),
    "objects": (1, None),
    "size": (8, 8192),
    "seed": (0, None),
    "workers": (1, 1024),
    "time_limit": (0.1, 1e6),
    "memory_limit": (0.1, 1e6),
}
"""Smallest and largest value of each number in a request; None where there is no largest."""


@dataclass(frozen=True)
class RenderRequest:
    """Everything that decides a render. Paths may also be given as strings.

    Attributes:
        classes: names, synonyms or synset ids, as a sequence or separated by commas; `all` for all classes.
        views: views per object.
        models: ShapeNetCore v2 or models in its layout, a folder or zip; None for the embedded models.
        manifest: list of objects, `.npy` or CSV; None for all that the models have.
        objects: most objects per class; None for all (8 of the embedded models).
        size: width and height in pixels; None for the preset's.
        seed: seed of the latents.
        out: folder to write to.
        workers: rendering processes; None for one per core, or one per GPU.
        device: `auto`, `cpu`, or a kind of GPU (see `threedie.render.devices.KINDS`).
        preset: name of a preset, or a `.toml` file.
        quality: `fast`, `reference` or `draft`.
        samples: samples per pixel; None for the quality's.
        denoiser: `compositor`, `fast`, `high` or `none`; None for the quality's.
        sampler: `counter`, or `reference` for the original's random stream.
        time_limit: seconds that one view may take.
        memory_limit: GiB that a rendering process may take.
        keep_going: go on without objects that can't be rendered; otherwise stop at the first.
        shard: `I/N`: render the I-th of N shares of the objects; None for all.
        cluster: where to render if not on this machine.
        dry_run: report what would be rendered and how long it would take; write nothing.
    """

    classes: str | Sequence[str] = "all"
    views: int = 50
    models: Path | None = None
    manifest: Path | None = None
    objects: int | None = None
    size: int | None = None
    seed: int = 0
    out: Path = DEFAULT_RENDER
    workers: int | None = None
    device: str = "auto"
    preset: str = "3diebench"
    quality: str = "fast"
    samples: int | None = None
    denoiser: str | None = None
    sampler: str = "counter"
    time_limit: float = 300.0
    memory_limit: float = 8.0
    keep_going: bool = True
    shard: str | None = None
    cluster: ClusterOptions = field(default_factory=ClusterOptions)
    dry_run: bool = False

    def __post_init__(self) -> None:
        """Check what can be checked without reading a file.

        Raises:
            ThreeDieError: a number out of its range, an unknown class or device, or options that contradict each other.
        """
        from threedie.render.devices import check_kind  # noqa: PLC0415 - the command's help needs none of this

        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= (value if high is None else high):
                bounds = f"at least {low:,}" if high is None else f"from {low:,} to {high:,}"
                raise ThreeDieError(f"--{name.replace('_', '-')} {value}: give a number {bounds}")
        for name in ("models", "manifest", "out"):
            path = getattr(self, name)
            if path is not None:
                # On a cluster, a path must mean the same place on every machine.
                resolve = self.cluster.wanted and name != "manifest"
                object.__setattr__(self, name, Path(path).resolve() if resolve else Path(path))
        self.cluster.check(self.workers, self.shard)
        check_kind(self.device)
        _ = self.share, self.synsets

    @property
    def synsets(self) -> tuple[str, ...]:
        """Synset ids of the classes, sorted."""
        from threedie.manifests.classes import parse_classes  # noqa: PLC0415 - as above

        return parse_classes(self.classes if isinstance(self.classes, str) else ",".join(self.classes))

    @property
    def share(self) -> "Shard | None":
        """The share of the objects that is rendered, None for all."""
        from threedie.render.shard import Shard  # noqa: PLC0415 - as above

        return Shard.parse(self.shard) if self.shard else None

    @property
    def limits(self) -> "Limits":
        """Limits of the rendering processes."""
        from threedie.render.supervisor import Limits  # noqa: PLC0415 - as above

        return Limits(view_s=self.time_limit, memory_gib=self.memory_limit, fail_fast=not self.keep_going)


@dataclass(frozen=True)
class RenderResult:
    """What a render made.

    Attributes:
        dataset: the packed dataset file; None where nothing was packed: after a dry run, where no object could be
            rendered, where `keep_going` was off and one couldn't, and where other shards are still at work.
        quarantined: objects that were given up, with the reason.
    """

    dataset: Path | None = None
    quarantined: "dict[ObjectRef, str]" = field(default_factory=dict)
