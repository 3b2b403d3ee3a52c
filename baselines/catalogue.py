"""The methods by name, and the facts about each. Imports no torch, so it is quick; `registry` builds them."""

from dataclasses import dataclass

from threedie.manifests.actions import METHOD_ACTIONS
from threedie.manifests.suggest import nearest

FAMILIES: dict[str, str] = {
    "invariant": "two views have the same embedding",
    "equivariant": "the embedding moves with the action, or predicts it",
    "split": "one part of the representation stays the same, the other moves",
    "control": "an end of the scale: trained with labels, or not at all",
    "other": "anything else",
}
"""Family -> what its methods have in common, in the order of the leaderboard's filter."""


@dataclass(frozen=True)
class CatalogueEntry:
    """The facts about a method; lists, pages and tables are made from it.

    Attributes:
        idea: one line.
        loss: the terms, in words.
        paper: authors, venue, year, arXiv number.
        module: where its class is.
        class_name: the class.
        family: what its loss demands of two views of one object, a key of `FAMILIES`.
        actions: the relative transformations it can use; empty if it uses none.
        arguments: what its usual command has after `3die bench run NAME`.
    """

    idea: str
    loss: str
    paper: str
    module: str
    class_name: str
    family: str
    actions: tuple[str, ...] = ()
    arguments: str = ""


SIE_PAPER = "Garrido, Najman & LeCun, ICML 2023, arXiv 2302.10283"
SIMCLR_PAPER = "Chen, Kornblith, Norouzi & Hinton, ICML 2020, arXiv 2002.05709"

