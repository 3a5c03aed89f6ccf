"""`driftwheel simulate`: people who are not there, to rehearse what is done with people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from driftwheel.client.rehearsal.rehearse import Rehearsal

__all__ = ["annotators", "register"]

_APP = typer.Typer(help="Simulated people, to rehearse what is done with people.", no_args_is_help=True)

_LINK = typer.Argument(metavar="LINK", help="Link of an invitation to the project.")
_TOKEN = typer.Option("--token-file", help="File with a token that may see the project, as an engineer's.")
_TRUTH = typer.Option(
    "--truth", help="Folder of class folders, CSV file with the columns record and class, or 'golden'."
)
_COUNT = typer.Option("--annotators", min=1, max=1000, help="How many join.")
_ACCURACY = typer.Option("--accuracy", min=0.0, max=1.0, help="Share of images that good ones say right.")
_CONFUSION = typer.Option("--confusion", help="Instead: CSV file with what good ones say of each class.")
_SECONDS = typer.Option("--seconds", help="Median seconds that good ones take at an image.")
_SPAMMERS = typer.Option("--spammers", min=0.0, max=1.0, help="Share that says any class without looking.")
_CARELESS = typer.Option("--careless", min=0.0, max=1.0, help="Share that errs more, in half the time.")
_LAZY = typer.Option("--lazy", min=0.0, max=1.0, help="Share that skips 40 % of the images.")
_FIRST = typer.Option("--first-class", min=0, help="How many say the first class of every image.")
_PACE = typer.Option("--pace", min=0.0, help="0: at once. 1: as slowly as people.")
_CHALLENGES = typer.Option(
    "--challenges/--no-challenges",
    help="Leave the rule on that asks for digits, which none of them can read.",
)
_SEED = typer.Option("--seed", min=0, help="Decides what each says of each image.")
_JSON = typer.Option("--json", help="Print JSON instead of text.")
_PROGRESS = typer.Option("--progress/--no-progress", help="Show progress bars on a terminal.")


@_APP.command()
def annotators(
    link: Annotated[str, _LINK],
    truth: Annotated[str, _TRUTH],
    token_file: Annotated[Path, _TOKEN],
    number: Annotated[int, _COUNT] = 5,
    accuracy: Annotated[float, _ACCURACY] = 0.92,
    confusion: Annotated[Path | None, _CONFUSION] = None,
    seconds: Annotated[float, _SECONDS] = 4.0,
    spammers: Annotated[float, _SPAMMERS] = 0.0,
    careless: Annotated[float, _CARELESS] = 0.0,
    lazy: Annotated[float, _LAZY] = 0.0,
    first_class: Annotated[int, _FIRST] = 0,
    pace: Annotated[float, _PACE] = 0.0,
    challenges: Annotated[bool, _CHALLENGES] = True,
    seed: Annotated[int, _SEED] = 0,
    as_json: Annotated[bool, _JSON] = False,
    progress: Annotated[bool, _PROGRESS] = True,
) -> None:
    """Let simulated annotators of known quality label the open pools of a project, and tell what came of it.

    To rehearse overlap, rules, price and budget before people are asked; in a project of its own, since what
    they say is kept as anybody's answers. They join by the invitation and label over HTTP. Projects that ask
    for one class an image only. With 'golden', images that are no golden task get a class by lot.
    """
    from driftwheel.cli.progress import progress_bars
    from driftwheel.client.annotator import invitation_of
    from driftwheel.client.api import Api
    from driftwheel.client.rehearsal.crowd import join_crowd, make_members, plan_crowd, read_confusion
    from driftwheel.client.rehearsal.rehearse import asked_classes, open_pools, rehearse
    from driftwheel.client.rehearsal.truths import read_truths, truths_of_tasks
    from driftwheel.errors import UsageError

    url, secret = invitation_of(link)
    kinds = plan_crowd(number, spammers=spammers, careless=careless, lazy=lazy, first_class=first_class)
    source = read_truths(truth)
    try:
        api = Api(url, token_file.read_text("utf-8", "replace").strip())
    except OSError as error:
        raise UsageError(
            f"{token_file} cannot be read: {error.strerror}. `driftwheel tokens create lead --role engineer` "
            "prints a token to put there."
        ) from error
    (first,) = join_crowd(api, secret, kinds[:1])
    project = first.project
    classes = asked_classes(api, project)
    pools = open_pools(api, project)
    known = truths_of_tasks(api, project, pools, source, classes, seed=seed)
    quality = accuracy if confusion is None else read_confusion(confusion, classes)
    joined = (first, *join_crowd(api, secret, kinds[1:]))
    members = make_members(joined, kinds, len(classes), quality=quality, seconds=seconds)
    with progress_bars(progress) as on_progress:
        found = rehearse(
            api,
            project,
            pools,
            members,
            known,
            seed=seed,
            pace=pace,
            challenges=challenges,
            on_answer=None if on_progress is None else (lambda: on_progress("answers", 1, None)),
        )
    if as_json:
        from dataclasses import asdict

        from driftwheel.cli.outputs import write_json

        told = [asdict(one) | {"poor": one.poor, "judged": one.judged} for one in found.annotators]
        write_json(asdict(found) | {"annotators": told}, Path("-"))
        return
    _tell(found)


def _tell(found: Rehearsal) -> None:
    from driftwheel.cli.listing import Cell, print_rows

    consensus = (
        f"right for {found.right:,} of {found.judged:,} images whose truth is known "
        f"({100 * found.right / found.judged:.1f} %)"
        if found.judged
        else "of no image whose truth is known"
    )
    wait = "waits" if found.review == 1 else "wait"
    typer.echo(f"Images: {found.done:,} of {found.images:,} done; {found.review:,} {wait} for a review.")
    typer.echo(f"Consensus: {consensus}.")
    each = f", {found.answers / found.done:.1f} an image" if found.done else ""
    typer.echo(f"Answers: {found.answers:,} paid for{each}; they cost {found.cost:,.2f}.")
    typer.echo(
        f"People would have needed {found.people_seconds / 60:,.0f} min together, "
        f"{60 * found.hours:,.0f} min side by side.\n"
    )
    rows: list[dict[str, Cell]] = [
        {
            "annotator": one.name,
            "expected": "–" if one.expected is None else f"{100 * one.expected:.0f} %",
            "answers": one.answered,
            "skips": one.skipped,
            "golden right": f"{one.golden_right} of {one.golden}",
            "rules": {"": "–", "exam_failed": "exam failed"}.get(one.event, one.event),
            "": one.judged,
            "why": one.reason or None,
        }
        for one in found.annotators
    ]
    print_rows("annotators", rows, as_json=False, sentence="why")
    if found.unknown:
        typer.echo(f"\nOf {found.unknown:,} images nobody knows the truth: everybody skipped them.")
    if any(one.event == "challenge" for one in found.annotators):
        typer.echo("\nWho was asked for digits stopped there: give --no-challenges to switch that rule off.")


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(_APP, name="simulate")
