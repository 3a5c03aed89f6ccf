"""The answer of a model's page, first and in a sentence: is it watched, and what there is to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from driftwheel.report.numbers import several
from driftwheel.report.printable import printable
from driftwheel.services.browse.describe_models import ModelSummary
from driftwheel.store.models.references import Reference
from driftwheel.web.pages.models.watch_view import window_words

__all__ = ["ModelSentence", "model_sentence", "span_words"]


@dataclass(frozen=True, slots=True)
class ModelSentence:
    """The answer: `tone` is ``ok``, ``note``, ``warn`` or ``bad``; `lead`, `rest`, and what it rests on."""

    tone: str
    lead: str
    rest: str
    small: str = ""


def model_sentence(summary: ModelSummary, references: Sequence[Reference]) -> ModelSentence:
    """Return the sentence for one model."""
    unit = summary.model.window
    span = f"in the {span_words(summary)}"
    unreadable = several(summary.rejected, "image")
    counted = f"{several(summary.records, 'record')} {span}, {unreadable} that cannot be read."
    newest = references[0] if references else None
    failed = ""
    if newest is not None and newest.state == "failed":
        failed = f" The newest reference failed: {printable(newest.reason or 'unknown reason')}"
    match summary.state:
        case "no records":
            lead, rest = "Nothing was logged to it yet.", "Let the program that runs the model log to it."
            return ModelSentence("note", lead, rest, failed.strip())
        case "no reference":
            lead = "There is no reference yet."
            rest = "Records are kept and summed up, but nothing says what is usual. Set one."
            return ModelSentence("warn", lead, rest, counted)
        case "measuring":
            lead, rest = "The reference is being measured.", "It takes some milliseconds an image."
            return ModelSentence("note", lead, rest, counted)
        case "reference failed":
            lead = "The reference could not be measured."
            rest = printable(newest.reason or "") if newest is not None else ""
            return ModelSentence("bad", lead, rest, counted)
        case "watched":
            stale = sum(each.stale for each in summary.volumes)
            rest = "Every window with records is summed up." if not stale else ""
            if stale:
                rest = f"{several(stale, unit)} {'is' if stale == 1 else 'are'} being summed up anew."
            return ModelSentence("warn" if failed else "ok", "Watched.", rest, counted + failed)


def span_words(summary: ModelSummary) -> str:
    """Say which windows the volumes of a summary are of: the last ones, or those up to the newest records."""
    windows = several(len(summary.volumes), summary.model.window)
    if summary.recent:
        return f"last {windows}"
    return f"{windows} to {window_words(summary.volumes[-1].start, summary.model.window)}"
