"""The CIFAR-10 setting of E-SSL (Dangovski et al., ICLR 2022): the files, training pairs, and how it is measured.

What comes out is `cifar10.json`, no result record: it has another dataset, other tasks and other rules, and the
leaderboard doesn't read it.
"""
