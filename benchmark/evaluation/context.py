"""The context that evaluation shows to methods that take one: pairs of views of training objects."""

import torch

from threedie.baselines.method import Method
from threedie.benchmark.data.augmentation import Augmentation
from threedie.benchmark.data.inputs import TrainingViews, prepare
from threedie.benchmark.data.pairs import draw_context
from threedie.benchmark.data.source import ImageStore
from threedie.benchmark.training.restore import TrainedMethod


def give_context(model: TrainedMethod, seed: int, images: ImageStore, device: str = "cpu") -> Method:
    """Show a method its context, if it takes one: the same pairs for every method and every view.

    Args:
        model: the trained method, in evaluation mode.
        seed: of the protocol: it chooses the pairs.
        images: of the dataset that heads are trained on, at the size the method was trained on.
        device: `cpu` or `cuda`.

    Returns:
        the method, on that device.
    """
    place = torch.device(device)
    method = model.method.to(place).eval()
    if method.context_pairs:
        dataset = images.dataset
        drawn = draw_context(dataset.indices("train"), dataset.info.views, method.context_pairs, seed)
        loaded = TrainingViews(images).load(drawn, method.action)
        method.take_context(prepare(loaded, Augmentation("none"), model.normalization, place))
    return method
