"""One rendering run: what is asked for, what of it is missing, and the folder it goes to."""

import csv
import functools
import hashlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from threedie.manifests.dataset import Dataset, mend
from threedie.manifests.dataset_info import PART_SUFFIX, DatasetInfo
from threedie.manifests.errors import DamagedFileError, ThreeDieError, one_line
from threedie.manifests.files import clear_debris, clear_scratch, explained, replacing, scratch_prefix, write_json
from threedie.manifests.locks import Taken, holder, lock
from threedie.manifests.manifest import read_splits, split_names
from threedie.manifests.objects import ObjectRef, fingerprint, first_per_class, read_object_list, split_of
from threedie.manifests.parts import looks_whole, pack, part_path, splits_of
from threedie.manifests.text import read_json, read_table
from threedie.manifests.verify import QUARANTINE_FILE
from threedie.render.frame import BYTES_A_PIXEL
from threedie.render.messages import Setup, Task
from threedie.render.models.archive import clear_slots
from threedie.render.models.source import ModelSource
from threedie.render.preset import Preset
from threedie.render.quality import Quality
from threedie.render.sampling import sample
from threedie.render.shard import Shard

DATASET_FILE = "dataset.h5"
MAX_QUARANTINE_BYTES = 64 * 2**20
MAX_REASON = 500
"""Characters of a damaged file's own content that a message may repeat."""
_OLDER_MODEL = re.compile(r"\.tmp-\d+-[0-9a-f]{8}-.+")
"""Made-up models that older versions were writing: the process without its machine."""
DEFAULT_FOLDER = "3die-data"
"""Where `3die render` writes and `3die bench run` looks, unless told otherwise."""


@dataclass(frozen=True)
class Plan:
    """Everything that is to be rendered.

    Attributes:
        info: what the dataset will be.
        preset: its preset.
        quality: its render quality.
        source: where the meshes come from.
        sequence: the whole list of objects in the order in which latents are sampled.
        chosen: the objects of it that are wanted.
        splits: split of each object whose manifest says one; the others' is a hash of the name.
    """

    info: DatasetInfo
    preset: Preset
    quality: Quality
    source: ModelSource
    sequence: tuple[ObjectRef, ...]
    chosen: frozenset[ObjectRef]
    splits: Mapping[ObjectRef, str] = field(default_factory=dict)

    def split(self, ref: ObjectRef) -> str:
        """`train` or `val`."""
        return self.splits.get(ref) or split_of(ref)

    @property
    def views(self) -> int:
        """Number of views in all."""
        return len(self.chosen) * self.info.views

    @property
    def objects(self) -> list[ObjectRef]:
        """The objects wanted, in the plan's order."""
        return [ref for ref in self.sequence if ref in self.chosen]

    def tasks(self, missing: Iterable[ObjectRef]) -> Iterator[Task]:
        """The tasks of some objects, with their latents, one at a time."""
        wanted = set(missing)
        latents = sample(self.preset, self.info.sampler, self.info.seed, self.sequence, self.info.views)
        for ref, values in zip(self.sequence, latents, strict=True):
            if ref in wanted:
                yield Task(ref, self.split(ref), values)

    def example(self, ref: ObjectRef, views: int) -> Task:
        """A task for a timed sample: a few views, with latents of the counter-based sampler's making."""
        latents = next(sample(self.preset, "counter", 0, [ref], views))
        return Task(ref, self.split(ref), latents)


