"""The documentation is complete, is what the code says, and leads nowhere outside."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

import driftwheel
from driftwheel import errors
from driftwheel.cli import app, exit_codes
from driftwheel.images.faults import FAULT_NAMES
from driftwheel.images.properties import PROPERTY_NAMES
from driftwheel.settings import Setting, settings_table

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
FRONT = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]


def load_generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GENERATOR = load_generator()
COMMANDS: dict[str, Any] = dict(GENERATOR.walk(typer.main.get_command(app), "driftwheel"))
GROUPS = {name.split()[1] for name in COMMANDS if name.count(" ") > 1}


def page(name: str) -> str:
    return (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(DOCS)))
def test_generated_parts_are_what_the_code_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert GENERATOR.filled(text) == text, f"{path.name} is out of date: run python docs/generate.py"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_is_documented_and_says_what_it_does(name: str) -> None:
    text = page("commands")
    section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
    assert COMMANDS[name].help, f"{name} has no help"
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name == "option" and "--help" not in parameter.opts:
            assert parameter.help, f"{name} {parameter.opts[0]} has no help"
            assert all(f"`{option}" in section for option in [*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "argument":
            assert f"`{parameter.name.upper()}`" in section


@pytest.mark.parametrize("name", PROPERTY_NAMES)
def test_every_property_is_documented(name: str) -> None:
    assert f"| `{name}` |" in page("properties")


@pytest.mark.parametrize("setting", settings_table(), ids=lambda setting: setting.name)
def test_every_setting_is_documented_and_says_what_it_does(setting: Setting) -> None:
    row = f"| `{setting.variable}` | {setting.kind} | `{setting.default}` | {setting.help}"
    assert row.replace("\n", " ") in page("settings")


@pytest.mark.parametrize("path", [*PAGES, *FRONT], ids=lambda path: path.name)
def test_every_variable_shown_is_a_setting(path: Path) -> None:
    of_others = {"DRIFTWHEEL_CACHE"}
    shown = set(re.findall(r"DRIFTWHEEL_[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
    assert shown - {setting.variable for setting in settings_table()} <= of_others


@pytest.mark.parametrize("name", FAULT_NAMES)
def test_every_fault_is_documented(name: str) -> None:
    assert f"| `{name}` |" in page("faults")


@pytest.mark.parametrize("name", [name for name in exit_codes.__all__ if name.startswith("EXIT_")])
def test_every_exit_code_is_documented(name: str) -> None:
    assert re.search(rf"^\| {getattr(exit_codes, name)} \|", page("errors"), re.MULTILINE)


@pytest.mark.parametrize("name", [name for name in errors.__all__ if name.endswith("Error")])
def test_every_error_is_documented(name: str) -> None:
    assert name in page("errors")


@pytest.mark.parametrize("name", [name for name in driftwheel.__all__ if not name.startswith("__")])
def test_every_public_name_is_documented(name: str) -> None:
    assert f"\n### {name}\n" in page("python")


def options_used(text: str) -> set[tuple[str, str]]:
    """(command, option) for every command line in a page."""
    used = set()
    for line in re.findall(r"^(?:\$ )?(driftwheel .*)$|`(driftwheel [^`]*)`", text, re.MULTILINE):
        words = next(one for one in line if one).split()
        if len(words) > 1 and words[1].isalpha() and words[1].islower():
            options = {word.split("=")[0] for word in words if re.match(r"-[a-z]$|--[a-z]", word)}
            name = " ".join(words[1:3] if words[1] in GROUPS else words[1:2])
            used |= {(name, option) for option in options or {""}}
    return used


@pytest.mark.parametrize("path", [*PAGES, *FRONT], ids=lambda path: path.name)
def test_every_command_line_shown_exists(path: Path) -> None:
    known = {
        (name.removeprefix("driftwheel "), option)
        for name, command in COMMANDS.items()
        for parameter in command.params
        for option in ["", "--help", *parameter.opts, *parameter.secondary_opts]
    } | {(group, "") for group in GROUPS}
    assert options_used(path.read_text(encoding="utf-8")) - known == set()


@pytest.mark.parametrize("path", [*PAGES, *FRONT], ids=lambda path: path.name)
def test_every_local_link_and_picture_is_there(path: Path) -> None:
    text = re.sub(r"`[^`\n]+`", "", path.read_text(encoding="utf-8"))  # what is shown as code is no link
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", text)
    missing = [one for one in targets if "://" not in one and not (path.parent / one).exists()]
    assert missing == []


@pytest.mark.parametrize("path", [*PAGES, *FRONT], ids=lambda path: path.name)
def test_python_shown_is_python(path: Path) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    for block in blocks:
        # Doctests run with the code, and a signature is no program.
        if not re.match(r">>>|\w+\((\n|.*\) ->)", block):
            compile(block, str(path), "exec")


def test_no_page_is_left_unfinished() -> None:
    unfinished = re.compile(r"TODO|TBD|FIXME|<!-- (?!generated: \w+ -->|end -->)")
    assert {
        str(path.relative_to(ROOT)) for path in [*PAGES, *FRONT] if unfinished.search(path.read_text())
    } == set()


def test_pictures_are_small() -> None:
    big = [path.name for path in (DOCS / "images").iterdir() if path.stat().st_size > 200_000]
    assert big == []


def test_the_site_builds_without_a_warning_and_fetches_nothing(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="the extra 'docs' is not installed")
    build = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(tmp_path)]
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(build, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    html = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")]
    assert len(html) >= len(PAGES)
    loads = re.compile(r"<(?:script|img|iframe)\b[^>]*\bsrc=[^>]*>|<link\b[^>]*>")
    fetched = [
        tag for text in html for tag in loads.findall(text) if re.search(r"(src|href)=.?(https?:)?//", tag)
    ]
    assert fetched == []
