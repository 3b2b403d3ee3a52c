import numpy as np
import pytest

from threedie.benchmark.evaluation import neighbors
from threedie.benchmark.evaluation.neighbors import BlockNeighborSearch
from threedie.benchmark.tasks.pose_retrieval import closest, random_error
from threedie.benchmark.tasks.retrieval import rank_places
from threedie.benchmark.tasks.rows import Rows
from threedie.benchmark.tasks.subject import Nearest
from threedie.manifests.latents import quaternions

QUARTER = np.pi / 2


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(0)


def random_rotations(generator: np.random.Generator, count: int) -> np.ndarray:
    return quaternions(generator.uniform(-QUARTER, QUARTER, (count, 3)))


def by_hand(
    queries: np.ndarray, rotations: np.ndarray, targets: np.ndarray, among: np.ndarray, normalize: bool
) -> np.ndarray:
    """The definition, in double precision, one query after the other."""
    errors = []
    for query, rotation in zip(queries.astype(float), rotations, strict=True):
        products = targets.astype(float) @ query
        if normalize:
            products /= np.linalg.norm(targets.astype(float), axis=1) * np.linalg.norm(query)
        tied = products >= products.max() - 1e-12 * max(1, abs(products.max()))
        errors.append(np.mean(1 - (among[tied] @ rotation) ** 2))
    return np.array(errors)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("kept", [1 << 26, 0], ids=["kept", "computed again"])
@pytest.mark.parametrize("blocks", [(4096, 8192), (7, 11)])
@pytest.mark.parametrize("kind", ["random", "collapsed", "nearly collapsed", "doubled"])
def test_blocks_find_what_the_definition_says(
    kind: str,
    blocks: tuple[int, int],
    kept: int,
    normalize: bool,
    generator: np.random.Generator,
    monkeypatch: pytest.MonkeyPatch,
):
    queries, targets = (generator.standard_normal((size, 24)).astype(np.float32) for size in (50, 90))
    if kind == "collapsed":
        targets[:] = targets[:1]
    elif kind == "nearly collapsed":
        # Closer together than single precision tells apart.
        targets[:] = targets[:1] + 1e-6 * targets
    elif kind == "doubled":
        targets[45:] = targets[:45]
    monkeypatch.setattr(neighbors, "_QUERIES", blocks[0])
    monkeypatch.setattr(neighbors, "TARGETS", blocks[1])
    monkeypatch.setattr(neighbors, "_KEPT", kept)
    wanted, among = random_rotations(generator, 50), random_rotations(generator, 90)
    result = BlockNeighborSearch().nearest(queries, wanted, targets, among, normalize)
    assert result.errors == pytest.approx(by_hand(queries, wanted, targets, among, normalize), abs=1e-9)
    assert (result.ties == {"collapsed": 90, "doubled": 2}.get(kind, 1)).all()


def test_a_collapsed_embedding_costs_what_a_random_neighbor_does(generator: np.random.Generator):
    rotations = random_rotations(generator, 300)
    same = np.ones((300, 1), np.float32) * generator.standard_normal(64).astype(np.float32)
    result = BlockNeighborSearch().nearest(same, rotations, same, rotations)
    assert result.errors.mean() == pytest.approx(random_error(rotations, rotations), abs=1e-9)


def test_searches_among_two_sets_join_to_one_among_both(generator: np.random.Generator):
    queries, targets = (generator.standard_normal((size, 8)).astype(np.float32) for size in (40, 60))
    # The same in both sets: ties across them.
    targets[30:40] = targets[:10]
    wanted, among = random_rotations(generator, 40), random_rotations(generator, 60)
    search = BlockNeighborSearch()
    one, other = (search.nearest(queries, wanted, targets[rows], among[rows]) for rows in (slice(30), slice(30, 60)))
    both, whole = closest(one, other), search.nearest(queries, wanted, targets, among)
    assert both.errors == pytest.approx(whole.errors)
    assert (both.ties == whole.ties).all()
    assert isinstance(both, Nearest)


