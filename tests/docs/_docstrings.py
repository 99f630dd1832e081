"""What a public docstring must have: found with numpydoc, and with one look at the source for what it raises."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import textwrap
import warnings
from collections.abc import Iterator
from typing import Any

import pydantic
from numpydoc.docscrape import ClassDoc, FunctionDoc
from numpydoc.validate import validate

# What is promised besides the public door; docs/_ext/api_pages.py has the same list, and a test compares them.
PUBLIC = ["contracts", "specs", "readers", "cohorts", "simulation", "tables", "estimators", "evaluation", "published"]
# numpydoc's own checks that are kept: form, and what is documented against what the signature has.
KEPT = {"GL01", "GL05", "GL06", "GL07", "GL08", "GL10", "SS01", "SS04", "PR02", "PR03", "RT01", "YD01"}


@dataclasses.dataclass(frozen=True)
class Public:
    """A public name and what it names."""

    full: str
    thing: Any
    kind: str  # "function", "class", "method" or "property"


def public_names() -> Iterator[Public]:
    """Every public function, class and method, each once."""
    seen: set[int] = set()
    for module in ["", *(f".{name}" for name in PUBLIC)]:
        package = importlib.import_module(f"send_screen{module}")
        for name in getattr(package, "__all__", ()):
            thing = getattr(package, name)
            if not (inspect.isclass(thing) or inspect.isfunction(thing)) or id(thing) in seen:
                continue
            seen.add(id(thing))
            full = f"{package.__name__}.{name}"
            yield Public(full, thing, "class" if inspect.isclass(thing) else "function")
            if inspect.isclass(thing):
                yield from _methods(full, thing)


def _methods(full: str, thing: type) -> Iterator[Public]:
    for name, member in vars(thing).items():
        if name.startswith(("_", "model_")) or _inherits_docstring(thing, name):  # model_: pydantic's own
            continue
        if isinstance(member, property):
            yield Public(f"{full}.{name}", member.fget, "property")
        elif isinstance(member, classmethod | staticmethod):
            yield Public(f"{full}.{name}", member.__func__, "method")
        elif inspect.isfunction(member):
            yield Public(f"{full}.{name}", member, "method")


def _inherits_docstring(thing: type, name: str) -> bool:
    """True where a method says nothing of its own and the class above it does."""
    own = inspect.getattr_static(thing, name)
    return not own.__doc__ and any(inspect.getdoc(getattr(base, name, None)) for base in thing.__mro__[1:-1])


def faults(public: Public) -> list[str]:
    """What is missing or wrong in one docstring, in words."""
    thing, kind = public.thing, public.kind
    if not thing.__doc__:
        return ["has no docstring"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of scikit-learn's deprecated attributes, which numpydoc looks at
        found = [f"{code} {message}" for code, message in validate(public.full)["errors"] if code in KEPT]
        if dataclasses.is_dataclass(thing):  # its fields are given by name
            found = [one for one in found if not one.startswith("PR03")]
        doc = ClassDoc(thing) if kind == "class" else FunctionDoc(thing)
    documented = {
        name.strip(" *") for entry in (*doc["Parameters"], *doc["Attributes"]) for name in entry.name.split(",")
    }
    missing = sorted(set(_parameters(thing)) - documented)
    if missing:
        found.append(f"does not say what {', '.join(missing)} is")
    if kind != "class" and _raises(thing) and not doc["Raises"]:
        found.append("does not say what it raises")
    if kind in {"class", "function"} and not doc["Examples"] and not _is_record(thing):
        found.append("has no example")
    if kind == "method" and not _parameters(thing):  # its first line says what it returns
        found = [one for one in found if not one.startswith("RT01")]
    return found


def _is_section(thing: Any) -> bool:
    """True for a part of a typed document: its fields say their types, and the document has the example."""
    return inspect.isclass(thing) and issubclass(thing, pydantic.BaseModel)


def _is_record(thing: Any) -> bool:
    """True for an error, and for what a function returns: the function has the example."""
    return inspect.isclass(thing) and (
        issubclass(thing, BaseException | tuple | pydantic.BaseModel) or dataclasses.is_dataclass(thing)
    )


def _parameters(thing: Any) -> list[str]:
    """Names that a caller may give."""
    if _is_section(thing):
        return []
    if dataclasses.is_dataclass(thing):
        return [field.name for field in dataclasses.fields(thing) if field.init and not field.name.startswith("_")]
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return []
    return [name for name in signature.parameters if name not in {"self", "cls"} and not name.startswith("_")]


def _raises(thing: Any) -> bool:
    """True where the function's own body raises an error."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    return any(
        isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and "Error" in ast.unparse(node.exc.func)
        for node in ast.walk(tree)
    )
