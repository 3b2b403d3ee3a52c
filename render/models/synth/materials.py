"""What the parts are made of: colors, shine, and small textures drawn with numpy.

Colors are sRGB, 0 to 1, as a designer would give them; files get them as the format wants them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Color = tuple[float, float, float]
Pixels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Material:
    """A surface: color, strength of highlights (0 to 1) and their sharpness (0 to 1000), opacity, texture.

    `mapping` says how a texture (H, W, 3) lies on a part. `tile`: from all six sides, 4 `repeat` times along the whole
    object's diagonal. `grain`: the same, its height along each piece's length. `front` and `top`: stretched once over
    the part as seen from there. `wrap`: `repeat` times around the vertical axis, centered at the front.
    """

    color: Color
    shine: float = 0.2
    gloss: float = 60.0
    opacity: float = 1.0
    texture: Pixels | None = None
    mapping: str = "tile"
    repeat: float = 1.0

    def mapped(self, mapping: str, repeat: float = 1.0) -> "Material":
        """The same surface with its texture laid otherwise."""
        return replace(self, mapping=mapping, repeat=repeat)


def hexa(code: str) -> Color:
    """A color from `rrggbb`."""
    return tuple(int(code[i : i + 2], 16) / 255 for i in (0, 2, 4))  # type: ignore[return-value]


_BRIGHT = (
    "d94f3d e0803a e8b53e a7b84a 5a9e58 3f9b8e 3f8fc4 4a66b5 7a5bb0 b45a9c d9738f c23b4a 6cc0c9 8fbf6a f0d37a e6a08a"
)
_SOFT = "e9e1d2 d9cbb6 c7b299 b7c2b0 a9bcc4 b5b3c8 d3b7bd e3d3a8 9fb3a4 c4cbd2 ded9e6 efe9e1"
_NEUTRAL = "f2f0ec e4e4e2 d0d2d3 b4b8bb 94999d 70767b ece4d6"
_DARK = "3c4146 4a4440 35424f 4b3a33 3d4a40 54494f 2f3338"
_METAL = "c9cdd1 b3b8bd d8d5cc c8a24d b8784a a8adb5"
_WOOD = "a9744a 8a5a36 c79a66 6d4630 b98352 d8b483 925f3e"

BRIGHT, SOFT, NEUTRAL, DARK, METAL, WOOD = (
    tuple(hexa(code) for code in codes.split()) for codes in (_BRIGHT, _SOFT, _NEUTRAL, _DARK, _METAL, _WOOD)
)
ANY = BRIGHT + BRIGHT + SOFT + NEUTRAL
WHITE, BLACK = hexa("f1f0ec"), hexa("2c2f33")


def color(rng: np.random.Generator, palette: Sequence[Color] = ANY) -> Color:
    """A color of a palette, a little changed."""
    return shade(palette[rng.integers(len(palette))], rng.uniform(0.92, 1.06))


def shade(base: Color, factor: float) -> Color:
    """A color made darker (factor below 1) or lighter."""
    return tuple(float(np.clip(value * factor, 0, 1)) for value in base)  # type: ignore[return-value]


def mixed(first: Color, second: Color, part: float) -> Color:
    """A color between two; `part` 0 gives the first."""
    return tuple((1 - part) * a + part * b for a, b in zip(first, second, strict=True))  # type: ignore[return-value]


def paint(base: Color, shine: float = 0.25) -> Material:
    """Lacquer or plastic."""
    return Material(base, shine, 120.0)


def matte(base: Color) -> Material:
    """Cloth, rubber, clay: no highlights."""
    return Material(base, 0.03, 10.0)


def metal(rng: np.random.Generator, palette: Sequence[Color] = METAL) -> Material:
    """Polished metal: mostly highlights; light of its own, since a renderer without reflections shows it black."""
    return Material(color(rng, palette), 0.8, 250.0)


def glass(base: Color = (0.75, 0.86, 0.9), opacity: float = 0.35) -> Material:
    """Something to see through."""
    return Material(base, 0.7, 400.0, opacity)


def _noise(rng: np.random.Generator, height: int, width: int, down: float, across: float) -> NDArray[np.float64]:
    """Seamless noise (height, width) in [0, 1], with features so many pixels high and wide."""
    v, u = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    spectrum = np.fft.rfft2(rng.standard_normal((height, width)))
    field = np.fft.irfft2(spectrum * np.exp(-((v * down) ** 2 + (u * across) ** 2) * 8), s=(height, width))
    low, high = field.min(), field.max()
    return (field - low) / (high - low)


def _pixels(values: NDArray[np.float64]) -> Pixels:
    # Few levels make small files: noise in all 256 hardly packs.
    return (np.clip(np.round(values * 42) / 42, 0, 1) * 255).astype(np.uint8)


def _blend(amount: NDArray[np.float64], low: Color, high: Color) -> Pixels:
    return _pixels(np.asarray(low) + amount[..., None] * (np.asarray(high) - np.asarray(low)))


def wood(rng: np.random.Generator, base: Color | None = None, repeat: float = 1.0) -> Material:
    """Wood, its grain along the texture's height."""
    tone = color(rng, WOOD) if base is None else base
    warp = _noise(rng, 96, 64, 60, 14)
    fine = _noise(rng, 96, 64, 30, 1.5)
    across = np.arange(64)[None] / 64
    rings = 0.5 + 0.5 * np.sin(2 * np.pi * (rng.integers(4, 9) * across + 1.6 * warp))
    texture = _blend(0.6 * rings + 0.4 * fine, shade(tone, 0.72), shade(tone, 1.16))
    return Material(tone, 0.15, 60.0, texture=texture, mapping="grain", repeat=repeat)


