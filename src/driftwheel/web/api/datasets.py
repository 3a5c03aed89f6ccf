"""Dataset versions of a model: made, read, compared, written out."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import IO, Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from driftwheel.datasets.difference import CHANGES, ChangeKind, Difference, changes_between
from driftwheel.datasets.example import LabelKind, Split
from driftwheel.errors import UsageError
from driftwheel.formats.label_format import SINGLE_FILES, LabelFormat
from driftwheel.formats.losses import Loss
from driftwheel.services.convert.label_options import LabelOptions
from driftwheel.services.datasets.compare_versions import list_changes
from driftwheel.services.datasets.create_version import MadeVersion, create_version
from driftwheel.services.datasets.export_version import (
    VersionExport,
    dataset_file_name,
    export_manifest,
    export_version,
)
from driftwheel.services.datasets.new_version import GroupRule, NewVersion, SplitRule
from driftwheel.services.datasets.read_version import examples_of
from driftwheel.services.datasets.remove_version import change_note, remove_version
from driftwheel.services.remark import LONGEST_REMARK
from driftwheel.store.datasets.dataset_versions import (
    DatasetVersion,
    list_dataset_versions,
    version_numbered,
)
from driftwheel.store.engine.database import reading
from driftwheel.web.api.dataset_bodies import (
    ChangesAnswer,
    DatasetAnswer,
    DatasetBody,
    DatasetsAnswer,
    ExamplesAnswer,
    MadeDatasetAnswer,
    NoteBody,
    change_answer,
    dataset_answer,
    example_answer,
    lost_answer,
    wish_of,
)
from driftwheel.web.api.describe import file_body, problems
from driftwheel.web.api.exchange import suffix_of
from driftwheel.web.api.known_model import known_model, model_at
from driftwheel.web.security.identity import Caller
from driftwheel.web.security.permit import GuardedRoute, permit
from driftwheel.web.state import Services, State

__all__ = [
    "compare_datasets",
    "dataset_at",
    "delete_dataset",
    "download_dataset",
    "download_manifest",
    "edit_note",
    "make_dataset",
    "read_dataset",
    "read_datasets",
    "read_examples",
    "router",
    "upload_dataset",
]

router = APIRouter(route_class=GuardedRoute, prefix="/api/v1/models/{name}/datasets", tags=["datasets"])

_READ = [permit("read")]
_EDIT = [permit("edit-models")]
_Number = Annotated[int, Path(ge=1, lt=2**31, description="Of the version.")]
_After = Annotated[str, Query(pattern="^([0-9a-f]{64})?$", description="`next` of the page before.")]
_Limit = Annotated[int, Query(ge=1, le=1000)]
_Allow = Annotated[list[Loss], Query(description="What may be lost; nothing, unless it is named.")]
_PIECE = 1 << 16
_MEDIA = {
    ".json": "application/json",
    ".csv": "text/csv",
    ".xml": "application/xml",
    ".zip": "application/zip",
}
_LINES = "application/x-ndjson"


@router.get("", dependencies=_READ, responses=problems(404))
def read_datasets(
    name: str,
    state: State,
    before: Annotated[int | None, Query(ge=1, lt=2**31, description="`next` of the page before.")] = None,
    limit: _Limit = 100,
) -> DatasetsAnswer:
    """Read the dataset versions of a model, the newest first."""
    with reading(state.engine) as connection:
        model = known_model(connection, name)
        found = list_dataset_versions(connection, model.key, before=before, limit=limit)
    last = found[-1].number if len(found) == limit and found[-1].number > 1 else None
    return DatasetsAnswer(datasets=[dataset_answer(one) for one in found], next=last)


@router.post("", status_code=201, dependencies=_EDIT, responses=problems(404, 503, 507))
def make_dataset(name: str, body: DatasetBody, state: State, caller: Caller) -> MadeDatasetAnswer:
    """Make a dataset version of labels, an earlier version, or both.

    What holds the very same is not made twice. 100,000 labels take half a minute.
    """
    model_at(state.engine, name)
    return _made(_create(state, wish_of(name, body), caller.name))


@router.post(
    "/folder",
    status_code=201,
    dependencies=_EDIT,
    responses=problems(404, 413, 503, 507),
    openapi_extra=file_body(
        "application/octet-stream",
        "A zip archive of labelled images in any format of labels, or a label file that corrects `parent`.",
    ),
)
async def upload_dataset(  # noqa: PLR0917 - the parameters of the query
    name: str,
    request: Request,
    state: State,
    caller: Caller,
    parent: Annotated[int | None, Query(ge=1, lt=2**31, description="What it begins with.")] = None,
    form: Annotated[LabelFormat | None, Query(alias="format", description="Found out, unless given.")] = None,
    kind: LabelKind | None = None,
    group_pattern: Annotated[str, Query(max_length=256, pattern=r"^[^\x00]*$")] = "",
    called: Annotated[str, Query(max_length=128, pattern=r"^[^\x00]*$")] = "",
    note: Annotated[str, Query(max_length=LONGEST_REMARK, pattern=r"^[^\x00]*$")] = "",
    new_classes: Annotated[bool, Query(description="Classes may come in that the model has not.")] = False,
    allow: _Allow = [],  # noqa: B006 - FastAPI copies it
) -> MadeDatasetAnswer:
    """Make a dataset version of a zip archive of labelled images, or correct one by a label file.

    First folders `train`, `val` and `test` are the splits. Larger folders are read by `driftwheel dataset
    create --folder`.
    """
    await run_in_threadpool(model_at, state.engine, name)
    with tempfile.TemporaryDirectory() as folder:
        path = await _kept(request, FilePath(folder))

        def make() -> MadeVersion:
            wish = NewVersion(
                name,
                parent=parent,
                folder=path,
                called=called or path.name,
                reading=LabelOptions(from_format=form, allow=frozenset(allow)),
                kind=kind,
                splits=SplitRule(groups=GroupRule(pattern=group_pattern)) if group_pattern else None,
                new_classes=new_classes,
                note=note,
            )
            return _create(state, wish, caller.name)

        return _made(await run_in_threadpool(make))


@router.get("/{number}", dependencies=_READ, responses=problems(404))
def read_dataset(name: str, number: _Number, state: State) -> DatasetAnswer:
    """Read what is known of a dataset version."""
    with reading(state.engine) as connection:
        return dataset_answer(dataset_at(connection, name, number))


@router.patch("/{number}", dependencies=_EDIT, responses=problems(404))
def edit_note(name: str, number: _Number, body: NoteBody, state: State, caller: Caller) -> DatasetAnswer:
    """Say something else of a version; nothing else of it ever changes."""
    with reading(state.engine) as connection:
        dataset_at(connection, name, number)
    now = state.clock()
    return dataset_answer(change_note(state.engine, name, number, body.note, by=caller.name, now=now))


@router.delete("/{number}", dependencies=_EDIT, responses=problems(404))
def delete_dataset(name: str, number: _Number, state: State, caller: Caller) -> DatasetAnswer:
    """Let go of what a version holds; its number and its digest stay."""
    with reading(state.engine) as connection:
        dataset_at(connection, name, number)
    return dataset_answer(remove_version(state.engine, name, number, by=caller.name, now=state.clock()))


@router.get("/{number}/images", dependencies=_READ, responses=problems(404, 503))
def read_examples(  # noqa: PLR0917 - the parameters of the query
    name: str,
    number: _Number,
    state: State,
    split: Split | None = None,
    after: _After = "",
    limit: _Limit = 100,
) -> ExamplesAnswer:
    """Read the images of a version with their labels, and where each came from."""
    with reading(state.engine) as connection:
        version = dataset_at(connection, name, number)
    found = []
    for one in examples_of(state.blobs, version, after=bytes.fromhex(after), split=split):
        found.append(example_answer(one))
        if len(found) == limit:
            break
    return ExamplesAnswer(images=found, next=found[-1].image if len(found) == limit else None)


@router.get("/{number}/changes", dependencies=_READ, responses=problems(404, 503))
def compare_datasets(  # noqa: PLR0917 - the parameters of the query
    name: str,
    number: _Number,
    state: State,
    since: Annotated[int, Query(alias="from", ge=1, lt=2**31, description="Number of the other version.")],
    kind: Annotated[list[ChangeKind] | None, Query(description="Only such changes.")] = None,
    after: _After = "",
    limit: _Limit = 100,
) -> ChangesAnswer:
    """Read how a version differs from another: in numbers, and image by image."""
    with reading(state.engine) as connection:
        later, earlier = dataset_at(connection, name, number), dataset_at(connection, name, since)
    counted = Difference()
    for _ in changes_between(examples_of(state.blobs, earlier), examples_of(state.blobs, later), counted):
        pass
    kinds = CHANGES if kind is None else tuple(kind)
    found = list_changes(state.blobs, earlier, later, kinds, after_image=bytes.fromhex(after), limit=limit)
    return ChangesAnswer(
        before=earlier.number,
        after=later.number,
        same=counted.same,
        counts={one: counted.changes[one] for one in CHANGES},
        relabelled=[(old, new, n) for (old, new), n in counted.relabelled.most_common(100)],
        changes=[change_answer(one) for one in found],
        next=found[-1].either.image.hex() if len(found) == limit else None,
    )


@router.get(
    "/{number}/labels",
    response_class=Response,
    dependencies=_READ,
    responses={
        200: {"description": "The file.", "content": {media: {} for media in _MEDIA.values()}},
        **problems(404, 503),
    },
)
def download_dataset(  # noqa: PLR0917 - the parameters of the query
    name: str,
    number: _Number,
    state: State,
    form: Annotated[LabelFormat, Query(alias="format")],
    split: Annotated[Split | None, Query(description="Only the images of this.")] = None,
    images: Annotated[bool, Query(description="The images beside the labels: yolo, voc, folders.")] = False,
    allow: _Allow = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Download a version in the format of another tool; folders come as a zip archive.

    422 says what the format cannot say; `allow` accepts it.
    """
    with reading(state.engine) as connection:
        version = dataset_at(connection, name, number)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was sent
    try:
        options = VersionExport(split, images=images, allow=frozenset(allow))
        export_version(state.blobs, version, form, file, options)
    except BaseException:
        file.close()
        raise
    size = file.tell()
    file.seek(0)
    headers = _named(dataset_file_name(name, version, form)) | {"Content-Length": str(size)}
    media = _MEDIA[SINGLE_FILES.get(form, ".zip")]
    close = BackgroundTask(file.close)
    return StreamingResponse(_pieces(file), headers=headers, media_type=media, background=close)


