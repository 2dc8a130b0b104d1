"""The one extension mechanism: a folder of modules, each of which defines one instance of the folder's type.

A plug-in's name is its file name, with hyphens for underscores.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import TypeVar

Kind = TypeVar("Kind")


def names(package: str) -> list[str]:
    """The names of the plug-ins in ``package`` (a dotted name), sorted; imports none of them."""
    folder = importlib.import_module(package).__path__
    return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(folder) if not module.name.startswith("_"))


def load(package: str, name: str, kind: type[Kind]) -> Kind:
    """The plug-in ``name`` of ``package``: the single instance of ``kind`` that its module defines.

    Raises TypeError where the module defines none, or more than one.
    """
    module = importlib.import_module(f"{package}.{name.replace('-', '_')}")
    found = [value for value in vars(module).values() if isinstance(value, kind)]
    if len(found) != 1:
        raise TypeError(f"{module.__name__} defines {len(found)} instances of {kind.__name__}; a plug-in defines exactly one")
    return found[0]


def discover(package: str, kind: type[Kind]) -> dict[str, Kind]:
    """Every plug-in of ``package`` by name, sorted."""
    return {name: load(package, name, kind) for name in names(package)}
