"""The folder of a run: its lock, its part files, which objects are missing."""

import csv
import functools
import hashlib
import io
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from threedie.manifests.dataset import Dataset, repair_hint
from threedie.manifests.dataset_info import PART_SUFFIX, DatasetInfo
from threedie.manifests.dataset_writer import lock_dataset
from threedie.manifests.errors import DamagedFileError, ThreeDieError, one_line
from threedie.manifests.files import clear_debris, explained, replacing, write_json
from threedie.manifests.locks import Taken, holder, lock
from threedie.manifests.objects import ObjectRef, fingerprint
from threedie.manifests.parts import looks_whole, pack, part_path, splits_of
from threedie.manifests.places import DATASET_FILE
from threedie.manifests.text import read_json, read_table
from threedie.manifests.verify import QUARANTINE_FILE
from threedie.render.models.archive import clear_slots
from threedie.render.plan import Plan
from threedie.render.shard import Shard

MAX_QUARANTINE_BYTES = 64 * 2**20
MAX_REASON = 500
"""Characters of a damaged file's content that a message may repeat."""

_OLDER_MODEL = re.compile(r"\.tmp-\d+-[0-9a-f]{8}-.+")
"""Temporary names of generated models of older versions: the process without its machine."""


class RunFolder:
    """The folder of a run. Layout:

    dataset.h5           the dataset, once all is rendered
    parts/SYNSET/ID.part.h5
    run.json             settings of the dataset; a run with other settings is refused
    splits.json          which splits of a manifest the part files were compared with
    quarantine.csv       objects that were given up, with the reason
    .locks/              which runs are at work here
    contact_sheet.png
    logs/                what the rendering processes printed
    models/              generated models, and what is unpacked from archives while it is rendered
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
        self, plan: Plan, shard: Shard | None = None, on_wait: Callable[[str], None] = lambda _: None
    ) -> Iterator[None]:
        """Lock the folder for one run, or for one shard among others; delete what killed runs left half-written.

        Args:
            plan: what is to be rendered.
            shard: the run's share, None for a run that needs the folder for itself.
            on_wait: called with a message while this waits to see whether a holder of a lock is alive.

        Raises:
            ThreeDieError: another run holds the lock, the folder belongs to other settings, or it can't be written to.
        """
        refusal = (
            f"{self.path}: another run is at work in this folder ({{holder}}); wait for it, "
            "or choose another with --out"
        )
        with lock(self.locks / (shard.name if shard else "run"), str(shard or "the whole run"), refusal, on_wait):
            self._refuse_others(shard, refusal, on_wait)
            self._check_settings(plan.info)
            self._check_splits(plan, on_wait)
            self._clear(None if shard is None else shard.of(plan.objects))
            try:
                yield
            finally:
                clear_slots(self._unpacked)

    def _refuse_others(self, shard: Shard | None, refusal: str, on_wait: Callable[[str], None]) -> None:
        """A shard runs only beside shards of the same count: another division would render many objects twice."""
        others = []
        for path in sorted(self.locks.glob("[!.]*")):
            other = Shard.named(path.name)
            if path.name != "run" and other is None:  # not a lock of a run
                continue
            same = other == shard if path.name != "run" else shard is None
            sibling = other is not None and shard is not None and other.count == shard.count
            if not same and not sibling:
                others.append(path)
        if running := holder(*others, on_wait=on_wait):
            raise Taken(refusal.replace("{holder}", running))

    def _clear(self, refs: Sequence[ObjectRef] | None) -> None:
        """Remove what was left half-written: of some objects' part files, or everything where `refs` is None.

        What dead processes of this machine left is deleted in any case; what those of another machine left only where
        the lock keeps all others from working on it.
        """
        exclusive = refs is None
        # The folder itself may be a link to a larger disk.
        clear_debris(self.path.resolve())
        clear_debris(self.path.resolve(), exclusive, _is_side_file)
        clear_debris(self.locks, exclusive)
        own_names = None if refs is None else {f"{ref}{PART_SUFFIX}" for ref in refs}
        for folder in _folders(self.parts):
            clear_debris(folder, True, functools.partial(_is_part_of, own_names, folder.name))
        for models in _folders(self.path / "models"):
            for folder in _folders(models) if models.name.startswith("synth-v") else []:
                clear_debris(folder, exclusive)
                for older in folder.glob(".tmp-*") if exclusive else []:
                    if _OLDER_MODEL.fullmatch(older.name) and older.is_dir() and not older.is_symlink():
                        shutil.rmtree(older, ignore_errors=True)
        clear_slots(self._unpacked, exclusive)

    def _check_settings(self, info: DatasetInfo) -> None:
        record = self.path / "run.json"
        # A broken link doesn't exist, and must not be written through.
        if not record.exists() and not record.is_symlink():
            write_json(record, info.to_json())
            return
        remedy = "delete it if the settings are those of before, or choose another folder with --out"
        try:
            existing = DatasetInfo.from_json(read_json(record))
            difference = existing.difference(info)
        except ThreeDieError as error:
            raise ThreeDieError(f"{error}; {remedy}") from error
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else str(error)
            raise ThreeDieError(f"{record}: damaged ({one_line(reason, MAX_REASON)}); {remedy}") from error
        if difference:
            raise ThreeDieError(
                f"{self.path} holds a run with other settings: {difference[:MAX_REASON]}. Use the same settings to "
                "go on with it, or choose another folder with --out"
            )

    def _check_splits(self, plan: Plan, warn: Callable[[str], None]) -> None:
        """Refuse a manifest that puts a rendered object into another split than it was rendered for.

        Every part file has to be opened for that, so it is only done where the manifest's splits are new to the folder.
        """
        if not plan.splits:
            return
        text = "\n".join(f"{ref} {split}" for ref, split in sorted(plan.splits.items()))
        current = {"sha256": hashlib.sha256(text.encode()).hexdigest()}
        record = self.path / "splits.json"
        if record.exists():
            try:
                before = read_json(record)
                if before == current:
                    return
                damage = "" if isinstance(before, dict) and "sha256" in before else f"{record}: not written by 3die"
            except ThreeDieError as error:
                damage = str(error)
            if damage:
                warn(f"{damage}; checking the splits of all part files and writing it anew")
        for ref in plan.objects:
            part = part_path(self.parts, ref)
            try:
                agrees = not looks_whole(part) or splits_of(part) == [plan.split(ref)]
            except DamagedFileError:  # it is rendered again before anything is packed
                agrees = True
            if not agrees:
                raise ThreeDieError(
                    f"{ref} in {self.path} was rendered for another split than {plan.split(ref)}, which the manifest "
                    "now says; choose another folder with --out"
                )
        write_json(record, current)

    def missing(self, refs: Sequence[ObjectRef]) -> list[ObjectRef]:
        """Those of some objects that have no whole part file, in their order.

        Cheap: reads the first bytes of each file. Packing reads all of it.
        """
        return [ref for ref in refs if not looks_whole(part_path(self.parts, ref))]

    def remove_damaged(
        self, refs: Sequence[ObjectRef], warn: Callable[[str], None] = lambda _: None
    ) -> list[ObjectRef]:
        """Delete the damaged ones among the part files of some objects; gives those objects.

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
                warn(f"{str(error).removesuffix(f'; {repair_hint(part)}')}; rendering the object again")
                _remove(part)
                damaged.append(ref)
        return damaged

    def write_quarantine(self, quarantined: Mapping[ObjectRef, str], shard: Shard | None = None) -> None:
        """Write the list of objects given up in this run, or delete it if there are none.

        Each shard has its own list; that of a whole run replaces the lists of all shards.
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
        """Path of the list of a run, or of a shard."""
        return self.quarantine if shard is None else self.path / f"quarantine-{shard.name}.csv"

    def quarantined_by_shards(self, count: int, warn: Callable[[str], None] = lambda _: None) -> dict[ObjectRef, str]:
        """Objects that shards of `count` gave up, with the reason.

        A damaged list is reported to `warn` and left out: the next run tries its objects again.
        """
        quarantined: dict[ObjectRef, str] = {}
        for shard, path in self._shard_quarantines().items():
            if shard.count != count or not path.exists():  # another shard packs
                continue
            try:
                if path.stat().st_size > MAX_QUARANTINE_BYTES:
                    raise ThreeDieError(f"{path}: larger than {MAX_QUARANTINE_BYTES // 2**20} MiB")
                rows = read_table(path, {"class", "id", "reason"}, "list of objects given up")
                quarantined.update({ObjectRef(row["class"], row["id"]): row["reason"] for row in rows})
            except FileNotFoundError:
                continue
            except ThreeDieError as error:
                if path.exists():
                    # It may repeat text of the list, line ends and all.
                    reason = one_line(str(error).removeprefix(f"{path}: "), MAX_REASON)
                    warn(f"{path}: damaged ({reason}); left out, and the objects it gave up count as missing")
        return quarantined

    def _shard_quarantines(self) -> dict[Shard, Path]:
        lists = {
            Shard.named(path.stem.removeprefix("quarantine-")): path for path in self.path.glob("quarantine-*.csv")
        }
        return {shard: path for shard, path in lists.items() if shard is not None}

    def has_contact_sheet(self) -> bool:
        """Whether the contact sheet exists and is no older than the dataset."""
        try:
            return self.contact_sheet.stat().st_mtime_ns >= self.dataset.stat().st_mtime_ns
        except OSError:
            return False

    def packed(self) -> list[ObjectRef]:
        """The objects of the dataset file; none if it is missing or damaged."""
        try:
            return Dataset(self.dataset).objects
        except ThreeDieError:
            return []

    def pack(
        self,
        refs: Sequence[ObjectRef],
        progress: Any = iter,
        on_wait: Callable[[str], None] = lambda _: None,
    ) -> bool:
        """Join part files into the dataset file; False if it was already made of exactly these parts.

        Raises:
            Taken: another process, such as `3die data pack`, is writing the dataset file.
            DamagedFileError: a part file is damaged.
            ThreeDieError: they can't be joined.
        """
        parts = [part_path(self.parts, ref) for ref in refs]
        if fingerprint(self.packed()) == fingerprint(refs):
            packed_ns = self.dataset.stat().st_mtime_ns
            if all(part.stat().st_mtime_ns < packed_ns for part in parts):
                return False
        with lock_dataset(self.dataset, "3die render", on_wait):
            pack(parts, self.dataset, progress)
        return True


def _is_side_file(name: str) -> bool:
    """Whether it is a file that a run writes into its folder under its lock; the dataset has its own lock."""
    return name in ("run.json", "splits.json", "contact_sheet.png") or name.startswith("quarantine")


def _is_part_of(names: set[str] | None, synset: str, name: str) -> bool:
    """Whether it is the name of a part file, of one of these objects unless `names` is None."""
    return name.endswith(PART_SUFFIX) and (names is None or f"{synset}/{name}" in names)


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
