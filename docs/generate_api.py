"""Writes docs/api.md from the docstrings and signatures of the public Python API: python docs/generate_api.py."""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, get_origin

import threedie

PAGE = Path(__file__).with_name("api.md")
COMMAND = "python docs/generate_api.py"
WIDTH = 120

HEAD = f"""# Python API

<!-- Written by {COMMAND}; change the docstrings instead. -->

`import threedie` gives the names on this page. Only they are stable; modules such as `threedie.render` and
`threedie.baselines` may change between versions. Examples: [python.md](python.md).

"""
_SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises):$")
_ENTRY = re.compile(r"^(\S[^:]*): (.*)")
_MODULE = re.compile(r"\b(?:[a-z_]\w*\.)+(?=[A-Za-z_])")
_PROSE = ("Returns", "Yields")

MADE_BY_THE_PACKAGE = ("Backbone", "FeatureEvaluation", "Interrupted", "Score", "Views")
"""Classes of results: nobody calls their constructors."""


def render_page() -> str:
    """The page as Markdown."""
    names = [name for name in threedie.__all__ if name != "__version__"]  # type: ignore[attr-defined]
    contents = " · ".join(f"[`{name}`](#{name.lower()})" for name in names)
    version = '`threedie.__version__` is the version as text, such as `"0.1.0"`.'
    return HEAD + "\n\n".join([_wrap(contents), version, *(_render(name) for name in names)]) + "\n"


def _render(name: str) -> str:
    value = getattr(threedie, name)
    if isinstance(value, ModuleType):
        return "\n\n".join([f"## {name}", *_docstring(value), *_functions(name, value)])
    if get_origin(value):
        # A name for a type: its docstring is the text below it.
        return "\n\n".join([f"## {name}", f"```python\n{name} = {_plain(str(value))}\n```", *_alias_docstring(name)])
    if inspect.isclass(value):
        return "\n\n".join([f"## {name}", *_class(name, value)])
    return "\n\n".join([f"## {name}", _signature(name, value), *_docstring(value)])


def _alias_docstring(name: str) -> Iterator[str]:
    source = (PAGE.parents[1] / threedie._HOMES[name].partition(":")[0].replace(".", "/")).with_suffix(".py")
    body = ast.parse(source.read_text(encoding="utf-8")).body
    for node, following in pairwise(body):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name and isinstance(following, ast.Expr):
            yield _wrap(ast.literal_eval(following.value))


def _functions(prefix: str, module: ModuleType) -> Iterator[str]:
    for name, value in vars(module).items():
        # By its own name: aliases for older spellings aren't listed.
        own = inspect.isfunction(value) and value.__module__ == module.__name__ and value.__name__ == name
        if own and not name.startswith("_"):
            yield f"### {prefix}.{name}"
            yield _signature(f"{prefix}.{name}", value)
            yield from _docstring(value)


def _class(name: str, cls: type) -> Iterator[str]:
    # Where class methods make the objects, the constructor isn't for users.
    made_by_methods = any(isinstance(value, classmethod) for value in vars(cls).values())
    hidden = made_by_methods or name in MADE_BY_THE_PACKAGE
    if not (inspect.isabstract(cls) or issubclass(cls, Exception) or hidden):
        yield _signature(name, cls)
    public = {getattr(threedie, each): each for each in threedie.__all__}  # type: ignore[attr-defined]
    bases = [public[base] for base in cls.__bases__ if base in public]
    yield from _docstring(cls)
    for base in bases:
        yield f"Has all that [`{base}`](#{base.lower()}) has."
    own = cls.__dict__.get("__init__")
    if isinstance(own, FunctionType) and own.__doc__:
        # Its first line repeats that of the class.
        yield from list(_docstring(own))[1:]
    for member, value in _members(cls):
        if isinstance(value, property):
            yield f"### {name}.{member}"
            yield from _docstring(value)
        else:
            yield f"### {name}.{member}()"
            yield _signature(member, value)
            yield from _docstring(value)


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Documented methods and properties that the class defines, or a base that isn't public itself."""
    others = [getattr(threedie, name) for name in threedie.__all__]  # type: ignore[attr-defined]
    bases = [base for base in cls.__mro__ if base.__module__.startswith("threedie.") and base not in others]
    bases = [cls, *bases]
    seen: set[str] = set()
    for base in bases:
        for name, entry in vars(base).items():
            public = not name.startswith("_") or name in ("__len__", "__getitem__")
            value = entry.__func__ if isinstance(entry, classmethod | staticmethod) else entry
            if public and name not in seen and isinstance(value, property | FunctionType) and value.__doc__:
                seen.add(name)
                yield name, value


