"""Translation: how far the object moved between two views, by a perceptron; in its own frame and in the base frame."""

import numpy as np

from threedie.benchmark.data.pairs import Indices, Pairs
from threedie.benchmark.tasks.regression import Regression, latent_changes, regression_needs
from threedie.benchmark.tasks.subject import Array, Data
from threedie.manifests.actions import TRANSLATION
from threedie.manifests.latents import ROTATION, columns, rotated

_HEADS = "A perceptron with two hidden layers (ReLU), trained with mean squared error, predicts "
_SCORES = (
    "in Blender units, from the features of both views side by side. r2: one mean over all three components; "
    "r2_per_component: the mean of each one's own R2. Only where the dataset has translations (preset 3diebench-t)."
)


class TranslationObject(Regression):
    """The translation between two views in the object's frame (t2 - t1), by a perceptron."""

    name = "translation_object"
    version = 1
    order = 80
    title = "Translation, object frame"
    needs = regression_needs(TRANSLATION)
    best_constant = "the best constant change"
    definition = f"{_HEADS}t2 - t1 of the translations in the object's own frame, {_SCORES}"

    def target(self, data: Data, pairs: Pairs) -> Array:
        """Changes of the translation, (B, 3)."""
        return latent_changes(data, pairs, TRANSLATION)


class TranslationBase(Regression):
    """The translation between two views in the base frame (R2 t2 - R1 t1), by a perceptron."""

    name = "translation_base"
    version = 1
    order = 90
    title = "Translation, base frame"
    needs = regression_needs((*ROTATION, *TRANSLATION))
    best_constant = "the best constant change"
    definition = (
        f"{_HEADS}R2 t2 - R1 t1, how far the object moved in the base frame (its matrix is R times T), {_SCORES}"
    )

    def target(self, data: Data, pairs: Pairs) -> Array:
        """Changes of the position, (B, 3)."""

        def position(views: Indices) -> Array:
            latents = data.latents[pairs.objects, views]
            return rotated(latents[:, columns(data.fields, ROTATION)], latents[:, columns(data.fields, TRANSLATION)])

        return np.asarray(position(pairs.view2) - position(pairs.view1))
