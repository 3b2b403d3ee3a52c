"""Import of an OBJ file with its materials and textures into the ShapeNetCore v2 layout."""

import io
import posixpath
import re
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from threedie.manifests.plurals import pluralize
from threedie.render.models.container import Container, find
from threedie.render.models.faults import Fault, fault_notes
from threedie.render.models.mtl import (
    Material,
    before_comment,
    is_hidden,
    make_visible,
    read_materials,
    undefined_faults,
)
from threedie.render.models.mtl_names import COLOR_MAP, MASK_MAP, library_names
from threedie.render.models.numbers import as_bytes, as_text
from threedie.render.models.obj import (
    ObjMesh,
    bounds,
    library_lines,
    mesh_of,
    other_lines,
    plain_text,
    read_corners,
    used_materials,
    vertex_colors,
)
from threedie.render.models.obj_rewrite import corner_faults, rewrite
from threedie.render.models.obj_surfaces import colored_faces, face_states, surfaces_of
from threedie.render.models.pictures import PictureError, Pictures, decode_picture, opacity_of
from threedie.render.models.polygons import NO_AREA, Floats
from threedie.render.models.source import MESH_FILE, ModelError
from threedie.render.models.surface import Surface
from threedie.render.models.surface_files import surface_files

_MENDED = b"mended"
"""Goes into the id of objects that aren't made as their files say: earlier versions made them differently."""


class ObjFiles:
    """An OBJ file and what it refers to.

    Attributes:
        content: the OBJ file as plain text.
        materials: text of each existing material file.
        textures: content of each existing texture, by the material file's position and the name it uses.
        unreadable: why existing textures can't be read.
        faults: what is missing.
    """

    def __init__(self, container: Container, name: str) -> None:
        """Read an OBJ file and all it refers to.

        Raises:
            ModelError: the file is too large, can't be read, or isn't a text.
        """
        self.content = plain_text(container.read(name))
        if b"\0" in self.content:
            raise ModelError("not an OBJ file: it holds a zero byte")
        self.used = used_materials(self.content)
        self.materials: list[str] = []
        self.textures: dict[tuple[int, str], bytes] = {}
        self.unreadable: dict[tuple[int, str], str] = {}
        self.faults: list[Fault] = []
        places: dict[str, None] = {}
        for line in library_lines(self.content):
            for wanted in library_names(as_text(line), lambda each: find(container, name, each) is not None):
                place = find(container, name, wanted)
                if place is None:
                    self.faults.append(Fault("material", f"material file {wanted} is missing"))
                else:
                    places[place] = None
        self._read(container, list(places))
        # Blender reads this one even if no line names it.
        implied = f"{posixpath.splitext(posixpath.basename(name))[0]}.mtl"
        place = find(container, name, implied)
        if place is not None and place not in places and self._lacks_materials():
            self._read(container, [place])
            self.faults.append(Fault("import", f"no mtllib names {implied}", "read, since it has the mesh's name"))

    def _lacks_materials(self) -> bool:
        defined = {material.name for material in read_materials(self.materials, self.used)[0]}
        return not set(self.used) - {""} <= defined

    def _read(self, container: Container, places: Sequence[str]) -> None:
        """Read material files and their textures. None of them is worth refusing the object."""
        for place in places:
            try:
                self.materials.append(as_text(plain_text(container.read(place))))
            except ModelError as error:
                self.faults.append(
                    Fault("material", f"material file {posixpath.basename(place)} can't be read ({error})")
                )
                continue
            number = len(self.materials) - 1
            for material in read_materials([self.materials[-1]])[0]:
                for each in material.maps:
                    self._read_texture(container, place, number, each.name)

    def _read_texture(self, container: Container, beside: str, number: int, name: str) -> None:
        place = find(container, beside, name) or find(container, beside, before_comment(name))
        if place is None:
            return
        try:
            self.textures[number, name] = container.read(place)
        except ModelError as error:
            self.unreadable[number, name] = str(error)

    def pieces(self) -> Iterator[bytes]:
        """All contents, in an order that the files alone decide: what the object's id is made of."""
        yield self.content
        for text in self.materials:
            yield as_bytes(text)
        yield from (self.textures[key] for key in sorted(self.textures))


