"""
One worker: the application of these tests, on a port that it prints.

``python -m tests.faults '{"storage_url": …}'``; it ends when its standard input does, that is,
with the tests that started it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from threading import Thread

from waitress.server import create_server

from cliquet.scripts.cliquet import init_schema
from cliquet.storage import schemas
from tests.faults.application import make_app

THREADS = 6


def main(settings: str) -> None:
    """Serve until the tests end."""
    logging.basicConfig(format="%(levelname)s %(message)s")
    with schemas.unchecked():
        app = make_app(json.loads(settings))
    init_schema({"registry": app.registry})
    server = create_server(app, host="127.0.0.1", port=0, threads=THREADS)
    print(server.effective_port, flush=True)
    Thread(target=end_with_the_tests, daemon=True).start()
    server.run()


def end_with_the_tests() -> None:
    """End the process at once when its standard input ends."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
