"""The one order in which transactions of labelling lock rows, so that none waits for another in a circle.

1. The annotator's row of `assignments`: what one annotator does in a pool goes one after the other.
2. The pool, where it has a budget: whoever hands out or takes back part of it.
3. Tasks, by key. Whoever only looks for some passes over those that others have locked, and never waits.
4. Leases and answers of tasks; every change of a lease but its renewal is made while its task is locked.
   Who renews leases locks no task for it, so passes over those that others are changing, and never waits.
5. The pool, where it has no budget, for what is counted of it.

On SQLite one transaction writes at a time, and none of this matters.
"""

from __future__ import annotations

__all__: list[str] = []
