"""Pairs of views the plain way: a file for every image and for every latent vector, one sample at a time."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.spatial.transform import Rotation
from torch import Tensor

MEAN = torch.tensor((0.5016, 0.5037, 0.5060)).view(3, 1, 1)
STD = torch.tensor((0.1030, 0.0999, 0.0969)).view(3, 1, 1)


def read_picture(path: Path) -> np.ndarray:
    """Pixels of a JPEG file, (H, W, 3)."""
    with Image.open(path) as picture:
        return np.array(picture.convert("RGB"))


def read_rotation(path: Path) -> Rotation:
    """The rotation in a file of latents."""
    return Rotation.from_euler("xyz", np.load(path)[:3])


def read_action(folder: Path, view1: int, view2: int) -> np.ndarray:
    """The relative quaternion of two views of one object."""
    first, second = (read_rotation(folder / f"latent_{view}.npy") for view in (view1, view2))
    return (first.inv() * second).as_quat()


def normalized(pixels: np.ndarray) -> Tensor:
    """Pixels (H, W, 3) as a network takes them, (3, H, W)."""
    return (torch.from_numpy(pixels).permute(2, 0, 1).contiguous().float() / 255 - MEAN) / STD


def read_sample(folder: Path, label: int, view1: int, view2: int, as_inputs: bool) -> tuple:
    """Both views, the action and the label of one object."""
    views = [read_picture(folder / f"image_{view}.jpg") for view in (view1, view2)]
    action = read_action(folder, view1, view2)
    if as_inputs:
        return normalized(views[0]), normalized(views[1]), torch.from_numpy(action).float(), label
    return views[0], views[1], action, label
