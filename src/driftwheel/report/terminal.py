"""The answer on a terminal: a sentence, why, and a small table; for 80 columns, with or without colour."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from driftwheel.drift.check import Check
from driftwheel.drift.reconstruction import ReconstructionDrift
from driftwheel.drift.verdict import ScoreDrift, Verdict
from driftwheel.report.accuracy_words import accuracy_said, agreement_said
from driftwheel.report.fault_words import fault_title
from driftwheel.report.numbers import NBSP, count, p_statement, p_value, quantity_pair, several, share
from driftwheel.report.printable import printable, shortened
from driftwheel.report.property_words import property_words
from driftwheel.report.ranking import ranked
from driftwheel.report.reconstruction_view import errors_said
from driftwheel.report.score_words import shares_that_moved
from driftwheel.report.sentence import answer, answer_word, effect_size, evidence, reason, unreadable

__all__ = ["print_check", "terminal"]

_ROWS = 8
_TITLE = 26
_WORTH_NAMING = 0.05  # a fault with less confidence is not listed beside a better one
_COLOURS = {"drift": "bold red", "no_drift": "bold green", "insufficient": "bold yellow"}


def print_check(check: Check, console: Console | None = None) -> None:
    """Print a check on `console`, by default standard output; control characters in names are escaped.

    What goes into a file or a pipe has no blanks at the ends of its lines.
    """
    console = console or Console()
    if console.is_terminal or console.is_jupyter:
        console.print(terminal(check))
        return
    with console.capture() as printed:
        console.print(terminal(check))
    for line in printed.get().splitlines():
        console.file.write(line.rstrip() + "\n")


def terminal(check: Check) -> RenderableType:
    """Return a check as something rich can print: sentence, properties that matter, faults, outliers."""
    verdict = check.verdict
    parts: list[RenderableType] = [_headline(verdict)]
    parts += [
        Padding(Text(_plain(sentence)), (0, 0, 0, 2))
        for sentence in (reason(verdict), evidence(verdict))
        if sentence
    ]
    if verdict.properties:
        parts += [Text(), Padding(_properties(verdict), (0, 0, 0, 2))]
        if left := _left_out(verdict):
            parts.append(Padding(Text(left, style="dim"), (0, 0, 0, 2)))
    parts += [Text(), Padding(_facts(check), (0, 0, 0, 2))]
    return Group(*parts)


def _headline(verdict: Verdict) -> Text:
    line = Text(f"{answer_word(verdict)}:", style=_COLOURS[verdict.verdict])
    return line.append(f" {_plain(answer(verdict))}", style="not bold default")


def _properties(verdict: Verdict) -> Table:
    """At most 78 characters wide, so that nothing is cut off at 80; where it is narrower, titles wrap."""
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    table.add_column("  property", overflow="fold")
    for heading in ("reference", "current", "effect", "limit", "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in ranked(verdict)[: _rows(verdict)]:
        words = property_words(one.name)
        title = f"{words.title} ({words.column_unit})" if words.column_unit else words.title
        title = title if len(title) <= _TITLE else words.title
        before, after = quantity_pair(one.reference_mean, one.current_mean, words.inline_unit)
        style = "bold" if one.drifted else "dim"
        texts = (before, after, effect_size(one), effect_size(one, one.threshold), p_value(one.p_value))
        table.add_row(
            Text.assemble(("● " if one.drifted else "  ", "red"), (shortened(title, _TITLE), style)),
            *(Text(_plain(text), style=style) for text in texts),
        )
    return table


def _rows(verdict: Verdict) -> int:
    return _ROWS if verdict.verdict == "drift" else _ROWS // 2


def _left_out(verdict: Verdict) -> str:
    rest = ranked(verdict)[_rows(verdict) :]
    if not rest:
        return ""
    drifted = sum(one.drifted for one in rest)
    more = f"{drifted} more that drifted; " if drifted else ""
    return f"  and {more}{several(len(rest) - drifted, 'property', 'properties')} that did not"


def _facts(check: Check) -> Table:
    verdict = check.verdict
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    if verdict.verdict == "drift":
        likely = [found for found in verdict.diagnosis[:3] if found.confidence >= _WORTH_NAMING]
        for place, found in enumerate(likely or verdict.diagnosis[:1]):
            severity = "" if found.severity is None else f"severity {found.severity}, "
            line = f"{fault_title(found.fault)}: {severity}{share(found.share)} of the images, "
            line += f"confidence {share(found.confidence)}"
            table.add_row("probable cause" if not place else "or", Text(_plain(line)))
        if verdict.exemplars:
            table.add_row("look at", _names(verdict.exemplars[:3]))
    if verdict.outliers:
        lines = [f"{shortened(o.image, 42)} ({p_statement(o.p_value)})" for o in verdict.outliers[:3]]
        table.add_row("most unusual", Text("\n".join(lines)))
    if verdict.embedding is not None:
        found_by = f"{printable(verdict.embedding.embedder)}, {p_statement(verdict.embedding.p_value)}"
        table.add_row("embeddings", Text(found_by + (", drifted" if verdict.embedding.drifted else "")))
    if verdict.scores is not None:
        table.add_row("model's scores", Text(_plain(_scores(verdict.scores))))
    if verdict.accuracy is not None:
        table.add_row("accuracy", Text(_plain(accuracy_said(verdict.accuracy))))
    if verdict.agreement is not None:
        table.add_row("by agreement", Text(_plain(agreement_said(verdict.agreement))))
    if verdict.reconstruction is not None:
        table.add_row("autoencoder", Text(_plain(_errors(verdict.reconstruction))))
    missing = [
        unreadable("current", verdict.unreadable, verdict.n_current),
        unreadable("reference", verdict.unreadable_reference, verdict.n_reference),
    ]
    for sentence in filter(None, missing):
        table.add_row("unreadable", Text(_plain(sentence)))
    for note in verdict.notes:
        table.add_row("note", Text(printable(note)))
    table.add_row("compared", Text(_plain(_compared(check))))
    return table


def _scores(found: ScoreDrift) -> str:
    line = p_statement(found.p_value) + (", drifted" if found.drifted else "")
    if found.mix_effect <= found.mix_threshold:
        return line
    moved = shares_that_moved(found, 2)
    return f"{line}; {share(found.mix_effect)} of the predictions moved" + (f": {moved}" if moved else "")


def _errors(found: ReconstructionDrift) -> str:
    return f"{p_statement(found.p_value)}{', drifted' if found.drifted else ''}; {errors_said(found)}"


def _names(names: tuple[str, ...]) -> Text:
    return Text("\n".join(shortened(name, 58) for name in names))


def _compared(check: Check) -> str:
    verdict = check.verdict
    sides = f"{shortened(check.reference_name, 24)} ({count(verdict.n_reference)}) with "
    sides += f"{shortened(check.current_name, 24)} ({count(verdict.n_current)})"
    return f"{sides}, {verdict.mode}, {_seconds(check.seconds)}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f}{NBSP}s" if seconds < 10 else f"{seconds:,.0f}{NBSP}s"


def _plain(text: str) -> str:
    """No-break spaces are for pages: what is piped on is easier to search with plain ones."""
    return text.replace(NBSP, " ")
