"""Methods from a user's own file: `path.py:Class`, made known to this process under a name that tells its content."""

import hashlib
import importlib.util
import inspect
import sys
import traceback
from pathlib import Path

from threedie.baselines.catalogue import suggestion
from threedie.baselines.method import Method
from threedie.baselines.registry import add_method
from threedie.benchmark.training.old_imports import allow_old_imports
from threedie.manifests.errors import ThreeDieError, first_line

_HASH_DIGITS = 8


def load_method(where: str) -> str:
    """Run a Python file and make one of its classes a method; its name, which recipes, runs and records bear.

    The name is the class's and the beginning of the file's SHA-256, `Mine-1a2b3c4d`: an edited file is another method,
    whose runs aren't mixed up with those of the file before. A checkpoint holds the name only, so that reading one
    never runs code.

    Args:
        where: `path.py:Class`.

    Raises:
        ThreeDieError: no such file or class, the file can't be run, or the class is no complete method.
    """
    text, colon, class_name = where.rpartition(":")
    if not colon or not text.endswith(".py") or not class_name.isidentifier():
        raise ThreeDieError(f"--method {where}: write it as FILE.py:CLASS, such as mine.py:Mine")
    path = Path(text)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:_HASH_DIGITS]
    except OSError as error:
        raise ThreeDieError(f"{path}: can't be read ({error.strerror}); --method takes FILE.py:CLASS") from error
    module_name = f"threedie_method_{digest}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    allow_old_imports()
    # Dataclasses look their module up while they are made.
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except SystemExit as error:
        del sys.modules[module_name]
        raise ThreeDieError(
            f"{_place(path, error)}: ends the program when it is imported; put that under if __name__ == '__main__'"
        ) from error
    except Exception as error:
        del sys.modules[module_name]
        raise ThreeDieError(f"{_place(path, error)}: {type(error).__name__}: {first_line(error)}") from error
    found = getattr(module, class_name, None)
    if found is None:
        own = [name for name, value in vars(module).items() if inspect.isclass(value) and value is not Method]
        raise ThreeDieError(f"{path}: no class {class_name!r} in it; {suggestion(class_name, own)}")
    if not (inspect.isclass(found) and issubclass(found, Method)):
        raise ThreeDieError(f"{path}: {class_name} is no subclass of threedie.baselines.method.Method")
    if missing := sorted(found.__abstractmethods__):
        raise ThreeDieError(f"{path}: {class_name} lacks {', '.join(missing)}; see docs/adding-a-method.md")
    try:
        inspect.signature(found).bind_partial(None, "")
    except (TypeError, ValueError) as error:
        raise ThreeDieError(
            f"{path}: {class_name}'s constructor must take backbone and projector first, then options by keyword"
        ) from error
    name = f"{class_name.lstrip('_')}-{digest}"
    add_method(name, found, str(path))
    return name


def _place(path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{path}, line {error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    return f"{path}, line {lines[-1]}" if lines else str(path)
