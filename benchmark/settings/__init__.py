"""Settings: recipes of training, protocols of evaluation, what decides the weights of a run, defaults."""