def fabric(rng: np.random.Generator, base: Color, repeat: float = 4.0) -> Material:
    """Woven cloth."""
    y, x = np.mgrid[:32, :32]
    weave = 0.5 + 0.25 * np.sin(x * np.pi / 2) * ((x // 4 + y // 4) % 2) + 0.25 * np.sin(y * np.pi / 2)
    weave = 0.7 * weave + 0.3 * _noise(rng, 32, 32, 2, 2)
    return Material(base, 0.02, 10.0, texture=_blend(weave, shade(base, 0.78), shade(base, 1.12)), repeat=repeat)


def striped(
    rng: np.random.Generator, first: Color, second: Color, repeat: float = 3.0, upright: bool = True
) -> Material:
    """Stripes of two colors, of uneven width; the texture's columns where `upright`, else its rows."""
    edges = np.sort(rng.choice(np.arange(1, 16), size=rng.integers(1, 4) * 2 - 1, replace=False))
    band = (np.searchsorted(edges, np.arange(16), side="right") % 2).astype(float)
    bands = np.repeat(np.repeat(band, 4)[None], 64, axis=0)
    texture = _blend(bands if upright else bands.T, first, second)
    return Material(first, 0.05, 20.0, texture=texture, repeat=repeat)


def checked(first: Color, second: Color, repeat: float = 2.0, cells: int = 4) -> Material:
    """A chess board of `cells` by `cells`; `cells` even, so that it joins up."""
    y, x = np.mgrid[: 16 * cells, : 16 * cells] // 16
    texture = _blend(((x + y) % 2).astype(float), first, second)
    return Material(first, 0.05, 20.0, texture=texture, repeat=repeat)


def tartan(rng: np.random.Generator, first: Color, second: Color, repeat: float = 2.0) -> Material:
    """Crossing bands, half see-through over each other."""
    band = np.repeat(rng.integers(0, 3, 16) / 2, 4)
    texture = _blend((band[:, None] + band[None]) / 2, first, second)
    return Material(first, 0.02, 10.0, texture=texture, repeat=repeat)


def dotted(first: Color, second: Color, repeat: float = 3.0) -> Material:
    """Dots in staggered rows."""
    y, x = np.mgrid[:64, :64]
    rows = [((x - cx + 32) % 64 - 32) ** 2 + ((y - cy + 32) % 64 - 32) ** 2 < 100 for cx, cy in ((16, 16), (48, 48))]
    texture = _blend((rows[0] | rows[1]).astype(float), first, second)
    return Material(first, 0.05, 20.0, texture=texture, repeat=repeat)


def bricks(rng: np.random.Generator, base: Color, joint: Color, repeat: float = 3.0, rows: int = 6) -> Material:
    """Courses of bricks or stones, each of its own tone; `rows` even, so that they join up."""
    high, wide = 12, 24
    y, x = np.mgrid[: rows * high, : 3 * wide]
    row = y // high
    shifted = (x + (row % 2) * wide // 2) % (3 * wide)
    tone = rng.uniform(0.75, 1.1, (rows, 3))[row, shifted // wide]
    mortar = (y % high < 1.5) | (shifted % wide < 1.5)
    texture = _pixels(np.where(mortar[..., None], np.asarray(joint), np.asarray(base) * tone[..., None]))
    return Material(base, 0.02, 10.0, texture=texture, repeat=repeat)


def planks(rng: np.random.Generator, base: Color, repeat: float = 2.0, count: int = 5) -> Material:
    """Upright boards of slightly different tone with dark joints."""
    high, wide = 64, 12
    x = np.arange(count * wide)
    tone = rng.uniform(0.82, 1.1, count)[x // wide] * np.where(x % wide < 1, 0.5, 1.0)
    grain = 0.9 + 0.2 * _noise(rng, high, count * wide, 20, 1.2)
    texture = _pixels(np.asarray(base) * (tone[None] * grain)[..., None])
    return Material(base, 0.05, 20.0, texture=texture, repeat=repeat)


def woven(base: Color, repeat: float = 4.0) -> Material:
    """Basket work: strands over and under each other."""
    y, x = np.mgrid[:32, :32]
    over = ((x // 8) + (y // 8)) % 2
    strand = np.where(over, np.sin((y % 8 + 0.5) / 8 * np.pi), np.sin((x % 8 + 0.5) / 8 * np.pi))
    texture = _blend(strand, shade(base, 0.5), shade(base, 1.15))
    return Material(base, 0.05, 20.0, texture=texture, repeat=repeat)


def mesh_cloth(base: Color, repeat: float = 8.0) -> Material:
    """A perforated sheet: round holes in rows, as before a loudspeaker."""
    y, x = np.mgrid[:16, :16] % 8 - 3.5
    texture = _blend((x**2 + y**2 > 7).astype(float), shade(base, 0.35), base)
    return Material(base, 0.1, 30.0, texture=texture, repeat=repeat)


def drawn(texture: Pixels, mapping: str = "front", shine: float = 0.3) -> Material:
    """A picture (H, W, 3) laid once over a part."""
    mean = texture.reshape(-1, 3).mean(axis=0) / 255
    return Material((float(mean[0]), float(mean[1]), float(mean[2])), shine, 150.0, texture=texture, mapping=mapping)


class Canvas:
    """A small picture to draw on: origin at the top left, lengths as fractions of its width and height."""

    def __init__(self, height: int, width: int, ground: Color) -> None:
        self.pixels = np.tile(np.asarray(ground), (height, width, 1))
        rows, columns = np.mgrid[:height, :width]
        self._y, self._x = (rows + 0.5) / height, (columns + 0.5) / width
        self._aspect = width / height

    def rect(self, x0: float, y0: float, x1: float, y1: float, ink: Color) -> None:
        """Fill a rectangle."""
        self.pixels[(self._x >= x0) & (self._x < x1) & (self._y >= y0) & (self._y < y1)] = ink

    def disc(self, x: float, y: float, radius: float, ink: Color, inner: float = 0.0) -> None:
        """Fill a disc, or a ring from `inner`; radii as fractions of the height."""
        distance = np.hypot((self._x - x) * self._aspect, self._y - y)
        self.pixels[(distance < radius) & (distance >= inner)] = ink

    def line(self, x0: float, y0: float, x1: float, y1: float, width: float, ink: Color) -> None:
        """Draw a line, its width as a fraction of the height."""
        dx, dy = (x1 - x0) * self._aspect, y1 - y0
        px, py = (self._x - x0) * self._aspect, self._y - y0
        along = np.clip((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-9), 0, 1)
        self.pixels[np.hypot(px - along * dx, py - along * dy) < width / 2] = ink

    def slope(self, top: Color, bottom: Color) -> None:
        """Fill everything from one color above to another below."""
        self.pixels[:] = np.asarray(top) + self._y[..., None] * (np.asarray(bottom) - np.asarray(top))

    def done(self) -> Pixels:
        """The picture (H, W, 3)."""
        return _pixels(self.pixels)


def screen(rng: np.random.Generator, height: int = 64, width: int = 96) -> Material:
    """What a screen shows: a landscape, windows or tiles."""
    canvas = Canvas(height, width, color(rng, SOFT))
    kind = rng.integers(3)
    if kind == 0:
        canvas.slope(hexa("7fb4e0"), hexa("f3e3c2"))
        canvas.disc(rng.uniform(0.2, 0.8), 0.3, 0.1, hexa("fbe38e"))
        for level in (0.6, 0.75):
            canvas.disc(rng.uniform(0, 1), level + 0.75, 0.85, shade(color(rng, BRIGHT[3:6]), 1.5 - level))
    elif kind == 1:
        canvas.slope(color(rng, BRIGHT), color(rng, SOFT))
        for left in (0.1, 0.45):
            top = rng.uniform(0.1, 0.3)
            canvas.rect(left, top, left + 0.45, top + 0.5, WHITE)
            canvas.rect(left, top, left + 0.45, top + 0.09, color(rng, BRIGHT))
            for row in np.arange(top + 0.16, top + 0.45, 0.09):
                canvas.rect(left + 0.04, row, left + rng.uniform(0.2, 0.42), row + 0.035, hexa("8c9196"))
        canvas.rect(0, 0.93, 1, 1, hexa("3b4048"))
    else:
        canvas.slope(hexa("31456b"), hexa("6d86b8"))
        for column in np.arange(0.08, 0.9, 0.15):
            for row in np.arange(0.1, 0.85, 0.2):
                canvas.rect(column, row, column + 0.1, row + 0.13, color(rng, BRIGHT))
    return drawn(canvas.done())
