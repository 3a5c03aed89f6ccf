"""The thread that sends: what is ready in memory and what waits in the spool, again until it is taken."""

from __future__ import annotations

import http.client
import os
import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from driftwheel.client.answers import Meaning, meaning_of
from driftwheel.client.backoff import next_pause, read_retry_after
from driftwheel.client.bounded_queue import BoundedQueue
from driftwheel.client.courier import Answer, Courier
from driftwheel.client.item import Item, Kind, first_batch
from driftwheel.client.request import to_request
from driftwheel.client.spool import Spool
from driftwheel.client.stats import LOGGER, Tally

__all__ = ["Sender"]

_MOST_ITEMS = 500
_MOST_BYTES = 4 << 20
_LOOK_AGAIN = 5.0  # seconds between looks for what another process left in the spool
_LOCKED_OUT_PAUSE = 300.0
_SAY_AGAIN = 600.0
_NOT_OURS = {"detail": "this answer is not that of a Driftwheel server. Check the address."}


class Sender:
    """Sends until it is told to stop; `down` says that the last attempt failed.

    Parameters
    ----------
    courier
        The connection.
    model
        The name of the model all items belong to.
    ready
        What is to be sent, from memory.
    spool
        Where items go that cannot be sent now, and come from; None to keep them in memory.
    tally
        Counts.
    stopping
        Set when nothing is to be tried any more.
    """

    def __init__(
        self,
        *,
        courier: Courier,
        model: str,
        ready: BoundedQueue[Item],
        spool: Spool | None,
        tally: Tally,
        stopping: threading.Event,
    ) -> None:
        self.down = False
        self._courier = courier
        self._model = model
        self._ready = ready
        self._spool = spool
        self._tally = tally
        self._stopping = stopping
        self._hand: list[Item] = []  # taken from `ready`, and not sent yet
        self._said_down = False
        self._failures = 0
        self._most_items = _MOST_ITEMS
        self._spool_next = True

    def run(self) -> None:
        """Send until `stopping` is set."""
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception as error:
                LOGGER.exception("Sending failed in an unexpected way; it is tried again")
                self._pause(repr(error), None)

    def take_back(self) -> list[Item]:
        """Return what was taken from `ready` and is not sent; for when the thread is no more."""
        items, self._hand = self._hand, []
        return items

    def _step(self) -> None:
        """Send one batch: of the spool and of memory in turn, so that neither waits for all of the other."""
        if not self._hand and not self.down:
            self._hand = self._ready.take(_MOST_ITEMS, 0.0)
        batch: list[Item] = []
        if self._spool is not None and (self._spool_next or not self._hand):
            batch = self._spool.peek(_MOST_ITEMS, _MOST_BYTES)
        if batch:
            self._spool_next = False
            self._deliver(batch, self._spool)
            return
        self._spool_next = True
        if not self._hand:
            self.down = False  # there is nothing to try it with
            self._hand = self._ready.take(_MOST_ITEMS, _LOOK_AGAIN)
        if self._hand:
            self._deliver(first_batch(self._hand, _MOST_ITEMS, _MOST_BYTES), None)

    def _deliver(self, items: Sequence[Item], spool: Spool | None) -> None:
        """Send items that lie in the spool, or in the hand, and take out of there those that are settled."""
        done, size = 0, min(len(items), self._most_items)
        while done < len(items) and not self._stopping.is_set():
            part = items[done : done + (1 if items[0].kind == Kind.PROFILE else size)]
            try:
                answer = self._courier.post(to_request(self._model, part))
            except (OSError, http.client.HTTPException) as error:
                self._pause(f"no answer from the server: {error!r}", None)
                return
            meaning = meaning_of(answer.status, len(part))
            if meaning is Meaning.TAKEN and not _acknowledges(answer.document, len(part)):
                meaning, answer = Meaning.LATER, Answer(answer.status, _NOT_OURS, None)
            if meaning is Meaning.HALVE:
                size = max(1, len(part) // 2)
                continue
            if meaning in (Meaning.LATER, Meaning.LOCKED_OUT):
                if answer.status == 500:
                    self._isolate(part, spool)
                self._put_off(meaning, answer)
                return
            self._settle(part, answer, meaning, spool)
            done += len(part)
            size *= 2
            self._most_items = min(_MOST_ITEMS, max(self._most_items, size))

    def _isolate(self, items: Sequence[Item], spool: Spool | None) -> None:
        """Send less at once after a failure inside the server; a single item that it fails on goes last.

        One item on which a server fails again and again must not keep all others waiting.
        """
        self._most_items = max(1, len(items) // 2)
        if len(items) > 1:
            return
        if spool is None:
            self._hand.append(self._hand.pop(0))
        elif spool.append(items):
            spool.forget(1)

    def _settle(self, items: Sequence[Item], answer: Answer, meaning: Meaning, spool: Spool | None) -> None:
        if self._said_down:
            LOGGER.info("The server takes data again")
            self._said_down = False
        self.down, self._failures = False, 0
        sent = len(items)
        if meaning is Meaning.REFUSED:
            sent = 0
            self._say_refused(answer.status, _detail(answer))
        else:
            for result in _results(answer.document):
                if result.get("outcome") in ("rejected", "conflict"):
                    sent -= 1
                    self._say_refused(str(result["outcome"]), str(result.get("reason", "")))
        if spool is None:
            del self._hand[: len(items)]
            self._tally.left_memory(len(items), sent=sent, rejected=len(items) - sent)
        else:
            spool.forget(len(items))
            self._tally.left_memory(0, sent=sent, rejected=len(items) - sent)

    def _say_refused(self, how: int | str, why: str) -> None:
        self._tally.warn_once(
            f"refused {how}", f"The server refuses some of what is logged ({how}), which is lost: {why}"
        )

    def _put_off(self, meaning: Meaning, answer: Answer) -> None:
        why = f"the server says {answer.status}: {_detail(answer)}"
        if meaning is Meaning.LOCKED_OUT:
            self._tally.warn_once(
                "locked out",
                f"Nothing can be sent, {why} Check the token and the address; what is logged waits.",
            )
            self._pause(None, _LOCKED_OUT_PAUSE)
        else:
            self._pause(why, read_retry_after(answer.retry_after, datetime.now(UTC)))

    def _pause(self, why: str | None, retry_after: float | None) -> None:
        """Move what is in memory to the spool, as far as it fits, and wait."""
        self.down = True
        self._failures += 1
        if why is not None:
            where = "memory" if self._spool is None else "the spool"
            said = f"Sending is put off, what is logged waits in {where}: {why}"
            self._said_down |= self._tally.warn_once("down", said, again_after=_SAY_AGAIN)
        if self._spool is not None:
            self._hand += self._ready.take(1 << 30, 0.0)
            kept = self._spool.append(self._hand)
            del self._hand[:kept]
            self._tally.left_memory(kept)
        jitter = int.from_bytes(os.urandom(4), "big") / 2**32
        self._stopping.wait(next_pause(self._failures, jitter, retry_after))


def _results(document: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """Return the results of an answer, one for each item; or that of its only one."""
    results = (document or {}).get("results", [document])
    return [one for one in results if isinstance(one, dict)] if isinstance(results, list) else []


def _acknowledges(document: Mapping[str, Any] | None, items: int) -> bool:
    """Return whether an answer speaks of each item, as only a Driftwheel server's does."""
    return [isinstance(one.get("outcome"), str) for one in _results(document)] == [True] * items


def _detail(answer: Answer) -> str:
    detail = (answer.document or {}).get("detail")
    return str(detail) if detail else "no reason is given."