@pytest.mark.parametrize("normalize", [True, False])
@pytest.mark.parametrize("spread", [1.0, 1e-6, 0.0])
def test_ranks_are_those_of_double_precision(spread: float, normalize: bool, generator: np.random.Generator):
    predictions = generator.standard_normal((6, 20, 128)).astype(np.float32)
    embedding = (predictions[:, :1] + spread * generator.standard_normal((6, 20, 128))).astype(np.float32)
    places = rank_places(predictions, embedding, normalize)
    for index in range(6):
        one, other = predictions[index].astype(float), embedding[index].astype(float)
        if normalize:
            one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (one, other))
        products = one @ other.T
        own = np.diagonal(products)[:, None]
        tied = np.abs(products - own) <= 1e-12 * np.maximum(1, np.abs(own))
        assert (places[index, :, 0] == ((products > own) & ~tied).sum(1)).all()
        assert (places[index, :, 1] == tied.sum(1)).all()


def test_votes_are_those_of_the_nearest(generator: np.random.Generator):
    bank = generator.standard_normal((200, 16)).astype(np.float32)
    labels = np.arange(200) % 5
    votes = BlockNeighborSearch().votes(bank[:10], bank, labels, 5, 1)
    assert (votes.argmax(1) == labels[:10]).all()
    assert votes.max(1) == pytest.approx(1)
    cosine = bank / np.linalg.norm(bank, axis=1, keepdims=True)
    products = cosine[:10] @ cosine.T
    for row, result in zip(products, BlockNeighborSearch().votes(bank[:10], bank, labels, 5, 20), strict=True):
        near = np.argsort(-row)[:20]
        weights = np.bincount(labels[near], np.exp((row[near] - 1) / 0.07), minlength=5)
        assert result == pytest.approx(weights / weights.sum(), abs=1e-5)


def test_votes_do_not_depend_on_how_the_work_is_cut(generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch):
    bank = np.repeat(generator.standard_normal((60, 16)).astype(np.float32), 3, 0)
    queries, labels = generator.standard_normal((70, 16)).astype(np.float32), np.arange(180) % 5
    whole = BlockNeighborSearch().votes(queries, bank, labels, 5, 20)
    for name, size in (("_GROUP", 32), ("_QUERIES", 13), ("TARGETS", 7)):
        monkeypatch.setattr(neighbors, name, size)
    cut = BlockNeighborSearch().votes(queries, bank, labels, 5, 20)
    monkeypatch.setattr(neighbors, "_KEPT", 0)
    again = BlockNeighborSearch().votes(queries, bank, labels, 5, 20)
    assert cut == pytest.approx(whole, abs=2e-6)
    assert again == pytest.approx(whole, abs=2e-6)


def test_a_bank_is_read_by_blocks_only(generator: np.random.Generator, monkeypatch: pytest.MonkeyPatch):
    array = generator.standard_normal((40, 10, 8)).astype(np.float32)
    queries: list[int] = []

    class Noted(Rows):
        def __getitem__(self, rows: slice) -> np.ndarray:
            queries.append(rows.stop - rows.start)
            return super().__getitem__(rows)

    monkeypatch.setattr(neighbors, "TARGETS", 64)
    bank = Noted(array, np.arange(40), slice(2, 8))
    labels = np.arange(400) % 3
    result = BlockNeighborSearch().votes(array[:5, :, 2:].reshape(50, 6), bank, labels, 3, 20)
    assert max(queries) <= 64
    whole = array[..., 2:].reshape(400, 6)
    assert result == pytest.approx(BlockNeighborSearch().votes(whole[:50], whole, labels, 3, 20), abs=2e-6)


def test_where_all_are_alike_all_vote():
    labels = np.array([0] * 5 + [1] * 3)
    alike = np.ones((8, 4), np.float32)
    assert BlockNeighborSearch().votes(alike[:2], alike, labels, 2, 2) == pytest.approx(np.array([[0.625, 0.375]] * 2))
