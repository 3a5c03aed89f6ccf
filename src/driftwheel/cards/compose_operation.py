"""The sections of a card that say what becomes of the version: deployment, monitoring, history."""

from __future__ import annotations

from driftwheel.cards.card_facts import CardFacts
from driftwheel.cards.card_words import day, milliseconds, moment, size, span
from driftwheel.cards.compose_details import written
from driftwheel.cards.document import Block, Bullets, Grid, Heading, Prose, Section, Terms
from driftwheel.cards.operation_facts import IncidentFacts, RetrainingFacts
from driftwheel.cards.wheel_words import wheel_sentences
from driftwheel.report.numbers import count, quantity, several, share
from driftwheel.report.printable import printable

__all__ = ["compose_deployment", "compose_history", "compose_monitoring"]

_PROMOTIONS = {
    "first": "first champion",
    "promoted": "promoted",
    "rolled_back": "rolled back to",
}


def compose_deployment(facts: CardFacts) -> Section:
    """Return whether it is served, since when, how often it answered, and what it costs."""
    version, found = facts.version, facts.production
    rows = [("State", version.state), ("Alias", version.alias or "none")]
    rows += [
        ("Champion", f"{moment(one.begin)} to {moment(one.end) if one.end else 'now'}")
        for one in version.services
    ] or [("Champion", "never")]
    if found.whole is not None:
        rows.append(
            (
                "Answers",
                f"{count(found.whole.predictions)}, {span(found.windows[0].start, found.windows[-1].start)}",
            )
        )
        rows.append((f"Answers a {facts.model.window}", _rate(facts)))
    elif found.known:
        rows.append(("Answers", "none yet"))
    rows.append(
        (
            "Time for one image",
            f"{milliseconds(version.latency)}, median at the gate" if version.latency else "not measured",
        )
    )
    rows.append(("Size of the file", size(version.size) if version.file else "no file: others run it"))
    return Section("deployment", "Deployment", (Terms(tuple(rows)), written(facts, "deployment")))


def compose_monitoring(facts: CardFacts) -> Section:
    """Return what its images are compared with, which rules raise alerts, and when it is trained anew."""
    found = facts.monitoring
    blocks: list[Block] = [Heading("Monitoring")]
    if facts.version.alias != "champion":
        blocks.append(Prose("Of the model, as it is now; another version is served."))
    if found.reference:
        images = f", {several(found.reference_images, 'image')}" if found.reference_images else ""
        made = f"made {day(found.reference_made)} by {printable(found.reference_by)}"
        rows = (
            ("Reference", f"{printable(found.reference)}{images}; {made}"),
            ("Window", f"every {facts.model.window}"),
            (
                "False alarms of drift",
                f"{quantity(found.false_alarms_per_year)} a year at most, on images that did not change",
            ),
        )
        blocks.append(Terms(rows))
    else:
        blocks.append(Prose("There is no reference, so drift of its images is not looked for.", "warn"))
    if found.monitors:
        cells = tuple(
            (
                printable(one.name),
                one.severity,
                printable(one.rule),
                printable(one.watches),
                f"{one.breaches} of {one.of_windows}",
                "on" if one.enabled else "off",
            )
            for one in found.monitors
        )
        head = ("Monitor", "Severity", "An alert when", "Watches", "Windows in breach", "State")
        blocks.append(Grid("Monitors", head, cells))
    else:
        blocks.append(Prose("There is no monitor: nothing becomes an alert.", "warn"))
    blocks += [Heading("Retraining"), Bullets(_retraining(facts.retraining)), written(facts, "monitoring")]
    return Section("monitoring", "Monitoring and retraining plan", tuple(blocks))


def compose_history(facts: CardFacts) -> Section:
    """Return who made it the champion and who ended that, and what went wrong meanwhile."""
    blocks: list[Block] = [Heading("Promotions and rollbacks")]
    if facts.promotions:
        rows = tuple(
            (
                moment(one.time),
                _PROMOTIONS.get(one.kind, one.kind),
                printable(one.version),
                printable(one.before or "–"),
                f"gate {one.gate}" if one.gate is not None else "–",
                printable(one.by),
                printable(one.reason),
            )
            for one in facts.promotions
        )
        head = ("When", "What", "Version", "Before it", "Gate", "By", "Because")
        blocks.append(Grid("Changes of the champion with this version in them", head, rows))
    else:
        blocks.append(Prose("It has never been the champion."))
    blocks.append(Heading("Incidents"))
    if facts.incidents:
        titles = ("Alert", "What", "Images of", "Fired", "Ended", "How it ended")
        alerts = tuple(_incident(one) for one in facts.incidents)
        blocks.append(Grid("Alerts that were open while it was the champion", titles, alerts))
        if facts.more_incidents:
            blocks.append(Prose(f"{several(facts.more_incidents, 'earlier alert')} are not listed."))
    elif facts.version.services:
        blocks.append(Prose("No alert was open while it was the champion."))
    else:
        blocks.append(Prose("None: it has not been the champion."))
    if facts.turns:
        turns = tuple(
            (
                str(one.number),
                one.role,
                printable(one.cause),
                f"{moment(one.begun)} to {moment(one.ended) if one.ended else 'now'}",
                one.outcome or "open",
                printable(one.reason),
                count(one.labels),
            )
            for one in facts.turns
        )
        columns = ("Turn", "This version", "Began because", "When", "Outcome", "Because", "Labels")
        blocks += [Heading("Turns of the wheel"), Grid("", columns, turns, frozenset({6}))]
    return Section("history", "Incidents and promotions", (*blocks, written(facts, "history")))


def _rate(facts: CardFacts) -> str:
    windows = facts.production.windows
    newest, total = windows[-1], sum(one.predictions for one in windows)
    mean = quantity(total / len(windows))
    return f"{mean} on average where it answered; {count(newest.predictions)} in the newest"


def _incident(one: IncidentFacts) -> tuple[str, ...]:
    what = " ".join(part for part in (one.wrong, one.cause, one.harm) if part)
    if one.ended is None:
        how = f"open; {printable(one.acknowledged_by)} is on it" if one.acknowledged_by else "open"
    else:
        how = one.state + (f": {printable(one.reason)}" if one.reason else "")
        if one.acknowledged_by:
            how += f"; taken by {printable(one.acknowledged_by)}"
    if one.note:
        how += f": “{printable(one.note)}”"
    return (
        str(one.alert),
        f"{printable(one.monitor)} ({one.severity}). {printable(what)}".strip(),
        f"{span(one.began, one.last)}{f', {printable(one.segment)}' if one.segment else ''}",
        moment(one.fired),
        moment(one.ended) if one.ended else "–",
        how,
    )


def _retraining(found: RetrainingFacts) -> tuple[str, ...]:
    rule = found.rule
    gates = "goes to the gate by itself" if found.gates else "is sent to the gate by a person"
    promotes = (
        "What the gate lets in is promoted by itself."
        if found.policy == "promote"
        else "A person promotes what the gate lets in."
    )
    asked = (
        f"A version that was trained {gates}: it must be better on what drifted, lose less than "
        f"{100 * rule.margin:g} points elsewhere and less than {100 * rule.segment_margin:g} on any "
        f"segment, shown with a chance of {share(1 - rule.confidence)} to err, and cost no more than "
        f"{rule.latency_ratio:g} times the time and {rule.size_ratio:g} times the size."
    )
    told = [
        asked,
        promotes,
        "Roll back brings the champion before back at once.",
        *wheel_sentences(found.wheel),
    ]
    return (*told, f"Suggested rhythm: {found.rhythm}") if found.rhythm else tuple(told)
