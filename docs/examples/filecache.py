"""A cache in files: one for each key, whose modification time is when it expires."""

import hashlib
import os
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from cliquet import jsonlib
from cliquet.cache import CacheBase, seconds_of
from cliquet.exceptions import BackendError

# A date that nobody waits for.
NEVER = 2**33


class Cache(CacheBase):
    def __init__(self, folder, cache_prefix=""):
        super().__init__(cache_prefix)
        self.folder = Path(folder) / digest(cache_prefix)

    def initialize_schema(self):
        with failures():
            self.folder.mkdir(parents=True, exist_ok=True)

    def flush(self):
        with failures():
            for path in self.folder.iterdir():
                path.unlink(missing_ok=True)

    def ttl(self, key):
        deadline, now = self.deadline(key), time.time()
        return deadline - now if now < deadline < NEVER else -1

    def expire(self, key, ttl):
        seconds = seconds_of(ttl)
        if seconds == 0:
            self.delete(key)
        elif self.deadline(key) > time.time():
            with failures(), suppress(FileNotFoundError):
                os.utime(self.path(key), times(seconds))

    def set(self, key, value, ttl=None):
        document = jsonlib.dumps(value)
        seconds = None if ttl is None else seconds_of(ttl)
        if seconds == 0:
            self.delete(key)
            return
        # Beside the folder, so that a flush does not take it away half-written.
        with failures(), tempfile.NamedTemporaryFile(dir=self.folder.parent, delete=False) as file:
            file.write(document)
            file.flush()
            os.utime(file.name, times(seconds))
            os.replace(file.name, self.path(key))

    def get(self, key):
        with failures(), suppress(FileNotFoundError), self.path(key).open("rb") as file:
            if os.fstat(file.fileno()).st_mtime > time.time():
                return jsonlib.loads_stored(file.read())
        return None

    def delete(self, key):
        with failures():
            self.path(key).unlink(missing_ok=True)

    def deadline(self, key):
        with failures(), suppress(FileNotFoundError):
            return self.path(key).stat().st_mtime
        return 0

    def path(self, key):
        return self.folder / digest(key)


def digest(text):
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def times(seconds):
    now = time.time()
    return now, NEVER if seconds is None else now + seconds


@contextmanager
def failures():
    try:
        yield
    except OSError as error:
        raise BackendError(error) from error


def load_from_config(config):
    settings = config.get_settings()
    folder = settings["cache_url"].removeprefix("file://")
    return Cache(folder, cache_prefix=settings["cache_prefix"])
