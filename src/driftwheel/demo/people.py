"""The people of the story: annotators who label what is open, and a lead who answers what the wheel asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from driftwheel.agreement.simulated_annotator import AnnotatorKind
from driftwheel.client.api import Api
from driftwheel.client.rehearsal.crowd import Member, join_crowd, make_members
from driftwheel.client.rehearsal.label_pools import label_pools

__all__ = ["CROWD", "Evening", "People", "invite_people"]

CROWD: Sequence[AnnotatorKind] = ("good", "good", "good", "good", "good", "spammer")
"""Who joins: five who are right 95 times in a hundred, and one who does not look."""

_ACCURACY = 0.95


@dataclass(frozen=True, slots=True)
class Evening:
    """What people labelled: answers given, minutes it would have taken them, and who was banned for it."""

    answers: int
    minutes: float
    banned: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Annotators of a project; `seed` decides what they say.

    Attributes
    ----------
    api
        Called with the lead's token.
    project
        Its key.
    """

    api: Api
    project: int
    members: tuple[Member, ...]
    classes: tuple[str, ...]
    seed: int

    def open_pools(self) -> list[int]:
        """Return the keys of the pools that wait for them."""
        pools = self.api.get(f"/projects/{self.project}/pools")
        return [one["key"] for one in pools if one["state"] == "open"]

    def label(self, truths: Mapping[str, int | None]) -> Evening:
        """Let everybody label what is open; `truths` is SHA-256 of images → number of the class."""
        for pool in self.open_pools():  # the digits of a challenge are for people to read
            self.api.patch(f"/projects/{self.project}/pools/{pool}", {"rules": {"challenge_every": 0}})
        before = self._banned()
        done = label_pools(self.members, truths, self.classes, seed=self.seed)
        return Evening(
            sum(one.answered for one in done),
            sum(one.seconds for one in done) / 60,
            tuple(sorted(self._banned() - before)),
        )

    def _banned(self) -> set[str]:
        told = self.api.get(f"/projects/{self.project}/annotators")
        return {one["name"] for one in told if one["banned"] is not None}


def invite_people(
    api: Api,
    model: str,
    classes: tuple[str, ...],
    golden: Mapping[str, str],
    *,
    seed: int,
    crowd: Sequence[AnnotatorKind] = CROWD,
) -> People:
    """Make the project that the wheel asks in, with golden tasks, and let a crowd join it by an invitation.

    Parameters
    ----------
    golden
        Id of a record → its class, which is known for sure.

    Raises
    ------
    DriftwheelError
        When the server refuses something.
    """
    wanted = [{"name": one} for one in classes]
    body = {"name": f"{model}: what is to be seen", "model": model, "answer": "class", "classes": wanted}
    project = api.post("/projects", body)["key"]
    pool = api.post(f"/projects/{project}/pools", {"name": "known for sure"})["key"]
    images = [
        {"record": record, "kind": "golden", "truth": {"class": label}} for record, label in golden.items()
    ]
    api.post(f"/projects/{project}/pools/{pool}/images", {"images": images})
    invited = api.post(f"/projects/{project}/invitations", {"note": "the demo's crowd", "most": len(crowd)})
    joined = join_crowd(api, invited["secret"], crowd)
    members = make_members(joined, crowd, len(classes), quality=_ACCURACY)
    return People(api, project, members, classes, seed)