def make_plan(
    source: ModelSource,
    preset: Preset,
    quality: Quality,
    *,
    synsets: Sequence[str],
    views: int,
    per_class: int | None,
    size: int | None,
    seed: int,
    sampler: str,
    manifest: Path | None,
) -> Plan:
    """Work out what is to be rendered.

    Args:
        source: where the meshes come from.
        preset: what is sampled and what the scene is made of.
        quality: how it is rendered.
        synsets: classes wanted.
        views: views per object.
        per_class: at most so many objects of a class, None for all.
        size: width and height in pixels, None for the preset's.
        seed: seed of the latents.
        sampler: `counter` or `reference`.
        manifest: list of objects, with splits or without; None for all the source has.

    Raises:
        ThreeDieError: nothing is left to render, or the options contradict each other.
    """
    models = source.describe()
    splits = {}
    if manifest is None:
        sequence = source.objects(synsets, per_class)
        chosen = sequence
    else:
        # The whole list is sampled even where a part of it is wanted: the reference sampler's stream runs through it.
        sequence = read_object_list(manifest)
        entries = read_splits(manifest)
        if entries is not None:
            splits = {entry.ref: entry.split for entry in entries}
            models = {**models, "splits": split_names(entries)}
        chosen = first_per_class((ref for ref in sequence if ref.synset in set(synsets)), per_class)
        if not chosen:
            raise ThreeDieError(f"{manifest}: has no object of the classes asked for")
    if sampler == "reference":
        order = hashlib.sha256("\n".join(map(str, sequence)).encode()).hexdigest()
        models = {**models, "sampled_in_order": order}
    info = DatasetInfo(
        preset=preset.to_json(),
        fields=preset.latents,
        seed=seed,
        sampler=sampler,
        views=views,
        image_size=size or preset.image_size,
        channel_order=preset.channel_order,
        quality=quality.to_json(),
        models=models,
    )
    sample(preset, sampler, seed, sequence, views)
    return Plan(info, preset, quality, source, tuple(sequence), frozenset(chosen), splits)


