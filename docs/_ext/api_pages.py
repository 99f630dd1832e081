"""API reference: one page for the public door, one for each package, made from what they export.

A name that is exported both by ``send_screen`` and by a package is documented once, at the door, and references to
either lead there.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import shutil
from pathlib import Path
from types import GenericAlias
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

import send_screen

# What is promised, in the order in which the data go.
PUBLIC = ["contracts", "specs", "readers", "cohorts", "simulation", "tables", "estimators", "evaluation", "published"]
# The command line has a page of its own. What begins with an underscore is private.
NOT_IN_PYTHON = ("cli",)


def packages() -> list[str]:
    """Return the names of all packages and modules of send_screen: the public ones, then the inner ones."""
    top = Path(send_screen.__file__).parent
    found = sorted(module.name for module in pkgutil.iter_modules([str(top)]) if not module.name.startswith("_"))
    inside = [
        f"{name}.{module.name}"
        for name in found
        for module in pkgutil.iter_modules([str(top / name)])
        if module.ispkg and not module.name.startswith("_")
    ]
    names = [name for name in sorted([*found, *inside]) if name.split(".")[0] not in NOT_IN_PYTHON]
    return sorted(names, key=lambda name: PUBLIC.index(name) if name in PUBLIC else len(PUBLIC))


def exported(package: str) -> list[str]:
    """Return what a package exports, in its own order; of a module without ``__all__``, its public classes."""
    module = importlib.import_module(f"send_screen.{package}")
    own = [
        name for name, value in vars(module).items() if inspect.isclass(value) and value.__module__ == module.__name__
    ]
    return list(getattr(module, "__all__", own))


def documented_at(package: str, name: str) -> str:
    """Return the full name under which an exported name is documented."""
    if name in send_screen.__all__ and _same(getattr(send_screen, name), package, name):
        return f"send_screen.{name}"
    return f"send_screen.{package}.{name}"


def _same(value: object, package: str, name: str) -> bool:
    return value is getattr(importlib.import_module(f"send_screen.{package}"), name)


def _kind(value: object) -> str:
    if inspect.isclass(value) and not isinstance(value, GenericAlias):
        return "Errors" if issubclass(value, BaseException) else "Classes"
    return "Functions" if inspect.isroutine(value) else "Constants"


def _tables(prefix: str, names: list[str], values: dict[str, Any]) -> str:
    text = ""
    for kind in ("Functions", "Classes", "Errors", "Constants"):
        some = [name for name in names if _kind(values[name]) == kind]
        if some and kind == "Constants":
            text += "\nConstants\n---------\n\n" + "".join(_constant(prefix, name, values[name]) for name in some)
        elif some:
            rows = "".join(f"   {name}\n" for name in some)
            text += (
                f"\n{kind}\n{'-' * len(kind)}\n\n.. autosummary::\n   :toctree: generated\n   :nosignatures:\n\n{rows}"
            )
    return text


def _constant(prefix: str, name: str, value: object) -> str:
    if isinstance(value, GenericAlias):  # an alias of a type: what autodoc says of it is what it says of the type
        return f".. py:data:: {prefix}.{name}\n   :value: {value}\n\n"
    return f".. autodata:: {prefix}.{name}\n"


def _head(module: str) -> str:
    return (
        f"{module}\n{'=' * len(module)}\n\n.. automodule:: {module}\n   :no-members:\n\n.. currentmodule:: {module}\n"
    )


def door_page() -> str:
    """Return the page of ``import send_screen``."""
    names = [name for name in send_screen.__all__ if not name.startswith("__")]
    values = {name: getattr(send_screen, name) for name in names}
    return _head("send_screen") + _tables("send_screen", names, values)


def package_page(package: str) -> str:
    """Return the page of one package: its docstring, then each name that it exports."""
    full = f"send_screen.{package}"
    module = importlib.import_module(full)
    names = exported(package)
    at_door = [name for name in names if documented_at(package, name) == f"send_screen.{name}"]
    rest = [name for name in names if name not in at_door]
    text = _head(full)
    if at_door:
        links = ", ".join(f":py:obj:`~send_screen.{name}`" for name in at_door)
        text += f"\nExported by ``send_screen`` too, and documented there: {links}.\n"
    return text + _tables(full, rest, {name: getattr(module, name) for name in rest})


def index_page() -> str:
    """Return the page that leads to all others."""
    public, inner = ("".join(f"   {name}\n" for name in packages() if (name in PUBLIC) is one) for one in (True, False))
    return (
        "API reference\n=============\n\n"
        "``import send_screen`` is the public door: one verb for each job, and the classes that they take and return.\n"
        "The public packages have what else a data scientist calls. The inner packages serve the door, and what they\n"
        "export may change without notice.\n\n"
        ".. toctree::\n   :caption: Where to begin\n   :maxdepth: 1\n\n   send_screen\n   command_line\n\n"
        f".. toctree::\n   :caption: Public packages\n   :maxdepth: 1\n\n{public}\n"
        f".. toctree::\n   :caption: Inner packages\n   :maxdepth: 1\n\n{inner}"
    )


def api_pages() -> dict[str, str]:
    """Return all pages of the reference by document name: the index, the door and the packages.

    Returns
    -------
    dict of str to str
        reStructuredText by document name.
    """
    return {
        "api/index": index_page(),
        "api/send_screen": door_page(),
        **{f"api/{name}": package_page(name) for name in packages()},
    }


def _write(app: Sphinx) -> None:
    shutil.rmtree(Path(app.srcdir) / "api" / "generated", ignore_errors=True)  # stubs of names that are gone
    wanted = {Path(app.srcdir) / f"{name}.rst": text for name, text in api_pages().items()}
    for path in (Path(app.srcdir) / "api").glob("*.rst"):
        if path not in wanted:
            path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    # autosummary would look through the documents that were there before these were written.
    app.config.autosummary_generate = [f"{name}.rst" for name in api_pages()]


def _lead_to_door(app: Sphinx, env: Any, node: pending_xref, content: nodes.TextElement) -> nodes.Element | None:
    """Resolve ``send_screen.package.Name`` or ``Name.method`` where the name is documented at the door."""
    parts = str(node.get("reftarget", "")).split(".")
    if node.get("refdomain") != "py" or len(parts) < 3 or parts[0] != "send_screen" or parts[1] not in packages():
        return None
    if parts[2] not in exported(parts[1]) or documented_at(parts[1], parts[2]) == ".".join(parts[:3]):
        return None
    target = ".".join(["send_screen", *parts[2:]])
    return env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, content)


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages before autosummary looks for them."""
    app.connect("builder-inited", _write, priority=100)
    app.connect("missing-reference", _lead_to_door)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
