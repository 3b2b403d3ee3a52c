"""The methods by name, as text: quick to read, because it imports no torch. `registry` builds them."""

from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True)
class CatalogueEntry:
    """What a list of methods says about one.

    Attributes:
        idea: one line.
        loss: the terms, in words.
        paper: authors, venue, year, arXiv number.
        module: where its class is.
        class_name: the class.
        actions: the relative transformations it can use; empty where it uses none.
    """

    idea: str
    loss: str
    paper: str
    module: str
    class_name: str
    actions: tuple[str, ...] = ()


SIE_PAPER = "Garrido, Najman & LeCun, ICML 2023, arXiv 2302.10283"
SIMCLR_PAPER = "Chen, Kornblith, Norouzi & Hinton, ICML 2020, arXiv 2002.05709"
ACTIONS = (
    "rotation", "rotation_color", "translation", "rotation_translation", "latents", "latents_translation",
)  # fmt: skip

CATALOGUE: dict[str, CatalogueEntry] = {
    "sie": CatalogueEntry(
        idea="One half of the representation stays the same between views, the other moves with the action.",
        loss="invariance and equivariance (mean squared error), variance, covariance, variance of the prediction",
        paper=SIE_PAPER,
        module="threedie.baselines.sie",
        class_name="SIE",
        actions=ACTIONS,
    ),
    "vicreg": CatalogueEntry(
        idea="Two views have the same embedding; each dimension of it varies, and no two vary together.",
        loss="invariance (mean squared error), variance, covariance",
        paper="Bardes, Ponce & LeCun, ICLR 2022, arXiv 2105.04906",
        module="threedie.baselines.vicreg",
        class_name="VICReg",
    ),
    "simclr": CatalogueEntry(
        idea="A view is nearer to the other view of its object than to all other objects.",
        loss="normalised temperature-scaled cross-entropy",
        paper=SIMCLR_PAPER,
        module="threedie.baselines.simclr",
        class_name="SimCLR",
    ),
    "equimod": CatalogueEntry(
        idea="Two projectors see the whole representation: one trained for invariance, one for equivariance.",
        loss="VICReg's or SimCLR's on both sides",
        paper="Devillers & Lefort, ICLR 2023, arXiv 2211.01244",
        module="threedie.baselines.equimod",
        class_name="EquiMod",
        actions=ACTIONS,
    ),
    "augself": CatalogueEntry(
        idea="SimCLR, and a network that sees both representations must tell the action.",
        loss="SimCLR's, regression of the action (mean squared error)",
        paper="Lee, Lee, Lee, Lee & Shin, NeurIPS 2021, arXiv 2111.09613",
        module="threedie.baselines.augself",
        class_name="AugSelf",
        actions=ACTIONS,
    ),
    "only_equivariance": CatalogueEntry(
        idea="SimCLR between the moved embedding of one view and that of the other, with no invariance at all.",
        loss="normalised temperature-scaled cross-entropy of prediction and target",
        paper=f"control of {SIE_PAPER}",
        module="threedie.baselines.only_equivariance",
        class_name="OnlyEquivariance",
        actions=ACTIONS,
    ),
    "barlow_twins": CatalogueEntry(
        idea="Each dimension of the embedding correlates with itself in the other view, and with no other one.",
        loss="invariance and redundancy of the cross-correlation matrix",
        paper="Zbontar, Jing, Misra, LeCun & Deny, ICML 2021, arXiv 2103.03230",
        module="threedie.baselines.barlow_twins",
        class_name="BarlowTwins",
    ),
    "simsiam": CatalogueEntry(
        idea="From the embedding of one view a small network tells that of the other, which gets no gradient.",
        loss="negative cosine of prediction and target, both ways",
        paper="Chen & He, CVPR 2021, arXiv 2011.10566",
        module="threedie.baselines.simsiam",
        class_name="SimSiam",
    ),
    "byol": CatalogueEntry(
        idea="From one view a network tells what a slow-moving average of itself makes of the other view.",
        loss="squared distance of normalised prediction and target, both ways",
        paper="Grill et al., NeurIPS 2020, arXiv 2006.07733",
        module="threedie.baselines.byol",
        class_name="BYOL",
    ),
    "essl": CatalogueEntry(
        idea="An invariant method that must also tell how a picture was turned, or by what two views differ.",
        loss="that of SimCLR, SimSiam or Barlow Twins; cross-entropy of the quarter turns, or regression of the action",
        paper="Dangovski et al., ICLR 2022, arXiv 2111.00899",
        module="threedie.baselines.essl",
        class_name="ESSL",
        actions=ACTIONS,
    ),
    "supervised": CatalogueEntry(
        idea="The upper end of the scale: trained with the classes, the relative rotations, or both.",
        loss="cross-entropy of the class, regression of the action (mean squared error)",
        paper=f"comparison of {SIE_PAPER}",
        module="threedie.baselines.supervised",
        class_name="Supervised",
        actions=ACTIONS,
    ),
    "random": CatalogueEntry(
        idea="The lower end of the scale: the encoder network as it was initialised, without training.",
        loss="none",
        paper="none: a control",
        module="threedie.baselines.random",
        class_name="Random",
    ),
}


def suggestion(name: str, known: list[str] | tuple[str, ...]) -> str:
    """The end of an error message about an unknown name: the near miss if there is one, and all that are known."""
    close = get_close_matches(name, known, n=1)
    choices = ", ".join(known) or "none"
    return f"did you mean {close[0]!r}? Known: {choices}" if close else f"known: {choices}"


def entry(name: str) -> CatalogueEntry:
    """A method's entry; ValueError, with the near miss, on an unknown name."""
    if name not in CATALOGUE:
        raise ValueError(f"method {name!r}: no such method; {suggestion(name, tuple(CATALOGUE))}")
    return CATALOGUE[name]
