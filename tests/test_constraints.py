"""constraints.txt pins everything that `make test` and `make demo` install, at versions that are allowed."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = ("demo", "docs", "embed", "parquet", "dev")


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): version for name, version in pinned}


def declared() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"]
    texts = [*PROJECT["dependencies"], *(text for extra in EXTRAS for text in extras[extra])]
    requirements = [Requirement(text) for text in [*texts, "hatchling>=1.27"]]
    return [one for one in requirements if one.name != PROJECT["name"]]


def closure(roots: list[Requirement]) -> set[str]:
    """The distributions `roots` lead to in the environment that runs this test."""
    waiting, seen = [(one.name, frozenset(one.extras)) for one in roots], set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        for text in requires(name) or []:
            child = Requirement(text)
            wanted = child.marker is None or any(child.marker.evaluate({"extra": e}) for e in {"", *extras})
            if wanted:
                waiting.append((child.name, frozenset(child.extras)))
    return {canonicalize_name(name) for name, _ in seen}


def test_the_file_is_one_exact_version_a_line_each_name_once() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9A-Za-z.]+", line)] == []
    assert len(pins()) == len(lines)


@pytest.mark.parametrize("requirement", declared(), ids=str)
def test_every_declared_dependency_is_pinned_at_a_version_it_allows(requirement: Requirement) -> None:
    version = pins().get(canonicalize_name(requirement.name))
    assert version is not None, f"constraints.txt does not pin {requirement.name}"
    assert requirement.specifier.contains(version), (
        f"constraints.txt pins {version}, pyproject wants {requirement}"
    )


def test_what_the_dependencies_pull_in_is_pinned_too() -> None:
    try:
        missing = closure(declared()) - set(pins())
    except PackageNotFoundError as absent:
        pytest.skip(f"not everything in the extra 'dev' is installed: {absent.name}")
    assert missing == set(), f"constraints.txt does not pin {sorted(missing)}"


def test_the_build_backend_in_pyproject_is_the_one_pinned() -> None:
    requirements = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert [Requirement(text).name for text in requirements] == ["hatchling"]
