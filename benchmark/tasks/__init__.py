"""The tasks, one file each. They work on arrays and import no torch: `evaluation` trains heads and searches."""

from threedie.benchmark.tasks.absolute_rotation import AbsoluteRotation
from threedie.benchmark.tasks.classification import Classification
from threedie.benchmark.tasks.color import Color
from threedie.benchmark.tasks.knn import NearestNeighbours
from threedie.benchmark.tasks.light import Light
from threedie.benchmark.tasks.pose_retrieval import PoseRetrieval
from threedie.benchmark.tasks.rank import EffectiveRank
from threedie.benchmark.tasks.retrieval import Retrieval
from threedie.benchmark.tasks.rotation import Rotation
from threedie.benchmark.tasks.rotation_in_class import RotationInClass
from threedie.benchmark.tasks.task import Task
from threedie.benchmark.tasks.translation import TranslationBase, TranslationObject

TASKS: dict[str, Task] = {
    "classification": Classification(),
    "knn": NearestNeighbours(),
    "rotation": Rotation(),
    "absolute_rotation": AbsoluteRotation(),
    "rotation_in_class": RotationInClass(),
    "color": Color(),
    "light": Light(),
    "translation_object": TranslationObject(),
    "translation_base": TranslationBase(),
    "retrieval": Retrieval(),
    "pose_retrieval": PoseRetrieval(),
    "rank": EffectiveRank(),
}
"""All tasks by name, in the order they are run and shown."""
