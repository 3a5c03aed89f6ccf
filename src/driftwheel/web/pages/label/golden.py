"""Golden tasks of a project: promoted from what is known well, or picked, with their right answers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Annotated, Any, cast, get_args

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from driftwheel.errors import UsageError
from driftwheel.report.numbers import several
from driftwheel.services.browse.list_images import ImageQuery, list_images
from driftwheel.services.label.pools.fill_pool import Filled, PoolImage, fill_pool
from driftwheel.services.label.pools.promote_sure import SURE, count_sure, promote_sure
from driftwheel.store.engine.database import reading
from driftwheel.store.labels.pools import Pool, list_pools
from driftwheel.store.labels.project_records import records_in_project
from driftwheel.store.labels.projects import Project
from driftwheel.store.labels.tasks import TaskKind, count_kinds
from driftwheel.web.pages.label.known_project import Key, known_pool, known_project
from driftwheel.web.pages.rendering import address, render
from driftwheel.web.pages.shots import shots_of
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = ["router"]

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)

_PAGE = 24
_NONE = "-"  # what a form sends for: none of the classes
_KINDS = (
    ("golden", "golden: mixed in, and like any other to look at"),
    ("training", "training: at first, and explained after each answer"),
    ("exam", "exam: after that; who has too few right gets no more"),
)


@router.get("/labels/{project}/golden", dependencies=[permit("read")])
def _show_golden(request: Request, state: State, project: Key) -> Response:
    """Show the golden tasks, and how to have more."""
    return _page(request, state, project)


@router.post("/labels/{project}/golden/promote", dependencies=[permit("edit-models")])
def _promote(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    pool: Annotated[int, Form(ge=1, lt=2**31)],
    count: Annotated[str, Form()] = "",
    kind: Annotated[str, Form()] = "golden",
    source: Annotated[str, Form()] = "sure",
) -> Response:
    """Promote labels that are known well."""

    def act() -> Filled:
        return promote_sure(
            state.engine,
            project,
            pool,
            _whole(count),
            _kind(kind),
            reviewed_only=source == "reviewed",
            by=caller.name,
            now=state.clock(),
        )

    return _act(request, state, project, pool, act)


@router.post("/labels/{project}/golden/pick", dependencies=[permit("edit-models")])
def _pick(  # noqa: PLR0917  the fields of the form
    request: Request,
    state: State,
    caller: Caller,
    project: Key,
    pool: Annotated[int, Form(ge=1, lt=2**31)],
    kind: Annotated[str, Form()] = "golden",
    record: Annotated[list[str] | None, Form()] = None,
    truth: Annotated[list[str] | None, Form()] = None,
) -> Response:
    """Add images whose right answer was said."""

    def act() -> Filled:
        with reading(state.engine) as connection:
            found, _ = known_project(connection, project)
        images = _picked(found, _kind(kind), record or [], truth or [])
        if not images:
            raise UsageError("No right answer was said; choose one under at least one image.")
        return fill_pool(state.engine, project, pool, images, by=caller.name, now=state.clock())

    return _act(request, state, project, pool, act)


def _picked(
    project: Project, kind: TaskKind, records: Sequence[str], truths: Sequence[str]
) -> list[PoolImage]:
    """Return the images of a form: each truth is the number of an image, a colon, and a class."""
    said: dict[int, list[str]] = defaultdict(list)
    for one in truths:
        place, _, name = one.partition(":")
        if place.isascii() and place.isdecimal() and len(place) < 6 and int(place) < len(records) and name:
            said[int(place)].append(name)
    images = []
    for number, names in sorted(said.items()):
        answer: dict[str, Any] = {"class": names[0]}
        if project.answer != "class":
            answer = {"classes": [name for name in names if name != _NONE]}
        images.append(PoolImage(records[number], kind, answer, "picked by hand"))
    return images


def _act(request: Request, state: Services, project: int, pool: int, act: Callable[[], Filled]) -> Response:
    with reading(state.engine) as connection:
        known_project(connection, project)
        known_pool(connection, project, pool)
    try:
        done = act()
    except UsageError as error:
        return _page(request, state, project, pool=pool, wrong=str(error))
    return RedirectResponse(
        address(f"/labels/{project}/golden", {"pool": pool, "added": done.added or "none"}), 303
    )


def _kind(text: str) -> TaskKind:
    if text not in get_args(TaskKind) or text == "real":
        raise UsageError(f"'{text:.20}' is no kind of task whose answer is known; golden, training or exam.")
    return cast("TaskKind", text)


def _whole(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 9:
        return int(text)
    raise UsageError(f"'{text:.20}' is no number of tasks; give one, such as 20.")


def _page(request: Request, state: Services, project: int, pool: int = 0, wrong: str = "") -> Response:
    asked = request.query_params.get("pool", "")
    pool = pool or (int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 0)
    predicted = request.query_params.get("predicted", "")
    after = request.query_params.get("after") or None
    with reading(state.engine) as connection:
        found, model = known_project(connection, project)
        pools = [one for one in list_pools(connection, project) if _takes(one)]
        chosen = next((one for one in pools if one.key == pool), pools[-1] if pools else None)
        kinds: Counter[tuple[str, str]] = Counter()
        reviewed = sure = 0
        shots, further = [], None
        if chosen is not None:
            kinds.update(count_kinds(connection, chosen.key))
            reviewed, sure = count_sure(connection, project, chosen.key)
            if found.answer != "boxes":
                try:
                    query = ImageQuery(model.name, predicted=predicted or None)
                    listed = list_images(connection, query, after=after, limit=_PAGE)
                except UsageError as error:
                    wrong, listed = wrong or str(error), None
                if listed is not None:
                    there = records_in_project(connection, project, [one.id for one in listed.records])
                    fresh = [one for one in listed.records if one.image and one.id not in there]
                    shots, further = list(zip(fresh, shots_of(model.name, fresh), strict=True)), listed.next
    at = f"/labels/{project}/golden"
    key = None if chosen is None else chosen.key
    added = request.query_params.get("added", "")
    return render(
        request,
        "label/golden.html.j2",
        status=422 if wrong else 200,
        project=found,
        model=model,
        pools=[(str(one.key), one.name) for one in reversed(pools)],
        pool=chosen,
        rows=_rows(found, kinds),
        totals=[(name, sum(n for (kind, _), n in kinds.items() if kind == name)) for name, _ in _KINDS],
        kinds=_KINDS,
        reviewed=reviewed,
        sure=sure,
        sure_from=SURE,
        shots=shots,
        none=_NONE,
        predicted=predicted,
        further=further and address(at, {"pool": key, "predicted": predicted, "after": further}),
        first=address(at, {"pool": key, "predicted": predicted}) if after else None,
        done=f"{several(int(added), 'image is', 'images are')} added." if added.isdecimal() else "",
        wrong=wrong or ("The pool had all of these already." if added == "none" else ""),
    )


def _takes(pool: Pool) -> bool:
    """Whether images can be put into a pool."""
    return not (pool.state == "closed" and pool.done < pool.tasks)


def _rows(project: Project, kinds: Counter[tuple[str, str]]) -> list[tuple[str, list[int]]]:
    names = [one.name for one in project.classes]
    others = sorted({stratum for _, stratum in kinds} - set(names))
    return [
        (name or "nothing there", [kinds[kind, name] for kind, _ in _KINDS])
        for name in [*names, *others]
        if any(kinds[kind, name] for kind, _ in _KINDS) or name in names
    ]
