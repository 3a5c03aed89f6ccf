"""The policy of a model's wheel, in sentences."""

from __future__ import annotations

from driftwheel.report.gains import points
from driftwheel.report.numbers import count, quantity, several, share
from driftwheel.wheel.wheel_policy import DAYS_OF_MONTH, WheelPolicy

__all__ = ["wheel_sentences"]


def wheel_sentences(policy: WheelPolicy | None) -> tuple[str, ...]:
    """Return what the wheel does by itself.

    Examples
    --------
    >>> wheel_sentences(WheelPolicy())[0]
    'Retraining is begun by people: the wheel turns by hand only.'
    """
    if policy is None:
        return ()
    if not policy.enabled:
        return ("Retraining is begun by people: the wheel turns by hand only.",)
    when = []
    if policy.on_alert:
        when.append(f"a drift alert fires ({policy.alert_severity} or graver)")
    if policy.accuracy_below is not None:
        below = points(policy.accuracy_below)
        when.append(
            f"accuracy measured over {several(policy.accuracy_days, 'day')} is shown to be below {below}"
        )
    if policy.new_labels is not None:
        when.append(f"{count(policy.new_labels)} images were labelled since the last")
    if policy.every_days is not None:
        when.append(f"{several(policy.every_days, 'day')} have passed since the last")
    told = [
        f"A turn of the wheel begins when {'; or when '.join(when)}." if when else "A turn is begun by hand."
    ]
    told.append(
        f"{several(policy.turns_per_month, 'turn')} and {several(policy.labels_per_month, 'label')} may be "
        f"spent in any {DAYS_OF_MONTH} days, and {quantity(policy.cool_down_days)} days lie between two "
        "that begin by themselves."
    )
    told.append(
        f"A turn has {several(policy.images, 'image')} labelled, {share(policy.holdout_share)} of them "
        f"drawn at random to measure on, and waits {quantity(policy.deadline_days)} days for people at most."
    )
    if policy.watch_days:
        back = "rolled back by itself" if policy.roll_back else "reported"
        told.append(
            "A new champion is compared with the old one on the same images for "
            f"{quantity(policy.watch_days)} days, and {back} when it is shown to be worse."
        )
    return tuple(told)
