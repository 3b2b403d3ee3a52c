"""Reading MTL files: materials, their maps, and values that are out of range or malformed."""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from threedie.render.models.faults import Fault
from threedie.render.models.mtl_names import (
    AMBIENT_MAP,
    COLOR_MAP,
    IGNORED_OPTIONS,
    MAPS,
    MASK_MAP,
    OTHER_MAPS,
    map_file_name,
)
from threedie.render.models.surface import Rgb

HIGHEST_ILLUM = 2
"""Illumination models above this one mean mirrors and glass, which scenes without glossy rays show as black."""

_COLORS = {"kd": "Kd", "ks": "Ks", "ke": "Ke"}
_SCALARS = {"Ns", "Ni", "Pr", "Pm", "Ps", "Pc", "Pcr", "aniso", "anisor"}
INVISIBLE = 1 / 255
"""Opacities below this one show nothing in 8 bits."""

_MAX_HIGHLIGHT = 2.0
"""Largest value of colors from 0 to 1 that are too bright; larger ones are from 0 to 255."""
_BYTE = 255.0
_DIFFERENT = 0.01
_XYZ_DIGITS = 4
_GRAY = (0.8, 0.8, 0.8)
"""Blender's color of a material that has none."""

_MATERIAL, _TEXTURE = "material", "texture"


@dataclass(frozen=True)
class MapLine:
    """A map of a material: its key as Blender spells it, its options, and the file's name."""

    key: str
    options: str
    name: str


@dataclass
class Material:
    """One material of an MTL file.

    Attributes:
        library: position of the file among the libraries.
        name: its name.
        lines: its other lines but maps, without comments.
        maps: maps that an import keeps.
        ambient: files of `map_Ka`, which no renderer reads.
        faults: what is wrong with it.
        color, opacity, emission: what the lines say, after mending; None where they say nothing.
    """

    library: int
    name: str
    lines: list[str] = field(default_factory=list)
    maps: list[MapLine] = field(default_factory=list)
    ambient: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    color: Rgb | None = None
    opacity: float | None = None
    emission: Rgb | None = None

    def add_fault(self, what: str, done: str, *, mended: bool = True) -> None:
        """Add a fault."""
        self.faults.append(Fault(_MATERIAL, f"material {self.name}: {what}", done, mended))

    def make_opaque(self) -> None:
        """Take away what makes it transparent."""
        self.lines = [line for line in self.lines if line.split()[0] != "d"]
        self.maps = [each for each in self.maps if each.key != MASK_MAP]
        self.opacity = 1.0


def read_materials(libraries: Sequence[str], used: Iterable[str] = ()) -> tuple[list[Material], list[Fault]]:
    """The materials of some MTL files, and faults of the files.

    Of several materials with one name the first counts, as for Blender.

    Args:
        libraries: text of each file.
        used: names of the materials that faces use; what follows a `#` in other names is then a comment.
    """
    made: dict[str, Material] = {}
    texts: dict[str, list[str]] = {}
    faults: dict[Fault, None] = {}
    wanted = {plain for name in used for plain in (name, before_comment(name))}
    for number, text in enumerate(libraries):
        # The text before the first `newmtl` belongs to nothing.
        for block in re.split(r"^[ \t]*(?=newmtl[ \t])", text, flags=re.M)[1:]:
            first, *lines = block.split("\n")
            name = first.partition("newmtl")[2].strip()
            name = before_comment(name) if name not in wanted and before_comment(name) in wanted else name
            if name in made:
                if texts[name] == lines:
                    continue
                fault = Fault(_MATERIAL, f"material {name} is defined twice", "the first definition counts")
                faults[fault] = None
                continue
            texts[name] = lines
            made[name] = _read_material(Material(number, name), lines)
    return list(made.values()), list(faults)


def before_comment(name: str) -> str:
    """A name without the comment after it."""
    return name.partition(" #")[0].strip()


