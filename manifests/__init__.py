"""The contract between rendering and learning: classes, object lists, latents and the dataset file."""
