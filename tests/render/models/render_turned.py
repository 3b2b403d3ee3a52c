"""Run in a process of its own, with a folder of models and a file: renders each before and after turns."""

import sys
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from threedie.render.blender import Stage
from threedie.render.models.folder import FolderSource
from threedie.render.models.point_cloud import sample_object
from threedie.render.models.symmetry import find_symmetry
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.scene import view_scene

models, out = Path(sys.argv[1]), Path(sys.argv[2])
preset = load_preset("3diebench")
stage = Stage(preset, choose_quality("fast", 16), 64, out.parent, 1)
source = FolderSource(models)
own = Rotation.from_euler("xyz", [0.5, -0.4, 0.7])
pictures = {}
for ref in source.objects(source.synsets):
    mesh_file = source.mesh_file(ref)
    stage.load(mesh_file)
    symmetry = find_symmetry(sample_object(mesh_file, 12_000, np.random.default_rng(0)))
    turns = {f"same{at}": Rotation.from_matrix(each) for at, each in enumerate(symmetry.rotations)}
    turns |= {f"half{axis}": Rotation.from_euler(axis, 180, degrees=True) for axis in "xyz"}
    for name, turn in turns.items():
        latents = np.array([*(own * turn).as_euler("xyz"), 0.6, 0.2, 1.0, 0.6])
        pictures[f"{ref.object_id} {name}"] = stage.render(view_scene(preset, preset.latents, latents))
np.savez(out, **pictures)
