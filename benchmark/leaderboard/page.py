"""The page: one HTML file without external resources."""

import base64
import hashlib
import json
from collections.abc import Sequence
from typing import Any

from threedie.baselines.parts import PARTS
from threedie.benchmark.leaderboard.curves import HEIGHT, WIDTH, curves
from threedie.benchmark.leaderboard.datasets import dataset_name, size_of_images
from threedie.benchmark.leaderboard.families import FAMILIES
from threedie.benchmark.leaderboard.groups import Group, measured, published
from threedie.benchmark.leaderboard.pictures import Picture
from threedie.benchmark.leaderboard.sections import Section
from threedie.benchmark.leaderboard.selection import EVERYTHING, Selection
from threedie.benchmark.records.draws import DrawsByRecord
from threedie.benchmark.records.record import Record
from threedie.benchmark.records.upgrade import warning_line


def render_page(
    records: Sequence[Record],
    others: Sequence[Record],
    contact_sheet: bytes | None,
    figures: Sequence[Picture] = (),
    draws: DrawsByRecord | None = None,
    selection: Selection = EVERYTHING,
) -> str:
    """The page as HTML.

    Args:
        records: measured records, and published ones among them.
        others: further published records.
        contact_sheet: a PNG of the dataset, or None.
        figures: what `3die bench figures` drew; those of runs that aren't among the records are left out.
        draws: bootstrap draws of the records, for letters that say which differences are beyond chance.
        selection: what is shown.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=PackageLoader("threedie.benchmark", "leaderboard"),
        autoescape=True,
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "curves": curves,
        "duration": duration,
        "settings": settings_text,
        "warning_line": warning_line,
        "dataset_name": dataset_name,
        "size_of_images": size_of_images,
        "tojson_plain": lambda value: json.dumps(value, sort_keys=True, ensure_ascii=False),
    }
    groups = measured(records, draws, selection)
    letters = any(entry.letters for group in groups for entry in group.entries)
    style = environment.get_template("page.css.j2").render(letters=letters)
    script = environment.get_template("page.js.j2").render(families=list(FAMILIES), parts=PARTS)
    digest = base64.b64encode(hashlib.sha256(f"\n{script}".encode()).digest()).decode()
    return environment.get_template("page.html.j2").render(
        measured=[
            Section(f"m{number}", group, selection=selection, pictures=_group_figures(number - 1, groups, figures))
            for number, group in enumerate(groups, 1)
        ],
        published=[
            Section(f"p{number}", group, True, selection)
            for number, group in enumerate(published([*records, *others], selection), 1)
        ],
        picture=contact_sheet and "data:image/png;base64," + base64.b64encode(contact_sheet).decode(),
        # The program's own files; everything from a record goes through autoescape.
        style=Markup(style),
        script=Markup(script),
        script_hash=f"sha256-{digest}",
        box=(WIDTH, HEIGHT),
    )


def _group_figures(number: int, groups: Sequence[Group], figures: Sequence[Picture]) -> tuple[Picture, ...]:
    """The figures of a group: those that compare its runs, and those of single runs that no later group has too."""
    ids = [set(group.record_ids) for group in groups]
    later = set[str]().union(*ids[number + 1 :])
    return tuple(
        figure
        for figure in figures
        if ids[number].issuperset(figure.records)
        and (figure.group == groups[number].key if figure.group else later.isdisjoint(figure.records))
    )


def settings_text(config: dict[str, Any]) -> str:
    """A configuration as text, one setting per line."""
    return "\n".join(f"{key} = {json.dumps(config[key], sort_keys=True, ensure_ascii=False)}" for key in sorted(config))


def duration(seconds: float) -> str:
    """Seconds in words, two units at most."""
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
