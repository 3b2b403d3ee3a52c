"""The methods: one file each; encoder, projector, predictor and losses each written once."""
