"""Meshes to dataset: model sources, latent sampling, the scene in numbers, Blender in supervised child processes."""
