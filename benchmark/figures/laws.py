"""Whether a predictor moves embeddings as rotations move objects: identity, inverse and composition."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from threedie.benchmark.figures.study import Array, Study
from threedie.benchmark.tasks.scores import geodesic_degrees

TRIPLES = 600
"""Triples of views of one object that embeddings are measured on."""
MATRICES = 24
"""Triples whose matrices are multiplied out."""
_TOLERANCE = 1e-3
"""Relative error up to which a predictor counts as linear."""
LAWS = ("identity", "inverse", "composition")


@dataclass(frozen=True)
class Triples:
    """Three different views a, b, c of one object, and the actions between them.

    Attributes:
        rows: of the object in the study, (T,).
        views: a, b and c, (T, 3).
        identity: actions a to a, (T, A); the same for all.
        forward, backward: a to b, b to a.
        onward, direct: b to c, a to c.
    """

    rows: npt.NDArray[np.int64]
    views: npt.NDArray[np.int64]
    identity: Array
    forward: Array
    backward: Array
    onward: Array
    direct: Array


def draw_triples(study: Study, count: int = TRIPLES) -> Triples:
    """Triples spread over the objects, the same for every run on the same data."""
    objects, views = study.latents.shape[:2]
    raw = np.random.Philox(key=np.array([views, objects], np.uint64)).random_raw(3 * count).reshape(3, count)
    rows = np.arange(count) % objects
    first = (raw[0] % np.uint64(views)).astype(np.int64)
    second = (first + 1 + (raw[1] % np.uint64(views - 1)).astype(np.int64)) % views
    low, high = np.minimum(first, second), np.maximum(first, second)
    third = (raw[2] % np.uint64(views - 2)).astype(np.int64)
    third = third + (third >= low)
    third = third + (third >= high)
    a, b, c = (study.latents[rows, view] for view in (first, second, third))
    return Triples(
        rows, np.stack([first, second, third], 1), study.action(a, a), study.action(a, b), study.action(b, a),
        study.action(b, c), study.action(a, c),
    )  # fmt: skip


def laws_on_embeddings(study: Study, triples: Triples) -> dict[str, float]:
    """Mean squared distance of embeddings from each law, divided by that between two views of one object.

    At 1 the law is missed by as much as any other view of the object would miss it.

    Returns:
        `identity`: p(z, 1) from z. `inverse`: p(p(z, q), q^-1) from z. `composition`: p(p(z, q1), q2) from
        p(z, q1 q2). `truth`: p(z, q) from the embedding of the view that q leads to.
    """
    z = study.embedding[triples.rows, triples.views[:, 0]].astype(np.float64)
    target = study.embedding[triples.rows, triples.views[:, 1]].astype(np.float64)
    scale = max(float(np.square(z - target).sum(1).mean()), 1e-30)
    once = study.predict(z, triples.forward)

    def distance(one: npt.NDArray, other: npt.NDArray) -> float:
        return float(np.square(one.astype(np.float64) - other).sum(1).mean()) / scale

    return {
        "identity": distance(study.predict(z, triples.identity), z),
        "inverse": distance(study.predict(once, triples.backward), z),
        "composition": distance(study.predict(once, triples.onward), study.predict(z, triples.direct)),
        "truth": distance(once, target),
    }


def matrix(study: Study, action: Array) -> Array:
    """W with p(z, action) = W z, (E, E), of a predictor that is linear in z."""
    size = study.embedding.shape[-1]
    return study.predict(np.eye(size, dtype=np.float32), np.repeat(action[None], size, 0)).T.astype(np.float64)


def is_linear(study: Study, triples: Triples) -> bool:
    """Whether the predictor is linear in the embedding: it keeps zero and sums."""
    z = study.embedding[triples.rows[:16], triples.views[:16, 0]]
    other, action = np.roll(z, 1, 0), triples.forward[:16]
    one, two, both = study.predict(z, action), study.predict(other, action), study.predict(z + other, action)
    of_zero = study.predict(np.zeros_like(z), action)
    size = float(np.abs(both).max()) + 1e-12
    return bool(np.abs(of_zero).max() < _TOLERANCE * size and np.abs(one + two - both).max() < _TOLERANCE * size)


def laws_of_matrices(study: Study, triples: Triples, count: int = MATRICES) -> dict[str, float]:
    """Relative distance (Frobenius) of matrices from each law: 0 is exact, unrelated matrices have about 1.4.

    Returns:
        `identity`: |W(1) - I| / |I|. `inverse`: |W(q^-1) W(q) - I| / |I|. `composition`:
        |W(q2) W(q1) - W(q1 q2)| / |W(q1 q2)|, where q1 comes first; `wrong_order` has W(q1) W(q2) instead.
        `spread`: |W(q1) - W(q2)| / |W(q1)|, how much the matrices of different rotations differ.
    """
    eye = np.eye(study.embedding.shape[-1])
    distances: dict[str, list[float]] = {name: [] for name in (*LAWS, "wrong_order", "spread")}
    distances["identity"].append(_relative_distance(matrix(study, triples.identity[0]), eye))
    for index in range(min(count, len(triples.rows))):
        forward, onward = matrix(study, triples.forward[index]), matrix(study, triples.onward[index])
        direct, backward = matrix(study, triples.direct[index]), matrix(study, triples.backward[index])
        distances["inverse"].append(_relative_distance(backward @ forward, eye))
        distances["composition"].append(_relative_distance(onward @ forward, direct))
        distances["wrong_order"].append(_relative_distance(forward @ onward, direct))
        distances["spread"].append(_relative_distance(onward, forward))
    return {name: float(np.mean(values)) for name, values in distances.items()}


def _relative_distance(one: Array, other: Array) -> float:
    return float(np.linalg.norm(one - other) / max(float(np.linalg.norm(other)), 1e-30))


def distances_by_angle(study: Study, triples: Triples) -> tuple[Array, Array, Array]:
    """Distances between embeddings of views a and b of each triple, in units of the mean distance of real ones.

    Returns:
        angle from a to b in degrees, (T,); distance of the prediction from a's embedding, (T,); distance of the
        embedding of b from that of a, (T,).
    """
    first, second = triples.views[:, 0], triples.views[:, 1]
    z, target = (study.embedding[triples.rows, views].astype(np.float64) for views in (first, second))
    angles = geodesic_degrees(study.rotations[triples.rows, first], study.rotations[triples.rows, second])
    real = np.linalg.norm(target - z, axis=1)
    predicted = np.linalg.norm(study.predict(z, triples.forward) - z, axis=1)
    scale = max(float(real.mean()), 1e-30)
    return angles, predicted / scale, real / scale
