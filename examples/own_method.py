"""Your own method, trained and evaluated as by `3die bench run`, with a record for the leaderboard.

python own_method.py [DATASET]
"""

import sys
from typing import Any

from torch import Tensor, nn

import threedie
from threedie import Batch, Method, MethodOutput, Parts, losses


class Cosine(Method):
    """The embeddings of two views have the same direction; VICReg's variance term prevents collapse."""

    def __init__(self, backbone: Any, projector: str = "2048-2048-2048", *, variance_weight: float = 1.0):
        super().__init__()
        self.backbone: nn.Module = backbone
        self.projector = threedie.build_projector(backbone.dim, projector)
        self.variance_weight = variance_weight

    @property
    def parts(self) -> Parts:
        """No invariant and equivariant parts: all dimensions together."""
        return Parts()

    def represent(self, images: Tensor) -> Tensor:
        """Images (N, 3, H, W) -> representation (N, D)."""
        return self.backbone(images)

    def embed(self, representation: Tensor) -> Tensor:
        """Representation (N, D) -> embedding (N, E)."""
        return self.projector(representation)

    def forward(self, batch: Batch) -> MethodOutput:
        """Loss, named terms, representations and embeddings of a batch of pairs."""
        representation = self.represent(batch.view1), self.represent(batch.view2)
        first, second = self.embed(representation[0]), self.embed(representation[1])
        cosine = losses.negative_cosine(first, second) + losses.negative_cosine(second, first)
        variance = losses.variance(first) + losses.variance(second)
        terms = {"cosine": cosine.detach(), "variance": variance.detach()}
        return MethodOutput(cosine + self.variance_weight * variance, terms, representation, (first, second))


def main(path: str) -> None:
    """Train with the smallest recipe, evaluate, and print the main scores with their floors."""
    overrides = ["epochs=10", "method_options.variance_weight=2"]
    run = threedie.Run.create(Cosine, path, recipe="smoke", overrides=overrides, seed=0, out="runs")
    run.train()
    record = run.evaluate()
    for row in record["results"]:
        if row["main"]:
            name = f"{row['task']} {row['metric']} ({row['input']})"
            print(f"{name:<48} {row['value']:7.3f}   floor {row['floor']:7.3f}")
    print(f"record in {run.folder}; tables: 3die leaderboard runs")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "3die-data/dataset.h5")
