"""Single image files: every orientation, mode and kind of damage, and decoding at a fraction of the size."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from threedie.benchmark.data import image_files
from threedie.benchmark.data.image_files import BadImageError, check_complete, coarsest_scale, decode, read_head


def picture(height: int = 41, width: int = 60, seed: int = 0) -> np.ndarray:
    """A smooth picture without any symmetry."""
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 6, 3), np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def encode(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **({"quality": 95} if kind == "JPEG" else {}), **options)
    return file.getvalue()


def oriented(orientation: int, kind: str) -> bytes:
    image = Image.fromarray(picture())
    exif = image.getexif()
    exif[0x112] = orientation
    return encode(image, kind, exif=exif)


def pixels_of(content: bytes, scale: int = 1) -> np.ndarray:
    return decode(content, read_head(content), scale)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_upright_as_viewers_show_them(orientation: int, kind: str) -> None:
    content = oriented(orientation, kind)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))
    head = read_head(content)
    assert (head.height, head.width) == expected.shape[:2]
    np.testing.assert_array_equal(decode(content, head), expected)
    half = decode(content, head, 2)
    assert half.shape == (-(-expected.shape[0] // 2), -(-expected.shape[1] // 2), 3)
    other = np.asarray(Image.fromarray(expected).resize(half.shape[1::-1], Image.Resampling.BOX))
    # 41 rows give 20.5: a difference by half a row, and none by a turn.
    assert abs(half.astype(int) - other).mean() < 6


def test_a_damaged_orientation_counts_as_none() -> None:
    content = oriented(6, "JPEG")
    at = content.index(b"Exif\0\0") + 6
    for damaged in (content[:at] + b"\xff" * 12 + content[at + 12 :], oriented(77, "JPEG")):
        assert read_head(damaged).orientation == 1
        assert pixels_of(damaged).shape == (41, 60, 3)


def test_every_mode_becomes_three_channels() -> None:
    image = Image.fromarray(picture())
    gray = pixels_of(encode(image.convert("L")))
    assert gray.shape == (41, 60, 3)
    assert (gray[..., 0] == gray[..., 1]).all()
    assert abs(gray[..., 0].astype(int) - np.asarray(image.convert("L"))).mean() < 3
    inks = encode(image.convert("CMYK"))
    assert not read_head(inks).scalable
    np.testing.assert_array_equal(pixels_of(inks), np.asarray(Image.open(io.BytesIO(inks)).convert("RGB")))
    assert abs(pixels_of(inks).astype(int) - picture()).mean() < 6
    for mode in ("1", "L", "LA", "P", "RGBA"):
        content = encode(image.convert(mode), "PNG")
        np.testing.assert_array_equal(pixels_of(content), np.asarray(image.convert(mode).convert("RGB")))
    for kind in ("BMP", "TIFF", "PPM"):
        np.testing.assert_array_equal(pixels_of(encode(image, kind)), picture())
    assert abs(pixels_of(encode(image, "WEBP", quality=95)).astype(int) - picture()).mean() < 4


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    deep = np.linspace(0, 65535, 60).astype(np.uint16)[None].repeat(41, 0)
    pixels = pixels_of(encode(Image.fromarray(deep), "PNG"))
    np.testing.assert_array_equal(pixels[..., 1], deep >> 8)


def test_a_name_doesn_t_decide_what_a_file_is() -> None:
    """ImageNet has a PNG with the name of a JPEG."""
    content = encode(Image.fromarray(picture()), "PNG")
    assert check_complete(content).scalable is False
    np.testing.assert_array_equal(pixels_of(content), picture())


@pytest.mark.parametrize("progressive", [False, True])
def test_a_cut_jpeg_is_refused_wherever_it_is_cut(progressive: bool) -> None:
    content = encode(Image.fromarray(picture(200, 300)), progressive=progressive)
    check_complete(content)
    for length in (3, 100, len(content) // 2, len(content) - 200):
        with pytest.raises(BadImageError, match=r"damaged|not an image"):
            check_complete(content[:length])


def test_what_follows_a_whole_jpeg_does_no_harm() -> None:
    content = encode(Image.fromarray(picture()))
    for tail in (b"\0" * 100, b"trailer", content):
        check_complete(content + tail)
        assert pixels_of(content + tail).shape == (41, 60, 3)
    # Without the end's marker alone, all pixels are there: decoders agree.
    expected = np.asarray(Image.open(io.BytesIO(content)))
    try:
        check_complete(content[:-2])
    except BadImageError:
        pass
    else:
        assert abs(pixels_of(content[:-2]).astype(int) - expected).mean() < 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"<html>", "not an image"),
        (b"\xff\xd8\xff", "not an image"),
        (b"\x89PNG\r\n\x1a\n", "not an image"),
        (encode(Image.fromarray(picture()), "PNG")[:-300], "damaged"),
    ],
)
def test_other_files_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(BadImageError, match=message):
        check_complete(content)


def test_a_file_for_another_program_is_refused_and_not_handed_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow would run Ghostscript on it, whatever its name."""
    started: list[object] = []
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *_, **__: started.append(1))
    page = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"
    assert Image.open(io.BytesIO(page)).format == "EPS"
    with pytest.raises(BadImageError, match="not an image of a known format"):
        check_complete(page)
    assert started == []


def test_the_head_of_a_png_is_read_without_decoding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = oriented(6, "PNG")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda _: pytest.fail("decoded"))
    for content in (whole, encode(Image.fromarray(picture()), "PNG")):
        assert read_head(content).orientation == (6 if content is whole else 1)


def test_an_image_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "MOST_PIXELS", 2000)
    with pytest.raises(BadImageError, match="60 x 41 pixels, more than 2,000"):
        read_head(encode(Image.fromarray(picture())))


def test_the_scale_never_asks_for_more_pixels_than_there_are() -> None:
    assert coarsest_scale([(223, 224)]) == 1
    assert coarsest_scale([(448, 224)]) == 2
    assert coarsest_scale([(4000, 224), (450, 96)]) == 4
    assert coarsest_scale([(4000, 224)]) == 8
    assert coarsest_scale([(10, 224)]) == 1
