"""Every module says what is public in `__all__`, and keeps its word."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from types import ModuleType

import pytest

import driftwheel

NAMES = ["driftwheel", *(found.name for found in pkgutil.walk_packages(driftwheel.__path__, "driftwheel."))]


def public(module: ModuleType) -> set[str]:
    """The functions and classes a module defines without a leading underscore."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or inspect.isclass(value))
        and value.__module__ == module.__name__
    }


@pytest.fixture(params=[name for name in NAMES if not name.rpartition(".")[2].startswith("_")])
def module(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(request.param)


def test_all_is_there_sorted_out_and_imports(module: ModuleType) -> None:
    exported = getattr(module, "__all__", None)
    assert exported is not None, f"{module.__name__} has no __all__"
    assert len(set(exported)) == len(exported)
    assert [name for name in exported if not hasattr(module, name)] == []


def test_what_is_public_is_in_all(module: ModuleType) -> None:
    hidden = public(module) - set(module.__all__)
    assert hidden == set(), (
        f"{module.__name__}: add to __all__, or give a leading underscore: {sorted(hidden)}"
    )


def test_what_is_in_all_has_a_docstring(module: ModuleType) -> None:
    assert module.__doc__, f"{module.__name__} does not say what it is"
    bare = [
        name
        for name in module.__all__
        if inspect.isroutine(value := getattr(module, name)) or inspect.isclass(value)
        if not value.__doc__
    ]
    assert bare == []


def test_dir_of_the_package_shows_what_it_exports() -> None:
    assert set(driftwheel.__all__) <= set(dir(driftwheel))


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = driftwheel.nonsense
