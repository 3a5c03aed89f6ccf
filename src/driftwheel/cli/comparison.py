"""What a comparison of profiles says on a terminal: as a check does, without what takes pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    from driftwheel.drift.verdict import PropertyDrift, Verdict
    from driftwheel.profiles import ProfileSet
    from driftwheel.services.check.compare_profiles import Comparison

__all__ = ["comparison_answer", "print_comparison", "print_comparisons"]

_ROWS = 8
_NARROW = 76  # below, the column of KS statistics is left out
_COLOURS = {"drift": "bold red", "no_drift": "bold green", "insufficient": "bold yellow"}


def comparison_answer(verdict: Verdict) -> str:
    """Return the answer in a sentence."""
    from driftwheel.report.sentence import answer_word

    return f"{answer_word(verdict)}: {_answer(verdict)}"


def print_comparison(verdict: Verdict, reference: str, current: str, console: Console | None = None) -> None:
    """Print one comparison of the profile files of these names: sentences, properties that matter, facts."""
    from rich.console import Console, RenderableType
    from rich.padding import Padding
    from rich.text import Text

    from driftwheel.cli.printing import print_all
    from driftwheel.report.sentence import answer_word, evidence, reason

    console = console or Console()
    headline = Text.assemble((f"{answer_word(verdict)}:", _COLOURS[verdict.verdict]), f" {_answer(verdict)}")
    sentences = [sentence for sentence in (reason(verdict), evidence(verdict)) if sentence]
    parts: list[RenderableType] = [headline, *(_indented(Text(sentence)) for sentence in sentences)]
    if verdict.properties:
        table = _properties(verdict, with_ks=console.width >= _NARROW)
        parts += [Text(), _indented(table)]
        if left := _left_out(verdict):
            parts.append(_indented(Text(f"  {left}", style="dim")))
    parts += [Text(), Padding(_facts(verdict, reference, current), (0, 0, 0, 2))]
    print_all(*parts, console=console)


def print_comparisons(
    profiles: ProfileSet, found: tuple[Comparison, ...], console: Console | None = None
) -> None:
    """Print one line for every window and segment, and how often such a line is a false alarm."""
    from rich.console import RenderableType
    from rich.text import Text

    from driftwheel.cli.printing import print_all
    from driftwheel.report.numbers import several

    one = found[0].verdict
    rate = (
        several(1, "false alarm")
        if one.false_alarms_per_year == 1
        else f"{one.false_alarms_per_year:g} false alarms"
    )
    closing = f"At most {rate} a year is allowed, so an alarm takes p of at most {one.alpha:.2g}."
    parts: list[RenderableType] = [_windows(profiles, found), Text(), Text(closing)]
    print_all(*parts, console=console)


def _answer(verdict: Verdict) -> str:
    from driftwheel.report.numbers import several

    images = several(verdict.n_current, "current image")
    if verdict.verdict == "insufficient":
        needed = several(verdict.images_needed, "more image is", "more images are")
        return f"{images}, {several(verdict.n_reference, 'reference image')}; at least {needed} needed."
    how = "differ from" if verdict.verdict == "drift" else "are like"
    reference = several(verdict.n_reference, "reference image")
    return f"the {images} {how} the {reference}, by their profiles alone."


def _indented(part: Text | Table) -> Padding:
    from rich.padding import Padding

    return Padding(part, (0, 0, 0, 2))


def _rows(verdict: Verdict) -> int:
    drifted = sum(one.drifted for one in verdict.properties)
    return max(drifted, _ROWS if drifted else _ROWS // 2)


def _left_out(verdict: Verdict) -> str:
    from driftwheel.report.numbers import several

    rest = len(verdict.properties) - _rows(verdict)
    return f"and {several(rest, 'property', 'properties')} that did not" if rest > 0 else ""


def _properties(verdict: Verdict, *, with_ks: bool) -> Table:
    """Where it is narrow the titles go over several lines, and numbers stay whole."""
    from rich.table import Table
    from rich.text import Text

    from driftwheel.report.numbers import p_value, quantity_pair
    from driftwheel.report.property_words import property_words
    from driftwheel.report.sentence import effect_size

    table = Table(box=None, padding=(0, 1, 0, 0), show_edge=False, header_style="dim")
    table.add_column("  property", overflow="fold")
    for heading in ("reference", "current", "effect", "limit", *(["KS"] if with_ks else []), "p"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in verdict.properties[: _rows(verdict)]:
        words = property_words(one.name)
        before, after = quantity_pair(one.reference_mean, one.current_mean, words.inline_unit)
        texts = [before, after, effect_size(one), effect_size(one, one.threshold)]
        texts += [_gap(one)] if with_ks else []
        style = "bold" if one.drifted else "dim"
        title = Text.assemble(("● " if one.drifted else "  ", "red"), (words.title, style))
        table.add_row(title, *(Text(text, style=style) for text in (*texts, p_value(one.p_value))))
    return table


def _gap(one: PropertyDrift) -> str:
    """Return the least and the most that the KS statistic of the images themselves can be."""
    if one.wasserstein_sigmas is None:
        return "–"
    return f"{one.statistic:.2f}…{min(1.0, float(one.statistic + one.statistic_error)):.2f}"


def _facts(verdict: Verdict, reference: str, current: str) -> Table:
    from rich.table import Table
    from rich.text import Text

    from driftwheel.report.numbers import count, p_statement
    from driftwheel.report.printable import printable, shortened

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, show_header=False)
    table.add_column(style="dim", no_wrap=True)
    table.add_column()
    if verdict.embedding is not None:
        one = verdict.embedding
        sizes = f"Fréchet {one.effect:.3g} (limit {one.threshold:.3g})"
        drifted = ", drifted" if one.drifted else ""
        table.add_row(
            "embeddings", Text(f"{printable(one.embedder)}, {p_statement(one.p_value)}, {sizes}{drifted}")
        )
    for note in verdict.notes:
        table.add_row("note", Text(printable(note)))
    sides = f"{shortened(reference, 24)} ({count(verdict.n_reference)}) with "
    sides += f"{shortened(current, 24)} ({count(verdict.n_current)})"
    table.add_row("compared", Text(f"{sides}, {verdict.mode}"))
    return table


def _windows(profiles: ProfileSet, found: tuple[Comparison, ...]) -> Table:
    from rich.table import Table
    from rich.text import Text

    from driftwheel.report.numbers import p_value
    from driftwheel.report.property_words import property_words
    from driftwheel.report.sentence import answer_word

    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim")
    for heading in (profiles.window or "time", *profiles.by):
        table.add_column(heading, overflow="fold")
    table.add_column("images", justify="right", no_wrap=True)
    table.add_column("verdict")
    table.add_column("p", justify="right", no_wrap=True)
    table.add_column("drifted most")
    for one in found:
        verdict = one.verdict
        start = "–" if one.key.start is None else f"{one.key.start:%Y-%m-%d %H:%M}"
        segment = [Text("–" if value is None else value) for value in one.key.segment]
        named = [property_words(drift.name).title for drift in verdict.properties if drift.drifted][:3]
        table.add_row(
            start,
            *segment,
            f"{verdict.n_current:,}",
            Text(answer_word(verdict), style=_COLOURS[verdict.verdict]),
            "–" if verdict.verdict == "insufficient" else p_value(verdict.p_value),
            ", ".join(named),
        )
    return table
