"""How a linear layer is trained on a frozen network that sees pictures: the protocols of picture datasets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from threedie.benchmark.settings.protocol import PROTOCOLS, Protocol
from threedie.manifests.errors import ThreeDieError


@dataclass(frozen=True)
class LinearRules:
    """SGD with momentum 0.9, half a cosine, batches of 256.

    Attributes:
        name, version: what results cite.
        epochs: over the training pictures.
        runs: linear layers, each with first weights and an order of its own; the result is their mean.
        augmented: whether they see random crops and flips, otherwise every picture as it is, through the network once.
            CIFAR-10's test pictures are then enlarged to 36 px and their border cut off, as in E-SSL's code.
        rate: highest learning rate.
        weight_decay: coefficient.
        spread: standard deviation of the first weights, with biases of zero; None for PyTorch's usual ones.
        by_epoch: whether the rate changes between epochs alone.
    """

    name: str
    version: int
    epochs: int
    runs: int
    augmented: bool
    rate: float = 30.0
    weight_decay: float = 0.0
    spread: float | None = None
    by_epoch: bool = False

    @property
    def protocol(self) -> Protocol:
        """The protocol of this name and version; its other rules are those of `quick`."""
        pictures = "randomly cropped and flipped pictures" if self.augmented else "pictures as they are"
        definition = f"A linear layer on {pictures}, {self.epochs} epochs, mean of {self.runs}."
        return replace(PROTOCOLS["quick"], name=self.name, version=self.version, definition=definition)


_IMAGENET = LinearRules(
    "essl-imagenet-v1", 1, epochs=100, runs=1, augmented=True, rate=0.1, weight_decay=1e-6, spread=0.01, by_epoch=True
)
RULES = {
    "quick": LinearRules("quick", 1, epochs=20, runs=1, augmented=False),
    "essl-v1": LinearRules("essl-v1", 1, epochs=100, runs=5, augmented=True),
    _IMAGENET.name: _IMAGENET,
    "essl-imagenet-bt-v1": replace(_IMAGENET, name="essl-imagenet-bt-v1", rate=1.0),
}
"""By name of the protocol."""


def picture_protocol(name: str, names: Sequence[str], dataset: str) -> Protocol:
    """A protocol of a dataset of pictures.

    Args:
        name: which.
        names: those that the dataset has.
        dataset: its name, for the message.

    Raises:
        ThreeDieError: it has no such protocol.
    """
    if name not in names:
        raise ThreeDieError(f"--protocol {name}: on {dataset} there are {', '.join(names)}")
    return RULES[name].protocol
