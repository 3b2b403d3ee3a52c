"""How a linear layer is trained on a frozen network that sees pictures: the protocols of picture datasets."""

from dataclasses import dataclass, replace

from threedie.benchmark.settings.protocol import PROTOCOLS, Protocol


@dataclass(frozen=True)
class LinearRules:
    """SGD with momentum 0.9, no weight decay, half a cosine, batches of 256.

    Attributes:
        name, version: what results cite.
        epochs: over the training pictures.
        runs: linear layers, each with first weights and an order of its own; the result is their mean.
        augmented: whether they see random crops and flips, and test pictures enlarged to 36 px with the border cut off,
            as in E-SSL's code; otherwise every picture as it is, through the network once.
        rate: highest learning rate.
    """

    name: str
    version: int
    epochs: int
    runs: int
    augmented: bool
    rate: float = 30.0

    @property
    def protocol(self) -> Protocol:
        """The protocol of this name and version; its other rules are those of `quick`."""
        pictures = "randomly cropped and flipped pictures" if self.augmented else "pictures as they are"
        definition = f"A linear layer on {pictures}, {self.epochs} epochs, mean of {self.runs}."
        return replace(PROTOCOLS["quick"], name=self.name, version=self.version, definition=definition)


RULES = {
    "quick": LinearRules("quick", 1, epochs=20, runs=1, augmented=False),
    "essl-v1": LinearRules("essl-v1", 1, epochs=100, runs=5, augmented=True),
}
"""By name of the protocol."""
