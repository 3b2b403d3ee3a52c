"""The end of a run: damaged part files rendered again, the dataset packed, its contact sheet drawn."""

import itertools
import shlex
import time
from collections.abc import Callable, Mapping
from dataclasses import replace

from threedie.manifests.collection import open_collection
from threedie.manifests.dataset import Dataset
from threedie.manifests.errors import DamagedFileError
from threedie.manifests.files import replacing
from threedie.manifests.locks import Taken
from threedie.manifests.objects import ObjectRef
from threedie.manifests.places import DEFAULT_RENDER
from threedie.manifests.plurals import pluralize
from threedie.manifests.preview import contact_sheet
from threedie.render.ledger import Outcome
from threedie.render.plan import Plan
from threedie.render.reporter import RenderReporter
from threedie.render.request import RenderResult
from threedie.render.run_folder import RunFolder
from threedie.render.shard import Shard

REPAIRS = 2
"""Times that damaged part files are rendered again before the run fails."""

PACK_PAUSES_S = (0.0, 1.0, 3.0)
"""Seconds that a shard waits before each try to pack the dataset."""

SHEET_OBJECTS, SHEET_VIEWS = 8, 6

RenderObjects = Callable[[list[ObjectRef]], Outcome]


def report_outcome(outcome: Outcome, reporter: RenderReporter) -> None:
    """Report warnings, and the objects that were given up."""
    for warning in outcome.warnings:
        reporter.warn(f"warning: {warning}")
    for ref, reason in sorted(outcome.quarantined.items()):
        reporter.warn(f"left out: {ref}: {reason.removeprefix(f'{ref}: ')}")


def report_fingerprint(plan: Plan, fingerprint: str, reporter: RenderReporter) -> bool:
    """Report a dataset's fingerprint; whether it differs from that of the published dataset that is rendered."""
    definition = plan.definition
    difference = definition.compare(fingerprint) if definition else None
    if difference:
        reporter.warn(f"Not the published dataset: {difference}. Results on the two can't be compared.")
    elif definition and definition.fingerprint:
        reporter.text(f"Fingerprint:   {fingerprint}, that of {definition.name} as published")
    else:
        reporter.text(f"Fingerprint:   {fingerprint}")
    return difference is not None


def finish(
    folder: RunFolder,
    plan: Plan,
    quarantined: Mapping[ObjectRef, str],
    render_objects: RenderObjects,
    reporter: RenderReporter,
) -> RenderResult:
    """Pack what was rendered, draw the contact sheet, report what was made and what to do next.

    Args:
        folder: the run's folder, locked.
        plan: what was to be rendered.
        quarantined: objects given up, with the reason.
        render_objects: renders objects whose part files turn out to be damaged.
        reporter: where to report to.

    Raises:
        DamagedFileError: part files were damaged again after each of `REPAIRS` tries.
        ThreeDieError: the dataset can't be written.
    """
    begin = time.monotonic()
    before = len(folder.packed())
    for repairs in itertools.count():
        folder.write_quarantine(quarantined)
        rendered = sorted(plan.chosen - quarantined.keys())
        if not rendered:
            count = pluralize(len(plan.chosen), "object")
            reporter.warn(f"Nothing to pack: none of {count} could be rendered; see {folder.quarantine}.")
            return RenderResult(None, dict(quarantined))
        try:
            packed = folder.pack(rendered, lambda parts: reporter.bar("packing", None, " parts", parts), reporter.wait)
            break
        except DamagedFileError:
            damaged = folder.remove_damaged(rendered, reporter.warn) if repairs < REPAIRS else []
            if not damaged:
                raise
        again = render_objects(damaged)
        report_outcome(again, reporter)
        quarantined = {**quarantined, **again.quarantined}
    if packed:
        if before > len(rendered):
            reporter.text(
                f"{folder.dataset} had {pluralize(before, 'object')} and now has the {len(rendered)} of this run."
            )
        reporter.text(f"Packed {pluralize(len(rendered), 'object')} in {time.monotonic() - begin:.1f} s.")
    if not folder.has_contact_sheet():
        with replacing(folder.contact_sheet) as temporary:
            temporary.write_bytes(contact_sheet(open_collection(folder.dataset), SHEET_OBJECTS, SHEET_VIEWS))
    reporter.text(f"Dataset:       {folder.dataset} ({folder.dataset.stat().st_size / 1e6:,.1f} MB)")
    differs = report_fingerprint(plan, Dataset(folder.dataset).fingerprint(), reporter)
    reporter.text(f"Contact sheet: {folder.contact_sheet}")
    if quarantined:
        reporter.warn(
            f"Left out: {len(quarantined)} of {pluralize(len(plan.chosen), 'object')}, for the reasons in "
            f"{folder.quarantine}. Fix them and run the same command again."
        )
    else:
        data = shlex.quote(str(folder.dataset))
        option = "" if folder.path == DEFAULT_RENDER else f" --data {data}"
        reporter.text(f"Next: 3die data verify {data}; 3die bench run sie{option}")
    return RenderResult(folder.dataset, dict(quarantined), differs)


def finish_shard(
    folder: RunFolder,
    plan: Plan,
    share: Shard,
    outcome: Outcome,
    render_objects: RenderObjects,
    reporter: RenderReporter,
) -> RenderResult:
    """Report what of the whole is still missing; the shard that ends last packs the dataset."""
    reporter.text(f"Done: {share}.")
    # More than once: of two that end together, each may see the other's lock for a moment, and both give way.
    for pause in PACK_PAUSES_S:
        time.sleep(pause)
        given_up = folder.quarantined_by_shards(share.count, reporter.warn)
        missing = folder.missing(plan.objects)
        left = len(set(missing) - given_up.keys())
        if left:
            reporter.text(
                f"Still missing: {left} of {pluralize(len(plan.chosen), 'object')}; the shard that ends last packs the "
                f"dataset into {folder.dataset}. Or run the command without --shard: it renders what is missing, and "
                "packs."
            )
            return RenderResult(None, dict(outcome.quarantined))
        try:
            with folder.lock(plan, None, reporter.wait):
                left_out = {ref: given_up[ref] for ref in missing if ref in given_up}
                result = finish(folder, plan, left_out, render_objects, reporter)
            return replace(result, quarantined={**result.quarantined, **outcome.quarantined})
        except Taken:
            continue
    reporter.text(
        "All objects are rendered. Another process is about to pack the dataset; if none does, run the command without "
        "--shard."
    )
    return RenderResult(None, dict(outcome.quarantined))
