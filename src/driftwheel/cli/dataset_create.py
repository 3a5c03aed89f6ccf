"""`driftwheel dataset create`: make a dataset version."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftwheel.cli.data_options import BLOBS, DATA, DATABASE_URL
from driftwheel.cli.dataset_words import tell_left_out
from driftwheel.cli.labels import Format, losses_named, tell_lost

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from driftwheel.services.datasets.new_version import LabelChoice, SplitRule

__all__ = ["Kind", "LabelSource", "create"]


class Kind(StrEnum):
    """What is said of an image."""

    CLASS = "class"
    MULTI_CLASS = "multi-class"
    BOXES = "boxes"


class LabelSource(StrEnum):
    """Who vouches for a label."""

    TOLD = "told"
    REVIEW = "review"
    CONSENSUS = "consensus"
    IMPORT = "import"
    AUTOMATIC = "automatic"


_MODEL = typer.Argument(metavar="MODEL", help="The model's name.")
_FROM = typer.Option(
    "--from", metavar="NUMBER", min=1, help="Version to begin with; its images keep their splits."
)
_FOLDER = typer.Option(
    "--folder",
    help="Labelled images in any format of labels: a folder, an archive, or a file of corrections.",
)
_LABELS = typer.Option(
    "--labels/--no-labels", help="Labels of the model's images; by default, unless --folder is given."
)
_SINCE = typer.Option("--since", help="Only records from then on, as 2026-03-04 or 2026-03-04T05:06:07Z.")
_UNTIL = typer.Option("--until", help="Only records before then.")
_POOL = typer.Option(
    "--pool", metavar="NAME", help="Only images of this pool, by name or key; several times."
)
_SOURCE = typer.Option("--source", help="Only labels of this kind; several times.")
_SPLIT = typer.Option(
    "--split", metavar="SHARES", help="Shares of train, validation and test: 0.7,0.15,0.15."
)
_TAG = typer.Option(
    "--group-tag", metavar="TAG", help="Keep images with the same value together; several times."
)
_PATTERN = typer.Option(
    "--group-pattern", metavar="PATTERN", help="Keep images together by their names: '{patient}_{_}'."
)
_SEED = typer.Option("--seed", min=0, max=2**31 - 1, help="Draws another split of the same images.")
_KIND = typer.Option("--kind", help="What labels say; by default as the model's task asks.")
_NEW_CLASSES = typer.Option("--new-classes", help="Let classes in that the model has not.")
_NOTE = typer.Option("--note", help="What people should know of it.")
_FROM_FORMAT = typer.Option("--from-format", help="Format of --folder; by default found out.")
_PICTURES = typer.Option("--images", help="Where the images are that --folder labels, if not beside them.")
_ALLOW = typer.Option(
    "--allow", help="A loss that is accepted, as an error names it; several times, or 'all'."
)
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


def create(
    model: Annotated[str, _MODEL],
    parent: Annotated[int | None, _FROM] = None,
    folder: Annotated[Path | None, _FOLDER] = None,
    labels: Annotated[bool | None, _LABELS] = None,
    since: Annotated[str | None, _SINCE] = None,
    until: Annotated[str | None, _UNTIL] = None,
    pool: Annotated[list[str] | None, _POOL] = None,
    source: Annotated[list[LabelSource] | None, _SOURCE] = None,
    split: Annotated[str | None, _SPLIT] = None,
    group_tag: Annotated[list[str] | None, _TAG] = None,
    group_pattern: Annotated[str | None, _PATTERN] = None,
    seed: Annotated[int | None, _SEED] = None,
    kind: Annotated[Kind | None, _KIND] = None,
    new_classes: Annotated[bool, _NEW_CLASSES] = False,
    note: Annotated[str, _NOTE] = "",
    from_format: Annotated[Format | None, _FROM_FORMAT] = None,
    images: Annotated[Path | None, _PICTURES] = None,
    allow: Annotated[list[str] | None, _ALLOW] = None,
    progress: Annotated[bool, _PROGRESS] = True,
    data: Annotated[Path | None, DATA] = None,
    database_url: Annotated[str | None, DATABASE_URL] = None,
    blobs: Annotated[str | None, BLOBS] = None,
) -> None:
    """Make a dataset version of a model: of its labels, a folder, an earlier version, or of several of these.

    Images that were drawn to measure on are in test, and are never learnt from; groups stay together; what an
    earlier version (--from) measured on stays in test. What holds the very same is not made twice. Exit
    codes: 0 done, 1 it cannot be done.
    """
    from driftwheel.cli.data_options import acting_user, load_settings, open_installation
    from driftwheel.cli.progress import progress_bars
    from driftwheel.formats.label_format import LabelFormat
    from driftwheel.services.clock import utc_now
    from driftwheel.services.convert.label_options import LabelOptions
    from driftwheel.services.datasets.create_version import create_version
    from driftwheel.services.datasets.new_version import NewVersion
    from driftwheel.store.engine.database import reading
    from driftwheel.store.files.blobs import Blobs

    chosen = any((since, until, pool, source))
    rule = _split_rule(split, group_tag, group_pattern, seed)
    settings = load_settings(data=data, database_url=database_url, blobs=blobs)
    with open_installation(settings) as engine:
        stored = Blobs.open(settings.blobs, reserve=settings.disk_reserve_bytes)
        wanted = None
        if labels or (labels is None and (chosen or folder is None)):
            with reading(engine) as connection:
                wanted = _choice(connection, model, since, until, pool, source)
        wish = NewVersion(
            model,
            parent=parent,
            labels=wanted,
            folder=folder,
            called="" if folder is None else folder.resolve().name,
            reading=LabelOptions(
                from_format=None if from_format is None else LabelFormat(from_format.value),
                images=images,
                allow=losses_named(allow or []),
            ),
            kind=None if kind is None else kind.value,
            splits=rule,
            new_classes=new_classes,
            note=note,
        )
        with progress_bars(progress) as on_progress:
            made = create_version(
                engine, stored, wish, by=acting_user(), now=utc_now(), on_progress=on_progress
            )
    one, counts = made.version, made.version.contents.splits
    parts = ", ".join(f"{counts[name]:,} {name}" for name in ("train", "validation", "test"))
    said = "" if made.is_new else " holds the very same; no other is made"
    typer.echo(f"{model}, dataset version {one.number}{said}: {one.images:,} images ({parts})")
    typer.echo(f"digest: {one.digest.hex()}")
    tell_left_out(one)
    tell_lost(made.lost)


def _split_rule(
    split: str | None, tags: list[str] | None, pattern: str | None, seed: int | None
) -> SplitRule | None:
    """Return the rule that options say; None where they say nothing."""
    from driftwheel.datasets.splits import SplitShares
    from driftwheel.errors import UsageError
    from driftwheel.services.datasets.new_version import GroupRule, SplitRule

    if split is None and not tags and pattern is None and seed is None:
        return None
    shares = SplitShares()
    if split is not None:
        try:
            train, validation, test = (float(one) for one in split.split(","))
        except ValueError:
            raise UsageError(
                f"'{split}' are no shares of train, validation and test. Write for example 0.7,0.15,0.15."
            ) from None
        shares = SplitShares(train, validation, test)
    return SplitRule(shares, GroupRule(tuple(tags or ()), pattern or ""), seed or 0)


def _choice(
    connection: Connection,
    model: str,
    since: str | None,
    until: str | None,
    pools: list[str] | None,
    sources: list[LabelSource] | None,
) -> LabelChoice:
    from driftwheel.cli.moments import as_moment
    from driftwheel.services.datasets.new_version import LabelChoice

    return LabelChoice(
        None if since is None else as_moment(since),
        None if until is None else as_moment(until),
        None if pools is None else tuple(_pool_named(connection, model, one) for one in pools),
        None if sources is None else tuple(one.value for one in sources),
    )


def _pool_named(connection: Connection, model: str, name: str) -> int:
    """Return the key of a pool about a model's images; raise `UsageError` where none or several are meant."""
    from driftwheel.errors import UsageError, did_you_mean
    from driftwheel.store.labels.pools import list_pools
    from driftwheel.store.labels.projects import list_projects
    from driftwheel.store.models.models import find_model

    key = find_model(connection, model).key
    known = [
        pool
        for project in list_projects(connection)
        if project.model == key
        for pool in list_pools(connection, project.key)
    ]
    found = [one.key for one in known if one.name == name] or [
        one.key for one in known if str(one.key) == name
    ]
    if len(found) == 1:
        return found[0]
    if found:
        keys = ", ".join(map(str, found))
        raise UsageError(f"Several pools of '{model}' are called '{name}'. Say which by its key: {keys}.")
    hint = did_you_mean(name, [one.name for one in known])
    raise UsageError(f"The model '{model}' has no pool '{name}'.{hint}")
