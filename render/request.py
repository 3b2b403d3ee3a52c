"""A request for a render, and its result: the arguments of `threedie.render.run.render` and what it returns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threedie.manifests.arguments import check_types, option
from threedie.manifests.errors import ThreeDieError, shown_value
from threedie.manifests.places import DEFAULT_RENDER
from threedie.render.engines.options import ClusterOptions
from threedie.render.ranges import RANGES

if TYPE_CHECKING:
    from threedie.manifests.objects import ObjectRef
    from threedie.render.definition import DatasetDefinition
    from threedie.render.shard import Shard
    from threedie.render.supervisor import Limits


@dataclass(frozen=True)
class RenderRequest:
    """Everything that decides a render. Paths may be strings.

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
        dry_run: report what would be rendered, its fingerprint and how long it would take; write nothing.
        dataset: name of a published dataset, or a `.toml` file; the fields that decide what a dataset is must then be
            the dataset's, as `of_dataset` sets them.
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
    preset: str | Path = "3diebench"
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
    dataset: str | Path | None = None

    @classmethod
    def of_dataset(cls, dataset: str | Path, **options: Any) -> "RenderRequest":
        """A request for a published dataset.

        Args:
            dataset: its name, in any case, or a `.toml` file.
            options: fields that don't decide what the dataset is, such as `out` and `workers`.

        Raises:
            ThreeDieError: no such dataset, an option that it decides, or as for any request.
        """
        decided = _decided_by(dataset)
        for name in options:
            if name in decided:
                raise _refusal(dataset, name)
        return cls(dataset=dataset, **decided, **options)

    def __post_init__(self) -> None:
        """Check what can be checked without reading a file.

        Raises:
            ThreeDieError: a value of another type or out of its range, an unknown name, or options that contradict each
                other.
        """
        if not isinstance(self.classes, str):
            object.__setattr__(self, "classes", _words(self.classes))
        check_types(self)
        self._check_ranges()
        self._check_choices()
        self._check_dataset()
        if not isinstance(self.cluster, ClusterOptions):
            raise ThreeDieError(f"cluster is {shown_value(self.cluster)}; it must be ClusterOptions")
        self.cluster.check(self.workers, self.shard)
        if self.cluster.wanted:
            # A path must mean the same place on every machine.
            for name in ("models", "out"):
                path = getattr(self, name)
                object.__setattr__(self, name, path and path.resolve())
        _ = self.share, self.synsets

    def _check_ranges(self) -> None:
        for name, (low, high) in RANGES.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= (value if high is None else high):
                bounds = f"at least {low:,}" if high is None else f"from {low:,} to {high:,}"
                raise ThreeDieError(f"{option(name)} {value}: give a number {bounds}")

    def _check_choices(self) -> None:
        # The command's help needs none of these modules.
        from threedie.render.devices import check_kind  # noqa: PLC0415
        from threedie.render.quality import choose_quality  # noqa: PLC0415
        from threedie.render.sampling import check_sampler  # noqa: PLC0415

        if not isinstance(self.preset, str | Path):
            raise ThreeDieError(f"--preset {shown_value(self.preset)}: give the name of a preset, or a .toml file")
        check_kind(self.device)
        check_sampler(self.sampler)
        choose_quality(self.quality, self.samples, self.denoiser)

    def _check_dataset(self) -> None:
        if self.dataset is None:
            return
        if not isinstance(self.dataset, str | Path):
            raise ThreeDieError(f"--dataset {shown_value(self.dataset)}: give the name of a dataset, or a .toml file")
        for name, value in _decided_by(self.dataset).items():
            if getattr(self, name) != value:
                raise _refusal(self.dataset, name)

    @property
    def definition(self) -> "DatasetDefinition | None":
        """The published dataset that is rendered, None for any other."""
        from threedie.render.definition import load_definition  # noqa: PLC0415 - as above

        return None if self.dataset is None else load_definition(self.dataset)

    @property
    def synsets(self) -> tuple[str, ...]:
        """Synset ids of the classes, sorted."""
        from threedie.manifests.classes import parse_classes  # noqa: PLC0415 - as above

        return parse_classes(self.classes if isinstance(self.classes, str) else ",".join(self.classes))

    @property
    def share(self) -> "Shard | None":
        """The share of the objects that is rendered, None for all."""
        from threedie.render.shard import Shard  # noqa: PLC0415 - as above

        return None if self.shard is None else Shard.parse(self.shard)

    @property
    def limits(self) -> "Limits":
        """Limits of the rendering processes."""
        from threedie.render.supervisor import Limits  # noqa: PLC0415 - as above

        return Limits(view_s=self.time_limit, memory_gib=self.memory_limit, fail_fast=not self.keep_going)


def _decided_by(dataset: str | Path) -> dict[str, Any]:
    from threedie.render.definition import load_definition  # noqa: PLC0415 - as in `_check_choices`

    return load_definition(dataset).options


def _refusal(dataset: str | Path, name: str) -> ThreeDieError:
    return ThreeDieError(
        f"{option(name)} beside --dataset {dataset}: the dataset decides that; leave out one of the two"
    )


def _words(classes: Any) -> tuple[str, ...]:
    words = tuple(classes) if isinstance(classes, Iterable) else (classes,)
    wrong = [word for word in words if not isinstance(word, str)]
    if wrong:
        raise ThreeDieError(f"--classes {shown_value(wrong[0])}: give names or synset ids, as text")
    return words


@dataclass(frozen=True)
class RenderResult:
    """What a render made.

    Attributes:
        dataset: the packed dataset file; None where nothing was packed: after a dry run, where no object could be
            rendered, where `keep_going` was off and one couldn't, and where other shards are still at work.
        quarantined: objects that were given up, with the reason.
        differs: whether a published dataset was requested, and the fingerprint isn't the published one.
    """

    dataset: Path | None = None
    quarantined: "dict[ObjectRef, str]" = field(default_factory=dict)
    differs: bool = False
