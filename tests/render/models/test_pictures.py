import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from model_samples import picture
from PIL import Image, ImageCms

from threedie.render.models import pictures
from threedie.render.models.pictures import PictureError, Pictures, decode_picture, read_picture

Q16 = 16384
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8))


def encoded(image: Image.Image, kind: str = "PNG", **how: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


def grey(value: float, kind: Any) -> Image.Image:
    return Image.fromarray(np.full((4, 4), value, kind))


def png(channels: int, color_type: int, values: tuple[int, ...], size: tuple[int, int] = (4, 4)) -> bytes:
    """A PNG of one color, made by hand: Pillow writes no 16-bit colors."""
    row = b"\0" + struct.pack(">" + "H" * channels, *values) * 4
    header = struct.pack(">IIBBBBB", *size, 16, color_type, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * 4)), (b"IEND", b""))
    made = b"\x89PNG\r\n\x1a\n"
    for name, data in chunks:
        made += struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    return made


RED, BLUE = Image.new("RGB", (4, 4), "red"), Image.new("RGB", (4, 4), "blue")
BITS = "has 16 bits a channel: 8 were kept"


@pytest.mark.parametrize(
    ("content", "pixel", "notes"),
    [
        (encoded(grey(Q16, np.uint16)), 64, [BITS]),
        (encoded(grey(32896, np.uint16)), 128, [BITS]),
        (encoded(grey(65535, np.uint16)), 255, [BITS]),
        (encoded(grey(200, np.uint16)), 1, [BITS]),
        (png(3, 2, (Q16, 32896, 65535)), (64, 128, 255), []),
        (png(4, 6, (Q16, 32896, 65535, Q16)), (64, 128, 255, 64), []),
        (png(2, 4, (Q16, 32896)), (64, 64, 64, 128), []),
        (encoded(grey(Q16, np.uint16), "TIFF"), 64, [BITS]),
        (encoded(grey(Q16, ">u2"), "TIFF"), 64, [BITS]),
        (encoded(grey(0.25, np.float32), "TIFF"), 64, ["has floats: 8 bits a channel were kept"]),
        (encoded(grey(1.5, np.float32), "TIFF"), 255, ["has values up to 1.5: values over 1 became white"]),
        (encoded(grey(64, np.float32), "TIFF"), 64, ["has values up to 64: 255 was taken for white"]),
        (encoded(grey(Q16, np.float32), "TIFF"), 64, ["has values up to 1.638e+04: 65535 was taken for white"]),
        (encoded(grey(float("nan"), np.float32), "TIFF"), 0, ["has floats: 8 bits a channel were kept"]),
        (encoded(grey(2**29, np.int32), "TIFF"), 64, []),
        (encoded(grey(64, np.int32), "TIFF"), 64, ["has 32 bits a pixel, but no value over 255: 255 was taken for"]),
        (b"P5 2 2 65535 " + struct.pack(">H", Q16) * 4, 64, [BITS]),
        (b"P5 2 2 255 " + b"\x40" * 4, 64, []),
        (encoded(Image.new("1", (4, 4), 1)), 255, []),
        (encoded(Image.new("L", (4, 4), 7), transparency=7), (7, 7, 7, 0), []),
        (encoded(Image.new("LA", (4, 4), (100, 50))), (100, 50), []),
        (encoded(Image.new("CMYK", (4, 4), (255, 0, 0, 0)), "JPEG"), (0, 255, 255), ["CMYK"]),
        (encoded(Image.new("CMYK", (4, 4), (255, 0, 0, 0)), "TIFF"), (0, 255, 255), ["CMYK"]),
        (encoded(Image.new("YCbCr", (4, 4), (128, 128, 128)), "TIFF"), (128, 128, 128), []),
        (encoded(RED, "GIF", save_all=True, append_images=[BLUE]), (255, 0, 0), ["has 2 frames: the first was taken"]),
        (encoded(RED, save_all=True, append_images=[BLUE]), (255, 0, 0), ["has 2 frames: the first was taken"]),
        *((encoded(Image.new("RGB", (4, 4), (64, 128, 255)), kind), (64, 128, 255), [])
          for kind in ("BMP", "TGA", "GIF", "TIFF", "PCX", "SGI", "PPM", "DDS")),
        (encoded(Image.new("RGB", (4, 4), (64, 128, 255)), "WEBP", lossless=True), (64, 128, 255), []),
    ],
)  # fmt: skip
def test_pixels_of_any_kind_become_8_bits(content: bytes, pixel: Any, notes: list[str]) -> None:
    read = read_picture(content)
    assert read.pixels.getpixel((0, 0)) == pixel
    assert read.pixels.mode in ("L", "LA", "RGB", "RGBA")
    assert len(read.notes) == len(notes)
    assert all(expected in note for expected, note in zip(notes, read.notes, strict=True))
    assert decode_picture(content).getpixel((0, 0)) == pixel


