"""Manifests made from sources of models and from published lists."""
