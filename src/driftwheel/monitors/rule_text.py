"""Rules as people write them: ``accuracy below 0.9 until 0.93 and records above 100``."""

from __future__ import annotations

from driftwheel.monitors.rule import Rule

__all__ = ["format_rule", "parse_rule"]


def parse_rule(text: str) -> Rule:
    """Return the rule that a text says; raise `UsageError` that points at the place where it does not."""
    raise NotImplementedError


def format_rule(rule: Rule) -> str:
    """Return a rule as text, which `parse_rule` reads as the same rule."""
    raise NotImplementedError
