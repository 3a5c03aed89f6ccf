"""The versions of a model: which is served, which wants to be, what was decided, and what one can do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.services.browse.describe_models import describe_model
from driftwheel.services.release.ask_gate import ask_gate
from driftwheel.services.release.change_version import retire, start_shadow, stop_shadow, take_back
from driftwheel.services.release.compare_shadow import compare_shadow
from driftwheel.services.release.describe_registry import RegistryView, describe_registry
from driftwheel.services.release.gate_slice import GateSlice, slice_words
from driftwheel.services.release.promote import promote, roll_back
from driftwheel.services.release.set_policy import set_policy
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.datasets.dataset_versions import version_with_digest
from driftwheel.store.engine.database import reading
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.pages.models.card import card_address
from driftwheel.web.pages.models.gate_words import DECISIONS, gate_sentence
from driftwheel.web.pages.models.models import STATE_WORDS
from driftwheel.web.pages.models.watch_view import WatchView
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.problems import status_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_TOLD = {
    "version": "The version is added.",
    "gate": "It goes to the gate: a worker compares it with the champion.",
    "promoted": "It is the champion: servers answer with it within a second or two.",
    "rolled-back": "Rolled back: servers answer with the champion before within a second or two.",
    "shadow": "It answers in the shadow from now on.",
    "no-shadow": "It is out of the shadow; its answers stay.",
    "retired": "It is retired.",
    "taken-back": "It is a candidate again.",
    "policy": "The policy is set.",
    "refused": "It is kept out.",
    "pool": "The images are with the annotators; when they are labelled it goes to the gate again.",
}
_STATES = {
    "trained": ("candidate", "quiet", "There is a file; the gate has not let it in"),
    "validated": ("let in", "ok", "The gate let it in beside the champion"),
    "shadow": ("in the shadow", "warn", "It answers beside the champion, unheard"),
    "champion": ("champion", "ok", "It is served"),
    "retired": ("retired", "quiet", "It was the champion, or will not be"),
}
_SHARES = ("confidence", "margin", "segment_margin", "gain")


@router.get("/models/{name}/versions", dependencies=[permit("read")])
def _show_versions(request: Request, state: State, name: str) -> Response:
    """Show the versions of a model."""
    model_at(state.engine, name)
    return _page(request, state, name)


@router.post("/models/{name}/versions/act", dependencies=[permit("edit-models")])
def _act(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    name: str,
    act: Annotated[str, Form(max_length=20)] = "",
    version: Annotated[str, Form(max_length=128)] = "",
    reason: Annotated[str, Form(max_length=LONGEST_REMARK)] = "",
) -> Response:
    """Do what a button says, and lead back."""
    model_at(state.engine, name)
    engine, by, now = state.engine, caller.name, state.clock()
    acts: dict[str, tuple[Callable[[], object], str]] = {
        "gate": (lambda: ask_gate(engine, name, version, by=by, now=now), "gate"),
        "promote": (lambda: promote(engine, name, version, by=by, now=now, reason=reason), "promoted"),
        "promote-anyway": (
            lambda: promote(engine, name, version, by=by, now=now, reason=reason, without_gate=True),
            "promoted",
        ),
        "roll-back": (lambda: roll_back(engine, name, by=by, now=now, reason=reason), "rolled-back"),
        "shadow": (lambda: start_shadow(engine, name, version, by=by, now=now), "shadow"),
        "no-shadow": (lambda: stop_shadow(engine, name, by=by, now=now), "no-shadow"),
        "retire": (lambda: retire(engine, name, version, by=by, now=now), "retired"),
        "take-back": (lambda: take_back(engine, name, version, by=by, now=now), "taken-back"),
    }
    if act not in acts:
        return _page(request, state, name, wrong="Choose what is to be done.", status=422)
    work, told = acts[act]
    try:
        work()
    except UsageError as error:
        return _page(request, state, name, wrong=str(error), status=status_of(error))
    return RedirectResponse(f"/models/{quote(name, safe='')}/versions?told={told}", 303)


@router.post("/models/{name}/versions/policy", dependencies=[permit("edit-models")])
async def _set_policy(request: Request, state: State, caller: Caller, name: str) -> Response:
    """Set the policy of a model, and lead back."""
    from starlette.concurrency import run_in_threadpool

    async with request.form(max_files=0, max_fields=40) as form:
        given = {key: str(value).strip() for key, value in form.multi_items()}
    return await run_in_threadpool(_policy, request, state, name, given, caller.name)


def _policy(request: Request, state: Services, name: str, given: dict[str, str], by: str) -> Response:
    model_at(state.engine, name)
    try:
        rule = {field: _number(field, given[field]) for field in _FIELDS if field in given}
        set_policy(
            state.engine,
            name,
            policy=given.get("policy"),
            gates=given.get("gates") == "yes",
            rule=rule,
            by=by,
            now=state.clock(),
        )
    except UsageError as error:
        return _page(request, state, name, wrong=str(error), status=422)
    return RedirectResponse(f"/models/{quote(name, safe='')}/versions?told=policy#policy", 303)


_LARGEST = 1e15  # that a field may hold
_FIELDS = {
    "confidence": "Confidence, %",
    "margin": "May lose elsewhere, points",
    "segment_margin": "May lose on a segment, points",
    "gain": "A gain worth having, points",
    "least_labels": "Images at least",
    "latency_ratio": "Times as slow at most",
    "size_ratio": "Times as large at most",
}


def _number(name: str, given: str) -> float | int:
    try:
        value = float(given.replace(",", "."))
    except ValueError:
        value = math.nan
    if not abs(value) < _LARGEST:
        raise UsageError(f"'{given[:50]}' is no number; give one for: {_FIELDS[name]}.")
    if name in _SHARES:
        return round(value / 100, 6)
    return int(value) if name == "least_labels" and value.is_integer() else value


def _page(request: Request, state: Services, name: str, *, wrong: str = "", status: int = 200) -> Response:
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        summary = describe_model(connection, model, state.clock())
        found = describe_registry(connection, model)
        datasets = {
            one.version.dataset: dataset.number
            for one in found.versions
            if one.version.dataset is not None
            and (dataset := version_with_digest(connection, model.key, one.version.dataset)) is not None
        }
        shadow = _shadow(found) and compare_shadow(connection, model, found.challenger, found.champion)
    here = WatchView(model.name, model.window).path
    rule = asdict(found.policy.rule)
    fields = [
        (field, words, f"{rule[field] * 100:g}" if field in _SHARES else f"{rule[field]:g}")
        for field, words in _FIELDS.items()
    ]
    return render(
        request,
        "models/versions.html.j2",
        status=status,
        model=model,
        here=here,
        images=address("/images", {"model": name}),
        state=STATE_WORDS[summary.state],
        summary=summary,
        reference=summary.reference,
        found=found,
        said=_sentence(found),
        words=_STATES,
        card_of=partial(card_address, model.name),
        decisions=DECISIONS,
        datasets=datasets,
        shadow=shadow or None,
        runs=[
            (one, gate_sentence(one), slice_words(GateSlice.from_json(one.run.slice))) for one in found.runs
        ],
        fields=fields,
        predict=f"/api/v1/models/{quote(name, safe='')}/predict",
        server=str(request.base_url).rstrip("/"),
        done=_TOLD.get(request.query_params.get("told", ""), "") if not wrong else "",
        wrong=wrong,
    )


def _shadow(found: RegistryView) -> bool:
    return found.challenger is not None and found.champion is not None


def _sentence(found: RegistryView) -> tuple[str, str, str]:
    """Return the tone, the lead and the rest of the answer at the top."""
    if not found.versions:
        return "note", "No version yet.", "Add one with its ONNX file, and it is served."
    if found.champion is None:
        return "warn", "No version is served.", "Promote one of them."
    waits = [one for one in found.versions if one.let_in and one.version.state != "champion"]
    if waits:
        name = waits[0].version.name
        rest = f"The gate let it in beside the champion {found.champion.name}; it waits for a person."
        return "ok", f"{name} may be promoted.", rest
    if found.champion.artifact is None:
        rest = "It has no ONNX file, so others run it: they log what it says."
        return "note", f"{found.champion.name} is the champion.", rest
    return "ok", f"{found.champion.name} is served.", ""