@router.get(
    "/{number}/manifest",
    response_class=Response,
    dependencies=_READ,
    responses={200: {"description": "Lines of JSON.", "content": {_LINES: {}}}, **problems(404, 503)},
)
def download_manifest(name: str, number: _Number, state: State) -> Response:
    """Download all that a version says: its head, then each image with where its label came from.

    The SHA-256 of the first line, with its end, is the digest of the version.
    """
    with reading(state.engine) as connection:
        version = dataset_at(connection, name, number)
    lines = export_manifest(state.blobs, version)
    first = next(lines)  # what cannot be read is told before anything is sent
    headers = _named(dataset_file_name(name, version, None))
    return StreamingResponse(_followed(first, lines), headers=headers, media_type=_LINES)


def dataset_at(connection: Connection, name: str, number: int) -> DatasetVersion:
    """Return the version of that number.

    Raises
    ------
    HTTPException
        404 where there is no such model, or it has no such version.
    """
    model = known_model(connection, name)
    try:
        return version_numbered(connection, model.key, number)
    except UsageError as error:
        raise HTTPException(404, str(error)) from None


def _create(state: Services, wish: NewVersion, by: str) -> MadeVersion:
    return create_version(state.engine, state.blobs, wish, by=by, now=state.clock())


def _made(made: MadeVersion) -> MadeDatasetAnswer:
    return MadeDatasetAnswer(
        is_new=made.is_new,
        dataset=dataset_answer(made.version),
        lost=[lost_answer(one) for one in made.lost],
    )


async def _kept(request: Request, folder: FilePath) -> FilePath:
    """Write a body to a file, piece by piece, and return it under a name that says what it is."""
    path = folder / "labels"
    beginning = b""
    with path.open("wb") as file:
        async for piece in request.stream():
            beginning = beginning or piece[:256]
            await run_in_threadpool(file.write, piece)
    return path.rename(path.with_suffix(suffix_of(beginning)))


def _named(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _followed(first: bytes, others: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from others