def _read_material(material: Material, lines: Sequence[str]) -> Material:
    transparency: float | None = None
    for line in lines:
        words = line.split("#", 1)[0].split()
        key = words[0].lower() if words else ""
        if not words:
            continue
        if key in MAPS or key in OTHER_MAPS or key.startswith("map_"):
            _read_map(material, line, key)
        elif key in _COLORS:
            _read_color(material, words)
        elif words[0] == "d":
            _read_opacity(material, words)
        elif key == "tr":
            transparency = _number(words[1:2], material, " ".join(words))
            material.lines.append(" ".join(words))
        elif words[0] in _SCALARS and not _numbers(words[1:2], material, " ".join(words)):
            material.add_fault(f"{' '.join(words)} is not a number", "left out")
        elif words[0] == "illum" and len(words) > 1 and words[1].isdecimal():
            _read_illum(material, words[1])
        else:
            material.lines.append(" ".join(words))
    if transparency is not None:
        _apply_transparency(material, transparency)
    _add_ambient_faults(material)
    return material


def _read_illum(material: Material, number: str) -> None:
    model = min(int(number[:9]), HIGHEST_ILLUM)
    if int(number[:9]) > HIGHEST_ILLUM:
        material.add_fault(f"illum {number[:9]} means mirrors or glass", f"illum {model} instead", mended=False)
    material.lines.append(f"illum {model}")


def _read_color(material: Material, words: list[str]) -> None:
    key, values, written = _COLORS[words[0].lower()], words[1:], " ".join(words)
    if values and values[0].lower() == "spectral":
        material.add_fault(f"{written} is a spectrum, which isn't read", "left out")
        return
    is_xyz = bool(values) and values[0].lower() == "xyz"
    numbers = _numbers(values[is_xyz:][:3], material, written)
    if not numbers:
        material.add_fault(f"{written} is not made of numbers", "left out")
        return
    done = [] if words[0] == key else [f"read as {key}"]
    if len(numbers) < 3:
        # The format's own rule for one number.
        numbers = numbers * 3 if len(numbers) == 1 else [*numbers, numbers[-1]]
        done.append("read as gray" if len(values) == 1 else "the last number stands for blue too")
    if is_xyz:
        numbers = _rgb_of_xyz(numbers)
        done.append("converted to RGB")
    if min(numbers) < 0:
        numbers = [max(0.0, number) for number in numbers]
        done.append("negative numbers became 0")
    # Light may be as bright as it likes.
    if max(numbers) > 1 and key != "Ke":
        if _MAX_HIGHLIGHT < max(numbers) <= _BYTE:
            numbers = [number / _BYTE for number in numbers]
            done.append("over 1, taken as 0 to 255")
        else:
            numbers = [min(1.0, number) for number in numbers]
            done.append("over 1, cut to 1")
    if done or any("," in word for word in values):
        if done:
            material.add_fault(written, ", ".join(done))
        written = f"{key} " + " ".join(f"{number:.6g}" for number in numbers)
    material.lines.append(written)
    rgb = (numbers[0], numbers[1], numbers[2])
    if key == "Kd":
        material.color = rgb
    elif key == "Ke":
        material.emission = rgb


def _rgb_of_xyz(xyz: list[float]) -> list[float]:
    x, y, z = xyz
    rgb = (
        3.2406 * x - 1.5372 * y - 0.4986 * z,
        -0.9689 * x + 1.8758 * y + 0.0415 * z,
        0.0557 * x - 0.2040 * y + 1.0570 * z,
    )
    return [round(min(1.0, max(0.0, channel)), _XYZ_DIGITS) for channel in rgb]


def _read_opacity(material: Material, words: list[str]) -> None:
    written = " ".join(words)
    halo = "-halo" in words
    number = _number([word for word in words[1:] if word != "-halo"][:1], material, written)
    if halo:
        material.add_fault(f"{written}: halo isn't read", "the same from all sides")
    if number is None:
        return
    opacity = min(1.0, max(0.0, number))
    if opacity != number:
        material.add_fault(f"{written} is not from 0 to 1", f"cut to {opacity:g}")
    changed = halo or opacity != number or "," in written
    material.lines = [line for line in material.lines if line.split()[0] != "d"]
    material.lines.append(f"d {opacity:g}" if changed else written)
    material.opacity = opacity


def _apply_transparency(material: Material, transparency: float) -> None:
    """`Tr`, which Blender doesn't read: 1 - d, or d, as the exporter understood it."""
    opacity = 1 - min(1.0, max(0.0, transparency))
    before = len(material.faults)
    if material.opacity is not None:
        if abs(material.opacity - opacity) > _DIFFERENT:
            material.add_fault(
                f"d {material.opacity:g} and Tr {transparency:g} contradict each other", "d counts", mended=False
            )
    elif opacity == 0:
        material.add_fault("Tr 1 without d would be invisible", "taken as opaque", mended=False)
    elif opacity < 1:
        material.add_fault(f"Tr {transparency:g} without d", f"taken as d {opacity:g}")
        material.lines.append(f"d {opacity:g}")
        material.opacity = opacity
    if len(material.faults) > before:
        material.lines = [line for line in material.lines if line.split()[0].lower() != "tr"]


