"""How two dataset versions of a model differ: in numbers, and image by image."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from driftwheel.datasets.difference import CHANGES, Change, ChangeKind, Difference
from driftwheel.errors import UsageError
from driftwheel.report.printable import shortened
from driftwheel.services.datasets.compare_versions import ComparedVersions, compare_versions, list_changes
from driftwheel.store.engine.database import reading
from driftwheel.web.api.datasets import dataset_at
from driftwheel.web.api.known_model import known_model
from driftwheel.web.pages.datasets.dataset_words import CHANGE_WORDS, ExampleView, example_view
from driftwheel.web.pages.datasets.model_frame import model_frame
from driftwheel.web.pages.datasets.versions import dataset_address
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_SHOWN = 48
_FIRST: tuple[ChangeKind, ...] = ("relabelled", "added", "removed", "moved")


@router.get("/models/{name}/datasets/{number}/changes", dependencies=[permit("read")])
def _show_changes(  # noqa: PLR0917  what of which
    request: Request,
    state: State,
    name: str,
    number: Annotated[int, Path(ge=1, lt=2**31)],
    since: Annotated[int, Query(alias="from", ge=1, lt=2**31)],
    kind: str = "",
    after: Annotated[str, Query(pattern="^([0-9a-f]{64})?$")] = "",
) -> Response:
    """Show how a version differs from another."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        frame = model_frame(connection, state, model)
        later, earlier = dataset_at(connection, name, number), dataset_at(connection, name, since)
    at = f"{dataset_address(name, number)}/changes"
    found, wrong = ComparedVersions(earlier, later, Difference(), {}), ""
    try:
        found = compare_versions(state.blobs, earlier, later, first=0)
    except UsageError as error:  # one of them was removed, or is damaged
        wrong = str(error)
    counted = found.counted
    usual: ChangeKind = next((one for one in _FIRST if counted.changes[one]), "lineage")
    chosen: ChangeKind = next((one for one in CHANGES if one == kind), usual)
    shots: list[Change] = []
    if not wrong:
        begin = bytes.fromhex(after)
        shots = list_changes(state.blobs, earlier, later, [chosen], after_image=begin, limit=_SHOWN + 1)
    more = shots[_SHOWN - 1].either.image.hex() if len(shots) > _SHOWN else ""
    query = {"from": since, "kind": chosen}
    return render(
        request,
        "datasets/changes.html.j2",
        status=422 if wrong else 200,
        **frame,
        before=earlier,
        after=later,
        list=dataset_address(name),
        counted=counted,
        kinds=[
            (one, words, counted.changes[one], address(at, query | {"kind": one}))
            for one, words in CHANGE_WORDS.items()
        ],
        kind=chosen,
        kind_words=CHANGE_WORDS[chosen],
        relabelled=[
            (shortened(old, 60), shortened(new, 60), n)
            for (old, new), n in counted.relabelled.most_common(12)
        ],
        classes=_classes(found),
        moved=sorted((was, now, n) for (was, now), n in counted.moved.items()),
        shots=[_shot(name, one) for one in shots[:_SHOWN]],
        more=address(at, query | {"after": more}) if more else "",
        back=dataset_address(name, number),
        swapped=address(f"{dataset_address(name, since)}/changes", {"from": number}),
        wrong=wrong,
    )


def _shot(name: str, change: Change) -> tuple[ExampleView, str]:
    """Return an image as it is now, and its label before where that is another."""
    was = ""
    if change.kind == "relabelled" and change.before is not None:
        was = shortened(change.before.label.words, 40)
    if change.kind == "moved" and change.before is not None:
        was = change.before.split
    return example_view(name, change.either), was


def _classes(found: ComparedVersions) -> list[tuple[str, int, int]]:
    """Return (class, images before, images after), those that changed most first."""
    order = {name: number for number, name in enumerate((*found.after.classes, *found.before.classes))}
    rows = [(name, was, now) for name, (was, now) in found.counted.classes.items()]
    return sorted(rows, key=lambda one: (-abs(one[2] - one[1]), order.get(one[0], 0)))[:24]
