"""Values of the wheel's policy as they are typed: ``images=80 accuracy_below=90% every_days=none``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from driftwheel.errors import UsageError

__all__ = ["policy_values"]


def policy_values(given: Sequence[str]) -> dict[str, Any]:
    """Return the values that words of the form NAME=VALUE name; ``default`` is the default of that name.

    Raises
    ------
    UsageError
        For a word of another form, or a name given twice. Whether there is such a name is not looked at.

    Examples
    --------
    >>> policy_values(["images=80", "accuracy_below=90%", "enabled=on", "every_days=none"])
    {'images': 80, 'accuracy_below': 0.9, 'enabled': True, 'every_days': None}
    """
    found: dict[str, Any] = {}
    for word in given:
        name, equals, text = word.partition("=")
        name = name.strip().replace("-", "_")
        if not (name and equals and text.strip()):
            raise UsageError(f"'{word:.50}' sets nothing; write NAME=VALUE, as images=80.")
        if name in found:
            raise UsageError(f"'{name}' is given twice; give it once.")
        found[name] = _value(name, text.strip())
    return found


_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False, "none": None}


def _value(name: str, text: str) -> Any:
    from driftwheel.wheel.wheel_policy import WheelPolicy

    if text == "default" and name in WheelPolicy.__dataclass_fields__:
        return getattr(WheelPolicy(), name)
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    if text.endswith("%"):
        try:
            return float(text[:-1]) / 100
        except ValueError:
            pass
    return text
