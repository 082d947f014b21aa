"""Disks that are full: a small one of the test's own, or a limit on the size of files."""

from __future__ import annotations

import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import RawIOBase
from pathlib import Path

import pytest

from cliquet.testing.servers.process import temporary_folder

DISK_MEGABYTES = 24


@contextmanager
def small_disk() -> Iterator[Path]:
    """Lend a small disk; where the tests have no right to mount one, they are skipped."""
    with temporary_folder("disk") as folder:
        options = ("-t", "tmpfs", "-o", f"size={DISK_MEGABYTES}m", "tmpfs", str(folder))
        if not _ran("mount", *options):
            pytest.skip("mounting a small disk takes the rights of root")
        try:
            yield folder
        finally:
            # Lazily: what still uses it is on its way out.
            assert _ran("umount", "--lazy", str(folder))


def _ran(program: str, *arguments: str) -> bool:
    path = shutil.which(program)
    if path is None:
        return False
    return subprocess.run([path, *arguments], check=False, capture_output=True).returncode == 0


@contextmanager
def filled(disk: Path) -> Iterator[None]:
    """Fill a disk up within the block."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        # The small ones take what the large ones leave.
        for size_bytes in (65536, 4096):
            with suppress(OSError):
                _fill(file, size_bytes)
    yield
    ballast.unlink()


def _fill(file: RawIOBase, size_bytes: int) -> None:
    while file.write(bytes(size_bytes)):
        pass


@contextmanager
def limited_files(process: int) -> Iterator[None]:
    """Let a process write the first 32 kB of a file, and nothing beyond, within the block."""
    if not hasattr(resource, "prlimit"):
        pytest.skip("limits of another process are set on Linux alone")
    kept = resource.prlimit(process, resource.RLIMIT_FSIZE)
    # SQLite cannot read without this much: it is the size of the file that its processes share.
    resource.prlimit(process, resource.RLIMIT_FSIZE, (32768, kept[1]))
    yield
    resource.prlimit(process, resource.RLIMIT_FSIZE, kept)
