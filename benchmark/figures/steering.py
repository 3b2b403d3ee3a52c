"""The views nearest to one embedding that the predictor moves by growing rotations."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from threedie.benchmark.figures.strips import explain, show_view
from threedie.benchmark.figures.study import Array, Study, unit
from threedie.benchmark.figures.style import BLUE, GREEN, VERMILION, Drawing, new_figure, shorten
from threedie.benchmark.tasks.scores import geodesic_degrees
from threedie.manifests.actions import QUATERNION_SIZE, ROTATION
from threedie.manifests.latents import LatentField, actions, columns

OBJECTS = 4
_KEY_HEIGHT = 1.0
"""Of what frames and texts mean, below the views, in inches."""
ANGLES_DEG = (-90, -60, -30, 0, 30, 60, 90)
_AXES = ("x", "y", "z")
_NEAR_DEG = 20.0
"""A view is drawn as right if its error exceeds that of the best view by at most this."""


@dataclass(frozen=True, eq=False)
class _Step:
    """One rotation of one view.

    Attributes:
        view: nearest to the predicted embedding.
        errors: angle between each view's rotation and the one wanted in degrees, (V,).
    """

    view: int
    errors: Array

    @property
    def error(self) -> float:
        """Of the view, in degrees."""
        return float(self.errors[self.view])

    @property
    def least(self) -> float:
        """Of the best view, in degrees."""
        return float(self.errors.min())


def draw_steering(study: Study) -> Drawing | None:
    """A row for each object, a column for each angle; None without a predictor whose action has a rotation."""
    if not study.method.has_predictor or not study.action_has_rotation:
        return None
    rows, views = study.spread(OBJECTS), study.latents.shape[1]
    figure = new_figure(1.12 * (len(ANGLES_DEG) + 1) + 0.9, 1.38 * len(rows) + 0.4 + _KEY_HEIGHT)
    grid = figure.add_gridspec(len(rows), len(ANGLES_DEG) + 2, width_ratios=[1, 0.25] + [1] * len(ANGLES_DEG))
    numbers = []
    for place, row in enumerate(rows):
        axis = _AXES[place % 3]
        # The view whose own angle is nearest to 0 has room to both sides.
        start = int(np.abs(np.degrees(Rotation.from_quat(study.rotations[row]).magnitude())).argmin())
        source = show_view(figure.add_subplot(grid[place, 0]), study, row, start, BLUE, f"about its {axis} axis")
        source.set_ylabel(shorten(study.name(row), 14), fontsize=8.5)
        if place == 0:
            source.set_title("start", fontsize=8)
        for column, angle in enumerate(ANGLES_DEG):
            step = _step(study, row, start, Rotation.from_euler(axis, angle, degrees=True))
            axes = figure.add_subplot(grid[place, 2 + column])
            edge = GREEN if step.error <= step.least + _NEAR_DEG else VERMILION
            show_view(axes, study, row, step.view, edge, f"{step.error:.0f}° off ({step.least:.0f}°)")
            if place == 0:
                axes.set_title(f"{angle:+d}°".replace("-", "\u2212") if angle else "0°", fontsize=8)
            numbers.append({
                "object": study.object_id(row), "axis": axis, "angle_deg": angle, "found": step.view,
                "off_deg": step.error, "least_deg": step.least,
            })  # fmt: skip
    frames = {
        BLUE: "the view it starts from",
        GREEN: f"at most {_NEAR_DEG:.0f}° worse than the best view",
        VERMILION: "worse",
    }
    explain(figure, frames, [
        "above: the rotation that the predictor gets",
        "off: angle between the rotation wanted and that of the view nearest to its output; in brackets, the least one",
    ])  # fmt: skip
    caption = (
        "The embedding of the first view, moved by rotations about one of the object's own axes, and the view of the "
        "object nearest to each result. Under each: how far its rotation is from the target and, in brackets, "
        f"how far the best of the {views} views is. Green: within {_NEAR_DEG:.0f}° of that best."
    )
    return Drawing("steering", "Steering.", caption, (study.record["id"],), figure, {"steps": numbers})


def _step(study: Study, row: int, start: int, turn: Rotation) -> _Step:
    """Move a view's embedding by a rotation and nothing else."""
    assert study.method.action is not None
    fields = study.images.dataset.info.fields
    action = turning_action(study.method.action, fields, study.latents[row, start], turn)
    predicted = study.predict(study.starts[row, start : start + 1], action[None])
    view = int((unit(study.embedding[row]) @ unit(predicted)[0]).argmax())
    wanted = (Rotation.from_quat(study.rotations[row, start]) * turn).as_quat()
    return _Step(view, geodesic_degrees(np.broadcast_to(wanted, (study.latents.shape[1], 4)), study.rotations[row]))


def turning_action(kind: str, fields: Sequence[LatentField], latents: Array, turn: Rotation) -> Array:
    """The action (A,) from a view to one whose rotation R is R turn and whose other latents are the same.

    Args:
        kind: name of an action with a rotation, a key of `threedie.manifests.actions.ACTIONS`.
        fields: the dataset's latent fields.
        latents: of the view, (L,).
        turn: rotation about the object's own axes.
    """
    angles = columns(fields, ROTATION)
    turned = latents.copy()
    turned[angles] = (Rotation.from_euler("xyz", latents[angles]) * turn).as_euler("xyz")
    action = actions(kind, fields, latents, turned)
    # Through Euler angles the quaternion comes back as q or -q, which predictors tell apart.
    action[:QUATERNION_SIZE] = turn.as_quat()
    return action
