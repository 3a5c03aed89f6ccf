"""The exit codes that scripts rely on."""

__all__ = [
    "EXIT_ACCURACY",
    "EXIT_DRIFT",
    "EXIT_ERROR",
    "EXIT_INSUFFICIENT",
    "EXIT_INTERRUPTED",
    "EXIT_KEPT_OUT",
    "EXIT_OK",
    "exit_code",
]

EXIT_OK = 0
"""Done; for `check` and `compare`: no drift, or drift without ``--fail-on drift``."""

EXIT_ERROR = 1
"""It could not be done; the last line on standard error says why."""

EXIT_DRIFT = 3
"""Drift was found and ``--fail-on drift`` was given."""

EXIT_INSUFFICIENT = 4
"""Too few images to say."""

EXIT_ACCURACY = 5
"""The model is right less often than ``--least-accuracy`` demands, by the whole interval."""

EXIT_KEPT_OUT = 6
"""The gate kept the challenger out; where it lacks labels the code is 4."""

EXIT_INTERRUPTED = 130
"""Stopped from the keyboard."""


def exit_code(verdict: str, fail_on_drift: bool) -> int:
    """Return the exit code for a verdict.

    Examples
    --------
    >>> exit_code("drift", fail_on_drift=True), exit_code("drift", fail_on_drift=False)
    (3, 0)
    """
    if verdict == "insufficient":
        return EXIT_INSUFFICIENT
    return EXIT_DRIFT if verdict == "drift" and fail_on_drift else EXIT_OK
