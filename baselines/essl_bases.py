"""The invariant methods that E-SSL builds on, in the forms of its authors."""

from threedie.baselines.barlow_twins import BarlowTwins
from threedie.baselines.encoder import Encoder
from threedie.baselines.projector import Widths
from threedie.baselines.simclr import SimCLR
from threedie.baselines.simsiam import SimSiam

BASES = ("simclr", "simsiam", "barlow_twins")


def build_base(
    base: str,
    backbone: Encoder,
    projector: Widths,
    temperature: float,
    redundancy_weight: float,
    final_affine: bool = False,
    predictor_bias: bool = False,
    constant_predictor_rate: bool = False,
    heads: str = "usual",
    negatives: str = "other_view",
) -> SimCLR | SimSiam | BarlowTwins:
    """An invariant method by name; arguments as those of `essl.ESSL`.

    Raises:
        ValueError: an unknown base, or an option of another one.
    """
    if base not in BASES:
        raise ValueError(f"base {base!r}: not known; choose one of {', '.join(BASES)}")
    if final_affine and base != "simclr":
        raise ValueError(f"final_affine: only with base simclr, not {base}")
    if (predictor_bias or constant_predictor_rate) and base != "simsiam":
        raise ValueError(f"predictor_bias, constant_predictor_rate: only with base simsiam, not {base}")
    if (heads, negatives) != ("usual", "other_view") and base != "simclr":
        raise ValueError(f"heads, negatives: only with base simclr, not {base}")
    if base == "simclr":
        return SimCLR(
            backbone,
            projector,
            temperature=temperature,
            negatives=negatives,
            final_norm=heads == "usual",
            final_affine=final_affine,
            heads=heads,
        )
    if base == "simsiam":
        return SimSiam(
            backbone, projector, predictor_bias=predictor_bias, constant_predictor_rate=constant_predictor_rate
        )
    return BarlowTwins(backbone, projector, redundancy_weight=redundancy_weight)
