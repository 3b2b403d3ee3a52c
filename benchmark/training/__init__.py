"""Training: the loop and its parts, checkpoints, and weights of other programs.

`loop` trains, with a `stepper` (one step), a `schedule`, `generators` (random states) and a `state` (progress, curves);
`checkpoints`, `resume` and `restore` write and read; `imported` reads weights of other programs.
"""
