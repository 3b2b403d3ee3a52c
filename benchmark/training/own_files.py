"""A user's Python file and the files beside it that it imports: which they are, their hash, and running them."""

import ast
import hashlib
import sys
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import threedie
from threedie.manifests.errors import ThreeDieError

_PACKAGE_FILE = "__init__.py"


@dataclass(frozen=True)
class OwnFiles:
    """A file and what it imports from its folder, directly or through others.

    A neighbor is `NAME.py` or a package `NAME/` with an `__init__.py`, all of whose files count. Modules of the
    standard library and of this program are none. Imports by computed names aren't seen.

    Attributes:
        path: the file, as the user gave it.
        contents: absolute path -> content, of the file first and then of its neighbors.
        names: top-level names of the neighbors.
        late: those that are imported inside functions.
    """

    path: Path
    contents: dict[Path, bytes]
    names: frozenset[str]
    late: frozenset[str]

    @classmethod
    def find(cls, path: Path) -> "OwnFiles":
        """Read a file and its neighbors.

        Raises:
            OSError: the file can't be read.
            ThreeDieError: a neighbor can't be read, or is imported with a leading dot.
        """
        file = path.absolute()
        contents, names, late, pending = {file: path.read_bytes()}, set[str](), set[str](), [file]
        while pending:
            importer = pending.pop()
            for found in _imports(contents[importer]):
                if found.relative and importer.parent == file.parent:
                    shown = path.parent / importer.relative_to(file.parent)
                    raise ThreeDieError(
                        f"{shown}, line {found.line}: is in no package; import its neighbors without a leading dot"
                    )
                files = [] if found.relative else _files_of(file.parent, found.name)
                if not files:
                    continue
                names.add(found.name)
                if found.in_function:
                    late.add(found.name)
                for each in files:
                    if each not in contents:
                        contents[each] = _read(each)
                        pending.append(each)
        first, *others = contents
        return cls(path, {each: contents[each] for each in (first, *sorted(others))}, frozenset(names), frozenset(late))

    @cached_property
    def file_sha256(self) -> str:
        """SHA-256 of the file alone."""
        return hashlib.sha256(self.contents[self.path.absolute()]).hexdigest()

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the file and its neighbors; without any, of the file alone."""
        if len(self.contents) == 1:
            return self.file_sha256
        parts = [
            f"{file.relative_to(self.path.absolute().parent).as_posix()}\0{hashlib.sha256(content).hexdigest()}\n"
            for file, content in self.contents.items()
        ]
        return hashlib.sha256("".join(parts).encode()).hexdigest()

    def offer_neighbors(self) -> None:
        """Let imports in this process find the neighbors, anew and from the content that was hashed.

        Raises:
            ThreeDieError: one has the name of a package in use, or of another file's that is imported in a function.
        """
        _NEIGHBORS.add(self)

    def run(self, module_name: str) -> ModuleType:
        """Run the file as a module, from the content that was hashed; whatever its code raises is raised."""
        file = self.path.absolute()
        spec = spec_from_file_location(module_name, file, loader=_Loader(module_name, str(file), self.contents[file]))
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        # Dataclasses look their module up while they are made.
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[module_name]
            raise
        return module

    def place_of(self, error: BaseException) -> str:
        """File and line in which an error arose: the last of these files that it went through."""
        if isinstance(error, SyntaxError):
            places = [(Path(error.filename or ""), error.lineno)]
        else:
            places = [(Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
        own = [f"{self._shown(file)}, line {line}" for file, line in places if file in self.contents]
        return own[-1] if own else str(self.path)

    def _shown(self, file: Path) -> Path:
        return self.path.parent / file.relative_to(self.path.absolute().parent)


@dataclass(frozen=True)
class _Import:
    name: str
    line: int
    relative: bool
    in_function: bool


def _imports(content: bytes) -> Iterator[_Import]:
    """Imports in a file; none where it can't be parsed, which running it reports."""
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, inside = pending.pop()
        if isinstance(node, ast.Import):
            yield from (_Import(alias.name.partition(".")[0], node.lineno, False, inside) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield _Import((node.module or "").partition(".")[0], node.lineno, node.level > 0, inside)
        inside = inside or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        pending += [(child, inside) for child in ast.iter_child_nodes(node)]


def _files_of(folder: Path, name: str) -> list[Path]:
    """Files of a neighbor; none where there is no such neighbor."""
    if name in sys.stdlib_module_names or name == threedie.__name__:
        return []
    package = folder / name
    if (package / _PACKAGE_FILE).is_file():
        # A file in a checkout of this program, whose folders have names of their own.
        ours = Path(threedie.__file__).parent / name
        return (
            []
            if ours.exists() and ours.resolve() == package.resolve()
            else sorted(each for each in package.rglob("*.py") if each.is_file())
        )
    file = folder / f"{name}.py"
    return [file] if file.is_file() else []


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ThreeDieError(f"{file}: can't be read ({error.strerror})") from error


class _Loader(SourceFileLoader):
    """Runs the content that was hashed, whatever the file or Python's cache of it has by now."""

    def __init__(self, name: str, path: str, content: bytes) -> None:
        super().__init__(name, path)
        self._content = content

    def get_code(self, fullname: str) -> CodeType:
        """Compile it; no cache is read or written."""
        code: CodeType = self.source_to_code(self._content, self.path)
        return code


class _Neighbors(MetaPathFinder):
    """Finds the neighbors of all files that were run, those of the latest where two have the same name."""

    def __init__(self) -> None:
        self._owners: dict[str, OwnFiles] = {}

    def add(self, files: OwnFiles) -> None:
        for name in sorted(files.names):
            owner = self._owners.get(name, files)
            loaded = getattr(sys.modules.get(name), "__file__", None)
            if owner is files and loaded and Path(loaded).absolute() not in files.contents:
                raise ThreeDieError(
                    f"{files.path}: imports {name}, which lies beside it and is also a package in use, {loaded}; "
                    "rename yours"
                )
            if name in owner.late | files.late and owner.path.absolute().parent != files.path.absolute().parent:
                raise ThreeDieError(
                    f"{files.path}: imports {name}, and so does {owner.path}, from another folder; import it at "
                    "the top of both and not inside a function, or rename one"
                )
        self._owners |= dict.fromkeys(files.names, files)
        # Imported by an earlier file, or before an edit.
        for module in [name for name in sys.modules if name.partition(".")[0] in files.names]:
            del sys.modules[module]
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module in a neighbor's file."""
        files = self._owners.get(fullname.partition(".")[0])
        if files is None:
            return None
        place = files.path.absolute().parent.joinpath(*fullname.split("."))
        for file, inner in ((place / _PACKAGE_FILE, [str(place)]), (place.with_name(f"{place.name}.py"), None)):
            if file in files.contents:
                loader: Any = _Loader(fullname, str(file), files.contents[file])
                return spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=inner)
        return None


_NEIGHBORS = _Neighbors()
