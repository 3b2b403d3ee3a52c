"""Run in a process of its own, with a folder of models and a file: renders one view of each and saves the pictures."""

import sys
from pathlib import Path

import numpy as np

from threedie.render.blender import Stage
from threedie.render.models.folder import FolderSource
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.scene import view_scene

models, out = Path(sys.argv[1]), Path(sys.argv[2])
preset = load_preset("3diebench")
stage = Stage(preset, choose_quality("fast", 2), 32, out.parent, 1)
view = view_scene(preset, preset.latents, np.array([0.3, -0.4, 0.5, 0.0, 0.2, 1.0, 0.6]))
source = FolderSource(models)
pictures = {}
for ref in source.objects(source.synsets):
    stage.load(source.mesh_file(ref))
    pictures[ref.object_id] = stage.render(view)
stage.clear()
left = sorted(path.name for path in out.parent.iterdir() if path.name.startswith("object-"))
np.savez(out, left=np.array(left), **pictures)