def _number(words: list[str], material: Material, written: str) -> float | None:
    numbers = _numbers(words, material, written)
    if not numbers:
        material.add_fault(f"{written} has no number", "left out")
        return None
    return numbers[0]


def _numbers(words: list[str], material: Material, written: str) -> list[float]:
    """Numbers of some words; none where one of them isn't finite."""
    if any(re.fullmatch(r"[-+]?\d+,\d+", word) for word in words):
        material.add_fault(f"{written} has decimal commas", "read as points")
        words = [word.replace(",", ".") for word in words]
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return []
    return numbers if all(map(math.isfinite, numbers)) else []


def _read_map(material: Material, line: str, key: str) -> None:
    words = line.strip().split(None, 1)
    name = map_file_name(words[1]) if len(words) == 2 else ""
    if not name:
        material.add_fault(f"{line.strip()} names no file", "left out", mended=False)
        return
    if key == AMBIENT_MAP:
        material.ambient.append(name)
        return
    if key not in MAPS:
        material.faults.append(Fault(_TEXTURE, f"texture {name} is {words[0]} of material {material.name}", "not used"))
        return
    before = next((each for each in material.maps if each.key == MAPS[key]), None)
    if before is not None:
        # The last one counts, as for Blender.
        material.maps.remove(before)
        if before.name != name:
            done = f"{name}, the last one, counts"
            material.faults.append(Fault(_TEXTURE, f"material {material.name} has two {MAPS[key]}", done))
    options = words[1].strip().strip('"').removesuffix(name).strip()
    ignored = [word for word in options.split() if word in IGNORED_OPTIONS]
    ignored += ["-clamp"] if "-clamp on" in options else []
    if ignored:
        material.faults.append(Fault(_TEXTURE, f"texture {name} has {', '.join(ignored)}", "without effect"))
    material.maps.append(MapLine(MAPS[key], options, name))


def _add_ambient_faults(material: Material) -> None:
    if not any(each.key == COLOR_MAP for each in material.maps):
        for name in material.ambient:
            fault = Fault(
                _TEXTURE, f"texture {name} is map_Ka of material {material.name}, which has no map_Kd", "not used"
            )
            material.faults.append(fault)


def make_visible(materials: Sequence[Material], used: set[str], hides_all: Callable[[Material], bool]) -> list[Fault]:
    """Make all materials opaque if every used one is invisible; returns faults of those that are invisible.

    Args:
        materials: all of them.
        used: names of those that faces use; an undefined one is visible.
        hides_all: whether a material's mask hides all of it.
    """
    hidden = [
        each for each in materials if each.name in used and (hides_all(each) if _has_mask(each) else is_hidden(each))
    ]
    if not hidden:
        return []
    if {each.name for each in hidden} == used:
        for each in hidden:
            each.make_opaque()
        return [
            Fault(
                _MATERIAL,
                "all its materials are invisible (d 0, or a map_d that hides all)",
                "made opaque",
                mended=True,
            )
        ]
    return [Fault(_MATERIAL, f"material {each.name} is invisible (d 0, or a map_d that hides all)") for each in hidden]


def is_hidden(material: Material) -> bool:
    """Whether its opacity alone makes it invisible."""
    return material.opacity is not None and material.opacity < INVISIBLE


def _has_mask(material: Material) -> bool:
    return any(each.key == MASK_MAP for each in material.maps)


def undefined_faults(used: Iterable[str], materials: Iterable[Material]) -> list[Fault]:
    """Faults for the names of materials that faces use and no file defines."""
    defined = {each.name: each for each in materials}
    lower = {name.lower(): name for name in defined}
    faults = []
    for name in sorted(used):
        if name not in defined:
            near = f" (did you mean {lower[name.lower()]}?)" if name.lower() in lower else ""
            faults.append(Fault(_MATERIAL, f"material {name} is defined nowhere{near}", "gray"))
    return faults


def default_color(material: Material | None) -> Rgb:
    """Linear RGB of a material's faces: Blender's gray where none is given."""
    return _GRAY if material is None or material.color is None else material.color
