"""The error of a run whose numbers are no longer finite: a result of its settings, unlike other errors."""

from threedie.manifests.errors import ThreeDieError


class DivergedError(ThreeDieError):
    """The loss, the weights or the features of a run aren't finite; other settings may do better."""
