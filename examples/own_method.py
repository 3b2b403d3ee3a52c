"""Your own method, trained and evaluated as by `3die bench run`, with a record for the leaderboard.

python own_method.py [DATASET]
"""

import sys
from typing import Any

import threedie
from threedie import Batch, Loss, TwoViewMethod, Views, losses


class Cosine(TwoViewMethod):
    """The embeddings of two views have the same direction; VICReg's variance term prevents collapse."""

    def __init__(self, backbone: Any, projector: str = "2048-2048-2048", *, variance_weight: float = 1.0):
        super().__init__()
        self.backbone = backbone
        self.projector = threedie.build_projector(backbone.dim, projector)
        self.variance_weight = variance_weight

    def compute_loss(self, batch: Batch, views: Views) -> Loss:
        """Loss of the embeddings of both views, and its terms by name, which are logged and drawn."""
        first, second = views.gathered()
        cosine = losses.negative_cosine(first, second) + losses.negative_cosine(second, first)
        variance = losses.variance(first) + losses.variance(second)
        return cosine + self.variance_weight * variance, {"cosine": cosine, "variance": variance}


def main(path: str) -> None:
    """Train with the smallest recipe, evaluate, and print the main scores with their floors."""
    overrides = {"epochs": 10, "method_options": {"variance_weight": 2.0}}
    run = threedie.Run.create(Cosine, path, recipe="smoke", overrides=overrides, seed=0, out="runs")
    run.train()
    record = run.evaluate()
    for row in record["results"]:
        if row["main"]:
            name = f"{row['task']} {row['metric']} ({row['input']})"
            print(f"{name:<48} {row['value']:7.3f}   floor {row['floor']:7.3f}")
    print(f"record in {run.folder}; tables: 3die leaderboard runs")


if __name__ == "__main__":
    # Runs are named after this file's content, and import it once more: without this line they would start again.
    main(sys.argv[1] if len(sys.argv) > 1 else "3die-data/dataset.h5")
