"""What can be set: recipes of training, protocols of evaluation."""
