"""How rare a day is among those of its reference: the judge's own numbers, without what cannot change them.

Most days of a year are as usual. For those it is enough to know the rarity, which the verdict and the
e-process both need and which is a hundredth of the work: windows are replayed from a reference once, not
anew for each day. A day that is rare is then judged in full.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from driftwheel.drift.evidence.embedding_evidence import _FRECHET_AXES, _principal_axes, _replayed_effects
from driftwheel.drift.evidence.property_evidence import property_evidence
from driftwheel.drift.judge import _PLAIN, REPLAYS
from driftwheel.drift.replays.replay import Replays, replay_spans, replay_weights, spans_of, without_noise
from driftwheel.drift.replays.replayed_effects import ReplayedEffect, replay_p_value
from driftwheel.drift.rules import EFFECT_FLOOR_FRECHET
from driftwheel.drift.statistics.frechet import frechet
from driftwheel.drift.statistics.permutations import draw_labels
from driftwheel.images.properties import property_named
from driftwheel.records import Records

__all__ = ["Rarity"]

Distances = Callable[[Replays], NDArray[np.float64]]


class Rarity:
    """The replays of one reference, kept; a day asks for them as the judge's `EffectGate` does."""

    alpha = chance = 0.0

    def __init__(self, reference: Records, day: Records, rng: np.random.Generator) -> None:
        spans = spans_of(reference, day)
        assert spans is not None
        self._reference, self._size, self._rng = reference, len(day), rng
        n = len(reference)
        windows, self._images = replay_spans(spans, REPLAYS, rng)
        self._replays = Replays.of(windows, replay_weights(n, n, REPLAYS, rng, spans))
        self._plain = Replays.of(
            replay_weights(n, self._size, _PLAIN, rng), replay_weights(n, n, _PLAIN, rng)
        )
        self.spans = int(spans.max()) + 1
        self._known: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        self._asked, self._m = 0, self._size
        self._axes = _principal_axes(reference.embeddings, _FRECHET_AXES)
        self._placed = self._axes.apply(reference.embeddings)

    def of(self, day: Records) -> float:
        """Return `Verdict.replay_p_value` of a day."""
        reference = self._reference
        self._asked, self._m = 0, len(day)
        found = property_evidence(
            tuple(property_named(name) for name in reference.property_names),
            reference.properties,
            day.properties,
            labels=draw_labels(len(reference), len(day), 20, self._rng),
            gate=self,
        )
        effect = float(frechet(self._placed, self._axes.apply(day.embeddings)).effect or 0.0)
        replayed = self.replayed(lambda replays: np.sqrt(_replayed_effects(self._placed, replays)))
        root = ReplayedEffect(np.sqrt(max(effect, 0.0)), replayed, np.sqrt(EFFECT_FLOOR_FRECHET))
        return min(1.0, 2 * min(self.p_value(found.effects), self.p_value([root])))

    def replayed(self, distances: Distances) -> NDArray[np.float64]:
        if self._asked == len(self._known):
            self._known.append((distances(self._replays), distances(self._plain)))
        found, plain = self._known[self._asked]
        self._asked += 1
        n = len(self._reference)
        noise = 1 / self._m + 1 / n
        scale = np.sqrt(noise / (1 / self._size + 1 / n))
        return without_noise(found, plain * scale, (1 / self._images + 1 / n) / noise)

    def thresholds(self, effects: Sequence[ReplayedEffect]) -> list[float]:
        return [1.0] * len(effects)  # of no interest here

    def p_value(self, effects: Sequence[ReplayedEffect]) -> float:
        return replay_p_value(effects, self.spans)
