"""PLY files (Stanford polygons), text and binary."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from threedie.manifests.errors import one_line
from threedie.manifests.plurals import pluralize
from threedie.render.models.container import Container, find
from threedie.render.models.faces import Faces, linear_colors, usable_faces
from threedie.render.models.numbers import to_integers
from threedie.render.models.pictures import PictureError, read_picture
from threedie.render.models.ply_data import Column, Header, Table, read_header, read_tables
from threedie.render.models.polygons import Floats, Ints, first_corners
from threedie.render.models.source import ModelError
from threedie.render.models.srgb import MOST_FRACTION
from threedie.render.models.surface import GRAY, WHITE, Material, ReadMesh, Surface

_COLORS = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))
_ALPHAS = ("alpha", "diffuse_alpha", "a")
_UVS = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))
_CORNERS = ("vertex_indices", "vertex_index")
_MOST_NAMES = 3
_STRIP_END = -1


@dataclass
class _Mesh:
    """Faces and the attributes of their corners, before materials."""

    faces: Faces
    colors: Floats | None = None
    uv: Floats | None = None
    texture: Ints | None = None


def read_ply(container: Container, name: str) -> ReadMesh:
    """Read a PLY file: polygons and strips, normals, colors of vertices or faces, and textures.

    Raises:
        ModelError: it can't be read, or has no faces.
    """
    content = container.read(name)
    header = read_header(content)
    notes: list[str] = []
    tables = read_tables(header, content, notes)
    vertices = _Columns(tables.get("vertex"), "vertices")
    points = vertices.numbers(("x", "y", "z"))
    if points is None:
        raise ModelError("it has no vertices with x, y and z")
    normals = vertices.numbers(("nx", "ny", "nz"))
    vertex_colors = vertices.colors(notes)
    vertex_uv = next(filter(lambda uv: uv is not None, map(vertices.numbers, _UVS)), None)
    mesh = _read_faces(tables, len(points), notes)
    corners = mesh.faces.corners
    vertices.note_rest(notes)
    notes += [
        f"element {one_line(table.name)} ({table.count:,} of it) was not used"
        for table in tables.values()
        if table.name not in ("vertex", "face", "tristrips") and table.count
    ]
    if vertex_colors is not None:
        if mesh.colors is not None:
            notes.append("colors of faces were not used, since vertices have colors too")
        mesh.colors = vertex_colors[corners]
    if mesh.uv is None and vertex_uv is not None:
        mesh.uv = vertex_uv[corners]
    pictures, pieces = _textures(container, name, header, notes)
    surfaces = _surfaces(mesh, points, None if normals is None else normals[corners], header, pictures, notes)
    return ReadMesh((content, *pieces), surfaces, (*dict.fromkeys([*notes, *mesh.faces.notes]),))


class _Columns:
    """Columns of an element, and which of them were used."""

    def __init__(self, table: Table | None, what: str) -> None:
        self.columns = dict(table.columns) if table is not None else {}
        self.what = what

    def numbers(self, names: tuple[str, ...]) -> Floats | None:
        """The columns of these names as (N, K); None where one is missing."""
        columns = [self.columns.get(name) for name in names]
        if any(column is None or column.sizes is not None for column in columns):
            return None
        for name in names:
            del self.columns[name]
        return np.stack([column.values for column in columns if column is not None], axis=-1).astype(np.float64)

    def one(self, name: str) -> Column | None:
        """A column."""
        return self.columns.pop(name, None)

    def colors(self, notes: list[str]) -> Floats | None:
        """Linear colors (N, 3), by whatever names; None without."""
        for names in _COLORS:
            whole = self._whole(names)
            values = self.numbers(names)
            if values is None:
                continue
            for alpha in map(self.one, _ALPHAS):
                if alpha is not None and alpha.sizes is None and (alpha.values < whole).any():
                    notes.append(f"the opacity of the colors of {self.what} was not used")
            # Signed bytes are those of 0 to 255 all the same.
            values = np.where(values < 0, values + 256, values) if whole == 255 else values
            if not np.isfinite(values).all():
                notes.append(f"colors of {self.what} that aren't finite became white")
            return linear_colors(values, whole)
        return None

    def _whole(self, names: tuple[str, ...]) -> float:
        """The largest value that colors may have."""
        columns = [self.columns[name] for name in names if name in self.columns]
        kinds = {column.kind for column in columns}
        largest = max((float(np.nanmax(each.values)) for each in columns if len(each.values)), default=0.0)
        if kinds <= {"f4", "f8"} and largest <= MOST_FRACTION:
            return 1
        return 65535 if "u2" in kinds or "i2" in kinds or largest > 255 else 255

    def note_rest(self, notes: list[str]) -> None:
        """Note what was not used."""
        if self.columns:
            names = [one_line(name) for name in self.columns]
            if len(names) > _MOST_NAMES:
                names = [*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} more"]
            notes.append(f"did not use {', '.join(names)} of its {self.what}")


def _read_faces(tables: dict[str, Table], vertices: int, notes: list[str]) -> _Mesh:
    table, strips = tables.get("face"), tables.get("tristrips")
    used = _Columns(table, "faces")
    lists = next(filter(None, map(used.one, _CORNERS)), None)
    if lists is None or lists.sizes is None or not len(lists.sizes):
        if strips is not None and strips.count:
            return _Mesh(usable_faces(*_strips(strips), vertices))
        if table is not None and table.count:
            raise ModelError("its faces have no list of vertices (vertex_indices)")
        raise ModelError(f"a cloud of {pluralize(vertices, 'point')}: it has no faces")
    if strips is not None and strips.count:
        notes.append("its triangle strips were not used, since it has faces too")
    corners = to_integers(lists.values, "the corner of a face")
    faces = usable_faces(lists.sizes, corners, vertices)
    mesh = _Mesh(faces)
    colors = used.colors(notes)
    if colors is not None:
        mesh.colors = np.repeat(colors[faces.face_index], faces.sizes, axis=0)
    texcoord = used.one("texcoord")
    if texcoord is not None and texcoord.sizes is not None:
        mesh.uv = _corner_uv(texcoord, lists.sizes, faces, notes)
    texture = used.one("texnumber")
    if texture is not None and texture.sizes is None:
        mesh.texture = to_integers(texture.values, "the number of a texture")[faces.face_index]
    used.note_rest(notes)
    return mesh


def _strips(table: Table) -> tuple[Ints, Ints]:
    """Sizes and corners of the triangles in strips, which end with -1."""
    lists = next((table.columns[name] for name in _CORNERS if name in table.columns), None)
    if lists is None or lists.sizes is None:
        raise ModelError("its triangle strips have no list of vertices (vertex_indices)")
    words = to_integers(lists.values, "the corner of a strip")
    ends = np.zeros(len(words), bool)
    ends[first_corners(lists.sizes)[lists.sizes > 0]] = True
    ends[1:] |= words[:-1] == _STRIP_END
    position = np.arange(len(words))
    begin = np.maximum.accumulate(np.where(ends, position, 0))
    # A triangle ends at each vertex from its strip's third on; every second one turns the other way.
    last = np.flatnonzero((words != _STRIP_END) & (position - begin >= 2))
    odd = (last - begin[last]) % 2 == 1
    order = np.where(odd[:, None], [-1, -2, 0], [-2, -1, 0])
    corners = words[last[:, None] + order].ravel()
    return np.full(len(last), 3, np.int64), corners


def _corner_uv(texcoord: Column, sizes: Ints, faces: Faces, notes: list[str]) -> Floats | None:
    """Texture coordinates (C, 2) of corners by the lists of faces; faces whose list has another length get 0."""
    lengths = texcoord.sizes if texcoord.sizes is not None else np.zeros_like(sizes)
    fits = lengths == 2 * sizes
    if not fits.any():
        if lengths.any():
            notes.append("texture coordinates of faces were not used: their number isn't twice that of the corners")
        return None
    if not fits.all():
        notes.append(f"no texture coordinates, or not two a corner, on {pluralize(np.count_nonzero(~fits), 'face')}")
    begins = np.repeat(first_corners(lengths), sizes)
    within = np.arange(int(sizes.sum())) - np.repeat(first_corners(sizes), sizes)
    uv = np.zeros((len(within), 2))
    good = np.repeat(fits, sizes)
    for axis in range(2):
        uv[good, axis] = texcoord.values[begins[good] + 2 * within[good] + axis]
    return uv[faces.corner_index]


def _textures(
    container: Container, name: str, header: Header, notes: list[str]
) -> tuple[list[Image.Image | None], list[bytes]]:
    """The pictures that comments name, in their order, and their contents."""
    pictures: list[Image.Image | None] = []
    pieces = []
    for wanted in header.textures:
        place = find(container, name, wanted)
        picture = None
        if place is None:
            notes.append(f"texture {one_line(wanted)} is missing")
        else:
            try:
                pieces.append(container.read(place))
                read = read_picture(pieces[-1])
                picture = read.pixels
                notes += [f"texture {one_line(wanted)} {note}" for note in read.notes]
            except ModelError as error:
                notes.append(f"texture {one_line(wanted)} was not used: {error}")
            except PictureError as error:
                notes.append(f"texture {one_line(wanted)} {error}")
        pictures.append(picture)
    return pictures, pieces


def _surfaces(
    mesh: _Mesh,
    points: Floats,
    normals: Floats | None,
    header: Header,
    pictures: list[Image.Image | None],
    notes: list[str],
) -> tuple[Surface, ...]:
    """A surface for each texture."""
    faces = mesh.faces
    if not header.textures:
        if mesh.uv is not None:
            notes.append("texture coordinates were not used: no comment TextureFile names a texture")
        number = np.zeros(len(faces.sizes), np.int64)
    elif mesh.uv is None:
        notes.append(f"texture {one_line(header.textures[0])} was not used: it has no texture coordinates")
        number = np.zeros(len(faces.sizes), np.int64)
        pictures = [None]
    elif mesh.texture is None:
        if len(header.textures) > 1:
            notes.append(f"all faces got the first of {len(header.textures)} textures: none has a texnumber")
        number = np.zeros(len(faces.sizes), np.int64)
    else:
        number = np.where((mesh.texture >= 0) & (mesh.texture < len(pictures)), mesh.texture, len(pictures))
        if (number == len(pictures)).any():
            notes.append("faces whose texnumber is that of no texture have none")
    surfaces = []
    for each in np.unique(number).tolist():
        chosen = number == each
        corners = np.repeat(chosen, faces.sizes)
        picture = pictures[each] if each < len(pictures) else None
        uv = mesh.uv[corners] if mesh.uv is not None and picture is not None else None
        colors = None if mesh.colors is None else mesh.colors[corners]
        if colors is not None and picture is not None:
            # Scanners write how a point looks, and that is what the texture shows already.
            notes.append("colors were not used where there is a texture")
            colors = None
        color = WHITE if picture is not None or colors is not None else GRAY
        surfaces.append(
            Surface(
                f"texture {each}" if len(header.textures) > 1 else "mesh",
                points,
                faces.sizes[chosen],
                faces.corners[corners],
                Material(color, picture=picture),
                uv,
                None if normals is None else normals[corners],
                colors,
            )
        )
    return tuple(surfaces)
