"""The rules of a pool as fields of a form."""

from __future__ import annotations

from driftwheel.services.label.projects.pool_rules import PoolRules
from driftwheel.store.labels.pools import Pool

__all__ = ["NUMBERS", "SWITCHES", "RuleFields", "rule_fields"]

NUMBERS = (
    ("review_share", "Reviewed by chance, %", 100),
    ("review_below", "Reviewed if less sure than, %", 100),
    ("fast_seconds", "Too fast below, s", 1),
    ("skips_in_row", "Skips in a row", 1),
    ("challenge_every", "Challenge after about so many tasks; 0: never", 1),
    ("pause_minutes", "First pause, minutes", 1),
)
"""Rules that are numbers: name, words, and by what the form multiplies them."""

SWITCHES = (
    ("golden", "Who answers golden tasks poorly is banned"),
    ("too_fast", "Who answers faster than one can look has to pause"),
    ("skipping", "Who skips too much is warned, then has to pause"),
    ("cannot_tell", "Likewise who cannot tell far more often than the others"),
    ("collusion", "Who copies from somebody has to pause"),
)
"""Rules that are on or off: name and words."""

RuleFields = tuple[tuple[tuple[str, str, str], ...], tuple[tuple[str, str, bool], ...]]
"""Numbers (name, words, value) and switches (name, words, whether on)."""


def rule_fields(pool: Pool) -> RuleFields:
    """Return the rules of a pool as its form shows them."""
    rules = PoolRules.from_json(pool.rules)
    numbers = tuple((name, words, f"{getattr(rules, name) * scale:g}") for name, words, scale in NUMBERS)
    return numbers, tuple((name, words, bool(getattr(rules, name))) for name, words in SWITCHES)
