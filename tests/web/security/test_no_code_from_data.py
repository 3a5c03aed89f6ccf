"""Nothing that is sent, logged or stored is ever run as code."""

from __future__ import annotations

import ast
from pathlib import Path

import driftwheel

SOURCES = sorted(Path(driftwheel.__file__).parent.rglob("*.py"))
RUNS_DATA = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal", "joblib", "yaml"}
READ_PLAIN_DATA = {
    "export_mlflow.py",  # writes YAML and reads none
    "torch_weights.py",  # an unpickler that knows tensors and nothing else
    "yolo_data.py",  # a SafeLoader of YAML
    "write_markdown.py",  # writes YAML and reads none
}


def test_no_pickle() -> None:
    found = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if RUNS_DATA & {name.split(".")[0] for name in names}:
                found.add(path.name)
    assert found <= READ_PLAIN_DATA


def test_nothing_is_evaluated() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile", "__import__"}, f"{path}: {node.lineno}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                is_load = node.func.attr == "load" and isinstance(node.func.value, ast.Name)
                owner = node.func.value.id if is_load and isinstance(node.func.value, ast.Name) else ""
                assert owner != "torch", f"{path}: {node.lineno}"


def test_it_looks_at_all_sources() -> None:
    assert len(SOURCES) > 200


def test_yaml_is_read_safely() -> None:
    unsafe = {"Loader", "FullLoader", "UnsafeLoader", "full_load", "unsafe_load"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert (node.value.id, node.attr) not in {("yaml", name) for name in unsafe}, path
