"""Rules as text: read, written, and refused at the right place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.monitors.rules import RULES

from driftwheel.errors import UsageError
from driftwheel.monitors.rule import Both, Condition, Either, Rule
from driftwheel.monitors.rule_text import format_rule, parse_rule

DRIFT = Condition("drift", "unusual")
UNSURE = Condition("confidence", "unusual")
MANY = Condition("records", "above", 100.0)


@given(RULES)
def test_a_rule_survives_being_written_and_read(rule: Rule) -> None:
    text = format_rule(rule)
    assert parse_rule(text) == rule
    assert format_rule(parse_rule(text)) == text


@given(st.text(max_size=60) | st.text(alphabet="drift isaboveunl()0123456789.% ", max_size=60))
def test_whatever_is_written_is_read_or_refused(text: str) -> None:
    try:
        rule = parse_rule(text)
    except UsageError:
        return
    assert parse_rule(format_rule(rule)) == rule


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("drift is found", DRIFT),
        ("drift is unusual", DRIFT),
        ("confidence is unusual", UNSURE),
        (
            "property.brightness above 0.5 until 0.3",
            Condition("property.brightness", "above", 0.5, 0.3),
        ),
        ("property.brightness above 0.5 σ", Condition("property.brightness", "above", 0.5)),
        ("property.format above 10 %", Condition("property.format", "above", 0.1)),
        ("unreadable_share above 5%", Condition("unreadable_share", "above", 0.05)),
        ("unreadable_share above 0.05", Condition("unreadable_share", "above", 0.05)),
        ("latency_p95 above 200 ms", Condition("latency_p95", "above", 0.2)),
        ("latency_p95 above .2", Condition("latency_p95", "above", 0.2)),
        ("silence above 2 h", Condition("silence", "above", 7200.0)),
        ("silence above 1.5d until 1h", Condition("silence", "above", 129600.0, 3600.0)),
        ("records above 1e2", MANY),
        ("drift is found and records above 100", Both((DRIFT, MANY))),
        (
            "drift is found or confidence is unusual and records above 100",
            Either((DRIFT, Both((UNSURE, MANY)))),
        ),
        (
            "(drift is found or confidence is unusual) and records above 100",
            Both((Either((DRIFT, UNSURE)), MANY)),
        ),
        ("((drift is found))", DRIFT),
    ],
)
def test_what_people_write(text: str, rule: Rule) -> None:
    assert parse_rule(text) == rule
    assert parse_rule(f"  {text.replace(' ', '   ')}\n") == rule


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        (DRIFT, "drift is found"),
        (Condition("accuracy", "below", 0.935, 0.95), "accuracy below 93.5 % until 95 %"),
        (Condition("silence", "above", 5400.0), "silence above 90 min"),
        (Condition("latency_p95", "above", 0.25), "latency_p95 above 250 ms"),
        (Condition("property.sharpness", "above", 1.5), "property.sharpness above 1.5 σ"),
        (Condition("records", "below", 1e6), "records below 1000000"),
        (
            Both((Either((DRIFT, UNSURE)), MANY)),
            "(drift is found or confidence is unusual) and records above 100",
        ),
        (
            Both((Both((DRIFT, UNSURE)), MANY)),
            "(drift is found and confidence is unusual) and records above 100",
        ),
    ],
)
def test_how_rules_are_written(rule: Rule, text: str) -> None:
    assert format_rule(rule) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Rule, character 1, its end: the name of a signal comes here"),
        ("acuracy below 0.9", "character 1, 'acuracy': there is no such signal. Did you mean 'accuracy'"),
        ("accuracy abov 0.9", "character 10, 'abov': .*'above', 'below' or 'is'. Did you mean 'above'"),
        ("accuracy below", "character 15, its end: a number comes here"),
        (
            "accuracy below 0.9 ms",
            "character 20, 'ms': after a number of 'accuracy' comes one of '%', 'until'",
        ),
        ("records above 10 %", "character 18, '%': after a number of 'records' comes 'until', 'and'"),
        ("silence above 2 weeks", "character 17, 'weeks': .*one of 'ms', 's', 'min', 'h', 'd', "),
        ("accuracy below 90", "character 1, 'accuracy': .*write '90 %'"),
        ("drift above 0.5", "character 1, 'drift': 'drift' is a verdict; write 'drift is found'"),
        ("accuracy is found", "character 13, 'found': after 'accuracy is' comes 'unusual'"),
        ("drift is found and", "character 19, its end: the name of a signal"),
        ("(drift is found", "character 16, its end: a bracket is open"),
        ("drift is found)", "character 15, '\\)': the rule could end here"),
        ("drift is found & records above 3", "character 16, '&': no signal, word, number or bracket"),
        ("drift is found drift is found", "character 16, 'drift': the rule could end here"),
        ("and drift is found", "character 1, 'and': the name of a signal"),
        ("unreadable_share above 5 % until 6 %", "character 1.*would never clear"),
        ("(" * 30 + "drift is found", "brackets may be 20 deep"),
        ("drift is found or " * 200, "has 3,600 characters; at most 2,000"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_rule(text)


def test_the_rules_in_the_guide_can_be_read() -> None:
    guide = Path(__file__).parents[2] / "docs" / "how-to" / "monitors.md"
    rows = re.findall(r"^\| `([^`]+)` \|", guide.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) >= 7
    assert [format_rule(parse_rule(row)) for row in rows]
