"""Rendering in notebooks: with a stand-in for IPython always, with IPython itself where it is installed."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest

from driftwheel.drift.verdict import Verdict
from driftwheel.notebook import register
from driftwheel.profiles.profile import empty_profile

VERDICT = Verdict(
    "insufficient", float("nan"), 0.0027, 1.0, None, (), (), None, (), (), (), (), 500, 8, 12, "exact"
)


class Formatter:
    """As much of IPython's formatter as is used: functions by module and name of a type."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, str], object] = {}

    def for_type_by_name(self, module: str, name: str, show: object) -> None:
        self.known[module, name] = show


def stand_in(monkeypatch: pytest.MonkeyPatch, shell: object) -> None:
    module = ModuleType("IPython")
    module.get_ipython = lambda: shell
    monkeypatch.setitem(sys.modules, "IPython", module)


def test_outside_a_notebook_nothing_happens(monkeypatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert register() is False
    assert "IPython" not in sys.modules


def test_ipython_loaded_as_a_library_only_is_left_alone(monkeypatch) -> None:
    stand_in(monkeypatch, None)
    assert register() is False
    stand_in(monkeypatch, SimpleNamespace(display_formatter=None))
    assert register() is False


def test_results_are_shown_by_the_name_of_their_type(monkeypatch) -> None:
    html = Formatter()
    stand_in(monkeypatch, SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": html})))
    assert register() is True
    assert register() is True
    for result, words in ((VERDICT, "Not enough images to say"), (empty_profile(), "0 images")):
        show = html.known[type(result).__module__, type(result).__qualname__]
        assert words in show(result)
    assert ("driftwheel.drift.check", "Check") in html.known


def test_every_name_is_a_type_that_exists(monkeypatch) -> None:
    html = Formatter()
    stand_in(monkeypatch, SimpleNamespace(display_formatter=SimpleNamespace(formatters={"text/html": html})))
    register()
    for module, name in html.known:
        assert isinstance(getattr(__import__(module, fromlist=[name]), name), type)


def test_registering_imports_no_reports() -> None:
    code = "import sys, driftwheel.notebook as n; n.register(); print('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_in_ipython_itself() -> None:
    shell_module = pytest.importorskip("IPython.core.interactiveshell")
    shell = shell_module.InteractiveShell.instance()
    try:
        assert register() is True
        data, _ = shell.display_formatter.format(VERDICT)
        assert "Not enough images to say" in data["text/html"]
    finally:
        shell_module.InteractiveShell.clear_instance()
