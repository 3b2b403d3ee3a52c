"""Actions: the relative transformation from one view of an object to another, by name. Imports nothing."""

from dataclasses import dataclass

ROTATION = ("rotation_x", "rotation_y", "rotation_z")
COLOR = ("floor_hue", "light_hue")
LIGHT = ("light_theta", "light_phi")
TRANSLATION = ("translation_x", "translation_y", "translation_z")

QUATERNION_SIZE, VECTOR_SIZE = 4, 3

FRAMES = {"object": "M = T(t) R", "base": "M = R T(t)"}
"""How the matrix M of a view is made of its rotation R and its translation t, by the name of the frame.

Pictures are rendered with M = R T(t) (preset `3diebench-t`): `base` gives the object's own motion, `object` is the
other convention.
"""


@dataclass(frozen=True)
class Action:
    """What an action is made of: the relative rotation, if it has one, then differences of latent fields.

    Attributes:
        formula: in words, for the docs.
        differences: latent fields of which it holds the second view's value minus the first's, in the fields' units.
        rotates: whether the relative rotation q1^-1 q2 comes first, as unit quaternion (x, y, z, w).
        for_methods: whether a method may be trained with it; otherwise it is only scored.
        frame: of a rigid motion, a key of `FRAMES`: the translation of M1^-1 M2 follows the rotation; None for others.
    """

    formula: str
    differences: tuple[str, ...] = ()
    rotates: bool = True
    for_methods: bool = True
    frame: str | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """The latent fields it is computed from."""
        return (*(ROTATION if self.rotates else ()), *self.differences, *(TRANSLATION if self.frame else ()))

    @property
    def size(self) -> int:
        """How many numbers A it has."""
        return (QUATERNION_SIZE if self.rotates else 0) + len(self.differences) + (VECTOR_SIZE if self.frame else 0)


ACTIONS: dict[str, Action] = {
    "rotation": Action("the relative rotation q1^-1 q2 as unit quaternion (x, y, z, w), its sign as it comes"),
    "rotation_color": Action(
        "rotation, then the differences of floor hue and light hue, second minus first, in turns", COLOR
    ),
    "translation": Action(
        "the difference of the translations in the object's own frame; for datasets of the preset `3diebench-t`",
        TRANSLATION,
        rotates=False,
    ),
    "rotation_translation": Action("rotation, then translation", TRANSLATION),
    "latents": Action(
        "all that 3DIEBench varies: rotation_color, then the differences of light theta and light phi, in radians",
        (*COLOR, *LIGHT),
    ),
    "latents_translation": Action("latents, then translation", (*COLOR, *LIGHT, *TRANSLATION)),
    "motion_object": Action(
        "the relative rigid motion M1^-1 M2 with M = T(t) R: rotation, then R1^-1 (t2 - t1)", frame="object"
    ),
    "motion_base": Action(
        "the relative rigid motion M1^-1 M2 with M = R T(t): rotation, then R1^-1 R2 t2 - t1; pictures are rendered "
        "with this M (preset `3diebench-t`): it is the object's own motion, and `motion_object` the other convention",
        frame="base",
    ),
    "color": Action(
        "the differences of floor hue and light hue, second minus first, in turns",
        COLOR,
        rotates=False,
        for_methods=False,
    ),
}
"""Every action by name. A new one is an entry here; methods, pairs, scoring and METHODS.md read it."""

METHOD_ACTIONS: tuple[str, ...] = tuple(name for name, action in ACTIONS.items() if action.for_methods)
"""Names of the actions that a method may be trained with."""
