"""Models to try things on."""

import io
import zipfile
from pathlib import Path

from PIL import Image

TRIANGLE = "mtllib model_normalized.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
CHAIR, PLANE = "03001627", "02691156"


def picture(kind: str = "JPEG", mode: str = "RGB") -> bytes:
    """A small picture file."""
    buffer = io.BytesIO()
    Image.new(mode, (4, 4)).save(buffer, kind)
    return buffer.getvalue()


PICTURE = picture()


def put(root: Path, synset: str, object_id: str, obj: str | bytes = TRIANGLE, mtl: str | None = "newmtl a\n") -> Path:
    """Write a model in the ShapeNetCore v2 layout; gives its OBJ file."""
    path = root / synset / object_id / "models" / "model_normalized.obj"
    path.parent.mkdir(parents=True)
    path.write_bytes(obj.encode() if isinstance(obj, str) else obj)
    if mtl is not None:
        path.with_suffix(".mtl").write_text(mtl, encoding="utf-8")
    return path


def pack(archive: Path, files: dict[str, bytes | str]) -> Path:
    """Write a zip archive."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name, content)
    return archive


def model(place: str) -> dict[str, bytes | str]:
    """The files of a textured model within an archive, at a place such as `ShapeNetCore.v2/03001627/a`."""
    return {
        f"{place}/models/model_normalized.obj": TRIANGLE,
        f"{place}/models/model_normalized.mtl": "newmtl a\nmap_Kd ../images/texture0.jpg\n",
        f"{place}/models/model_normalized.solid.binvox": bytes(10_000),
        f"{place}/images/texture0.jpg": PICTURE,
    }
