"""Light: how the angles of the light changed between two views, by a perceptron."""

from threedie.benchmark.data.pairs import Pairs
from threedie.benchmark.tasks.metric import r2
from threedie.benchmark.tasks.regression import Regression, latent_changes, regression_needs
from threedie.benchmark.tasks.subject import Array, Data
from threedie.manifests.actions import LIGHT


class Light(Regression):
    """The change of the light's theta and phi between two views, by a perceptron."""

    name = "light"
    version = 1
    order = 70
    title = "Light"
    metrics = (*Regression.metrics, r2("r2_light_theta", "R² of theta"), r2("r2_light_phi", "R² of phi"))
    in_overview = False
    main = "r2_per_component"
    needs = regression_needs(LIGHT)
    components = LIGHT
    best_constant = "the best constant change"
    definition = (
        "A perceptron with two hidden layers (ReLU), trained with mean squared error, predicts the second view's light "
        "theta (from the vertical) and light phi (around it) minus the first's, in radians, without wrapping "
        "around the circle, from the features of both side by side. r2_per_component: the mean of each one's own R2, "
        "r2_light_theta and r2_light_phi; r2: one mean over both, which phi dominates, since it varies more."
    )

    def target(self, data: Data, pairs: Pairs) -> Array:
        """Changes of theta and phi in radians, (B, 2)."""
        return latent_changes(data, pairs, LIGHT)