class RunFolder:
    """The folder of a run. Layout:

    dataset.h5           the dataset, once all is rendered
    parts/SYNSET/ID.part.h5
    run.json             what the dataset is; a run with other settings is refused
    splits.json          which splits of a manifest the part files were compared with
    quarantine.csv       objects given up, with the reason
    .locks/              who is at work here
    contact_sheet.png
    logs/                what the rendering processes printed
    models/              made-up models, and what is unpacked from archives while it is rendered
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.parts = path / "parts"
        self.logs = path / "logs"
        self.dataset = path / DATASET_FILE
        self.quarantine = path / QUARANTINE_FILE
        self.locks = path / ".locks"
        self.contact_sheet = path / "contact_sheet.png"
        self._unpacked = path / "models" / "unpacked"

    @contextmanager
    def lock(
        self, plan: Plan, shard: Shard | None = None, say: Callable[[str], None] = lambda _: None
    ) -> Iterator[None]:
        """Hold the folder for one run, or for one shard among others; clear away what killed runs left half-written.

        Args:
            plan: what is to be rendered.
            shard: the run's share, None for a run that needs the folder for itself.
            say: is told where this waits to see whether a holder lives.

        Raises:
            ThreeDieError: another run holds it, it was begun with other settings, or it can't be written to.
        """
        refusal = (
            f"{self.path}: another run is at work in this folder ({{holder}}); wait for it, "
            "or choose another with --out"
        )
        with lock(self.locks / (shard.name if shard else "run"), str(shard or "the whole run"), refusal, say):
            self._refuse_others(shard, refusal, say)
            self._check_settings(plan.info)
            self._check_splits(plan, say)
            self._clear(None if shard is None else shard.of(plan.objects))
            try:
                yield
            finally:
                clear_slots(self._unpacked)

    def _refuse_others(self, shard: Shard | None, refusal: str, say: Callable[[str], None]) -> None:
        """A shard stands only its like beside it: two ways of dividing the objects would do many of them twice."""
        others = []
        for path in sorted(self.locks.glob("[!.]*")):
            other = Shard.named(path.name)
            if path.name != "run" and other is None:  # no lock of ours
                continue
            same = other == shard if path.name != "run" else shard is None
            sibling = other is not None and shard is not None and other.count == shard.count
            if not same and not sibling:
                others.append(path)
        if who := holder(*others, on_wait=say):
            raise Taken(refusal.replace("{holder}", who))

    def _clear(self, refs: Sequence[ObjectRef] | None) -> None:
        """Remove what was left half-written: of some objects' part files, or everything where `refs` is None.

        What a dead process of this machine left goes in any case. What another machine's left goes where the lock says
        that no other process is at work on it.
        """
        alone = refs is None
        # The folder itself may be a link to a larger disk.
        clear_debris(self.path.resolve())
        clear_debris(self.path.resolve(), alone, _is_side_file)
        clear_debris(self.locks, alone)
        mine = None if refs is None else {f"{ref}{PART_SUFFIX}" for ref in refs}
        for folder in _folders(self.parts):
            clear_debris(folder, True, functools.partial(_is_part_of, mine, folder.name))
        for made in _folders(self.path / "models"):
            for folder in _folders(made) if made.name.startswith("synth-v") else []:
                clear_debris(folder, alone)
                for older in folder.glob(".tmp-*") if alone else []:
                    if _OLDER_MODEL.fullmatch(older.name) and older.is_dir() and not older.is_symlink():
                        shutil.rmtree(older, ignore_errors=True)
        clear_slots(self._unpacked, alone)

    def _check_settings(self, info: DatasetInfo) -> None:
        record = self.path / "run.json"
        # A link to nothing doesn't exist, and is no file to write through.
        if not record.exists() and not record.is_symlink():
            write_json(record, info.to_json())
            return
        mend = "delete it if the settings are those of before, or choose another folder with --out"
        try:
            begun = DatasetInfo.from_json(read_json(record))
            difference = begun.difference(info)
        except ThreeDieError as error:
            raise ThreeDieError(f"{error}; {mend}") from error
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise ThreeDieError(f"{record}: damaged ({one_line(reason, MAX_REASON)}); {mend}") from error
        if difference:
            raise ThreeDieError(
                f"{self.path} was begun with other settings: {difference[:MAX_REASON]}. Use the same settings to go on "
                "with it, or choose another folder with --out"
            )

    def _check_splits(self, plan: Plan, say: Callable[[str], None]) -> None:
        """Refuse a manifest that puts an object that is there into another split than it was rendered for.

        Every part file has to be opened for that, so it is only done where the manifest's splits are new here.
        """
        if not plan.splits:
            return
        text = "\n".join(f"{ref} {split}" for ref, split in sorted(plan.splits.items()))
        now = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
        record = self.path / "splits.json"
        if record.exists():
            try:
                before = read_json(record)
                if before == now:
                    return
                damage = "" if isinstance(before, dict) and "sha256" in before else f"{record}: not what '3die' writes"
            except ThreeDieError as error:
                damage = str(error)
            if damage:
                say(f"{damage}; checking the splits of all part files, and writing it anew")
        for ref in plan.objects:
            part = part_path(self.parts, ref)
            try:
                agrees = not looks_whole(part) or splits_of(part) == [plan.split(ref)]
            except DamagedFileError:  # it is rendered again before anything is packed
                agrees = True
            if not agrees:
                raise ThreeDieError(
                    f"{ref} was rendered into {self.path} for another split than {plan.split(ref)}, where the manifest "
                    "puts it now; choose another folder with --out"
                )
        write_json(record, now)

    def missing(self, refs: Sequence[ObjectRef]) -> list[ObjectRef]:
        """Those of some objects that have no whole part file, in their order.

        Cheap: reads the first bytes of each file. Packing reads all of it.
        """
        return [ref for ref in refs if not looks_whole(part_path(self.parts, ref))]

    def remove_damaged(self, refs: Sequence[ObjectRef], say: Callable[[str], None] = lambda _: None) -> list[ObjectRef]:
        """Delete the part files of some objects that aren't what was written into them; gives those objects.

        Reads all of every file.
        """
        damaged = []
        for ref in refs:
            part = part_path(self.parts, ref)
            try:
                opened = Dataset(part)
                for index in range(len(opened)):
                    opened.object(index)
            except DamagedFileError as error:
                say(f"{str(error).removesuffix(f'; {mend(part)}')}; rendering the object again")
                _remove(part)
                damaged.append(ref)
        return damaged

    def write_quarantine(self, quarantined: Mapping[ObjectRef, str], shard: Shard | None = None) -> None:
        """Write the list of objects given up in this run, or remove it where there are none.

        A shard has a list of its own; that of a whole run takes the place of all the shards' lists.
        """
        for path in [] if shard else self._shard_quarantines().values():
            _remove(path)
        target = self.quarantine_of(shard)
        if not quarantined:
            _remove(target)
            return
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["class", "id", "reason"])
        writer.writerows([ref.synset, ref.object_id, reason] for ref, reason in sorted(quarantined.items()))
        with replacing(target) as temporary:
            temporary.write_text(text.getvalue(), encoding="utf-8")

    def quarantine_of(self, shard: Shard | None) -> Path:
        """Where the list of a run, or of a shard, lies."""
        return self.quarantine if shard is None else self.path / f"quarantine-{shard.name}.csv"

    def quarantined_by_shards(self, count: int, say: Callable[[str], None] = lambda _: None) -> dict[ObjectRef, str]:
        """Objects that shards of `count` gave up, with the reason.

        A damaged list is named to `say` and left out: its objects are then missing, and the next run tries them again.
        """
        found = {}
        for shard, path in self._shard_quarantines().items():
            if shard.count != count or not path.exists():  # another shard packs
                continue
            try:
                if path.stat().st_size > MAX_QUARANTINE_BYTES:
                    raise ThreeDieError(f"{path}: larger than {MAX_QUARANTINE_BYTES // 2**20} MiB")
                rows = read_table(path, {"class", "id", "reason"}, "list of objects given up")
                found.update({ObjectRef(row["class"], row["id"]): row["reason"] for row in rows})
            except FileNotFoundError:
                continue
            except ThreeDieError as error:
                if path.exists():
                    # The list's own words may be in it, line ends and all.
                    reason = one_line(str(error).removeprefix(f"{path}: "), MAX_REASON)
                    say(f"{path}: damaged ({reason}); left out, and the objects it gave up count as missing")
        return found

    def _shard_quarantines(self) -> dict[Shard, Path]:
        found = {
            Shard.named(path.stem.removeprefix("quarantine-")): path for path in self.path.glob("quarantine-*.csv")
        }
        return {shard: path for shard, path in found.items() if shard is not None}

    def has_contact_sheet(self) -> bool:
        """Whether there is one that is no older than the dataset."""
        try:
            return self.contact_sheet.stat().st_mtime_ns >= self.dataset.stat().st_mtime_ns
        except OSError:
            return False

    def packed(self) -> list[ObjectRef]:
        """The objects of the dataset file; none where there is no whole one."""
        try:
            return Dataset(self.dataset).objects
        except ThreeDieError:
            return []

    def pack(self, refs: Sequence[ObjectRef], progress: Any = iter) -> bool:
        """Join part files into the dataset file; False where that was made of just these parts already.

        Raises:
            DamagedFileError: a part file isn't what was written.
            ThreeDieError: they can't be joined.
        """
        parts = [part_path(self.parts, ref) for ref in refs]
        if fingerprint(self.packed()) == fingerprint(refs):
            made = self.dataset.stat().st_mtime_ns
            if all(part.stat().st_mtime_ns < made for part in parts):
                return False
        pack(parts, self.dataset, progress)
        return True


@contextmanager
def scratch_folder(bytes_needed: int) -> Iterator[Path]:
    """A temporary folder, in memory where the system has one there with enough room (containers often have little).

    Those that killed processes of this machine left are deleted.
    """
    memory = Path("/dev/shm")
    for place in (memory, Path(tempfile.gettempdir())):
        clear_scratch(place)
    usable = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > bytes_needed
    with tempfile.TemporaryDirectory(
        prefix=scratch_prefix(), dir=memory if usable else None, ignore_cleanup_errors=True
    ) as name:
        yield Path(name)


def _is_side_file(name: str) -> bool:
    """Whether it is a file that a run writes into its folder while it holds the lock; the dataset is packed without."""
    return name in ("run.json", "splits.json", "contact_sheet.png") or name.startswith("quarantine")


def _is_part_of(mine: set[str] | None, synset: str, name: str) -> bool:
    """Whether it is the name of a part file, and of one of these objects where a set is given."""
    return name.endswith(PART_SUFFIX) and (mine is None or f"{synset}/{name}" in mine)


def _folders(path: Path) -> list[Path]:
    """The folders in one, without links."""
    if path.is_symlink():
        return []
    return [folder for folder in path.glob("*") if folder.is_dir() and not folder.is_symlink()]


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise explained(error, path) from error


def scratch_bytes(info: DatasetInfo, workers: int) -> int:
    """Room the rendering processes need for their temporary pictures twice over."""
    return workers * info.image_size**2 * BYTES_A_PIXEL * 2


def make_setup(plan: Plan, folder: RunFolder, scratch: Path, workers: int, device: str = "cpu") -> Setup:
    """What every rendering process is told first; the cores are shared out evenly among them."""
    threads = max(1, available_cores() // workers)
    return Setup(plan.info, plan.preset, plan.quality, plan.source, folder.parts, scratch, threads, device)


def available_cores() -> int:
    """Processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
