"""Render qualities: how many samples, and which denoiser cleans them."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from threedie.manifests.errors import ThreeDieError

DENOISERS = ("compositor", "fast", "high", "none")
"""`compositor`: the original's, a Denoise node fed with color, diffuse color and normals, with accurate prefilter.
`fast` and `high`: Cycles' own OpenImageDenoise at that quality, fed with albedo and normals as they are."""


@dataclass(frozen=True)
class Quality:
    """Settings of Cycles that decide noise and time, not content.

    Attributes:
        name: `reference`, `fast`, or `custom` where a setting was changed.
        samples: most samples a pixel.
        adaptive_threshold: noise at which a pixel gets no more samples; 0 gives all pixels all samples.
        denoiser: one of `DENOISERS`.
        dither: how colors become bytes, see `threedie.render.encode.quantize`.
        split_floor: whether the floor around the object is rendered apart and small, see `threedie.render.frame`.
    """

    name: str
    samples: int
    adaptive_threshold: float
    denoiser: str
    dither: str
    split_floor: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self)


QUALITIES: dict[str, Quality] = {
    "reference": Quality("reference", samples=100, adaptive_threshold=0.01, denoiser="compositor", dither="original"),
    "fast": Quality("fast", samples=16, adaptive_threshold=0.0, denoiser="high", dither="none", split_floor=True),
    "draft": Quality("draft", samples=8, adaptive_threshold=0.0, denoiser="fast", dither="none"),
}
"""`reference` is the original's; `draft` is for small pictures and trials. docs/fidelity.md has what each costs."""


def choose_quality(name: str, samples: int | None = None, denoiser: str | None = None) -> Quality:
    """A named quality, with samples or denoiser replaced.

    Raises:
        ThreeDieError: an unknown name, or a number of samples below 1.
    """
    if name not in QUALITIES:
        raise ThreeDieError(f"{name!r} is not a quality; choose from {', '.join(QUALITIES)}")
    if denoiser is not None and denoiser not in DENOISERS:
        raise ThreeDieError(f"{denoiser!r} is not a denoiser; choose from {', '.join(DENOISERS)}")
    if samples is not None and not 1 <= samples <= 1 << 20:
        raise ThreeDieError(f"--samples {samples}: give a number from 1 to {1 << 20}")
    quality = QUALITIES[name]
    custom = replace(quality, samples=samples or quality.samples, denoiser=denoiser or quality.denoiser)
    if custom.denoiser == "none":
        # Noise of a small floor, enlarged, would be blotches.
        custom = replace(custom, split_floor=False)
    return quality if custom == quality else replace(custom, name="custom")
