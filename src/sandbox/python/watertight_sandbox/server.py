"""The process: one threaded server on a loopback port.

Once it answers it prints one line of JSON: {"port": 41234, "pid": 77, "endpoint": "http://127.0.0.1:41234",
"dns": "udp://127.0.0.1:41235"}.
"""

import argparse
import json
import logging
import os
import signal
import threading


def main():
    options = read_arguments()
    # The user's own settings for AWS or moto must not reach into the sandbox; and moto asks for
    # credentials of its own here and there.
    for name in list(os.environ):
        if name.startswith(("AWS_", "MOTO_", "BOTO_")):
            del os.environ[name]
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_DEFAULT_REGION"] = "us-east-1"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "sandbox"
    logging.getLogger("werkzeug").setLevel(logging.ERROR)

    from . import settings

    settings.CERTIFICATE_DELAY = options.certificate_delay
    settings.DISTRIBUTION_DELAY = options.distribution_delay
    settings.LOAD_BALANCER_DELAY = options.load_balancer_delay
    settings.TRAIL_DELAY = options.trail_delay
    settings.ENDS_WITH_STDIN = options.exit_with_stdin
    if not options.seed:
        settings.ZONES = ()

    if options.detach:
        os.setsid()
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))

    # Copies that have ended are nobody's to wait for.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)

    server = make(options.port)
    print(json.dumps(introduce(server)), flush=True)
    if options.detach:
        # Nobody listens any more; a later print must not fail.
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
    if options.exit_with_stdin:
        end_with_stdin()
    server.serve_forever()


def make(port):
    """A server, bound and mended, that does not serve yet; port 0 is a free one."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

    from . import mends
    from .front import Front

    mends.apply()
    return listen(port, Front(DomainDispatcherApplication(create_backend_app)))


def listen(port, app):
    from werkzeug.serving import make_server

    from .handler import Handler

    return make_server("127.0.0.1", port, app, threaded=True, request_handler=Handler)


def introduce(server):
    """Who it is and where; its public DNS answers from here on. After the mends: DNS knows Route 53."""
    from . import dns

    port = server.server_address[1]
    return {"port": port, "pid": os.getpid(), "endpoint": f"http://127.0.0.1:{port}", "dns": dns.start()}


def end_with_stdin():
    """Whoever started the sandbox holds the other end of standard input; it closes with them."""

    def watch():
        # Not by `sys.stdin`, whose lock a copy of this process would inherit.
        while os.read(0, 1):
            pass
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def read_arguments():
    parser = argparse.ArgumentParser(prog="sandbox", description="A local AWS.")
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1; 0 is a free one")
    parser.add_argument("--certificate-delay", type=float, default=1.0, help="seconds until a certificate is issued once its record stands")
    parser.add_argument("--distribution-delay", type=float, default=2.0, help="seconds until a distribution is deployed")
    parser.add_argument("--load-balancer-delay", type=float, default=1.0, help="seconds until a load balancer is active")
    parser.add_argument("--trail-delay", type=float, default=0.0, help="seconds until CloudTrail shows a call")
    parser.add_argument("--seed", action=argparse.BooleanOptionalAction, default=True, help="hosted zones example.com and example.org")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input closes")
    parser.add_argument("--detach", action="store_true", help="leave the caller's session")
    return parser.parse_args()
