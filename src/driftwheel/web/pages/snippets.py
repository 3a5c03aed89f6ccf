"""Commands and code a newcomer can copy, with this server's address in them."""

from __future__ import annotations

import json
from collections.abc import Sequence

__all__ = ["curl_snippet", "log_snippet"]


def log_snippet(server: str, model: str, task: str, classes: Sequence[str] = ()) -> str:
    """Return Python that logs one prediction to a model.

    Examples
    --------
    >>> print(log_snippet("http://localhost:8080", "pets", "classification").splitlines()[0])
    from driftwheel.client import Client
    """
    one = json.dumps(classes[0] if classes else "cat", ensure_ascii=False)
    prediction = f'{{"class": {one}, "scores": {{{one}: 0.93}}}}'
    if task == "detection":
        prediction = f'{{"boxes": [{{"class": {one}, "score": 0.9, "x": 10, "y": 20, "w": 80, "h": 60}}]}}'
    return (
        "from driftwheel.client import Client\n"
        "\n"
        f'with Client("{server}", token="dw_…", model="{model}") as client:\n'
        f'    client.log("image.jpg", {prediction},\n'
        '               tags={"camera": "1"})'
    )


def curl_snippet(server: str, model: str) -> str:
    """Return a command that logs one image without any program of ours."""
    return (
        f"curl {server}/api/v1/models/{model}/records/images \\\n"
        '  -H "Authorization: Bearer dw_…" \\\n'
        '  -F \'record={"id": "first", "time": "2026-11-23T08:00:00Z"};type=application/json\' \\\n'
        "  -F image=@image.jpg"
    )