class ObjObject:
    """The object that an import makes of an OBJ file.

    Attributes:
        mesh: its vertices and triangles, as written.
        faults: what is wrong with the file.
    """

    def __init__(self, files: ObjFiles) -> None:
        """Analyze the files.

        Raises:
            ModelError: no faces, or numbers that can't be used.
        """
        self._files = files
        self._corners = read_corners(files.content)
        self.mesh = mesh_of(files.content, self._corners)
        self._pictures = Pictures()
        self._color_pictures: dict[str, Image.Image | None] = {}
        self._materials, faults = read_materials(files.materials, files.used)
        self._content, self._used, commented = _without_comments(files, self._materials)
        faults += commented
        faults += make_visible(self._materials, set(self._used), self._hides_all)
        for material in self._materials:
            faults += material.faults
        faults += undefined_faults(set(self._used) - {""}, self._materials)
        self._has_half_mask = False
        self._textured: set[str] = set()
        self._mtl, texture_faults = self._written_materials()
        self.faults = [*files.faults, *faults, *texture_faults, *corner_faults(self._corners)]
        self.faults += [
            Fault("other", what, "left out, only faces are rendered") for what in other_lines(files.content)
        ]
        self._colors: Floats | None = None
        self._choose_colors()
        if not self.is_colored:
            self.faults += self._faults_of_coordinates()

    def pieces(self) -> Iterator[bytes]:
        """What the object's id is made of."""
        yield from self._files.pieces()
        if self._has_half_mask or any(fault.mended for fault in self.faults):
            yield _MENDED

    @property
    def is_colored(self) -> bool:
        """Whether colors of vertices count."""
        return self._colors is not None

    def notes(self) -> list[str]:
        """The faults as notes of the table."""
        return fault_notes(self.faults)

    def written(self, rotation: Floats) -> tuple[dict[str, bytes], list[str]]:
        """The files of the object's folder, by path; and further notes.

        Args:
            rotation: matrix (3, 3) that brings its up axis to +Y.

        Raises:
            ModelError: numbers that can't be used.
        """
        _refuse_flat(self.mesh)
        if self._colors is not None:
            return self._written_surfaces(rotation)
        # Vertices that no face uses may be infinite.
        with np.errstate(all="ignore"):
            middle, size = bounds(self.mesh.used @ rotation.T)
            points = (self.mesh.vertices @ rotation.T - middle) / size
        made = {
            MESH_FILE.as_posix(): rewrite(self._content, points, rotation, self._corners),
            MESH_FILE.with_suffix(".mtl").as_posix(): self._mtl,
            **self._pictures.files,
        }
        return made, []

    def surfaces(self) -> list[Surface]:
        """Its faces as a render of the files shows them: colors of vertices don't count."""
        none = np.full((len(self.mesh.vertices), 3), np.nan)
        return surfaces_of(self._content, self.mesh.vertices, self._corners, none, self._by_name(), self._color_picture)

    def _written_surfaces(self, rotation: Floats) -> tuple[dict[str, bytes], list[str]]:
        assert self._colors is not None
        surfaces = surfaces_of(
            self._content, self.mesh.vertices, self._corners, self._colors, self._by_name(), self._color_picture
        )
        made, notes = surface_files(surfaces, rotation)
        return made, list(notes)

    def _by_name(self) -> dict[str, Material]:
        return {material.name: material for material in self._materials}

    def _choose_colors(self) -> None:
        """Read colors of vertices, and decide whether they or the materials count."""
        colors, guesses = vertex_colors(self._content)
        if colors is None:
            self.faults += [Fault("color", note) for note in guesses]
            return
        materials = self._by_name()
        textured = {name for name in self._used if self._color_picture(materials.get(name)) is not None}
        which = colored_faces(self._content, self._corners, colors, textured)
        used = colors[self.mesh.triangles.ravel()]
        if not which.any():
            self.faults.append(Fault("color", "it has colors of vertices", "not used, its textures or materials count"))
        elif set(self._used) <= materials.keys() and (used == used[0]).all():
            self.faults.append(Fault("color", "all its vertices have one color", "not used, its materials count"))
        else:
            self._colors = colors
            self.faults += [Fault("color", note, mended=True) for note in guesses]
            self.faults.append(Fault("color", *self._color_fault(bool(which.all())), mended=True))

    def _faults_of_coordinates(self) -> list[Fault]:
        """Materials whose textures are on faces that have no texture coordinates."""
        lacking = self._corners.per_face(self._corners.indices[:, 1] < 0) & (self._corners.counts >= 3)
        if not self._textured & set(self._used) or not lacking.any():
            return []
        names, of_face, _ = face_states(self._content)
        counts = np.bincount(of_face[lacking], minlength=len(names))
        what = "of material {} without texture coordinates"
        return [
            Fault("texture", f"{pluralize(count, 'face')} {what.format(name)}", "one texel colors them")
            for name, count in zip(names, counts.tolist(), strict=True)
            if count and name in self._textured
        ]

    def _color_fault(self, everywhere: bool) -> tuple[str, str]:
        if not self._materials:
            return "its vertices have colors", "drawn as textures"
        where = "instead of its materials' colors" if everywhere else "on faces without a texture"
        lost = {each.key for material in self._materials for each in material.maps} - {COLOR_MAP, MASK_MAP, "map_Ke"}
        return (
            "its vertices have colors",
            f"drawn as textures {where}, without {', '.join([*sorted(lost), 'highlights (Ks)'])}",
        )

    def _map_content(self, material: Material, key: str) -> bytes | None:
        name = next((each.name for each in material.maps if each.key == key), None)
        return None if name is None else self._files.textures.get((material.library, name))

    def _hides_all(self, material: Material) -> bool:
        """Whether its mask is black everywhere; one that can't be read leaves it to the opacity."""
        content = self._map_content(material, MASK_MAP)
        try:
            opacity = opacity_of(decode_picture(content or b""))
        except PictureError:
            return is_hidden(material)
        return not np.asarray(opacity).any()

    def _color_picture(self, material: Material | None) -> Image.Image | None:
        """A material's texture, with its mask as the alpha channel."""
        if material is not None and material.name not in self._color_pictures:
            self._color_pictures[material.name] = self._read_color_picture(material)
        return None if material is None else self._color_pictures[material.name]

    def _read_color_picture(self, material: Material) -> Image.Image | None:
        content = self._map_content(material, COLOR_MAP)
        if content is None:
            return None
        try:
            picture = decode_picture(content)
        except PictureError:
            return None
        mask_content = self._map_content(material, MASK_MAP)
        if mask_content is None:
            return picture.convert("RGB")
        try:
            opacity = opacity_of(decode_picture(mask_content))
        except PictureError:
            return picture.convert("RGB")
        both = picture.convert("RGB")
        both.putalpha(opacity.resize(both.size))
        return both

    def _written_materials(self) -> tuple[bytes, list[Fault]]:
        """One material file of all, whose textures are added; and faults of the textures."""
        lines: list[str] = []
        faults: dict[Fault, None] = {}
        for material in self._materials:
            lines += [f"newmtl {material.name}", *material.lines]
            # Masks last: how one is written depends on which other pictures can be read.
            kept: dict[str, str] = {}
            for each in sorted(material.maps, key=lambda each: each.key == MASK_MAP):
                content = self._files.textures.get((material.library, each.name))
                if content is None:
                    reason = self._files.unreadable.get((material.library, each.name))
                    what = "is missing" if reason is None else f"can't be read ({reason})"
                    faults[Fault("texture", f"texture {each.name} {what}")] = None
                    continue
                file, notes = self._add_picture(each.key, content, alone=not kept)
                for note in notes:
                    what, _, done = note.partition(": ")
                    # What is handed on unchanged is no flaw of a folder that is rendered as it is.
                    kind = "import" if file and done.startswith("kept as it is") else "picture"
                    faults[Fault(kind, f"texture {each.name} {what}", done, mended=file is not None)] = None
                if file:
                    kept[each.key] = " ".join(filter(None, (each.key, each.options, file)))
            if MASK_MAP in kept and material.opacity is not None and material.opacity < 1:
                what = f"material {material.name} has d {material.opacity:g} beside map_d"
                faults[Fault("material", what, "map_d counts")] = None
            if kept:
                self._textured.add(material.name)
            lines += [kept[each.key] for each in material.maps if each.key in kept]
            lines.append("")
        return as_bytes("\n".join(lines)), list(faults)

    def _add_picture(self, key: str, content: bytes, *, alone: bool) -> tuple[str | None, tuple[str, ...]]:
        """Take the picture of a map; `alone` if it is its material's only one. Returns as `Pictures.add_file`."""
        if key != MASK_MAP:
            return self._pictures.add_file(content)
        file, notes = self._pictures.add_mask(content, alone=alone)
        if file and not alone:
            mask = Image.open(io.BytesIO(self._pictures.files[file.removeprefix("../")]))
            self._has_half_mask |= any(mask.histogram()[1:-1])
        return file, notes


def _without_comments(files: ObjFiles, materials: Sequence[Material]) -> tuple[bytes, list[str], list[Fault]]:
    """The OBJ file and the materials that its faces use, without comments behind names that are defined without."""
    defined = {material.name for material in materials}
    renamed = {
        name: before_comment(name) for name in files.used if name not in defined and before_comment(name) in defined
    }
    if not renamed:
        return files.content, files.used, []

    def line(match: re.Match[bytes]) -> bytes:
        name = as_text(match[1]).strip()
        return b"usemtl " + as_bytes(renamed.get(name, name))

    content = re.sub(rb"^[ \t]*usemtl[ \t]+([^\n]*)", line, files.content, flags=re.M)
    faults = [Fault("material", f"usemtl {name}", "read without the comment", mended=True) for name in renamed]
    return content, list(dict.fromkeys(renamed.get(name, name) for name in files.used)), faults


def _refuse_flat(mesh: ObjMesh) -> None:
    with np.errstate(all="ignore"):
        areas = mesh.areas()
        extent = float(np.ptp(mesh.used, axis=0).max())
    if np.isfinite(areas).all() and areas.sum() <= NO_AREA * extent**2:
        raise ModelError("its faces have no area")
