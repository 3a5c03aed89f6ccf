"""The answer in plain sentences: what a person would say who had looked at all the evidence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.drift.verdict import FaultFinding, PropertyDrift, Verdict
from driftwheel.records import Unreadable
from driftwheel.report.fault_words import fault_looks, fault_title
from driftwheel.report.numbers import NBSP, count, odds, quantity_pair, several, share, sigmas
from driftwheel.report.printable import printable
from driftwheel.report.property_words import property_words
from driftwheel.report.ranking import ranked

__all__ = [
    "answer",
    "answer_word",
    "effect_size",
    "evidence",
    "is_share",
    "movement",
    "reason",
    "reasons",
    "unreadable",
]

_WORDS = {"drift": "Drift", "no_drift": "No drift", "insufficient": "Not enough images to say"}
_KINDS = {
    "content": "show something else than the reference: other content, another scene or other light",
    "appearance": "look different from the reference",
    "mixed": "changed both in what they show and in how it looks",
    "unknown": "differ from the reference",
}
_SURE = 0.8  # a fault named with less confidence is said to be probable
_LIKELY = 0.3  # and with less than this it is no answer


def answer_word(verdict: Verdict) -> str:
    """Return the verdict in one to five words."""
    return _WORDS[verdict.verdict]


def answer(verdict: Verdict, *, which: str = "current ") -> str:
    """Return the rest of the answer's sentence, after `answer_word` and a colon.

    Share and severity are those of the first diagnosis. With ``insufficient`` it says how many more it takes.
    `which` is said of the images that were judged; with a space at its end, or empty.
    """
    if verdict.verdict == "insufficient":
        return _too_few(verdict, which)
    images = several(verdict.n_current, f"{which}image")
    if verdict.verdict == "no_drift":
        if verdict.p_value <= verdict.alpha:
            return f"the {images} differ from the reference, but by no more than it varies by itself."
        like = "looks" if verdict.n_current == 1 else "look"
        return f"the {images} {like} like the {several(verdict.n_reference, 'reference image')}."
    if verdict.kind == "unreadable":
        return unreadable(which.rstrip(), verdict.unreadable, verdict.n_current)
    if not verdict.diagnosis or verdict.diagnosis[0].confidence < _LIKELY:
        return f"the {images} {_KINDS[verdict.kind or 'unknown']}{_unexplained(verdict)}."
    first = verdict.diagnosis[0]
    also = ", and what they show changed too" if verdict.kind == "mixed" else ""
    return f"{_affected(first, images)}{also}."


def reason(verdict: Verdict) -> str:
    """Return the sentence that says what moved, or how little did; empty with ``insufficient``."""
    if verdict.verdict == "insufficient":
        return ""
    if verdict.kind == "unreadable":
        few = not verdict.properties
        return f"Those that could be read {'are too few to compare' if few else 'look like the reference'}."
    drifted = [one for one in ranked(verdict) if one.drifted]
    if verdict.verdict == "no_drift":
        return _largest_difference(verdict)
    if not drifted:
        return f"No single property moved far enough to count; {_moved_instead(verdict)}."
    first = f"{_sentence_case(movement(drifted[0]))} ({_size_and_line(drifted[0])})"
    if len(drifted) == 1:
        return f"{first}; no other property drifted."
    named = [property_words(one.name).title for one in drifted[1:4]]
    rest = len(drifted) - 1 - len(named)
    if rest:
        named.append(f"{count(rest)}{NBSP}more")
    return f"{first}; {_listed(named)} drifted with it."


def _moved_instead(verdict: Verdict) -> str:
    moved = ["the embeddings"] if verdict.embedding and verdict.embedding.drifted else []
    if verdict.scores and verdict.scores.drifted:
        moved.append("the model's scores")
    if verdict.reconstruction and verdict.reconstruction.drifted:
        moved.append("the errors of the autoencoder")
    return f"{' and '.join(moved) or 'all together'} did"


def evidence(verdict: Verdict) -> str:
    """Return the sentence that holds the evidence against chance, and against the one dial."""
    rate = verdict.false_alarms_per_year
    allowed = f"{rate:g}{NBSP}false alarm{'' if rate == 1 else 's'} a year"
    if verdict.verdict == "insufficient":
        return f"No answer is given from so few: it could not keep to at most {allowed}."
    if math.isnan(verdict.p_value):
        return ""
    line = odds(verdict.alpha).removeprefix("about ").removeprefix("fewer than ")
    chance = f"Without any change, evidence this strong would come up in {odds(verdict.p_value)} comparisons"
    if verdict.verdict == "no_drift" and verdict.p_value <= verdict.alpha:
        return f"{chance}, so something did change; an alarm also takes a change that is large enough."
    return f"{chance}; at most {allowed} is allowed, so an alarm takes less than {line}."


def movement(one: PropertyDrift) -> str:
    """Return what a property did: ``sharpness fell from 812 to 143``."""
    words = property_words(one.name)
    if is_share(one):
        return f"{words.title} differs for {share(one.effect)} of the images"
    if one.reference_mean is None or one.current_mean is None:
        return f"{words.title} changed"
    before, after = quantity_pair(one.reference_mean, one.current_mean, words.unit)
    if words.kind == "number" and NBSP in after:
        before = before.split(NBSP)[0]  # the unit once
    if before == after.split(NBSP)[0]:
        return f"{words.title} spread differently around {after}"
    if words.kind == "circular":
        return f"{words.title} turned from {before} to {after}"
    verb = "rose" if one.current_mean > one.reference_mean else "fell"
    return f"{words.title} {verb} from {before} to {after}"


def effect_size(one: PropertyDrift, value: float | None = None) -> str:
    """Return the effect (or `value`, say its threshold) in its unit: σ, or for a category the share moved."""
    size = one.effect if value is None else value
    return share(size) if is_share(one) else sigmas(size)


def is_share(one: PropertyDrift) -> bool:
    """Whether the effect is a total variation distance, a share of images, and not a distance in σ."""
    return property_words(one.name).kind == "category" or one.wasserstein_sigmas is None


def reasons(unreadable: Sequence[Unreadable]) -> list[tuple[str, int]]:
    """Return each reason with the number of images it holds for, the most frequent first, ties by name."""
    return sorted(
        Counter(printable(one.reason) for one in unreadable).items(), key=lambda pair: (-pair[1], pair[0])
    )


def unreadable(which: str, missing: Sequence[Unreadable], n_read: int) -> str:
    """Return the sentence on ``current`` or ``reference`` images that could not be read; empty if none.

    `which` may be empty.
    """
    if not missing:
        return ""
    total = n_read + len(missing)
    why = [f"{reason} ({count(n)})" for reason, n in reasons(missing)]
    if len(why) > 4:
        why = [*why[:3], f"{len(why) - 3} other reasons"]
    return (
        f"{count(len(missing))} of {several(total, f'{which} image'.lstrip())} "
        f"({share(len(missing) / total)}) could not be read: {', '.join(why)}."
    )


def _unexplained(verdict: Verdict) -> str:
    if not verdict.diagnosed:
        return ""
    if not verdict.diagnosis:
        return "; none of the known camera faults explains it"
    first = verdict.diagnosis[0]
    nearest = f"{fault_title(first.fault)}, {share(first.confidence)} sure"
    return f"; no known camera fault clearly explains it (the nearest: {nearest})"


def _affected(fault: FaultFinding, images: str) -> str:
    looks = fault_looks(fault.fault)
    if fault.confidence < _SURE:
        looks = f"probably {looks}"
    severity = "" if fault.severity is None else f"severity{NBSP}{fault.severity}"
    if fault.share >= 0.995:
        return f"all {images} {looks}" + (f" ({severity})" if severity else "")
    about = f"about {share(fault.share)}"
    if fault.share >= 0.8:
        return f"the {images} {looks} ({severity + ', ' if severity else ''}{about} of them)"
    return f"{about} of the {images} {looks}" + (f" ({severity})" if severity else "")


def _too_few(verdict: Verdict, which: str) -> str:
    sides = [(verdict.n_current, which), (verdict.n_reference, "reference ")]
    short = [f"{several(n, f'{side}image')}" for n, side in sides if n < LEAST_SAMPLE]
    if not short:
        short = [several(verdict.n_current, f"{which}image")]
    least = max(min(n for n, _ in sides) + verdict.images_needed, LEAST_SAMPLE)
    more = f"; {count(verdict.images_needed)} more needed" if verdict.images_needed else ""
    return f"{' and '.join(short)}, of at least {count(least)}{more}."


def _largest_difference(verdict: Verdict) -> str:
    comparable = [one for one in verdict.properties if not math.isnan(one.effect)]
    if not comparable:
        return ""
    one = max(comparable, key=lambda each: each.effect / each.threshold if each.threshold else each.effect)
    head = f"Nearest to counting is the difference in {property_words(one.name).title}, {effect_size(one)}, "
    if one.effect <= one.threshold:
        return head + f"within what the reference itself varies by ({effect_size(one, one.threshold)})."
    return (
        head + f"more than the reference itself varies by ({effect_size(one, one.threshold)}), "
        f"but a difference like it comes up by chance in {odds(one.p_value)} comparisons."
    )


def _size_and_line(one: PropertyDrift) -> str:
    line = f"it counts above {effect_size(one, one.threshold)}"
    return line if is_share(one) else f"{effect_size(one)}; {line}"


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
