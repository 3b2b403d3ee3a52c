"""Settings of Cycles: bounces, samples, denoiser. Works on the scene passed in and doesn't import bpy."""

from typing import Any

from threedie.render.quality import Quality

BOUNCES = {
    "max_bounces": 3,
    "diffuse_bounces": 3,
    "glossy_bounces": 0,
    "transmission_bounces": 0,
    "volume_bounces": 0,
    "transparent_max_bounces": 8,
}


def set_up_render(scene: Any, quality: Quality, threads: int) -> None:
    """Set image format, bounces, samples and denoiser; `threads` render threads, 0 for one per core."""
    render, cycles, layer = scene.render, scene.cycles, scene.view_layers[0]
    render.engine = "CYCLES"
    render.resolution_percentage = 100
    render.threads_mode = "FIXED" if threads else "AUTO"
    render.threads = threads or 1
    render.use_persistent_data = True
    render.image_settings.file_format = "TIFF"
    render.image_settings.tiff_codec = "NONE"
    render.image_settings.color_mode = "RGB"
    render.image_settings.color_depth = "16"
    scene.view_settings.view_transform = "Filmic"
    scene.view_settings.look = "None"
    cycles.samples = quality.samples
    cycles.use_adaptive_sampling = quality.adaptive_threshold > 0
    cycles.adaptive_threshold = quality.adaptive_threshold
    cycles.use_light_tree = False
    for name, count in BOUNCES.items():
        setattr(cycles, name, count)
    cycles.use_denoising = quality.denoiser in ("fast", "high")
    if cycles.use_denoising:
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_quality = quality.denoiser.upper()
        cycles.denoising_prefilter = "NONE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    if quality.denoiser == "compositor":
        _denoise_in_compositor(scene, layer)


def _denoise_in_compositor(scene: Any, layer: Any) -> None:
    layer.use_pass_diffuse_color = layer.use_pass_normal = True
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
    layers = tree.nodes.new("CompositorNodeRLayers")
    denoise = tree.nodes.new("CompositorNodeDenoise")
    output = tree.nodes.new("CompositorNodeComposite")
    tree.links.new(layers.outputs["Image"], denoise.inputs["Image"])
    tree.links.new(layers.outputs["DiffCol"], denoise.inputs["Albedo"])
    tree.links.new(layers.outputs["Normal"], denoise.inputs["Normal"])
    tree.links.new(denoise.outputs["Image"], output.inputs["Image"])
