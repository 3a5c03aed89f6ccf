"""The likely cause and the harm of what was found, as far as they can be said, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from driftwheel.alerts.finding_words import observed
from driftwheel.monitors.observation import CANNOT_TELL, Observation
from driftwheel.report.fault_words import fault_meaning, fault_title
from driftwheel.report.numbers import share

__all__ = ["HARM_SIGNALS", "brief_cause_of", "cause_of", "harm_of"]

HARM_SIGNALS = ("accuracy", "estimated_accuracy", "accuracy_by_agreement", "feedback_share", "confidence")
"""Where harm shows, the surest first."""

_LIKELY = 0.3  # a fault named with less confidence is no answer
_CAUSES = {
    "drift": "none of the known camera faults explains it: look at the images",
    "evidence": "a slow or slight change, of a camera, its light or what it sees: look at the newest images",
    "reconstruction": "the images are unlike the reference: see what the autoencoder makes of them",
    "silence": "the camera, its network or the program that sends the records has stopped",
    "records": "a camera or a program that sends records has stopped, or sends more than it should",
    "unreadable_share": "files are cut short or damaged on their way, or of a format that is not read",
    "wrong_size_share": "a camera's resolution, or a step that resizes, was changed",
    "black_share": "a camera is covered, has lost its light or its signal",
    "frozen_share": "a camera has frozen, or the same files are sent again",
    "missing_tags_share": "a program that sends records does not send all their tags any more",
    "prediction_mix": "other things are before the camera, or the model takes them for others",
    "confidence": "the images are unlike those that the model was built on",
    "estimated_accuracy": "the images are unlike those that the model was built on",
    "accuracy_by_agreement": "the images are unlike those that the model was built on",
    "accuracy": "the images, or what is right for them, are no longer those that the model was built on",
    "balanced_accuracy": "some classes are no longer told as well: look at the recall of each",
    "macro_f1": "some classes are no longer told as well: look at the precision and recall of each",
    "area_under_roc": "the scores no longer tell the classes apart as well",
    "log_loss": "the model is wrong where it is sure: look at its calibration",
    "calibration_error": "the scores no longer say how many are right: calibrate the model anew",
    "feedback_share": "the model is wrong more often, or is used for something else",
    "latency_p95": "the machine is too busy, or the model or the size of the images has changed",
    "error_share": "the model cannot be reached, or cannot take what it is sent",
}
_CONTENT = "none of the known camera faults: the images show something else, or in another light"
_NO_HARM = "not known: no truth and no feedback has come for these records"


def cause_of(signal: str, verdict: Mapping[str, Any] | None) -> str:
    """Return the likely cause, in a sentence without its full stop.

    Parameters
    ----------
    signal
        What is in breach.
    verdict
        `verdicts.document` of the window; its diagnosis comes first for whatever images can explain.

    Examples
    --------
    >>> cause_of("silence", None)
    'the camera, its network or the program that sends the records has stopped'
    """
    found = _likely_fault(signal, verdict)
    if found is not None:
        return _fault(found)
    if signal == "drift" and verdict is not None:
        if verdict.get("kind") == "content":
            return _CONTENT
        if verdict.get("kind") == "unreadable":
            return _CAUSES["unreadable_share"]
        if not verdict.get("diagnosed"):
            return ""
    return _CAUSES.get(signal, "")


def brief_cause_of(signal: str, verdict: Mapping[str, Any] | None) -> str:
    """Return the camera fault that explains a breach, in a word or two; empty where none is named.

    Examples
    --------
    >>> brief_cause_of("drift", {"diagnosis": [{"fault": "noise", "confidence": 0.9}]})
    'noise'
    """
    found = _likely_fault(signal, verdict)
    return "" if found is None else fault_title(str(found.get("fault", "")))


def harm_of(observations: Mapping[str, Observation]) -> str:
    """Return what is known of the harm, in a sentence without its full stop.

    Accuracy that was measured comes before an estimate, and an estimate before what people complained of.
    Confidence alone says little, so it is named only where it was found to be unusual.

    Examples
    --------
    >>> harm_of({"accuracy": Observation("accuracy", 0.71, 40)}).replace(chr(160), " ")
    'accuracy is 71 % on 40 records'
    >>> harm_of({"feedback_share": Observation("feedback_share", 0.0, 80)})
    'not known: no truth and no feedback has come for these records'
    >>> harm_of({})
    'not known: no truth and no feedback has come for these records'
    """
    untold = observations.get("estimated_accuracy")
    for name in HARM_SIGNALS:
        seen = observations.get(name)
        silent = name == "feedback_share" and seen is not None and not seen.value  # nobody said anything
        if seen is not None and not silent and (name != "confidence" or seen.judged):
            said = observed(seen)
            if said and seen.n:
                return said
    if untold is not None and untold.n and untold.note.startswith(CANNOT_TELL):
        return f"{_NO_HARM}, and scores do not tell: {untold.note.removeprefix(CANNOT_TELL).rstrip('.')}"
    return _NO_HARM


def _likely_fault(signal: str, verdict: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    """Return the first fault of the diagnosis, where it is likely and the signal is one of images."""
    if verdict is None or not (signal == "drift" or signal.startswith(("property.", "black", "frozen"))):
        return None
    faults = verdict.get("diagnosis") or [{}]
    first: Mapping[str, Any] = faults[0]
    return first if (first.get("confidence") or 0.0) >= _LIKELY else None


def _fault(found: Mapping[str, Any]) -> str:
    name = str(found.get("fault", ""))
    grade = "" if found.get("severity") is None else f", severity {found['severity']} of 5"
    meaning = fault_meaning(name).rstrip(".")
    about = f" in {share(found['share'])} of the images" if found.get("share") is not None else ""
    title = f"{fault_title(name)}{about} ({share(found['confidence'])} sure{grade})"
    return f"{title}. {meaning}" if meaning else title
