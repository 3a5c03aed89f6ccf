"""The command line answers at once because nothing heavy is imported before a command runs."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"cv2", "fsspec", "jinja2", "msgpack", "numpy", "onnx", "onnxruntime", "pyarrow", "rich", "scipy"}
HEAVY |= {"ijson", "sklearn", "torch", "yaml"}
HEAVY |= {"alembic", "argon2", "dbos", "fastapi", "psycopg", "pydantic_settings", "sqlalchemy", "uvicorn"}

REPORT = "import sys; sys.stdout.write(' '.join(sorted({name.partition('.')[0] for name in sys.modules})))"


def imported(code: str) -> set[str]:
    """Top-level names of what a fresh interpreter has imported after running `code`."""
    command = [sys.executable, "-c", f"{code}\n{REPORT}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return set(done.stdout.split("\n")[-1].split())


def help_of(*words: str) -> str:
    return (
        f"import sys\nsys.argv = {['driftwheel', *words, '--help']!r}\nfrom driftwheel.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )


def test_the_check_itself_sees_an_import() -> None:
    assert {"json", "numpy"} <= imported("import json, numpy")


def test_importing_the_package_imports_nothing_heavy() -> None:
    assert imported("import driftwheel").isdisjoint(HEAVY)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("check",),
        ("profile",),
        ("demo",),
        ("serve",),
        ("users", "add"),
        ("models",),
        ("labels", "convert"),
        ("doctor",),
    ],
    ids=lambda words: " ".join(words) or "-",
)
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    assert imported(help_of(*words)).isdisjoint(HEAVY)


def test_a_server_and_a_check_do_without_the_half_second_of_scipy_stats() -> None:
    modules = "driftwheel.web.app, driftwheel.workflows.run, driftwheel.services.check.check_images"
    report = "import sys; sys.stdout.write(str('scipy.stats' in sys.modules))"
    command = [sys.executable, "-c", f"import {modules}\n{report}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "False"


def test_the_version_is_printed_without_importing_anything_heavy() -> None:
    code = "import sys\nsys.argv = ['driftwheel', '--version']\nfrom driftwheel.cli import main\n"
    code += "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    assert imported(code).isdisjoint(HEAVY)