CATALOGUE: dict[str, CatalogueEntry] = {
    "sie": CatalogueEntry(
        idea="One half of the representation is the same for both views, the other moves with the action.",
        loss="invariance and equivariance (mean squared error), variance, covariance, variance of the prediction",
        paper=SIE_PAPER,
        module="threedie.baselines.sie",
        class_name="SIE",
        family="split",
        actions=METHOD_ACTIONS,
    ),
    "vicreg": CatalogueEntry(
        idea="Two views have the same embedding; each of its dimensions varies, and no two are correlated.",
        loss="invariance (mean squared error), variance, covariance",
        paper="Bardes, Ponce & LeCun, ICLR 2022, arXiv 2105.04906",
        module="threedie.baselines.vicreg",
        class_name="VICReg",
        family="invariant",
    ),
    "vicreg_traj": CatalogueEntry(
        idea="VICReg, and the step from view 1 to 2 points where that from view 2 to 3 points.",
        loss="VICReg's, negative cosine of the two steps",
        paper="Wang, Chen & Yu, ECCV 2024, arXiv 2403.14973",
        module="threedie.baselines.vicreg_traj",
        class_name="VICRegTraj",
        family="invariant",
    ),
    "simclr": CatalogueEntry(
        idea="Each view is closer to the other view of its object than to views of other objects.",
        loss="normalized temperature-scaled cross-entropy",
        paper=SIMCLR_PAPER,
        module="threedie.baselines.simclr",
        class_name="SimCLR",
        family="invariant",
    ),
    "equimod": CatalogueEntry(
        idea="Two projectors on the whole representation: one trained for invariance, one for equivariance.",
        loss="VICReg's or SimCLR's on both sides",
        paper="Devillers & Lefort, ICLR 2023, arXiv 2211.01244",
        module="threedie.baselines.equimod",
        class_name="EquiMod",
        family="equivariant",
        actions=METHOD_ACTIONS,
    ),
    "augself": CatalogueEntry(
        idea="SimCLR, and a regressor that predicts the action from both representations.",
        loss="SimCLR's, regression of the action (mean squared error)",
        paper="Lee, Lee, Lee, Lee & Shin, NeurIPS 2021, arXiv 2111.09613",
        module="threedie.baselines.augself",
        class_name="AugSelf",
        family="equivariant",
        actions=METHOD_ACTIONS,
    ),
    "only_equivariance": CatalogueEntry(
        idea="SimCLR between the predictor's output for one view and the embedding of the other, without invariance.",
        loss="normalized temperature-scaled cross-entropy of prediction and target",
        paper=f"control of {SIE_PAPER}",
        module="threedie.baselines.only_equivariance",
        class_name="OnlyEquivariance",
        family="equivariant",
        actions=METHOD_ACTIONS,
    ),
    "sen": CatalogueEntry(
        idea="A linear predictor gets an embedding of the action and moves a view's embedding to the other view's.",
        loss="normalized temperature-scaled cross-entropy of prediction and target",
        paper="Park, Biza, Zhao, van de Meent & Walters, ICML 2022, arXiv 2204.11371",
        module="threedie.baselines.sen",
        class_name="SEN",
        family="equivariant",
        actions=METHOD_ACTIONS,
    ),
    "barlow_twins": CatalogueEntry(
        idea="Each dimension of the embedding correlates with itself in the other view and with no other dimension.",
        loss="invariance and redundancy of the cross-correlation matrix",
        paper="Zbontar, Jing, Misra, LeCun & Deny, ICML 2021, arXiv 2103.03230",
        module="threedie.baselines.barlow_twins",
        class_name="BarlowTwins",
        family="invariant",
    ),
    "simsiam": CatalogueEntry(
        idea="A small predictor maps the embedding of one view to that of the other, which gets no gradient.",
        loss="negative cosine of prediction and target, both ways",
        paper="Chen & He, CVPR 2021, arXiv 2011.10566",
        module="threedie.baselines.simsiam",
        class_name="SimSiam",
        family="invariant",
    ),
    "byol": CatalogueEntry(
        idea="A network predicts from one view the embedding that a moving average of its weights gives the other.",
        loss="squared distance of normalized prediction and target, both ways; with an action from view 1 to view 2",
        paper="Grill et al., NeurIPS 2020, arXiv 2006.07733",
        module="threedie.baselines.byol",
        class_name="BYOL",
        family="invariant",
        actions=METHOD_ACTIONS,
    ),
    "essl": CatalogueEntry(
        idea="An invariant method that also predicts how a crop was rotated, or the action between two views.",
        loss="SimCLR's, SimSiam's or Barlow Twins'; cross-entropy of the four rotations, or regression of the action",
        paper="Dangovski et al., ICLR 2022, arXiv 2111.00899",
        module="threedie.baselines.essl",
        class_name="ESSL",
        family="equivariant",
        actions=METHOD_ACTIONS,
        arguments="--set augmentation=essl",
    ),
    "equicaps": CatalogueEntry(
        idea="Capsules: their activations are the same for both views, the action itself moves their poses.",
        loss="cross-entropy and mean entropy of activations, mean squared error of poses, variance, covariance",
        paper="Konstantinou et al., 2025, arXiv 2506.09895",
        module="threedie.baselines.equicaps",
        class_name="EquiCaps",
        family="equivariant",
        actions=("rotation", "motion_object", "motion_base"),
    ),
    "seq_jepa": CatalogueEntry(
        idea="A transformer gathers several views and the actions between them and predicts the next view.",
        loss="cosine distance of the predicted representation and that of a moving average",
        paper="Ghaemi, Muller & Bakhtiari, NeurIPS 2025, arXiv 2505.03176",
        module="threedie.baselines.seq_jepa",
        class_name="SeqJEPA",
        family="equivariant",
        actions=METHOD_ACTIONS,
    ),
    "context_ssl": CatalogueEntry(
        idea="A context of moved views tells a transformer which changes the embedding of a view should follow.",
        loss="normalized temperature-scaled cross-entropy, regression of rotation and hues (mean squared error)",
        paper="Gupta, Wang, Wang, Jaakkola & Jegelka, NeurIPS 2024, arXiv 2405.18193",
        module="threedie.baselines.context_ssl",
        class_name="ContextSSL",
        family="equivariant",
        actions=("rotation_color",),
    ),
    "supervised": CatalogueEntry(
        idea="The upper end of the scale: trained on the classes, the relative rotations, or both.",
        loss="cross-entropy of the class, regression of the action (mean squared error)",
        paper=f"comparison of {SIE_PAPER}",
        module="threedie.baselines.supervised",
        class_name="Supervised",
        family="control",
        actions=METHOD_ACTIONS,
    ),
    "random": CatalogueEntry(
        idea="The lower end of the scale: the encoder network with its initial weights, without training.",
        loss="none",
        paper="none: a control",
        module="threedie.baselines.random",
        class_name="Random",
        family="control",
    ),
}


def suggestion(name: str, names: list[str] | tuple[str, ...]) -> str:
    """The end of an error message about an unknown name: the nearest name if one is near, and all there are."""
    near = nearest(name, names)
    choices = ", ".join(names) or "none"
    return f"did you mean {near!r}? Known: {choices}" if near else f"known: {choices}"


def entry(name: str) -> CatalogueEntry:
    """A method's entry; ValueError, with the nearest name, if there is no such method."""
    if name not in CATALOGUE:
        raise ValueError(f"method {name!r}: no such method; {suggestion(name, tuple(CATALOGUE))}")
    return CATALOGUE[name]
