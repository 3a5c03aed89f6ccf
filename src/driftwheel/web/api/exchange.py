"""Labels as files of other tools: downloaded, and read into a pool."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import IO, Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat
from driftwheel.formats.losses import LOSS_WORDS, NOTE_WORDS, Loss, Lost
from driftwheel.formats.single_answer import AnswerChoice
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.exchange.brought_images import Bringing
from driftwheel.services.exchange.export_labels import (
    ExportOptions,
    ExportWhat,
    export_labels,
    export_name,
)
from driftwheel.services.exchange.import_count import ImportAs, Imported, WhyNot
from driftwheel.services.exchange.import_labels import check_labels, import_labels
from driftwheel.services.label.pools.create_pool import pool_of_project
from driftwheel.store.engine.database import reading
from driftwheel.web.api.describe import file_body, problems
from driftwheel.web.api.projects import ProjectKey, found_or_404, project_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "ImportedAnswer",
    "LostAnswer",
    "NotJoinedAnswer",
    "download_labels",
    "imported_answer",
    "router",
    "suffix_of",
    "upload_labels",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/projects/{project}", tags=["labelling"])

_Pool = Annotated[int, Path(ge=1, lt=2**31)]
_Allow = Annotated[list[Loss], Query(description="What may be lost; nothing, unless it is named.")]
_PIECE = 1 << 16
_MEDIA = {
    ".json": "application/json",
    ".csv": "text/csv",
    ".xml": "application/xml",
    ".zip": "application/zip",
}


class NotJoinedAnswer(BaseModel):
    """Images of a file that gave nothing, for one reason."""

    why: WhyNot = Field(
        description="`no_record`: no record has this name. `no_image`: its image is not kept. `unlabelled`. "
        "`unknown_class`: the project has no such class. `wrong_kind`: it says something else than is asked "
        "for. `size`: the record's image has another. `twice`: its record had a label before in the file. "
        "`not_in_pool`. `there`: it has a label already, or somebody is at it. `unreadable`: its file is no "
        "image that is taken. `another_image`: another one of that name is there already."
    )
    count: int
    names: list[str] = Field(description="The first of them.")


class LostAnswer(BaseModel):
    """What was lost of labels, or is worth telling."""

    kind: str
    words: str
    count: int
    first: str


class ImportedAnswer(BaseModel):
    """What came of a file of labels, or would."""

    key: int | None = Field(description="Of the import, by which it is undone; null: nothing was changed.")
    format: LabelFormat | None = Field(description="Null where no label was read.")
    images: int = Field(description="In the file.")
    taken: int = Field(description="Of them, those whose label was taken over.")
    added: int = Field(description="Of these, new tasks of the pool.")
    corrected: int = Field(description="Of these, tasks that had another label of a file.")
    brought: int = Field(description="Images that came along without a label, and are to be labelled now.")
    not_joined: list[NotJoinedAnswer]
    unknown_classes: dict[str, int]
    lost: list[LostAnswer]


@router.get(
    "/labels",
    response_class=Response,
    dependencies=[permit("read", all_models=True)],
    responses={
        200: {"description": "The file.", "content": {media: {} for media in _MEDIA.values()}},
        **problems(404),
    },
)
def download_labels(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    state: State,
    caller: Caller,
    form: Annotated[LabelFormat, Query(alias="format")],
    what: ExportWhat = "consensus",
    pool: Annotated[list[int] | None, Query(description="Of these pools only.")] = None,
    automatic: Annotated[bool, Query(description="Labels that were accepted automatically, too.")] = True,
    golden: Annotated[bool, Query(description="Golden tasks, too, with their truth.")] = False,
    images: Annotated[bool, Query(description="The images beside the labels: yolo, voc, folders.")] = False,
    allow: _Allow = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Download the labels of a project in the format of another tool; folders come as a zip archive.

    422 says what the format cannot say; `allow` accepts it.
    """
    found = project_at(state, caller, project)
    options = ExportOptions(
        what,
        None if pool is None else tuple(pool),
        automatic=automatic,
        golden=golden,
        images=images,
        allow=frozenset(allow),
    )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    try:
        export_labels(state.engine, state.blobs, project, form, file, options)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    headers = {
        "Content-Disposition": f'attachment; filename="{export_name(found, form)}"',
        "Content-Length": str(size),
    }
    media = _MEDIA[SINGLE_FILES.get(form, ".zip")]
    return StreamingResponse(
        _pieces(file), headers=headers, media_type=media, background=BackgroundTask(file.close)
    )