def _signature(name: str, value: Any) -> str:
    signature, written = inspect.signature(value), _annotations(value)
    parameters = [
        each.replace(annotation=written.get(each.name, each.annotation))
        for each in signature.parameters.values()
        if each.name not in ("self", "cls")
    ]
    result = written.get("return", inspect.Signature.empty)
    short = signature.replace(parameters=parameters, return_annotation=result)
    text = _plain(f"{name}{short}")
    if len(text) > WIDTH:
        text = _plain(f"{name}{_one_a_line(short)}")
    return f"```python\n{text}\n```"


class _Written:
    """A type as the source has it: what `inspect` makes of numpy's differs between versions of numpy."""

    def __init__(self, node: ast.expr) -> None:
        self.text = ast.unparse(node).strip("'")

    def __repr__(self) -> str:
        return self.text


def _annotations(value: Any) -> dict[str, _Written]:
    """Types of the parameters of a function or of a class's constructor, and of a function's result as `return`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(value)))).body[0]
    if isinstance(tree, ast.ClassDef):
        methods = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "__init__"]
        if not methods:
            fields = [node for node in tree.body if isinstance(node, ast.AnnAssign)]
            return {ast.unparse(node.target): _Written(node.annotation) for node in fields}
        # A constructor's result, None, says nothing.
        tree, methods[0].returns = methods[0], None
    assert isinstance(tree, ast.FunctionDef)
    arguments = [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs, tree.args.vararg, tree.args.kwarg]
    written = {each.arg: _Written(each.annotation) for each in arguments if each and each.annotation}
    return written | ({"return": _Written(tree.returns)} if tree.returns else {})


def _one_a_line(signature: inspect.Signature) -> str:
    rows, star = [], False
    for each in signature.parameters.values():
        if each.kind is each.KEYWORD_ONLY and not star:
            rows.append("*")
            star = True
        star = star or each.kind is each.VAR_POSITIONAL
        rows.append(str(each))
    result = str(signature.replace(parameters=[]))[2:]
    return "(\n" + "".join(f"    {row},\n" for row in rows) + f"){result}"


def _plain(text: str) -> str:
    """Types without the modules that they are from; text in double quotes; "..." for a default that isn't plain."""
    text = text.replace("'", '"')
    text = re.sub(r"<[^>]*>", "...", text)
    text = re.sub(r"\w*Path\(([^)]*)\)", r"\1", text)
    return _MODULE.sub("", text)


def _docstring(value: Any) -> Iterator[str]:
    """Paragraphs of a docstring, its sections as lists."""
    section, entries, paragraph = "", list[str](), list[str]()
    for line in [*inspect.cleandoc(value.__doc__ or "").splitlines(), ""]:
        match = _SECTION.match(line)
        if match:
            section, entries = match[1], []
            continue
        if section and line.startswith("    "):
            text = line[4:]
            if not entries or (not text.startswith(" ") and _ENTRY.match(text) and section not in _PROSE):
                entries.append(text)
            else:
                entries[-1] += f" {text.strip()}"
            continue
        if section:
            yield f"**{section}**"
            yield "\n\n".join(map(_wrap, entries)) if section in _PROSE else "\n".join(map(_item, entries))
            section = ""
        if line:
            paragraph.append(line)
        elif paragraph:
            yield _paragraph(paragraph)
            paragraph = []


def _paragraph(lines: list[str]) -> str:
    if any(line.startswith(("    ", "- ")) for line in lines):
        return "\n".join(lines)
    return _wrap(" ".join(lines))


def _item(entry: str) -> str:
    match = _ENTRY.match(entry)
    if not match:
        return _wrap(f"- {entry}", "  ")
    names = ", ".join(f"`{name.strip()}`" for name in match[1].split(","))
    return _wrap(f"- {names}: {match[2]}", "  ")


def _wrap(text: str, indent: str = "") -> str:
    return textwrap.fill(text, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


if __name__ == "__main__":
    PAGE.write_text(render_page(), encoding="utf-8")
