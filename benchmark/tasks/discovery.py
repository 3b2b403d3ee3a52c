"""Finding tasks: the classes with a name in the files of a folder."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterable

from threedie.benchmark.tasks.task import Task


def discover(package: str, folders: Iterable[str]) -> dict[str, Task]:
    """The tasks that the modules of a package declare, by name, sorted by their `order`, then by name.

    A task is a subclass of `Task` with a `name` of its own; classes without one are bases of others.

    Args:
        package: full name of the package.
        folders: where its modules are.

    Raises:
        ValueError: two tasks have the same name.
    """
    tasks: dict[str, Task] = {}
    for module in pkgutil.iter_modules(folders, f"{package}."):
        for _, kind in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            if kind.__module__ != module.name or not issubclass(kind, Task) or "name" not in vars(kind):
                continue
            task = kind()
            if task.name in tasks:
                raise ValueError(f"{module.name}: task {task.name!r} is declared twice")
            tasks[task.name] = task
    return dict(sorted(tasks.items(), key=lambda item: (item[1].order, item[0])))
