"""Import names that method files of before use: `baselines` for `threedie.baselines`, and the other three folders.

A method is named by its file's hash, so a file whose imports are edited no longer fits the checkpoints made with it.
"""

import sys
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import find_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

_FOLDERS = ("baselines", "benchmark", "manifests", "render")


def allow_old_imports() -> None:
    """Let the old names stand for the new ones in this process, but for those that a package of the user has."""
    if not any(isinstance(finder, _OldNames) for finder in sys.meta_path):
        sys.meta_path.insert(0, _OldNames())


class _OldNames(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        folder = fullname.partition(".")[0]
        if folder not in _FOLDERS or not _is_ours(folder) or find_spec(f"threedie.{fullname}") is None:
            return None
        return spec_from_loader(fullname, _SameModule())


class _SameModule(Loader):
    """Gives the module itself and no second copy, whose classes would be others."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(f"threedie.{spec.name}")
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec


def _is_ours(folder: str) -> bool:
    """Whether no other package has this name; a checkout's own folder is found by it too."""
    spec = PathFinder.find_spec(folder)
    if spec is None:
        return True
    ours = Path(import_module(f"threedie.{folder}").__path__[0]).resolve()
    return [Path(each).resolve() for each in spec.submodule_search_locations or ()] == [ours]