def test_lab_is_converted() -> None:
    read = decode_picture(encoded(Image.new("LAB", (4, 4), (255, 128, 128)), "TIFF"))
    assert read.mode == "RGB"
    np.testing.assert_allclose(read.getpixel((0, 0)), 255, atol=2)


def test_palettes_keep_their_colors_and_holes() -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert decode_picture(encoded(image)).getpixel((0, 0)) == (10, 20, 30)
    assert decode_picture(encoded(image, transparency=1)).getpixel((0, 0)) == (10, 20, 30, 0)


def test_pixels_stay_as_they_are_stored() -> None:
    """Blender neither turns pictures as EXIF says nor converts them as a profile says."""
    image = Image.new("RGB", (4, 2), (10, 20, 30))
    image.putpixel((0, 0), (250, 0, 0))
    exif = Image.Exif()
    exif[0x112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for how in ({"exif": exif}, {"icc_profile": profile}):
        made = read_picture(encoded(image, **how))
        assert made.pixels.size == (4, 2)
        assert made.pixels.getpixel((0, 0)) == (250, 0, 0)
        assert made.pixels.info == {}
        assert made.as_it_is == ".png"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_what_is_there_of_a_truncated_picture_is_kept(kind: str) -> None:
    content = encoded(NOISE, kind)
    whole, read = decode_picture(content), read_picture(content[: len(content) // 2])
    assert read.notes == ("is truncated or damaged: what is left of it was kept",)
    assert read.as_it_is is None
    assert read.pixels.size == (64, 64)
    # Not the last rows: a JPEG's colors are smoothed over blocks.
    assert (np.asarray(read.pixels)[:8] == np.asarray(whole)[:8]).all()
    kept = Pictures()
    name, notes = kept.add_file(content[: len(content) // 2])
    assert (name, notes) == ("../images/texture0.png", read.notes)
    assert (np.asarray(Image.open(io.BytesIO(kept.files["images/texture0.png"]))) == np.asarray(read.pixels)).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"nothing", "is no picture, or one of a kind that can't be read"),
        (b"<!DOCTYPE html>\n<html>", "is a web page or a drawing"),
        (b'<?xml version="1.0"?><svg/>', "is a web page or a drawing"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "is a Git LFS pointer"),
        (b"\xabKTX 20\xbb\r\n\x1a\n" + bytes(80), "is a KTX2 picture"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n", "is no picture"),
        (encoded(NOISE, "JPEG")[:300], "is truncated before its first pixel"),
        (encoded(NOISE)[:60], "is truncated before its first pixel"),
        (encoded(NOISE, "WEBP")[:500], "is truncated before its first pixel"),
        (encoded(Image.new("L", (4, 4), 3))[:45], "is truncated before its first pixel"),
        (png(3, 2, (0, 0, 0), (30_000, 30_000)), "has more than the 89,478,485 pixels allowed"),
    ],
)
def test_what_is_no_picture_is_named(content: bytes, reason: str) -> None:
    with pytest.raises(PictureError, match="^" + reason):
        read_picture(content)
    kept = Pictures()
    name, (note,) = kept.add_file(content)
    assert name is None
    assert note.startswith(reason)
    assert kept.files == {}
    assert kept.add_mask(content, alone=True)[0] is None


def test_whole_pictures_of_usual_kinds_are_kept_byte_for_byte() -> None:
    kept = Pictures()
    for content, suffix in ((encoded(NOISE), ".png"), (picture("JPEG"), ".jpg"), (png(3, 2, (1, 2, 3)), ".png")):
        name, notes = kept.add_file(content)
        assert name is not None
        assert name.endswith(suffix)
        assert notes == ()
        assert kept.files[name.removeprefix("../")] == content


@pytest.mark.parametrize(("start", "suffix"), [(b"v/1\x01" + bytes(40), ".exr"), (b"#?RADIANCE\n", ".hdr")])
def test_formats_that_blender_alone_reads_are_handed_on(start: bytes, suffix: str) -> None:
    kept = Pictures()
    name, (note,) = kept.add_file(start)
    assert name == f"../images/texture0{suffix}"
    assert "kept as it is for Blender" in note
    assert kept.files[f"images/texture0{suffix}"] == start
    with pytest.raises(PictureError, match="can't be read here"):
        decode_picture(start)


def test_no_reader_that_starts_a_program_is_tried() -> None:
    assert not {"EPS", "WMF", "MPEG", "HDF5", "GRIB", "BUFR"} & set(pictures._FORMATS)


def test_masks_of_wide_pictures() -> None:
    kept = Pictures()
    for content in (encoded(grey(Q16, np.uint16)), png(4, 6, (0, 0, 0, Q16))):
        name, _ = kept.add_mask(content, alone=True)
        assert name is not None
        assert Image.open(io.BytesIO(kept.files[name.removeprefix("../")])).getpixel((0, 0)) == (255, 64)
