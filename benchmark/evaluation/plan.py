"""How an evaluation is done: its rules, its scope, and where it computes."""

from dataclasses import dataclass, field

from threedie.benchmark.evaluation.scope import Scope
from threedie.benchmark.settings.protocol import Protocol
from threedie.manifests.progress import SILENT, Reporter


@dataclass(frozen=True)
class EvaluationPlan:
    """How an evaluation is done.

    Attributes:
        protocol: the rules.
        scope: which part of an evaluation is wanted.
        device: `cpu` or `cuda`.
        reporter: shows progress, and notes about cached features that can't be used.
    """

    protocol: Protocol
    scope: Scope = field(default_factory=Scope)
    device: str = "cpu"
    reporter: Reporter = SILENT
