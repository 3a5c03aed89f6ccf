"""Commands and code a newcomer can copy, with this server's address in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote

__all__ = ["ANY_TOKEN", "curl_snippet", "folder_curl_snippet", "folder_snippet", "log_snippet"]

ANY_TOKEN = "dw_…"  # noqa: S105  stands for one
"""Stands where the token of the reader comes."""


def log_snippet(
    server: str, model: str, task: str, classes: Sequence[str] = (), *, token: str = ANY_TOKEN
) -> str:
    """Return Python that logs one prediction to a model.

    Examples
    --------
    >>> print(log_snippet("http://localhost:8080", "pets", "classification").splitlines()[0])
    from driftwheel.client import Client
    """
    prediction = _prediction(task, classes)
    return (
        "from driftwheel.client import Client\n"
        "\n"
        f'with Client("{server}", model="{model}",\n'
        f'            token="{token}") as client:\n'
        f'    client.log("image.jpg", {prediction},\n'
        '               tags={"camera": "1"})'
    )


def curl_snippet(server: str, model: str, *, token: str = ANY_TOKEN) -> str:
    """Return a command that logs one image, taken now, without any program of ours."""
    record = r"{\"id\": \"first-$(date +%s)\", \"time\": \"$(date -u +%Y-%m-%dT%H:%M:%SZ)\"}"
    return (
        f"curl {server}/api/v1/models/{quote(model, safe='')}/records/images \\\n"
        f'  -H "Authorization: Bearer {token}" \\\n'
        f'  -F "record={record};type=application/json" \\\n'
        "  -F image=@image.jpg"
    )


def folder_snippet(  # noqa: PLR0917
    server: str, model: str, task: str, classes: Sequence[str], start: datetime, token: str = ANY_TOKEN
) -> str:
    """Return Python that logs a folder of images into the window that begins at `start`."""
    return (
        "from datetime import datetime, timedelta\n"
        "from pathlib import Path\n"
        "\n"
        "from driftwheel.client import Client\n"
        "\n"
        f'start = datetime.fromisoformat("{start.isoformat()}")\n'
        f'with Client("{server}", model="{model}",\n'
        f'            token="{token}") as client:\n'
        '    for i, file in enumerate(sorted(Path("images").glob("*.jpg"))):\n'
        f"        client.log(file, {_prediction(task, classes)},\n"
        "                   time=start + timedelta(seconds=i))\n"
        "print(client.stats)  # logged=0: there is no *.jpg in the folder images"
    )


def folder_curl_snippet(server: str, model: str, start: datetime, token: str = ANY_TOKEN) -> str:
    """Return the same for a shell: images without what the model said of them."""
    record = f'{{\\"id\\": \\"$(basename "$file")\\", \\"time\\": \\"{start:%Y-%m-%dT%H:%M:%SZ}\\"}}'
    return (
        "for file in images/*.jpg; do\n"
        f"  curl -sS {server}/api/v1/models/{quote(model, safe='')}/records/images \\\n"
        f'    -H "Authorization: Bearer {token}" \\\n'
        f'    -F "record={record};type=application/json" \\\n'
        '    -F "image=@$file"\n'
        "done"
    )


def _prediction(task: str, classes: Sequence[str]) -> str:
    one = json.dumps(classes[0] if classes else "cat", ensure_ascii=False)
    prediction = f'{{"class": {one}, "scores": {{{one}: 0.93}}}}'
    if task == "detection":
        prediction = f'{{"boxes": [{{"class": {one}, "score": 0.9, "x": 10, "y": 20, "w": 80, "h": 60}}]}}'
    return prediction
