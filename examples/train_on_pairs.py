"""A training loop of your own on pairs of views: SimCLR's loss, and the rotation between the views from both features.

python train_on_pairs.py [DATASET]
"""

import sys

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

import threedie

EPOCHS = 5
BATCH_SIZE = 64
FEATURES = 128


def to_input(image: Tensor) -> Tensor:
    """An image, uint8 (3, S, S), as a network takes it: float32 in -1 to 1."""
    return image.float() / 127.5 - 1


def build_encoder() -> nn.Module:
    """A small convolutional network, (B, 3, S, S) -> (B, FEATURES)."""
    layers: list[nn.Module] = []
    for before, after in ((3, 32), (32, 64), (64, FEATURES)):
        layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def main(path: str) -> None:
    """Train, and say after each epoch how well rotations of unseen objects are predicted."""
    torch.manual_seed(0)
    train_data = threedie.PairDataset(path, "train", to_input, "rotation", seed=0)
    val_data = threedie.PairDataset(path, "val", to_input, "rotation", seed=1)
    loader = DataLoader(train_data, BATCH_SIZE, shuffle=True, num_workers=2, persistent_workers=True)

    encoder, rotation_head = build_encoder(), nn.Linear(2 * FEATURES, 4)
    optimizer = torch.optim.Adam([*encoder.parameters(), *rotation_head.parameters()], lr=1e-3)
    for epoch in range(EPOCHS):
        train_data.set_epoch(epoch)
        encoder.train()
        for batch in loader:
            first, second = encoder(batch.view1), encoder(batch.view2)
            rotation = rotation_head(torch.cat([first, second], dim=1))
            loss = threedie.losses.nt_xent(first, second) + F.mse_loss(rotation, batch.action)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

        encoder.eval()
        with torch.inference_mode():
            batches = list(DataLoader(val_data, BATCH_SIZE))
            pairs = [torch.cat([encoder(batch.view1), encoder(batch.view2)], dim=1) for batch in batches]
            predicted, true = rotation_head(torch.cat(pairs)), torch.cat([batch.action for batch in batches])
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}, rotation error {F.mse_loss(predicted, true):.3f}")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "3die-data/dataset.h5")
