"""Protocols: how the tasks' heads are trained and what is measured on, fixed under a name and a version."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import field, replace
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.fields import Flag, Must, Number, Text, Whole
from threedie.manifests.suggest import suggest

Count = Annotated[Whole, Field(ge=1)]
Rate = Annotated[Number, Field(ge=0, allow_inf_nan=False)]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class HeadRules:
    """How the heads of one task differ from those of the others.

    Attributes:
        linear: whether a head that predicts numbers is linear, not a perceptron.
        epochs: passes over the training objects; None for those of the protocol.
    """

    linear: Flag = False
    epochs: Count | None = None


_USUAL = HeadRules()


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Protocol:
    """How evaluation is done. Any change that changes a number gets a new version.

    Pairs and views depend on the protocol's name, its version and the dataset alone, and are the same for every method.

    Attributes:
        name, version: what records cite.
        definition: the rules in words.
        epochs: passes over the training objects that a head sees, one view or pair of each object in each; None where
            `steps` is set.
        steps: optimizer steps of a head; None where `epochs` is set.
        batch_size: views or pairs in a step.
        learning_rate: Adam's, constant.
        weight_decay: decoupled (AdamW).
        hidden: width of the two hidden layers of the heads that see pairs.
        standardize: whether each dimension of a representation is first brought to mean 0 and deviation 1 over the
            training views.
        holdout: share of the training objects held out to choose the step at which a head is best. The head then starts
            as the best constant, which is one of the choices. 0: none, the last step is taken.
        check_every: steps between evaluations on the held-out objects.
        patience: steps without a better evaluation after which a head stops.
        nearest_objects: objects of each split that are queries and targets of the nearest-neighbor errors; None for
            all.
        bank_objects: training objects in the nearest-neighbor classifier's bank; None for all.
        views_per_input: how many views of an object an embedding is made of, for methods that aggregate views.
        heads: rules of the heads of some tasks, by the task's name; the others have those above.
        on_aggregate: whether heads are also trained on the embedding of methods that aggregate views.
        r2_per_component: whether that is the main score of tasks that have R2 by both formulas; pooled otherwise.
        overview: names of tasks that the first table shows beside the usual ones.
    """

    name: Text
    version: Count
    definition: Text
    epochs: Count | None
    steps: Count | None
    batch_size: Count
    learning_rate: Rate
    weight_decay: Rate
    hidden: Count
    standardize: Flag
    holdout: Annotated[Number, Must(lambda share: 0 <= share < 1, "0 or more and less than 1")]
    check_every: Count
    patience: Annotated[Whole, Field(ge=0)]
    nearest_objects: Count | None
    bank_objects: Count | None
    views_per_input: Count = 1
    heads: Mapping[str, HeadRules] = field(default_factory=dict)
    on_aggregate: Flag = False
    r2_per_component: Flag = False
    overview: tuple[Text, ...] = ()

    @property
    def base_name(self) -> str:
        """Name of the same protocol with one view in each embedding."""
        return self.name.removesuffix(_suffix(self.views_per_input))

    @property
    def seed(self) -> int:
        """A number made of name and version that keys the choice of pairs and the heads' first weights.

        It doesn't depend on `views_per_input`.
        """
        return protocol_seed(self.name, self.version)

    def with_views(self, views: int) -> "Protocol":
        """The same protocol with so many views in each embedding, under a name that says so."""
        if views == 1:
            return self
        rule = (
            f"Embeddings are those of {views} views of an object, of methods that aggregate views: each view once as "
            "the last, the others before it fixed and random, with the actions between them. Predictions of embeddings "
            "start from one view."
        )
        definition = f"{self.definition} {rule}"
        return replace(self, name=self.name + _suffix(views), definition=definition, views_per_input=views)

    def head_seed(self, index: int) -> int:
        """Seed of the heads' first weights and of the views they see; the first one, index 0, is `seed`."""
        if index == 0:
            return self.seed
        text = f"{self.base_name} {self.version} head {index}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")

    def head_rules(self, task: str) -> HeadRules:
        """The rules of a task's heads."""
        return self.heads.get(task, _USUAL)

    def head_steps(self, task: str, objects: int) -> int:
        """Steps that a head of a task is trained for on a number of objects."""
        own = self.head_rules(task).epochs
        if own is None and self.steps is not None:
            return self.steps
        epochs = own or self.epochs
        assert epochs is not None
        return -(-epochs * objects // self.batch_size)


def _suffix(views: int) -> str:
    """What follows the name of a protocol with so many views in each embedding."""
    return f"-views{views}" if views > 1 else ""


_WITH_VIEWS = re.compile(r"(?P<name>.+)-views(?P<views>[2-9]|[1-9][0-9])")


def protocol_seed(name: str, version: int) -> int:
    """`Protocol.seed`, also of a version that isn't known here."""
    several = _WITH_VIEWS.fullmatch(name)
    base_name = several["name"] if several else name
    return int.from_bytes(hashlib.sha256(f"{base_name} {version}".encode()).digest()[:4], "big")


PROTOCOLS: dict[str, Protocol] = {
    "quick": Protocol(
        name="quick",
        version=2,
        definition=(
            "Heads see random views (pairs) of the training objects, standardized, in batches of 256: AdamW 1e-3, "
            "weight decay 0.05, at most 1500 steps; perceptrons are 512 wide. Starting at the best constant, a "
            "head is kept at its best step on a fifth of the training objects, held out of its training; 200 steps "
            "without a better one end it. Measured on every view of every validation object: each view once, in pairs "
            "each view once as the first with a fixed random other one. Neighbors are searched among 200 objects of "
            "each split for poses and among 1000 training objects for classes, spread evenly over the list. Encoders "
            "in evaluation mode. For a laptop and for small datasets; not to be compared with published numbers. "
            "Version 2: those numbers of objects, and the tasks of version 1 measured on other pairs."
        ),
        epochs=None,
        steps=1500,
        batch_size=256,
        learning_rate=1e-3,
        weight_decay=0.05,
        hidden=512,
        standardize=True,
        holdout=0.2,
        check_every=20,
        patience=200,
        nearest_objects=200,
        bank_objects=1000,
    ),
    "sie-v1": Protocol(
        name="sie-v1",
        version=1,
        definition=(
            "As SIE (Garrido, Najman & LeCun, ICML 2023, section 5): heads see one random view or pair of each "
            "training object in each of 300 epochs; perceptrons are 1024 wide; Adam 1e-3 at a constant rate, batches "
            "of 256 joined across epochs; the last weights count. Measured on every view of every validation object "
            "instead of one at random: the same expectation with less noise. One difference matters: the encoder's "
            "batch norm is in evaluation mode, the original's was in training mode while heads trained."
        ),
        epochs=300,
        steps=None,
        batch_size=256,
        learning_rate=1e-3,
        weight_decay=0.0,
        hidden=1024,
        standardize=False,
        holdout=0.0,
        check_every=100,
        patience=0,
        nearest_objects=None,
        bank_objects=None,
    ),
    "seq-jepa-v1": Protocol(
        name="seq-jepa-v1",
        version=1,
        definition=(
            "As seq-JEPA (Ghaemi, Muller & Bakhtiari, NeurIPS 2025): heads see one random view or pair of each "
            "training object in each of 300 epochs, in batches of 256; perceptrons are 1024 wide; color has a linear "
            "head and 50 epochs; Adam 1e-3 at a constant rate, no weight decay; the last weights count. Heads are "
            "trained on the representation, and on the embedding too where a method aggregates views: its invariant "
            "part is the aggregate of one view, in seq-jepa-v1-views3 that of three. Of R2, the one per component is "
            "the main score, and the pooled one is computed too. Measured on every view of every validation object. "
            "Not known of the paper and chosen here: Adam's rate, two hidden layers, the last epoch; docs/benchmark.md "
            "has the source of each rule. The encoder is in evaluation mode; in its authors' code it is in training "
            "mode while heads train."
        ),
        epochs=300,
        steps=None,
        batch_size=256,
        learning_rate=1e-3,
        weight_decay=0.0,
        hidden=1024,
        standardize=False,
        holdout=0.0,
        check_every=100,
        patience=0,
        nearest_objects=None,
        bank_objects=None,
        heads={"color": HeadRules(linear=True, epochs=50)},
        on_aggregate=True,
        r2_per_component=True,
        overview=("absolute_rotation",),
    ),
}


def existing_protocol(name: str) -> Protocol | None:
    """A protocol by name, or None. `NAME-views3` is `NAME` with three views in each embedding; see `with_views`."""
    match = _WITH_VIEWS.fullmatch(name)
    if match and match["name"] in PROTOCOLS:
        return PROTOCOLS[match["name"]].with_views(int(match["views"]))
    return PROTOCOLS.get(name)


def find_protocol(name: str) -> Protocol:
    """A protocol by name; see `existing_protocol`.

    Raises:
        ThreeDieError: no such protocol; the message suggests the nearest.
    """
    protocol = existing_protocol(name)
    if protocol is None:
        raise ThreeDieError(f"there is no protocol {name!r}; {suggest(name, PROTOCOLS)}")
    return protocol
