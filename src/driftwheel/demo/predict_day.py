"""A day of production: every image is asked about over HTTP, as the line asks, and is logged by that."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlencode

from driftwheel.client.api import Api
from driftwheel.demo.camera_image import camera_image
from driftwheel.demo.shot import Shot
from driftwheel.errors import DriftwheelError

__all__ = ["Predicted", "predict_day"]

_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Predicted:
    """What the champion said of the images of a day.

    Attributes
    ----------
    right, images
        How many it was right about, of how many. The server is not told.
    right_damaged, damaged
        Likewise of the camera that has the fault.
    version
        That answered the most.
    truths
        SHA-256 of each image, in hexadecimal → what it shows.
    """

    right: int
    images: int
    right_damaged: int
    damaged: int
    version: str
    truths: dict[str, str]


def predict_day(
    api: Api,
    model: str,
    shots: Sequence[Shot],
    *,
    fault: str,
    camera: int,
    on_image: Callable[[], None] | None = None,
) -> Predicted:
    """Ask the champion about each image of a day.

    Parameters
    ----------
    api
        Called with a token of the role ``ingest``.
    fault, camera
        What the camera of damaged shots has, and the seed that makes it this one camera.

    Raises
    ------
    DriftwheelError
        When an image is not answered.
    """
    apis = [api.as_token(api.token) for _ in range(_AT_ONCE)]

    def ask(number: int) -> list[tuple[Shot, str, str, str]]:
        found = []
        for shot in shots[number::_AT_ONCE]:
            image = camera_image(shot, fault, camera)
            query = urlencode(
                {"id": shot.name, "time": shot.time.isoformat(), "tag": f"camera={shot.camera}"}
            )
            path = f"/models/{model}/predict?{query}"
            reply = apis[number].call("POST", path, image, content_type="application/octet-stream")
            if reply.status != 200:
                raise DriftwheelError(f"POST /models/{model}/predict: {reply.detail or reply.status}")
            said = reply.document
            found.append((shot, said["class"], said["model_version"], hashlib.sha256(image).hexdigest()))
            if on_image is not None:
                on_image()
        return found

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        rows = [one for part in pool.map(ask, range(_AT_ONCE)) for one in part]
    damaged = [one for one in rows if one[0].severity is not None]
    return Predicted(
        sum(said == shot.label for shot, said, _, _ in rows),
        len(rows),
        sum(said == shot.label for shot, said, _, _ in damaged),
        len(damaged),
        Counter(version for _, _, version, _ in rows).most_common(1)[0][0],
        {image: shot.label for shot, _, _, image in rows},
    )
