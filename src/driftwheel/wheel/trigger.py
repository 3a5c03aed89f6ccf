"""Triggers: whether a turn of the wheel begins now, because of what, or why not yet.

Each trigger says by itself whether it is met and what it saw. Whether a turn then begins is another question:
a turn that goes on, the cool-down and the budget hold it back, and it is told what would begin otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from driftwheel.monitors.monitor import SEVERITIES
from driftwheel.wheel.budget import Budget, PastTurn, budget_of
from driftwheel.wheel.turn_step import OUTCOME_WORDS, Outcome, TriggerName
from driftwheel.wheel.wheel_facts import AlertSeen, WheelFacts
from driftwheel.wheel.wheel_policy import WheelPolicy

__all__ = ["TriggerSeen", "WheelDecision", "decide"]

_SETTLED: Final[frozenset[Outcome]] = frozenset({"promoted", "no_harm", "stopped"})
"""After a turn that ended so, its alert begins no other: something was done about it, or somebody said no."""


@dataclass(frozen=True, slots=True)
class TriggerSeen:
    """What one trigger saw.

    Attributes
    ----------
    enabled
        Whether the policy has it on.
    met
        Whether a turn is to begin because of it; never of one that is off.
    told
        What it saw, and against which bound, a sentence.
    found
        The numbers and moments (ISO 8601) behind the sentence.
    alert
        Key of the alert; None: another trigger, or none.
    """

    name: TriggerName
    enabled: bool
    met: bool
    told: str
    found: Mapping[str, Any] = field(default_factory=dict)
    alert: int | None = None


@dataclass(frozen=True, slots=True)
class WheelDecision:
    """Whether a turn begins now.

    Attributes
    ----------
    begins
        Whether it does.
    because
        The first trigger that is met; None: none is.
    told
        "A turn begins: …", "A turn would begin now: …, but …", or why none is to begin, in sentences.
    held_back
        Whether a trigger is met and no turn begins.
    not_before
        When what holds it back is over, UTC; None: nothing does, or nobody knows.
    triggers
        What each saw: alert, performance, labels, schedule.
    budget
        What is left of it.
    """

    begins: bool
    because: TriggerSeen | None
    told: str
    held_back: bool
    not_before: datetime | None
    triggers: tuple[TriggerSeen, ...]
    budget: Budget


def decide(policy: WheelPolicy, facts: WheelFacts) -> WheelDecision:
    """Return whether a turn begins now, and why or why not.

    Of several triggers that are met the first of alert, performance, labels and schedule is the cause.

    Examples
    --------
    >>> from datetime import UTC
    >>> day = datetime(2026, 11, 20, tzinfo=UTC)
    >>> policy = WheelPolicy(enabled=True, every_days=14)
    >>> decide(policy, WheelFacts(day, champion_since=day - timedelta(days=20))).told
    'A turn begins: it is due every 14 days, and the champion is 20 days old.'
    >>> recent = PastTurn(1, day - timedelta(days=15), day - timedelta(days=1), "kept", 200)
    >>> decide(policy, WheelFacts(day, champion_since=day - timedelta(days=20), turns=(recent,))).told
    'A turn would begin now: it is due every 14 days, and the last turn began 15 days ago. But the cool-down after turn 1 ends on 2026-11-22 00:00 UTC.'
    """  # noqa: E501  a sentence that a doctest holds
    triggers = (_alert(policy, facts), _accuracy(policy, facts), _labels(policy, facts), _due(policy, facts))
    budget = budget_of(policy, facts.turns, facts.now)
    because = next((one for one in triggers if one.met), None)
    held, until = _held_back(policy, facts, budget)
    if because is None:
        told = held if facts.obstacle or not policy.enabled or _goes_on(facts) else "No trigger is met."
        return WheelDecision(False, None, told, False, None, triggers, budget)
    if held:
        told = f"A turn would begin now: {because.told} But {held[:1].lower()}{held[1:]}"
        return WheelDecision(False, because, told, True, until, triggers, budget)
    told = f"A turn begins: {because.told}"
    return WheelDecision(True, because, told, False, None, triggers, budget)


def _held_back(policy: WheelPolicy, facts: WheelFacts, budget: Budget) -> tuple[str, datetime | None]:
    """Return why no turn begins whatever the triggers say, and until when; "" where one may."""
    last = facts.last_turn
    if not policy.enabled:
        return "The wheel does not turn by itself: it is off.", None
    if last is not None and last.ended is None:
        return f"Turn {last.number} goes on.", None
    if facts.obstacle:
        return facts.obstacle, None
    if last is not None and last.ended is not None:
        over = last.ended + timedelta(days=policy.cool_down_days)
        if facts.now < over:
            return f"The cool-down after turn {last.number} ends on {_moment(over)}.", over
    if budget.lacking:
        again = "" if budget.again is None else f" There is room again on {_moment(budget.again)}."
        return f"The budget is used up: {budget.lacking}.{again}", budget.again
    return "", None


def _goes_on(facts: WheelFacts) -> bool:
    return facts.last_turn is not None and facts.last_turn.ended is None


def _alert(policy: WheelPolicy, facts: WheelFacts) -> TriggerSeen:
    passed: list[str] = []
    for one in facts.alerts:
        why = _passed_over(one, policy, facts)
        if not why:
            told = f"the alert {one.title} ({one.severity}) fires since {_moment(one.fired)}."
            found = {"alert": one.key, "monitor": one.name, "severity": one.severity, "segment": one.segment}
            found |= {"fired": one.fired.isoformat(), "open_alerts": len(facts.alerts)}
            return TriggerSeen("alert", policy.on_alert, policy.on_alert, told, found, one.key)
        passed.append(f"{one.title} {why}")
    told = f"No alert begins a turn: {'; '.join(passed)}." if passed else "No alert is open."
    return TriggerSeen("alert", policy.on_alert, False, told, {"open_alerts": len(facts.alerts)})


def _passed_over(one: AlertSeen, policy: WheelPolicy, facts: WheelFacts) -> str:
    """Return why an alert begins no turn, as a clause; empty where it does."""
    dealt: PastTurn | None = next(
        (turn for turn in reversed(facts.turns) if turn.alert == one.key or _covers(turn, one)), None
    )
    outcome = None if dealt is None else dealt.outcome
    settled = f"was dealt with by turn {dealt.number} ({OUTCOME_WORDS[outcome]})" if dealt and outcome else ""
    snoozed = one.snoozed_until is not None and facts.now < one.snoozed_until
    reasons = (
        (not one.of_drift, "is not about drift"),
        (
            SEVERITIES.index(one.severity) < SEVERITIES.index(policy.alert_severity),
            f"is milder ({one.severity}) than {policy.alert_severity}",
        ),
        (not one.firing, "is about to be resolved"),
        (one.explained, "is explained by another alert"),
        (snoozed, f"is snoozed until {_moment(one.snoozed_until or facts.now)}"),
        (bool(one.acknowledged_by), f"is in the hands of {one.acknowledged_by}, who acknowledged it"),
        (outcome in _SETTLED, settled),
    )
    return next((why for applies, why in reasons if applies), "")


def _covers(turn: PastTurn, one: AlertSeen) -> bool:
    """Whether a turn has put a better model in the place of that which all images of an alert were told of.

    It has where it was about the whole model, and what the alert is about was there when it chose its images.
    """
    if not turn.whole or turn.ended is None or turn.outcome != "promoted":
        return False
    return one.fired <= turn.ended and (one.began or one.fired) <= turn.begun


def _accuracy(policy: WheelPolicy, facts: WheelFacts) -> TriggerSeen:
    bound, seen = policy.accuracy_below, facts.accuracy
    since = "" if facts.accuracy_since is None else f" since {_moment(facts.accuracy_since)}"
    found: dict[str, Any] = {"accuracy": seen.value, "low": seen.low, "high": seen.high, "labels": seen.n}
    found |= {"bound": bound, "least_labels": policy.least_labels}
    if facts.accuracy_since is not None:
        found["since"] = facts.accuracy_since.isoformat()
    if seen.value is None:
        told = f"No label tells the champion's accuracy{since}."
        return TriggerSeen("performance", bound is not None, False, told, found)
    interval = (
        "" if seen.low is None or seen.high is None else f" ({_share(seen.low)} to {_share(seen.high)})"
    )
    told = f"the champion's measured accuracy is {_share(seen.value)}{interval} on {seen.n:,} labels{since}"
    if bound is None:
        return TriggerSeen("performance", False, False, _sentence(told), found)
    if seen.n < policy.least_labels:
        told += f"; fewer than {policy.least_labels:,} labels tell nothing of the bound of {_share(bound)}"
        return TriggerSeen("performance", True, False, _sentence(told), found)
    if seen.high is not None and seen.high < bound:
        return TriggerSeen("performance", True, True, f"{told}, below {_share(bound)}.", found)
    told += f", not shown to be below {_share(bound)}"
    return TriggerSeen("performance", True, False, _sentence(told), found)


def _labels(policy: WheelPolicy, facts: WheelFacts) -> TriggerSeen:
    since = "" if facts.labelled_since is None else f" since {_moment(facts.labelled_since)}"
    found: dict[str, Any] = {"labelled": facts.labelled, "bound": policy.new_labels}
    if facts.labelled_since is not None:
        found["since"] = facts.labelled_since.isoformat()
    if policy.new_labels is None:
        return TriggerSeen("labels", False, False, "New labels are not counted.", found)
    told = f"{facts.labelled:,} images were labelled{since}, of {policy.new_labels:,} that begin a turn."
    return TriggerSeen("labels", True, facts.labelled >= policy.new_labels, told, found)


def _due(policy: WheelPolicy, facts: WheelFacts) -> TriggerSeen:
    last, since = facts.last_turn, facts.champion_since
    every = policy.every_days
    if every is None or since is None:
        told = "There is no schedule." if every is None else "There is no champion."
        return TriggerSeen("schedule", every is not None, False, told, {"every_days": every})
    by_turn = last is not None and last.begun >= since
    start = last.begun if last is not None and by_turn else since
    age, due = facts.now - start, start + timedelta(days=every)
    found = {"every_days": every, "since": start.isoformat(), "due": due.isoformat()}
    what = (
        f"the last turn began {age.days:,} days ago" if by_turn else f"the champion is {age.days:,} days old"
    )
    told = f"it is due every {'day' if every == 1 else f'{every:,} days'}, and {what}"
    if facts.now >= due:
        return TriggerSeen("schedule", True, True, f"{told}.", found)
    return TriggerSeen("schedule", True, False, _sentence(f"{told}; it is due on {_moment(due)}"), found)


def _moment(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC"


def _share(value: float) -> str:
    return f"{100 * value:.1f}\u00a0%"


def _sentence(told: str) -> str:
    return f"{told[:1].upper()}{told[1:]}."
