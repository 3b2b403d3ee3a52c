import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedie.manifests.errors import ThreeDieError
from threedie.manifests.latents import LatentField
from threedie.manifests.objects import ObjectRef, read_object_list
from threedie.render.preset import load_preset
from threedie.render.sampling import counter_latents, sample

REPO = Path(__file__).parents[2]
FIDELITY = REPO / "tests" / "data" / "fidelity"
PRESET = load_preset("3diebench")
PINNED = [
    -0.18615402873813158,
    1.2270565006499257,
    1.0146149848767272,
    0.8656270267902224,
    0.3572517894201205,
    0.09169894794688475,
    0.6049727155449929,
]
REFS = [ObjectRef("03001627", f"object{index}") for index in range(5)]


def test_reference_sampler_gives_the_latents_of_the_original() -> None:
    refs = read_object_list(FIDELITY / "objects.npy")
    for ref, latents in zip(refs, sample(PRESET, "reference", 0, refs, 3), strict=True):
        for view in range(3):
            theirs = np.load(FIDELITY / "original" / str(ref) / f"latent_{view}.npy", allow_pickle=False)
            np.testing.assert_allclose(latents[view], theirs, rtol=0, atol=1e-12)


def test_reference_sampler_refuses_what_the_original_could_not_draw() -> None:
    fields = (*PRESET.latents[:-1], LatentField("light_hue", ((0.0, 0.1), (0.5, 0.6))))
    other = type(PRESET)(**{**PRESET.__dict__, "latents": fields})
    with pytest.raises(ThreeDieError, match="--sampler counter"):
        sample(other, "reference", 0, REFS, 2)
    with pytest.raises(ThreeDieError, match="sampler"):
        sample(PRESET, "nonsense", 0, REFS, 2)


def test_counter_latents_depend_on_nothing_but_their_key() -> None:
    forward = dict(zip(REFS, sample(PRESET, "counter", 3, REFS, 4), strict=True))
    backward = dict(zip(REFS[::-1], sample(PRESET, "counter", 3, REFS[::-1], 4), strict=True))
    for ref in REFS:
        assert (forward[ref] == backward[ref]).all()
        # More views leave the first ones as they were.
        assert (counter_latents(PRESET.name, PRESET.latents, 3, ref, 9)[:4] == forward[ref]).all()


@pytest.mark.parametrize("count", [1, 3, 4, 5, 7, 8, 9, 10])
def test_each_view_has_the_numbers_of_a_generator_of_its_own(count: int) -> None:
    ref, views = REFS[0], 5
    fields = [LatentField("floor_hue", ((0.0, 1.0),))] * count
    name = f"latents\0{3}\0a\0{ref.synset}\0{ref.object_id}"
    key = np.frombuffer(hashlib.sha256(name.encode()).digest()[:16], "<u8")
    expected = [
        np.random.Generator(np.random.Philox(key=key, counter=np.array([0, 0, 0, view], np.uint64))).random(count)
        for view in range(views)
    ]
    assert (counter_latents("a", fields, 3, ref, views) == expected).all()


def test_counter_latents_differ_with_every_part_of_their_key() -> None:
    base = counter_latents("a", PRESET.latents, 0, REFS[0], 2)
    for other in (
        counter_latents("b", PRESET.latents, 0, REFS[0], 2),
        counter_latents("a", PRESET.latents, 1, REFS[0], 2),
        counter_latents("a", PRESET.latents, 0, REFS[1], 2),
        counter_latents("a", PRESET.latents, 0, ObjectRef("02691156", REFS[0].object_id), 2),
    ):
        assert not (base == other).any()
    assert not (base[0] == base[1]).any()


def test_known_latents() -> None:
    """Pinned: if these change, every dataset made before can't be made again."""
    latents = counter_latents("3diebench", PRESET.latents, 0, ObjectRef("03001627", "pinned"), 1)
    np.testing.assert_array_equal(latents[0], PINNED)


@given(st.integers(0, 2**40), st.text("abc", min_size=1, max_size=5))
def test_counter_latents_lie_in_their_ranges(seed: int, name: str) -> None:
    fields = (LatentField("rotation_x", ((-3.0, -2.0), (2.0, 3.0))), LatentField("floor_hue", ((0.25, 0.25),)))
    latents = counter_latents("p", fields, seed, ObjectRef("03001627", name), 20)
    for column, field in enumerate(fields):
        assert field.contains(latents[:, column]).all()


def test_a_union_of_ranges_is_sampled_in_proportion_to_length() -> None:
    field = LatentField("rotation_x", ((-3.0, -2.0), (1.0, 4.0)))
    values = counter_latents("p", (field,), 0, REFS[0], 4000)[:, 0]
    assert abs((values < 0).mean() - 0.25) < 0.03
    assert abs(np.median(values[values > 0]) - 2.5) < 0.1


def test_fixing_a_field_leaves_the_others() -> None:
    free = counter_latents("p", PRESET.latents, 0, REFS[0], 3)
    fixed_fields = (LatentField("rotation_x", ((0.5, 0.5),)), *PRESET.latents[1:])
    fixed = counter_latents("p", fixed_fields, 0, REFS[0], 3)
    assert (fixed[:, 0] == 0.5).all()
    assert (fixed[:, 1:] == free[:, 1:]).all()


def test_only_sampling_draws_random_numbers_for_the_dataset() -> None:
    """Models are made from generators they are given; everything else of rendering draws nothing."""
    drawing = re.compile(r"np\.random\.(?!Generator\b)|random\.(seed|random|uniform)\(|default_rng\(")
    allowed = {
        "render/sampling.py",
        "render/models/synth/library.py",
        # Measures models at random points with a fixed seed; no dataset sees them.
        "render/models/symmetry_report.py",
        # Unit cells of photonic crystals are another dataset, keyed by kind, seed and number; the solver starts from a
        # fixed random block.
        "render/photonics/cells.py",
        "render/photonics/lanczos.py",
    }
    offenders = [
        str(path.relative_to(REPO))
        for folder in ("render", "manifests")
        for path in sorted((REPO / folder).rglob("*.py"))
        if str(path.relative_to(REPO)) not in allowed and drawing.search(path.read_text())
    ]
    assert not offenders
