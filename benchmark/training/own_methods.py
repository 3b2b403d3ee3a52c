"""Methods from a user's own file, `path.py:Class`, registered under a name with the file's hash."""

import inspect
from pathlib import Path

from threedie.baselines.catalogue import entry, suggestion
from threedie.baselines.method import Method
from threedie.baselines.registry import METHODS, add_method, find_method
from threedie.benchmark.training.old_imports import allow_old_imports
from threedie.benchmark.training.own_files import OwnFiles
from threedie.manifests.errors import ThreeDieError, first_line, shown_value

_HASH_DIGITS = 8
_IN_PROGRESS: set[str] = set()
"""Modules that are being imported: a script that asks for its own class would be imported without end."""


class ReentryError(ThreeDieError):
    """A file asks for its own class while it is imported."""


def resolve_method(method: str | type[Method], expected: str | None = None) -> tuple[str, str | None]:
    """A method's name, and `FILE.py:CLASS` if it isn't one of this program's, which is then registered.

    Args:
        method: its name, `FILE.py:CLASS`, or a class: one of this program's, or one at the top level of a file.
        expected: its name in a checkpoint; see `load_method`.

    Raises:
        ThreeDieError: no such method, or a class that no file has; see also `load_method`.
    """
    if inspect.isclass(method) and issubclass(method, Method):
        for name, each in METHODS.items():
            if each.cls is method:
                return name, None
        where = f"{_file_of(method)}:{method.__name__}"
        return load_method(where, expected), where
    if not isinstance(method, str):
        raise ThreeDieError(
            f"method {shown_value(method)}: give a name, FILE.py:CLASS, or a class derived from threedie.Method"
        )
    if ":" in method:
        return load_method(method, expected), method
    try:
        entry(method)
    except ValueError as error:
        raise ThreeDieError(str(error)) from error
    return method, None


def require_method(method: str | type[Method] | None, expected: str, path: Path) -> str | None:
    """Register the method of a checkpoint; its `FILE.py:CLASS`, or None if it is one of this program's.

    Args:
        method: see `resolve_method`; None for one of this program's, or one that is registered.
        expected: its name in the checkpoint.
        path: the checkpoint, for messages.

    Raises:
        ThreeDieError: it is another method, or isn't registered.
    """
    if method is None:
        try:
            find_method(expected)
        except ValueError as error:
            raise ThreeDieError(
                f"{path}: its method {expected} isn't in this program; add method='FILE.py:CLASS'"
            ) from error
        return None
    name, where = resolve_method(method, expected)
    if name != expected:
        other = f"and {where} is {name}; give the same file" if where else f"not with {name}"
        raise ThreeDieError(f"{path}: was trained with {expected}, {other}")
    return where


def _file_of(method: type[Method]) -> str:
    try:
        file = inspect.getfile(method)
    except (TypeError, OSError):
        file = ""
    if not file.endswith(".py") or method.__qualname__ != method.__name__:
        raise ThreeDieError(
            f"class {method.__qualname__}: isn't at the top level of a Python file; write it into one, mine.py, and "
            f"give 'mine.py:{method.__name__}': a run is named after that file's content"
        )
    return file


def load_method(where: str, expected: str | None = None) -> str:
    """Run a Python file and register one of its classes as a method; the name for runs and records.

    The name is the class's and the beginning of a SHA-256 of the file and of the files beside it that it imports,
    `Mine-1a2b3c4d`: an edited file is another method, whose runs aren't mixed up with those of the file before. A
    checkpoint holds the name only, so that reading one never runs code.

    Args:
        where: `path.py:Class`.
        expected: name of the method in a checkpoint. Older ones are named by the file's hash alone; where that fits, it
            is the name.

    Raises:
        ThreeDieError: no such file or class, the file can't be run, or the class is no complete method.
    """
    text, colon, class_name = where.rpartition(":")
    if not colon or not text.endswith(".py") or not class_name.isidentifier():
        raise ThreeDieError(f"--method {where}: write it as FILE.py:CLASS, such as mine.py:Mine")
    path = Path(text)
    try:
        files = OwnFiles.find(path)
    except OSError as error:
        raise ThreeDieError(f"{path}: can't be read ({error.strerror}); --method takes FILE.py:CLASS") from error
    digest = files.sha256[:_HASH_DIGITS]
    module_name = f"threedie_method_{digest}"
    if module_name in _IN_PROGRESS:
        raise ReentryError(
            f"{path}: starts a run of its own class when it is imported; put that under if __name__ == '__main__'"
        )
    allow_old_imports()
    files.offer_neighbors()
    _IN_PROGRESS.add(module_name)
    try:
        module = files.run(module_name)
    except ReentryError:
        raise
    except SystemExit as error:
        raise ThreeDieError(
            f"{files.place_of(error)}: ends the program when it is imported; put that under if __name__ == '__main__'"
        ) from error
    except Exception as error:
        raise ThreeDieError(f"{files.place_of(error)}: {type(error).__name__}: {first_line(error)}") from error
    finally:
        _IN_PROGRESS.discard(module_name)
    method = getattr(module, class_name, None)
    if method is None:
        classes = [value for value in vars(module).values() if inspect.isclass(value)]
        own = [cls.__name__ for cls in classes if cls.__module__ == module_name]
        raise ThreeDieError(f"{path}: no class {class_name!r} in it; {suggestion(class_name, own)}")
    if not (inspect.isclass(method) and issubclass(method, Method)):
        raise ThreeDieError(f"{path}: {class_name} is no subclass of threedie.Method")
    if missing := sorted(method.__abstractmethods__):
        raise ThreeDieError(f"{path}: {class_name} lacks {', '.join(missing)}; see docs/adding-a-method.md")
    try:
        inspect.signature(method).bind_partial(None, "")
    except (TypeError, ValueError) as error:
        raise ThreeDieError(
            f"{path}: {class_name}'s constructor must take backbone and projector first, then options by keyword"
        ) from error
    older = f"{class_name.lstrip('_')}-{files.file_sha256[:_HASH_DIGITS]}"
    name = older if older == expected else f"{class_name.lstrip('_')}-{digest}"
    add_method(name, method, str(path))
    return name