@router.post(
    "/pools/{pool}/labels",
    dependencies=[permit("edit-models", all_models=True)],
    responses=problems(404, 413, 503, 507),
    openapi_extra=file_body(
        "application/octet-stream", "A label file, or a zip archive of one or many, as other tools export it."
    ),
)
async def upload_labels(  # noqa: PLR0917 - the parameters of the query
    project: ProjectKey,
    pool: _Pool,
    request: Request,
    state: State,
    caller: Caller,
    what: Annotated[
        ImportAs,
        Query(
            alias="as",
            description="`consensus`: finished labels. `golden`, `training`, `exam`: tasks with this truth. "
            "`prelabels`: what annotators are shown. `images`: no label is read, the images are to be "
            "labelled.",
        ),
    ],
    form: Annotated[LabelFormat | None, Query(alias="format", description="Found out, unless given.")] = None,
    answers: Annotated[
        AnswerChoice | None, Query(description="Which of several answers of an image counts.")
    ] = None,
    allow: _Allow = [],  # noqa: B006 - FastAPI copies it
    images: Annotated[
        bool, Query(description="Images in the archive that nothing is known of yet come into the pool, too.")
    ] = False,
    check: Annotated[bool, Query(description="Only say what would be done.")] = False,
) -> ImportedAnswer:
    """Read labels into a pool, joined to records by their ids, and say which images gave nothing, and why.

    What came of it can be undone in one step: `POST /imports/{key}/undo`.
    """

    def known() -> None:
        project_at(state, caller, project)
        with reading(state.engine) as connection, found_or_404():
            pool_of_project(connection, project, pool)

    await run_in_threadpool(known)
    options = LabelOptions(from_format=form, answers=answers, allow=frozenset(allow))
    with tempfile.TemporaryDirectory() as folder:
        path = await _kept(request, FilePath(folder))
        along = Bringing(state.blobs, state.settings) if images or what == "images" else None
        done = await run_in_threadpool(
            _imported, state, project, pool, path, what, options, caller.name, along, check
        )
    return imported_answer(done)


def suffix_of(beginning: bytes) -> str:
    """Return how the name of a file ends that begins so: by which a label file is told.

    Examples
    --------
    >>> suffix_of(b'  [{"id": 1'), suffix_of(b"<?xml"), suffix_of(b"image,label")
    ('.json', '.xml', '.csv')
    """
    plain = beginning.removeprefix(b"\xef\xbb\xbf").lstrip()
    if beginning.startswith(b"PK\x03\x04"):
        return ".zip"
    if plain[:1] in {b"{", b"["}:
        return ".json"
    return ".xml" if plain[:1] == b"<" else ".csv"


async def _kept(request: Request, folder: FilePath) -> FilePath:
    """Write a body to a file, piece by piece, and return it under a name that says what it is."""
    path = folder / "labels"
    beginning = b""
    with path.open("wb") as file:
        async for piece in request.stream():
            beginning = beginning or piece[:256]
            await run_in_threadpool(file.write, piece)
    named = path.with_suffix(suffix_of(beginning))
    return path.rename(named)


def _imported(  # noqa: PLR0917
    state: Services,
    project: int,
    pool: int,
    path: FilePath,
    what: ImportAs,
    options: LabelOptions,
    by: str,
    along: Bringing | None,
    check: bool,
) -> Imported:
    now = state.clock()
    if check:
        return check_labels(state.engine, project, pool, path, what, now=now, options=options, bringing=along)
    return import_labels(
        state.engine, project, pool, path, what, by=by, now=now, options=options, bringing=along
    )


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def imported_answer(done: Imported) -> ImportedAnswer:
    """Return what came of a file, as it is answered."""
    return ImportedAnswer(
        key=done.key or None,
        format=done.form,
        images=done.images,
        taken=done.taken,
        added=done.added,
        corrected=done.corrected,
        brought=done.brought,
        not_joined=[
            NotJoinedAnswer(why=one.why, count=one.count, names=list(one.names)) for one in done.not_joined
        ],
        unknown_classes=dict(done.unknown_classes),
        lost=[_lost(one) for one in done.lost],
    )


def _lost(one: Lost) -> LostAnswer:
    words = LOSS_WORDS[one.kind] if isinstance(one.kind, Loss) else NOTE_WORDS[one.kind]
    return LostAnswer(kind=one.kind.value, words=words, count=one.count, first=one.first)
