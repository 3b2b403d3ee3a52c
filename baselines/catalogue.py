"""The methods by name, as text: quick to read, because it imports no torch. `baselines.registry` builds them."""

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
BOTH_ACTIONS = ("rotation", "rotation_color")

CATALOGUE: dict[str, CatalogueEntry] = {
    "sie": CatalogueEntry(
        idea="One half of the representation stays the same between views, the other moves with the action.",
        loss="invariance and equivariance (mean squared error), variance, covariance, variance of the prediction",
        paper=SIE_PAPER,
        module="baselines.sie",
        class_name="SIE",
        actions=BOTH_ACTIONS,
    ),
    "vicreg": CatalogueEntry(
        idea="Two views have the same embedding; each dimension of it varies, and no two vary together.",
        loss="invariance (mean squared error), variance, covariance",
        paper="Bardes, Ponce & LeCun, ICLR 2022, arXiv 2105.04906",
        module="baselines.vicreg",
        class_name="VICReg",
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
