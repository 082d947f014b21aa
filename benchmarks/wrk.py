"""The load by ``wrk``, for those who trust it more: reads only, and of one URL each."""

from __future__ import annotations

import re
import shutil
import subprocess

from benchmarks.kinds import WrongAnswerError
from benchmarks.load import Load
from benchmarks.messages import HOST, Request

_DONE = re.compile(r"(\d+) requests in ([\d.]+)(m?s)")
_WRONG = re.compile(r"(Non-2xx or 3xx responses|Socket errors): .*")


def is_present() -> bool:
    """Tell whether the program is there."""
    return shutil.which("wrk") is not None


def drive(port: int, request: Request, *, connections: int, seconds: float) -> Load:
    """
    Make one request over and over; only the class of the status is checked.

    Args:
        port: Of a server on this machine.
        request: A ``GET``.
        connections: How many, kept alive.
        seconds: How long; wrk knows whole seconds, from 1.
    """
    duration = max(1, round(seconds))
    headers = [f"-H{name}: {value}" for name, value in request.headers]
    command = ["wrk", "-t1", f"-c{connections}", f"-d{duration}s", *headers]
    url = f"http://{HOST}:{port}{request.path}"
    result = subprocess.run([*command, url], capture_output=True, text=True, check=True)
    return read(result.stdout)


def read(output: str) -> Load:
    """
    Return the load that the output of wrk tells of.

    Raises:
        WrongAnswerError: Some request failed, or the output is of another form.
    """
    done = _DONE.search(output)
    if done is None or _WRONG.search(output):
        raise WrongAnswerError(f"wrk: {output}")
    seconds = float(done[2]) / (1000 if done[3] == "ms" else 1)
    # What wrk costs is not this process's, and is little.
    return Load(int(done[1]), seconds, busy_seconds=0)
