"""Generate and benchmark 3DIEBench: images of 3D objects with known rotation, color and light.

The names below are the public Python API; everything else may change between versions. Each is imported when it is
first used, so that `import threedie` costs nothing and `threedie.Dataset` doesn't load torch.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from threedie.backbone import Backbone as Backbone
    from threedie.backbone import load_backbone as load_backbone
    from threedie.baselines import losses as losses
    from threedie.baselines.method import Batch as Batch
    from threedie.baselines.method import Method as Method
    from threedie.baselines.method import MethodOutput as MethodOutput
    from threedie.baselines.method import Parts as Parts
    from threedie.baselines.method import split_parts as split_parts
    from threedie.baselines.projector import build_projector as build_projector
    from threedie.baselines.registry import build_method as build_method
    from threedie.baselines.two_view import EquivariantMethod as EquivariantMethod
    from threedie.baselines.two_view import Loss as Loss
    from threedie.baselines.two_view import TwoViewMethod as TwoViewMethod
    from threedie.baselines.two_view import Views as Views
    from threedie.benchmark.evaluation.own_features import FeatureEvaluation as FeatureEvaluation
    from threedie.benchmark.evaluation.own_features import evaluate_features as evaluate_features
    from threedie.benchmark.evaluation.scope import Scope as Scope
    from threedie.benchmark.records.record import read_records as read_records
    from threedie.benchmark.runs.run import Run as Run
    from threedie.benchmark.tasks.outcome import Score as Score
    from threedie.benchmark.training.signals import Interrupted as Interrupted
    from threedie.datasets import Pair as Pair
    from threedie.datasets import PairDataset as PairDataset
    from threedie.datasets import View as View
    from threedie.datasets import ViewDataset as ViewDataset
    from threedie.manifests.dataset import Dataset as Dataset
    from threedie.manifests.errors import ThreeDieError as ThreeDieError
    from threedie.render.photonics.bands import solve_bands as solve_bands
    from threedie.render.photonics.density import density_of_states as density_of_states

__version__ = "0.1.0"

_HOMES: dict[str, str] = {
    "Dataset": "threedie.manifests.dataset:Dataset",
    "PairDataset": "threedie.datasets:PairDataset",
    "Pair": "threedie.datasets:Pair",
    "ViewDataset": "threedie.datasets:ViewDataset",
    "View": "threedie.datasets:View",
    "Method": "threedie.baselines.method:Method",
    "Batch": "threedie.baselines.method:Batch",
    "MethodOutput": "threedie.baselines.method:MethodOutput",
    "Parts": "threedie.baselines.method:Parts",
    "TwoViewMethod": "threedie.baselines.two_view:TwoViewMethod",
    "EquivariantMethod": "threedie.baselines.two_view:EquivariantMethod",
    "Views": "threedie.baselines.two_view:Views",
    "Loss": "threedie.baselines.two_view:Loss",
    "split_parts": "threedie.baselines.method:split_parts",
    "losses": "threedie.baselines.losses",
    "build_projector": "threedie.baselines.projector:build_projector",
    "build_method": "threedie.baselines.registry:build_method",
    "Run": "threedie.benchmark.runs.run:Run",
    "Scope": "threedie.benchmark.evaluation.scope:Scope",
    "Interrupted": "threedie.benchmark.training.signals:Interrupted",
    "load_backbone": "threedie.backbone:load_backbone",
    "Backbone": "threedie.backbone:Backbone",
    "evaluate_features": "threedie.benchmark.evaluation.own_features:evaluate_features",
    "FeatureEvaluation": "threedie.benchmark.evaluation.own_features:FeatureEvaluation",
    "Score": "threedie.benchmark.tasks.outcome:Score",
    "read_records": "threedie.benchmark.records.record:read_records",
    "solve_bands": "threedie.render.photonics.bands:solve_bands",
    "density_of_states": "threedie.render.photonics.density:density_of_states",
    "ThreeDieError": "threedie.manifests.errors:ThreeDieError",
}
"""Public name -> the module that holds it, and its name there. A test compares this with the imports above."""

if not os.path.isdir(os.path.join(os.path.dirname(__file__), "manifests")):  # noqa: PTH112, PTH118, PTH120
    # pathlib would double the time this import takes.
    raise ImportError(
        "threedie: this copy of the repository has text files where threedie/ should link to manifests/, render/, "
        "baselines/ and benchmark/; clone it again with 'git clone -c core.symlinks=true' (Windows: in developer mode)"
    )


def __getattr__(name: str) -> object:
    if name == "__all__":
        return [*_HOMES, "__version__"]
    if name not in _HOMES:
        raise AttributeError(f"module 'threedie' has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only when a name is used

    module, colon, attribute = _HOMES[name].partition(":")
    value = import_module(module)
    # From now on the name is found without this function.
    globals()[name] = getattr(value, attribute) if colon else value
    return globals()[name]


def __dir__() -> list[str]:
    return sorted([*_HOMES, "__version__"])
