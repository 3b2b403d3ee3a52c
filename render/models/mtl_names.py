"""File names in lines of OBJ and MTL files: libraries, and maps behind their options."""

import functools
import math
import re
from collections.abc import Callable, Iterator

MAPS = {name.lower(): name for name in ("map_Kd", "map_Ks", "map_Ke", "map_Ns", "map_d", "map_Bump")} | {
    "bump": "map_Bump"
}
"""Maps that an import keeps, as Blender's importer spells them, by their name in lower case. It reads those of
metalness, reflection, sheen and roughness (`map_Pm`, `refl`, `map_Ps`, `map_Pr`), too, which scenes without glossy rays
show as black or hardly at all."""

COLOR_MAP, MASK_MAP, AMBIENT_MAP = "map_Kd", "map_d", "map_ka"
OTHER_MAPS = {"refl", "disp", "decal", "norm"}
"""Maps whose name doesn't begin with `map_` and that an import leaves out; Blender reads `refl` alone of them."""

_WORD_OPTIONS = {"-blendu", "-blendv", "-bm", "-boost", "-cc", "-clamp", "-imfchan", "-texres", "-type"}
_VECTOR_OPTIONS = {"-mm": 2, "-o": 3, "-s": 3, "-t": 3}
IGNORED_OPTIONS = {"-mm", "-t", "-imfchan", "-boost"}
"""Options that change how a texture looks and that Blender doesn't read; so is `-clamp on`."""


def map_file_name(text: str) -> str:
    """The file name of a map line: what remains after the options. It may have spaces."""
    rest = text.strip()
    while rest.startswith("-"):
        option, _, after = rest.partition(" ")
        if option in _WORD_OPTIONS:
            rest = after.strip().partition(" ")[2].strip()
        elif option in _VECTOR_OPTIONS:
            rest = after.strip()
            for _ in range(_VECTOR_OPTIONS[option]):
                number, _, after = rest.partition(" ")
                if not _is_number(number):
                    break
                rest = after.strip()
        else:
            break
    return unquoted(rest)


def _is_number(word: str) -> bool:
    try:
        return math.isfinite(float(word))
    except ValueError:
        return False


def unquoted(text: str) -> str:
    """A name without quotes and spaces around it."""
    return text.strip().strip('"').strip()


def map_names(text: str) -> Iterator[str]:
    """Files of all map lines of an MTL file that some program may read."""
    for line in text.split("\n"):
        words = line.split(None, 1)
        key = words[0].lower() if words else ""
        if len(words) == 2 and (key.startswith("map_") or key in MAPS or key in OTHER_MAPS):
            name = map_file_name(words[1])
            if name:
                yield name


def library_names(rest: str, exists: Callable[[str], bool]) -> list[str]:
    """The files that a `mtllib` line names: one whose name may have spaces, or several.

    Args:
        rest: the line after `mtllib`.
        exists: whether a file of a name exists.
    """
    exists = functools.cache(exists)
    whole = unquoted(rest)
    quoted = [unquoted(name) for name in re.findall(r'"[^"]*"|\S+', rest)]
    plain = rest.partition(" #")[0]
    readings = [
        [unquoted(name) for name in re.split(r"(?<=\.mtl)\s+", plain.strip(), flags=re.I)],
        quoted,
        [unquoted(name) for name in plain.split()],
    ]
    # Names with spaces are rarer than paths of another machine, of which the last part alone would be looked for.
    if exists(whole) and not re.search(r"\.mtl\s+.*[\\/]", whole, re.I):
        return [whole]
    # The reading whose files all exist, or else the first with the most that do.
    counts = [(all(map(exists, names)), sum(map(exists, names))) for names in readings]
    best = max(counts)
    if best == (False, 0):
        return [name for name in readings[0] if name]
    return [name for name in readings[counts.index(best)] if name]
