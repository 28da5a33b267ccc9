"""A second sandbox that holds what the first one holds, and goes its own way from then on: what tests break on
purpose, they break in a copy.

    curl -X POST ENDPOINT/sandbox-api/fork

answers what the first one printed when it started, of the copy: {"port": ..., "pid": ..., "endpoint": ..., "dns": ...}.
A copy can be copied. It ends by SIGTERM or SIGKILL, or with the process that started the first one, over whose
standard input both watch; so there are none of a sandbox that nobody's standard input ends.
"""

import json
import os
import stat

from . import settings
from .front import LOCK


def fork(app, start_response):
    if not settings.ENDS_WITH_STDIN:
        text = "only a sandbox that ends with its caller has copies\n"
        start_response("409 Conflict", [("Content-Type", "text/plain"), ("Content-Length", str(len(text)))])
        return [text.encode()]
    # No call is under way then, and nobody else has the lock in the copy. What is written to is closed before anybody
    # else forks: a copy that had it would keep this one's reader waiting for as long as it lives.
    with LOCK:
        reader, writer = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writer)
    if pid == 0:
        try:
            live_on(app, writer)
        finally:
            os._exit(1)
    with os.fdopen(reader, "rb") as said:
        line = said.read()
    start_response("200 OK" if line else "500 Error", [("Content-Type", "application/json"), ("Content-Length", str(len(line)))])
    return [line]


def live_on(app, writer):
    """Of all threads only this one is in the copy; it serves from here on."""
    let_go(writer)
    from . import server

    copy = server.listen(0, app)
    os.write(writer, (json.dumps(server.introduce(copy)) + "\n").encode())
    os.close(writer)
    server.end_with_stdin()
    copy.serve_forever()


def let_go(writer):
    """The connections are the first one's: whoever waits for their end must not wait for the copy's. Their numbers
    stay taken, as the objects that know them are still here."""
    null = os.open(os.devnull, os.O_RDWR)
    for number in map(int, os.listdir("/dev/fd")):
        try:
            if number != writer and stat.S_ISSOCK(os.fstat(number).st_mode):
                os.dup2(null, number)
        except OSError:
            # The listing's own number is gone by now.
            continue
