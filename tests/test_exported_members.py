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


def in_package(name: str) -> list[ModuleType]:
    """That package below `driftwheel`, or the root, and the modules in it."""
    its = [one for one in NAMES if package_of(one) == name and not one.rpartition(".")[2].startswith("_")]
    return [importlib.import_module(one) for one in its]


def exported(module: ModuleType) -> list[str]:
    return getattr(module, "__all__", [])


def package_of(name: str) -> str:
    return ".".join(name.split(".")[:2])


PACKAGES = sorted({package_of(name) for name in NAMES})


@pytest.mark.parametrize("name", PACKAGES)
def test_all_is_there_sorted_out_and_imports(name: str) -> None:
    wrong = {}
    for module in in_package(name):
        names = exported(module)
        if not hasattr(module, "__all__"):
            wrong[module.__name__] = "has no __all__"
        elif len(set(names)) != len(names):
            wrong[module.__name__] = "says something twice in __all__"
        elif lacking := [one for one in names if not hasattr(module, one)]:
            wrong[module.__name__] = f"does not have {lacking}"
    assert wrong == {}


@pytest.mark.parametrize("name", PACKAGES)
def test_what_is_public_is_in_all(name: str) -> None:
    hidden = {one.__name__: public(one) - set(exported(one)) for one in in_package(name)}
    assert {one: names for one, names in hidden.items() if names} == {}, (
        "Add these to __all__, or give them a leading underscore."
    )


@pytest.mark.parametrize("name", PACKAGES)
def test_what_is_in_all_has_a_docstring(name: str) -> None:
    modules = in_package(name)
    assert [one.__name__ for one in modules if not one.__doc__] == []
    bare = [
        f"{module.__name__}.{name}"
        for module in modules
        for name in exported(module)
        if inspect.isroutine(value := getattr(module, name)) or inspect.isclass(value)
        if not value.__doc__
    ]
    assert bare == []


def test_dir_of_the_package_shows_what_it_exports() -> None:
    assert set(driftwheel.__all__) <= set(dir(driftwheel))


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        _ = driftwheel.nonsense
