"""A hundred thousand random lives of alerts: no illegal transition, no lost and no extra message.

Each sequence drives two monitors of one model and one channel as the services do: windows are evaluated, in
order, late and again; people acknowledge, snooze, wake and close; others inhibit; and the channel is looked
at exactly when something changed and when `next_due` says. What must hold is written here a second time, from
the promises and not from the code: which transitions there are, when an alert must fire and end, and what the
channel must have been told in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

import pytest
from tests.alerts.making import START

from driftwheel.alerts.act import acknowledge, close, inhibit, snooze, unsnooze
from driftwheel.alerts.episode import Episode, is_open, is_snoozed
from driftwheel.alerts.flapping import FLAPPING_QUIET
from driftwheel.alerts.grouping import Timing, due_message
from driftwheel.alerts.instance import Instance
from driftwheel.alerts.life_cycle import Step, WindowResult, advance
from driftwheel.alerts.told import NOTHING_TOLD, Told
from driftwheel.monitors.evaluate import Result
from driftwheel.monitors.monitor import Monitor
from driftwheel.monitors.rule import Condition

T = TypeVar("T")

SEQUENCES = 100_000
PARTS = 4
MINUTE = timedelta(minutes=1)
WINDOW = timedelta(hours=1)
TIMING = Timing(repeat=timedelta(hours=2))
NEXT = {
    None: {"pending", "firing"},
    "pending": {"pending", "firing", "closed"},
    "firing": {"firing", "recovering", "resolved", "closed"},
    "recovering": {"recovering", "firing", "resolved", "closed"},
}
RESULTS: list[tuple[Result, bool]] = [
    ("breach", False),
    ("breach", False),
    ("ok", True),
    ("ok", True),
    ("ok", False),
    ("no_data", False),
    ("error", False),
]
PAUSES = [MINUTE / 6, MINUTE, 4 * MINUTE, 55 * MINUTE]
RULE = Condition("drift", "unusual")
MONITORS = [
    Monitor("m", RULE, breaches=k, of_windows=n, keep_firing_for=keep, severity="warning")
    for k, n in ((1, 1), (2, 2), (2, 3), (1, 3))
    for keep in (1, 2, 3)
]


@dataclass
class Watched:
    """One monitor on the whole model, with all that it found and all its episodes."""

    instance: Instance
    results: list[WindowResult] = field(default_factory=list)  # newest first
    late: bool = False  # an older result has changed since the newest window was evaluated
    opened: Episode | None = None
    ended: list[Episode] = field(default_factory=list)  # newest first


@dataclass
class World:
    """Two monitors, one channel, one clock."""

    watched: list[Watched]
    now: datetime = START
    windows: int = 0
    keys: int = 0
    told: Told = NOTHING_TOLD
    look_at: datetime | None = None
    said: dict[int, list[tuple[str, datetime]]] = field(default_factory=dict)  # by episode
    messages: list[datetime] = field(default_factory=list)
    episodes: dict[int, Episode] = field(default_factory=dict)  # as they are now

    def change(self, watched: Watched, episode: Episode) -> None:
        """Keep an episode as the services do, and wake the channel."""
        before = watched.opened
        assert episode.state in NEXT[None if before is None else before.state]
        if before is None:
            self.keys += 1
            episode = replace(episode, key=self.keys)
        else:
            assert (episode.key, episode.instance, episode.pending) == (
                before.key,
                before.instance,
                before.pending,
            )
            assert before.fired in {None, episode.fired}
        assert (episode.ended is not None) == (not is_open(episode))
        assert (episode.fired is not None) or episode.state in {"pending", "closed"}
        if is_open(episode):
            watched.opened = episode
        else:
            watched.opened = None
            watched.ended.insert(0, episode)
        self.episodes[episode.key] = episode
        self.look_at = self.now

    def look(self) -> None:
        """Look at the channel as often as it is due up to now."""
        while self.look_at is not None and self.look_at <= self.now:
            shown = [one.opened for one in self.watched if one.opened is not None]
            shown += [self.episodes[key] for key in self.told.firing if not is_open(self.episodes[key])]
            due = due_message(self.told, shown, TIMING, self.now)
            assert due.next_due is None or due.next_due > self.now
            self.look_at = due.next_due
            if due.kind is None:
                assert (due.firing, due.still, due.ended) == ((), (), ())
                self.told = due.told
                continue
            self._check_message(due.firing, due.still, due.ended)
            self.told = due.told
            for kind, keys in (("firing", due.firing), ("still", due.still), ("ended", due.ended)):
                for key in keys:
                    self.said.setdefault(key, []).append((kind, self.now))
            self.messages.append(self.now)

    def _check_message(self, firing: tuple[int, ...], still: tuple[int, ...], ended: tuple[int, ...]) -> None:
        assert firing or still or ended
        if self.messages and self.told.firing:
            assert self.now - self.messages[-1] >= TIMING.group_interval
        for key in firing:
            one = self.episodes[key]
            assert key not in self.said, "told twice that it fires"
            assert one.fired is not None
        if firing and not still and not ended:  # else it goes along with what was due
            first = min(self.episodes[key].fired or self.now for key in firing)
            assert self.now - first >= TIMING.group_wait
        for key in (*firing, *still):
            one = self.episodes[key]
            assert is_open(one)
            assert not is_snoozed(one, self.now), "told in a snooze"
            assert one.inhibited_by is None, "told though another alert explains it"
        for key in (*still, *ended):
            assert self.said[key][-1][0] != "ended", "told of after its end"
        for key in still:
            one = self.episodes[key]
            woken = one.snoozed_until is not None and self.said[key][-1][1] < one.snoozed_until
            assert one.acknowledged is None or woken, "repeated though acknowledged"
        for key in ended:
            one = self.episodes[key]
            assert one.ended is not None
            assert not is_snoozed(one, one.ended), "the end of a snoozed alert was told"


def evaluate_window(world: World, watched: Watched, end: datetime, result: tuple[Result, bool]) -> None:
    """Evaluate one window, for the first time or again, and check what it did."""
    new = WindowResult(end - WINDOW, end, *result)
    at = next((i for i, one in enumerate(watched.results) if one.end <= end), len(watched.results))
    again = at < len(watched.results) and watched.results[at].end == end
    same = again and watched.results[at] == new
    watched.results[at : at + 1 if again else at] = [new]
    before = watched.opened
    step = advance(
        before,
        watched.results[:40],
        watched.instance,
        world.now,
        evaluated=end,
        history=watched.ended[:10],
    )
    if at > 0:
        assert step == Step(before), "late data changed an episode"
        watched.late |= not same
        return
    if same and not watched.late:
        assert step.happened == (), "the same result again did something"
    watched.late = False
    if result[0] not in {"ok", "breach"}:
        assert step.happened == (), "what is unknown did something"
    else:
        check_step(watched, before, step)
    if step.episode is not None and step.episode != before:
        world.change(watched, step.episode)


def check_step(watched: Watched, before: Episode | None, step: Step) -> None:
    """Check that the alert fires, recovers and ends exactly when it is promised to."""
    monitor = watched.instance.monitor
    seen = watched.ended[0].evaluated_until if watched.ended else START
    known = [one for one in watched.results[:40] if one.end > seen and one.result in {"ok", "breach"}]
    newest = watched.results[0]
    after = step.episode
    if before is None or before.state == "pending":
        breaches = sum(one.result == "breach" for one in known[: monitor.of_windows])
        fires = newest.result == "breach" and newest.end > seen and breaches >= monitor.breaches
        assert (after is not None and after.state == "firing") == fires
        assert fires == ("fired" in step.happened)
        if before is None and after is not None:
            assert newest.result == "breach"
            assert after.began >= seen - WINDOW
        return
    assert after is not None
    own = [one for one in known if one.start >= before.began]
    needed = max(monitor.keep_firing_for, FLAPPING_QUIET if before.flapping else 1)
    clear = len(own) >= needed and all(one.cleared for one in own[:needed])
    assert (after.state == "resolved") == clear
    if own and own[0].result == "breach":
        assert after.state == "firing"
    if own and own[0].cleared and not clear:
        assert after.state == "recovering"


def act(world: World, watched: Watched, rng: Random) -> None:
    """Let a person, or another alert, do something to the open episode."""
    one = watched.opened
    if one is None:
        return
    what = rng.randrange(6)
    if what == 0:
        world.change(watched, inhibit(one, None if one.inhibited_by else 10**6))
    elif what == 1:
        world.change(watched, close(one, reason="known", now=world.now))
    elif one.fired is None:
        return
    elif what == 2:
        world.change(watched, acknowledge(one, by="ana", note="", now=world.now))
    elif is_snoozed(one, world.now) and what == 3:
        world.change(watched, unsnooze(one, now=world.now))
    else:
        until = world.now + rng.choice((MINUTE, 30 * MINUTE, 90 * MINUTE, 200 * MINUTE))
        world.change(watched, snooze(one, until=until, now=world.now))


def pass_time(world: World, moment: datetime) -> None:
    """Move the clock, stopping whenever the channel is to be looked at."""
    world.look()
    while world.look_at is not None and world.look_at <= moment:
        world.now = world.look_at
        world.look()
    world.now = moment


def drawn(options: list[T], rng: Random) -> T:
    """Three times as fast as `Random.choice`, of which there are millions."""
    return options[int(rng.random() * len(options))]


def live(rng: Random) -> World:
    """Live one random sequence of events."""
    two = rng.sample(MONITORS, 2)
    world = World([Watched(Instance(1, key, 1, monitor)) for key, monitor in enumerate(two, 1)])
    for _ in range(rng.randrange(1, 11)):
        watched = world.watched[rng.random() < 0.3]
        what = int(rng.random() * 10)
        if what < 6:
            world.windows += 1
            world.now = max(world.now, START + world.windows * WINDOW)
            evaluate_window(world, watched, START + world.windows * WINDOW, drawn(RESULTS, rng))
        elif what == 6 and world.windows:
            late = START + rng.randint(1, world.windows) * WINDOW
            evaluate_window(world, watched, late, drawn(RESULTS, rng))
        elif what < 9:
            act(world, watched, rng)
        pass_time(world, world.now + drawn(PAUSES, rng))
    return world


def check_end(world: World) -> None:
    """After six hours without any event, the channel must know what is, and no more."""
    pass_time(world, world.now + timedelta(hours=6))
    for key, one in world.episodes.items():
        said = [kind for kind, _ in world.said.get(key, [])]
        assert said.count("firing") <= 1
        assert said.count("ended") <= 1
        assert not said or said[0] == "firing"
        if one.ended is not None:
            silent = one.fired is None or is_snoozed(one, one.ended)
            assert ("ended" in said) == (bool(said) and not silent), "an end was lost, or made up"
        elif one.fired is not None and one.inhibited_by is None:
            assert "firing" in said, "an alert was lost"
            last = world.said[key][-1][1]
            if one.snoozed_until is not None and one.snoozed_until > one.fired:
                assert last >= one.snoozed_until, "a snooze ended without a word"
            if one.acknowledged is None:
                assert world.now - last < TIMING.repeat, "a repeat was lost"
        else:
            assert one.fired is not None or not said, "told of what never fired"
    for earlier, later in zip(world.messages, world.messages[1:], strict=False):
        assert later > earlier


@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_sequences(part: int) -> None:
    rng = Random(part)
    fired = resolved = messages = 0
    for _ in range(SEQUENCES // PARTS):
        world = live(rng)
        check_end(world)
        fired += sum(one.fired is not None for one in world.episodes.values())
        resolved += sum(one.state == "resolved" for one in world.episodes.values())
        messages += len(world.messages)
    assert fired > SEQUENCES / PARTS / 3  # the sequences do something
    assert resolved > SEQUENCES / PARTS / 40
    assert messages > SEQUENCES / PARTS / 3
