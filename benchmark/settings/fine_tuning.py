"""How an encoder is fine-tuned on a few labeled unit cells: the protocols of photonic crystals."""

from dataclasses import dataclass, replace

from threedie.benchmark.settings.protocol import PROTOCOLS, Protocol

LABELS = (50, 200, 1000, 3000)
"""Numbers of labeled cells; each is a task of its own."""


@dataclass(frozen=True)
class FineTuning:
    """Adam at a constant rate on the whole network, mean squared error, augmented cells.

    Attributes:
        name, version: what results cite.
        epochs: over the labeled cells at least.
        steps: at least so many steps, in whole epochs.
        batch_size: labeled cells in a step at most.
        rate: learning rate.
        weight_decay: as L2 penalty.
        holdout: share of the labeled cells that choose the epoch and aren't trained on; 0 where the test cells do.
    """

    name: str
    version: int
    epochs: int
    steps: int
    batch_size: int
    rate: float
    weight_decay: float
    holdout: float

    @property
    def protocol(self) -> Protocol:
        """The protocol of this name and version; its other rules are those of `quick`."""
        chosen = (
            f"the epoch with the smallest error on {self.holdout:.0%} of the labeled cells, held out of training"
            if self.holdout
            else "the epoch with the smallest error on the test cells themselves, as E-SSL's code does"
        )
        definition = (
            f"The whole network is fine-tuned on labeled cells: {self.epochs} epochs and {self.steps} steps at least, "
            f"batches of {self.batch_size}, Adam {self.rate:g}, weight decay {self.weight_decay:g}. What counts is "
            f"{chosen}."
        )
        return replace(PROTOCOLS["quick"], name=self.name, version=self.version, definition=definition)


RULES = {
    "quick": FineTuning(
        "quick", 1, epochs=100, steps=400, batch_size=64, rate=1e-3, weight_decay=1e-5, holdout=0.2
    ),
    # The original measures before each of 100 epochs, so that the last one changes nothing.
    "essl-photonics-v1": FineTuning(
        "essl-photonics-v1", 1, epochs=99, steps=0, batch_size=64, rate=1e-4, weight_decay=1e-5, holdout=0.0
    ),
}  # fmt: skip
"""By name of the protocol."""
