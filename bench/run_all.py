"""`make bench`: run every benchmark of the table, one after the other, and say which failed.

``python bench/run_all.py NAME…`` runs only those.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

BENCH = Path(__file__).parent

BENCHMARKS = {
    "startup": "what the base install costs: seconds to --help, megabytes on disk",
    "throughput": "images a second, all properties, one and two threads; peak memory; beside peers",
    "embedders": "what the embedders cost and see; whether 1 % of outliers means 1 %",
    "tests_speed": "the drift tests, seconds and memory, beside scipy, alibi-detect and Evidently",
    "profiles": "profile files: size, merging, and how far they are off",
    "check_speed": "seconds of a whole check of 2,000 + 2,000 photos",
    "calibration": "false alarms on draws without a change",
    "detection": "how much drift is seen and how often falsely, on the published shifts, beside peers; hours",
    "diagnosis": "which camera fault is named, on held-out images",
    "judging": "seconds to judge a window of a model's records, on one core",
    "black_box": "what the model's scores add to the verdict: false alarms, power, the kind that is named",
    "stream": "a year of days that resemble each other: false alarms, and how soon a fault is told; hours",
    "accuracy": "accuracy without labels: its error, whether its interval holds and refusals are right",
    "trials": "check on real images, with and without a change",
    "ingest": "records and images a second that a server takes, and how long each waits",
    "serving": "predictions a second of a served champion, how long each waits, how soon it is rolled back",
    "kill": "what a server loses that is killed under load, on both databases",
    "store": "records written in groups, pages of long lists, the summary of a long day, on both databases",
    "worker": "images a second that workers measure, in the server and beside it",
    "client": "what a call of the client's log costs its caller",
    "pages": "milliseconds of every page and read of the API, with a million records",
    "formats": "label formats: seconds and memory of 200,000 labels; whether other tools read the same boxes",
    "autoencoder": "reconstruction drift: MNIST is learnt, notMNIST comes; losses, and a test on 20 images",
    "selection": "which images to label: labels needed beside chance and peers, and what that costs",
    "labels_agreement": "what agreement among annotators saves, catches and promises, beside crowd-kit",
    "labels_server": "50 annotators over HTTP, a server that is killed; the wait for the next task",
    "dataset_versions": "Dataset versions of 100,000 images: made, opened, compared, written out",
    "labels_files": "200,000 labels into a project and out again: seconds, memory",
    "assistant": "labels until the rest is pre-labelled; the true error of automatic labels beside its bound",
    "autoencoder_alarms": "false alarms of check --autoencoder: both looks at one dial, on real images",
    "week": "nine days of photos and a damaged camera: what the wheel does, what it costs, what it wins back",
    "repair": "from the alarm to the repaired model: accuracy by day, labels used, after each repair; hours",
    "eyes": "from sharp eyes to blurred, dark ones: what 80 labels win back, beside chance and all labels",
    "rhythm": "the suggested rhythm of retraining: how often its interval holds the simulated truth",
}
"""Script in this folder (without .py) → what it measures. Each writes bench/results/NAME.md."""


def main() -> None:
    names = sys.argv[1:] or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        sys.exit(f"There is no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}.")
    failed = []
    for name in names:
        print(f"== {name}: {BENCHMARKS[name]}", flush=True)
        start = time.monotonic()
        code = subprocess.run([sys.executable, BENCH / f"{name}.py"], check=False).returncode
        print(
            f"== {name}: {'done' if code == 0 else f'exit code {code}'} in {time.monotonic() - start:.0f} s\n"
        )
        failed += [name] if code else []
    if failed:
        sys.exit(f"Not met or not finished: {', '.join(failed)}")


if __name__ == "__main__":
    main()
