"""The tasks, one file each. They work on arrays and import no torch: heads come from `benchmark.heads`, searches from
`benchmark.neighbours`.
"""

from benchmark.tasks.absolute_rotation import AbsoluteRotation
from benchmark.tasks.classification import Classification
from benchmark.tasks.color import Color
from benchmark.tasks.knn import NearestNeighbours
from benchmark.tasks.light import Light
from benchmark.tasks.pose_retrieval import PoseRetrieval
from benchmark.tasks.rank import EffectiveRank
from benchmark.tasks.retrieval import Retrieval
from benchmark.tasks.rotation import Rotation
from benchmark.tasks.rotation_in_class import RotationInClass
from benchmark.tasks.task import Task
from benchmark.tasks.translation import TranslationBase, TranslationObject

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
