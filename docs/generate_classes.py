"""Writes docs/classes.md and docs/classes.jpg, an object of each class: python docs/generate_classes.py [DATASET].

Without a dataset it renders one first. The tests don't compare the picture: pixels differ between processors.
"""

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from threedie.manifests.classes import CLASSES, label_of, name_of
from threedie.manifests.dataset import Dataset
from threedie.render.request import RenderRequest
from threedie.render.run import render

HERE = Path(__file__).parent
PAGE, PICTURE = HERE / "classes.md", HERE / "classes.jpg"
COMMAND = "python docs/generate_classes.py"
COLUMNS, CELL, GAP, CAPTION, QUALITY = 8, 96, 10, 18, 82
PAPER, INK = (250, 250, 248), (28, 30, 34)
UPRIGHT = {
    "rotation_x": "[-0.05, 0.05]",
    "rotation_y": "[-0.05, 0.05]",
    "rotation_z": "[0.5, 0.8]",
    "light_hue": "[0.1, 0.15]",
}
"""Ranges that show what an object is; a dataset has it in any rotation."""

HEAD = f"""# The 55 classes

<!-- Written by {COMMAND}. -->

The classes are those of ShapeNetCore v2. A class's position in this list is its label in every dataset of them.
`--classes` takes names and synset ids: `3die render --classes chair,03790397`.

![An object of each class](classes.jpg)

The first embedded or generated object of each class, at 96 px in quality `draft`, upright; in 3DIEBench objects are
turned by up to 90 degrees about each axis, and floor and light have any hue.

| label | synset | name | also |
|---:|---|---|---|
"""


def render_page() -> str:
    """The page as Markdown."""
    rows = [
        f"| {label_of(synset)} | `{synset}` | {names[0]} | {', '.join(names[1:])} |"
        for synset, names in CLASSES.items()
    ]
    return HEAD + "\n".join(rows) + "\n"


def render_objects(folder: Path) -> Path:
    """A dataset with a view of an object of each class."""
    preset = (HERE.parent / "render" / "presets" / "3diebench.toml").read_text(encoding="utf-8")
    for field, limits in UPRIGHT.items():
        preset = re.sub(rf"^{field} = .*$", f"{field} = {limits}", preset, flags=re.MULTILINE)
    path = folder / "upright.toml"
    path.write_text(preset, encoding="utf-8")
    request = RenderRequest(objects=1, views=1, size=CELL, quality="draft", preset=str(path), out=folder / "classes")
    dataset = render(request).dataset
    assert dataset is not None
    return Path(dataset)


def draw_classes(dataset: Dataset) -> bytes:
    """The first view of the first object of each class, in the order of labels, as a JPEG file."""
    indices = {ref.synset: index for index, ref in reversed(list(enumerate(dataset.objects)))}
    synsets = sorted(indices, key=label_of)
    rows = -(-len(synsets) // COLUMNS)
    size = (GAP + COLUMNS * (CELL + GAP), GAP + rows * (CELL + CAPTION + GAP))
    sheet = Image.new("RGB", size, PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for place, synset in enumerate(synsets):
        x, y = GAP + place % COLUMNS * (CELL + GAP), GAP + place // COLUMNS * (CELL + CAPTION + GAP)
        view = Image.open(io.BytesIO(dataset.jpeg(indices[synset], 0))).convert("RGB")
        if dataset.info.channel_order == "bgr":
            view = Image.merge("RGB", view.split()[::-1])
        sheet.paste(view.resize((CELL, CELL)), (x, y))
        draw.text((x, y + CELL + 2), f"{label_of(synset)} {name_of(synset)}", font=font, fill=INK)
    buffer = io.BytesIO()
    sheet.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return buffer.getvalue()


def main(words: list[str]) -> None:
    """Write both files."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(words[0]) if words else render_objects(Path(folder))
        PICTURE.write_bytes(draw_classes(Dataset(path)))
    PAGE.write_text(render_page(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
