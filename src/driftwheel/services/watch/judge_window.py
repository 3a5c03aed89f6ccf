"""Judge a window: its records against the model's reference, and on drift what happened to the camera.

The model's one dial holds for all that is judged of a model in a year: half of it goes to verdicts, shared
out among the segments of a window, a quarter to the evidence that adds up over windows (see `carry_evidence`)
and a quarter to the other signals (see `observe_window`). Where an autoencoder looks at the images too, half
of the verdict's part is its own (see `judge_reconstruction`).
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from sqlalchemy import Connection, Engine

from driftwheel.drift.diagnosis.diagnosis import Diagnosis, diagnose
from driftwheel.drift.diagnosis.kind_of_change import explained, kind_of_change
from driftwheel.drift.from_profiles import judge_profiles
from driftwheel.drift.judge import judge
from driftwheel.drift.rules import LEAST_SAMPLE
from driftwheel.drift.verdict import Verdict
from driftwheel.errors import DriftwheelError
from driftwheel.profiles import Profile, empty_profile, from_bytes
from driftwheel.profiles.window import as_window, windows_per_year
from driftwheel.records import Records
from driftwheel.report.json_document import json_document
from driftwheel.report.numbers import NBSP, count, several
from driftwheel.report.sentence import answer, answer_word
from driftwheel.services.alert.judged import Judged
from driftwheel.services.watch.agree_in_window import agree_in_window
from driftwheel.services.watch.carry_evidence import CarriedEvidence, carry_evidence, evidence_to_json
from driftwheel.services.watch.judge_reconstruction import (
    ReconstructionLook,
    join_look,
    look_at_errors,
    reconstructed_to_json,
)
from driftwheel.services.watch.known_references import KnownReference, KnownReferences, with_properties
from driftwheel.services.watch.observe_window import Seen, observe_window
from driftwheel.services.watch.window_records import WindowRecords, window_records
from driftwheel.services.watch.window_scores import with_logged_scores
from driftwheel.store.engine.database import reading
from driftwheel.store.models.models import Model
from driftwheel.store.records.logged_answers import LoggedAnswers, logged_answers, pack_answers
from driftwheel.store.records.version_images import version_images
from driftwheel.store.windows.verdicts import Answer
from driftwheel.store.windows.windows import StoredWindow, count_windows, find_window

__all__ = ["judge_window"]

_SHOWN = 8  # exemplars
_LISTED = 20  # unreadable images in the document
_MOST_WITHOUT = 0.2  # share of the records that may lack the reference's embeddings and be left out for it
_LEAST_REFERENCE, _TIMES_REFERENCE = 2000, 4  # images of the reference: four times the window's are enough
_LEAST_OF_HOURS = 5000  # of windows of an hour: so that each hour of four weeks has some
_log = logging.getLogger("driftwheel.worker")


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """A verdict and what goes with it; `which` images it is on: all of them, or ``drawn`` ones."""

    verdict: Verdict
    exemplars: tuple[str, ...] = ()
    which: Literal["", "drawn "] = ""


def judge_window(
    engine: Engine, known: KnownReferences, model: Model, window: StoredWindow, *, seed: int = 0
) -> Judged:
    """Return the verdict on one window of one segment, and all its signals.

    Nothing is written. The same records, reference and seed give the same answer, whenever and wherever it is
    judged. Where the window has become stale meanwhile, `Judged.revision` is one of before, so that it is
    judged again.

    Records are held against the same segment of the reference where it has 50 images there,
    else against the whole; of many records a sample is. Where their embeddings lie in another space than the
    reference's, properties alone are compared. Of windows that have mostly profiles, because they came from
    the edge or retention has deleted the records, the profiles are.

    Parameters
    ----------
    known
        References at hand, of `driftwheel.services.watch.known_references`; threads share it.
    window
        Of `driftwheel.store.windows.windows`, with or without its profile, which is read anew.

    Raises
    ------
    OSError
        When blobs or the database cannot be read now.
    """
    found, why, revision = None, "", window.revision
    with reading(engine) as connection:
        window = (
            find_window(connection, model.key, window.start, tag=window.tag, value=window.value) or window
        )
        if window.stale:  # its profile is of an earlier one
            revision = min(revision, window.revision - 1)
        try:
            reference = known.of(connection, model)
        except (DriftwheelError, FileNotFoundError) as error:
            reference, why = None, f"Not judged: {_told(error)}"
        autoencoder = known.autoencoder_of(connection, model)
        watching = None if autoencoder is None else autoencoder.stored.key
        seen = window_records(connection, window, _space_of(reference), autoencoder=watching)
        said, wanted = pack_answers([]), []
        if reference is not None and reference.measured.asked:
            wanted = version_images(connection, model.key, seen.table.images)
        elif reference is not None and len(reference.answers):
            said = logged_answers(connection, model.key, seen.table.images)
        parts = _judged_together(connection, window)
    if reference is not None and wanted:
        said = known.asked(reference, wanted)
    agreement = None
    if reference is not None and model.task == "classification":
        agreement = agree_in_window(engine, known, model, window, reference, seen.table.images)
    look = look_at_errors(autoencoder, None if reference is None else reference.key, window, seen)
    profile = empty_profile() if window.profile is None else from_bytes(window.profile).whole()
    if reference is not None:
        try:
            rng = _rng(model, window, seed)
            found = _verdict(reference, model, window, profile, seen, said, look, parts, rng)
        except DriftwheelError as error:
            why = f"Not judged: {error}"
        except Exception:  # one window that cannot be judged must not stop those after it
            _log.exception("The window of '%s' from %s could not be judged.", model.name, window.start)
            why = "Not judged: an error of Driftwheel itself; the worker's log says which."
    verdict = None if found is None else found.verdict
    evidence = None
    with reading(engine) as connection:
        if verdict is not None and reference is not None:
            evidence = carry_evidence(connection, model, window, reference.key, verdict, parts=parts)
        seen_all = Seen(
            model, window, profile, seen, said, reference, verdict, parts, why, evidence, look, agreement
        )
        observations = observe_window(connection, seen_all)
    key = None if reference is None else reference.key
    if verdict is None or found is None or evidence is None:
        headline = why or (
            f"No reference: {several(profile.n, 'image')}, held against nothing yet. Set a reference to be "
            "told of drift."
        )
        word: Answer = "error" if why else "no_reference"
        return Judged(revision, key, word, None, None, None, profile.n, headline, None, observations)
    tested = verdict.verdict != "insufficient"
    return Judged(
        revision=revision,
        reference=key,
        answer=verdict.verdict,
        kind=verdict.kind,
        p_value=verdict.p_value if tested else None,
        alpha=verdict.alpha,
        n=verdict.n_current,
        headline=_headline(found),
        document=_document(found, evidence, look),
        observations=observations,
        exemplars=found.exemplars,
    )


def _verdict(  # noqa: PLR0917  what one judgement needs
    reference: KnownReference,
    model: Model,
    window: StoredWindow,
    profile: Profile,
    seen: WindowRecords,
    said: LoggedAnswers,
    look: ReconstructionLook | None,
    parts: int,
    rng: np.random.Generator,
) -> _Found:
    judgements = 2 * parts * windows_per_year(as_window(model.window))
    if profile.n > 2 * seen.n and profile.n >= LEAST_SAMPLE:
        return _from_profile(reference, model, window, profile, judgements, rng)
    least = _LEAST_OF_HOURS if model.window == "hour" else _LEAST_REFERENCE
    enough = max(least, _TIMES_REFERENCE * len(seen.table))
    usual, own = reference.records(window.tag, window.value, window.start, window.end, most=enough)
    current = with_properties(seen.table, usual.property_names)
    usual, current, notes = _comparable(usual, current)
    usual, current = with_logged_scores(usual, current, reference.answers, said)
    notes = (*_about_reference(reference, own), *notes)
    if seen.is_sample:
        notes = (
            *notes,
            f"Judged by {count(len(seen.table))} of {several(seen.n, 'image')}, drawn at random.",
        )
    verdict = judge(
        usual,
        current,
        rng=rng,
        false_alarms_per_year=model.false_alarms_per_year / (1 if look is None else look.shares),
        windows_per_year=judgements,
    )
    verdict = join_look(look, verdict, rng=rng, false_alarms_per_year=model.false_alarms_per_year)
    diagnosis = None
    if verdict.verdict == "drift" and verdict.kind != "unreadable":
        library = reference.library
        if library is None:
            notes = (
                *notes,
                "Known camera faults were not simulated on this reference: its cause is not told.",
            )
        else:
            if usual.embeddings is None:
                library = replace(library, embeddings=None, clean_embeddings=None, embedder=None)
            diagnosis = diagnose(library, usual, current, rng=rng)
        verdict = explained(verdict, diagnosis, kind_of_change(usual, current, rng=rng))
    verdict = replace(verdict, notes=(*notes, *verdict.notes))
    return _Found(verdict, _exemplars(verdict, diagnosis), "drawn " if seen.is_sample else "")


def _from_profile(  # noqa: PLR0917  what one judgement needs
    reference: KnownReference,
    model: Model,
    window: StoredWindow,
    profile: Profile,
    judgements: float,
    rng: np.random.Generator,
) -> _Found:
    usual, own = reference.profile(window.tag, window.value)
    blocks = () if own and window.tag else reference.blocks()
    notes = _about_reference(reference, own)
    if usual.embedder != profile.embedder:
        usual, profile, *others = (_plain(one) for one in (usual, profile, *blocks))
        blocks, notes = tuple(others), (*notes, _OTHER_SPACE)
    verdict = judge_profiles(
        usual,
        profile,
        rng=rng,
        blocks=blocks,
        false_alarms_per_year=model.false_alarms_per_year,
        windows_per_year=judgements,
    )
    return _Found(replace(verdict, notes=(*notes, *verdict.notes)))


def _plain(profile: Profile) -> Profile:
    return replace(profile, embedder=None, embeddings=None)


_OTHER_SPACE = (
    "The embeddings of this window lie in another space than the reference's, as of before it was set: "
    "compared by properties only."
)


def _comparable(usual: Records, current: Records) -> tuple[Records, Records, tuple[str, ...]]:
    """Return both sides with embeddings of one space, or both without, and what is to be said of it."""
    notes: tuple[str, ...] = ()
    if usual.embeddings is not None and current.embeddings is not None:
        usual = usual.take(np.flatnonzero(~np.isnan(usual.embeddings).any(axis=1)))
        there = np.flatnonzero(~np.isnan(current.embeddings).any(axis=1))
        lacking = len(current) - len(there)
        if lacking <= _MOST_WITHOUT * len(current):
            if lacking:
                notes = (f"{several(lacking, 'image')} without an embedding in this space left out.",)
            return usual, current.take(there), notes
    if usual.embeddings is not None and len(current):
        notes = (_OTHER_SPACE,)
    return (
        replace(usual, embeddings=None, embedder=None),
        replace(current, embeddings=None, embedder=None),
        notes,
    )


def _about_reference(reference: KnownReference, own: bool) -> tuple[str, ...]:
    if own:
        return reference.measured.notes
    return ("Held against the whole reference, which has too few images of this segment.",)


def _exemplars(verdict: Verdict, diagnosis: Diagnosis | None) -> tuple[str, ...]:
    if verdict.verdict != "drift":
        return ()
    if verdict.kind == "unreadable":
        return tuple(one.image for one in verdict.unreadable[:_SHOWN])
    affected = () if diagnosis is None or not verdict.diagnosis else diagnosis.affected
    return (affected or verdict.exemplars)[:_SHOWN]


def _headline(found: _Found) -> str:
    verdict = found.verdict
    return f"{answer_word(verdict)}: {answer(verdict, which=found.which)}".replace(NBSP, " ")


def _document(found: _Found, evidence: CarriedEvidence, look: ReconstructionLook | None) -> Mapping[str, Any]:
    """Return the verdict as JSON, with as many images as are looked at, and the evidence so far."""
    verdict = found.verdict
    document = json_document(
        replace(verdict, exemplars=verdict.exemplars[:_SHOWN], unreadable=verdict.unreadable[:_LISTED])
    )
    return document | {
        "answer": _headline(found),
        "unreadable_reference": [],
        "evidence": evidence_to_json(evidence),
        "reconstructed": reconstructed_to_json(look),
    }


def _judged_together(connection: Connection, window: StoredWindow) -> int:
    """Return how many segments of this span of time have enough images to be judged; at least 1."""
    return max(1, count_windows(connection, window.model, window.start, window.end, least=LEAST_SAMPLE))


def _space_of(reference: KnownReference | None) -> str | None:
    return None if reference is None or reference.sample.embeddings is None else reference.sample.embedder


def _rng(model: Model, window: StoredWindow, seed: int) -> np.random.Generator:
    said = f"{model.name}\0{window.start.isoformat()}\0{window.tag}\0{window.value}"
    return np.random.default_rng([seed, int.from_bytes(hashlib.sha256(said.encode()).digest()[:8], "big")])


def _told(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "the measured reference is lost among the blobs. Set the reference again."
    return str(error)
