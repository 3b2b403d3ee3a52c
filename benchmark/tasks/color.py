"""Color: how the hues of floor and light changed between two views, by a perceptron."""

from threedie.benchmark.data.pairs import Pairs
from threedie.benchmark.tasks.metric import r2
from threedie.benchmark.tasks.regression import Regression, regression_needs
from threedie.benchmark.tasks.subject import Array, Data
from threedie.manifests.actions import COLOR


class Color(Regression):
    """The change of the hues of floor and light between two views, by a perceptron."""

    name = "color"
    version = 1
    order = 60
    title = "Color"
    metrics = (*Regression.metrics, r2("r2_floor_hue", "R² of floor hue"), r2("r2_light_hue", "R² of light hue"))
    needs = regression_needs(COLOR)
    components = COLOR
    formulas_agree = True  # both hues are drawn alike
    best_constant = "the best constant change"
    definition = (
        "A perceptron with two hidden layers (ReLU), trained with mean squared error, predicts the second view's floor "
        "hue and light hue minus the first's, in turns, from the features of both side by side (a linear layer where "
        "the protocol says so). r2: one mean over both, as SIE does; r2_per_component: the mean of each one's own R2, "
        "r2_floor_hue and r2_light_hue. SIE, section 5.1."
    )

    def target(self, data: Data, pairs: Pairs) -> Array:
        """Changes of floor hue and light hue, (B, 2)."""
        return pairs.actions("color", data.fields, data.latents)
