"""In a notebook, results show as the answer, pictures and a table; nothing of that is in the results."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

__all__ = ["register"]


def register() -> bool:
    """Teach a running IPython to show verdicts, checks and profiles; return whether there was one.

    Imports nothing: neither IPython, which must be loaded already, nor the classes, which are known by name.
    Called again, it changes nothing.

    Examples
    --------
    >>> register()  # outside a notebook
    False
    """
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or shell.display_formatter is None:
        return False
    html = shell.display_formatter.formatters["text/html"]
    for module, name, show in _SHOWN:
        html.for_type_by_name(module, name, show)
    return True


def _show_verdict(verdict: Any) -> str:
    from driftwheel.report.fragment import verdict_fragment

    return verdict_fragment(verdict)


def _show_check(check: Any) -> str:
    from driftwheel.report.fragment import check_fragment

    return check_fragment(check)


def _show_profile(profile: Any) -> str:
    from driftwheel.report.fragment import profile_fragment

    return profile_fragment(profile)


_SHOWN: tuple[tuple[str, str, Callable[[Any], str]], ...] = (
    ("driftwheel.drift.verdict", "Verdict", _show_verdict),
    ("driftwheel.drift.check", "Check", _show_check),
    ("driftwheel.profiles.profile", "Profile", _show_profile),
)
