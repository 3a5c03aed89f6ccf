"""One contender of bench/throughput.py, in a process and an environment of its own.

``python throughput_worker.py NAME THREADS FOLDER`` reads the JPEG files of FOLDER into memory, says
``ready``, and then, for each line on its standard input, works through all of them once and writes the
seconds it took. With ``memory N`` for NAME it measures N images from the disk and writes its peak memory.

Only the standard library is imported here: a peer's environment has the peer and little else.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Work = Callable[[list[bytes], int], None]


def in_threads(one: Callable[[bytes], Any], files: Iterable[bytes], threads: int) -> None:
    """Do `one` with each file, results dropped; in batches of 8, as `measure_images` does."""

    def batch(part: list[bytes]) -> None:
        for data in part:
            one(data)

    files = list(files)
    parts = [files[start : start + 8] for start in range(0, len(files), 8)]
    if threads == 1:
        for part in parts:
            batch(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(batch, parts))


def opencv(keep_heap: bool) -> Work:
    """Decode in full and do nothing else."""
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    if keep_heap:  # what driftwheel.images.properties.measure does
        np.empty(30 * 2**20, dtype=np.uint8)

    def decode(data: bytes) -> None:
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)

    return lambda files, threads: in_threads(decode, files, threads)


def driftwheel(mode: str) -> Work:
    """All properties, no embedding, through the service that `driftwheel check` uses."""
    from driftwheel.records import Image
    from driftwheel.services.measure.measure_images import measure_images

    def work(files: list[bytes], threads: int) -> None:
        images = (Image(str(index), data) for index, data in enumerate(files))
        for _ in measure_images(images, mode=mode, threads=threads):
            pass

    return work


def whylogs() -> Work:
    """The image statistics of whylogs; Pillow decodes."""
    from PIL import Image
    from whylogs.extras.image_metric import log_image

    def one(data: bytes) -> None:
        log_image(Image.open(io.BytesIO(data)).convert("RGB"))

    return lambda files, threads: in_threads(one, files, threads)


def deepchecks(every_pixel: bool) -> Work:
    """The default image properties of deepchecks' vision part; OpenCV decodes.

    Their module is loaded by its path, since the package around it asks for PyTorch, which it does not use.
    """
    import cv2
    import numpy as np

    package = importlib.util.find_spec("deepchecks")
    path = Path(package.origin).parent / "vision" / "utils" / "image_properties.py"
    spec = importlib.util.spec_from_file_location("image_properties", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    cv2.setNumThreads(1)

    def one(data: bytes) -> None:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        batch = [cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)]
        if every_pixel:
            for row in module.default_image_properties:
                row["method"](batch)
        else:
            module.calc_default_image_properties(batch)

    return lambda files, threads: in_threads(one, files, threads)


def cleanvision() -> Work:
    """Every default check of cleanvision on a folder, in as many processes as threads are asked for."""
    from cleanvision import Imagelab

    def work(files: list[bytes], threads: int) -> None:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            for index, data in enumerate(files):
                (Path(folder) / f"{index:04}.jpg").write_bytes(data)
            with contextlib.redirect_stderr(io.StringIO()):
                Imagelab(data_path=folder, verbose=False).find_issues(n_jobs=threads, verbose=False)

    return work


CONTENDERS: dict[str, Callable[[], Work]] = {
    "opencv": lambda: opencv(keep_heap=False),
    "opencv-heap": lambda: opencv(keep_heap=True),
    "driftwheel": lambda: driftwheel("exact"),
    "driftwheel-fast": lambda: driftwheel("fast"),
    "whylogs": whylogs,
    "deepchecks-sampled": lambda: deepchecks(every_pixel=False),
    "deepchecks": lambda: deepchecks(every_pixel=True),
    "cleanvision": cleanvision,
}


def read(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.jpg"))]


def serve(name: str, threads: int, folder: Path) -> None:
    """Answer every line of standard input with the seconds of one round."""
    files = read(folder)
    work = CONTENDERS[name]()
    work(files[:8], threads)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        work(files, threads)
        print(time.perf_counter() - start, flush=True)


def peak_memory(count: int, threads: int, folder: Path) -> None:
    """Measure `count` images in exact mode, read from the disk one by one, and write the peak in MiB.

    The peaks of this process and of those that work for it are added up, pages they share and all.
    """
    from driftwheel.records import Image
    from driftwheel.services.measure.measure_images import measure_images

    paths = sorted(folder.glob("*.jpg"))

    def images() -> Iterator[Image]:
        for index, path in zip(range(count), itertools.cycle(paths), strict=False):
            yield Image(f"{index:06}", path.read_bytes())

    seen = sum(len(chunk) for chunk in measure_images(images(), threads=threads))
    assert seen == count
    here = Path("/proc/self/task")
    children = [pid for task in here.iterdir() for pid in (task / "children").read_text().split()]
    print(sum(peak_of(pid) for pid in ["self", *children]))


def peak_of(pid: str) -> float:
    """Peak resident MiB; not by getrusage, whose peak is inherited from the process that started this one."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024


if __name__ == "__main__":
    if sys.argv[1] == "memory":
        peak_memory(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
    else:
        serve(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]))
