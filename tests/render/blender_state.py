"""Run in a process of its own, with a model and a folder: builds a stage, saves Blender's state and pictures."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import bpy
import numpy as np

from threedie.render.blender import Stage
from threedie.render.preset import load_preset
from threedie.render.quality import choose_quality
from threedie.render.scene import object_matrix, view_scene

model, out = Path(sys.argv[1]), Path(sys.argv[2])
preset = load_preset("3diebench")
stage = Stage(preset, choose_quality("fast", 4), 48, out, 1)
state = {}
scene = bpy.context.scene
state["camera"] = [list(row) for row in scene.camera.matrix_world]
state["angle"] = scene.camera.data.angle
state["objects"] = sorted(item.name for item in bpy.data.objects)
state["cycles"] = {name: getattr(scene.cycles, name) for name in ("samples", "max_bounces", "use_light_tree")}
state["view_transform"] = scene.view_settings.view_transform

latents = np.array([0.3, -0.4, 0.5, 0.0, 0.2, 1.0, 0.6])
stage.load(model)
view = view_scene(preset, preset.latents, latents)
first = stage.render(view)
mesh = stage._object.data
points = np.array([vertex.co[:] for vertex in mesh.vertices])
state["bounds"] = [points.min(axis=0).tolist(), points.max(axis=0).tolist()]
state["object"] = [list(row) for row in stage._object.matrix_world]
state["expected_object"] = object_matrix(view).tolist()
spot = bpy.data.objects["spot"]
state["spot"] = [list(row) for row in spot.matrix_world]
state["expected_spot"] = view.spot_matrix.tolist()
again = stage.render(view)
other = stage.render(view_scene(preset, preset.latents, latents + 0.3))
stage.load(model)
reloaded = stage.render(view)
state["meshes"] = len(bpy.data.meshes)
state["images"] = len(bpy.data.images)
stage.clear()
state["left"] = sorted(item.name for item in bpy.data.objects)
# Split against whole, at a size where the floor is rendered apart.
stage = Stage(preset, choose_quality("fast"), 128, out, 1)
stage.load(model)
split = stage.render(view)
stage = Stage(preset, replace(choose_quality("fast"), split_floor=False), 128, out, 1)
stage.load(model)
whole = stage.render(view)
np.savez(out / "pictures.npz", first=first, split=split, whole=whole, again=again, other=other, reloaded=reloaded)
(out / "state.json").write_text(json.dumps(state))
