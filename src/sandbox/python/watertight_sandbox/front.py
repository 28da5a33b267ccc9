"""What every request passes first: one at a time, and whatever goes wrong inside is answered in
the words of the service's protocol, never as a page of HTML.

Errors have the shapes of https://smithy.io/2.0/aws/protocols/ (query, EC2, JSON, REST XML).
"""

import io
import json
import os
import re
import sys
import threading
import traceback
import uuid
from pathlib import Path
from urllib.parse import unquote_plus
from xml.sax.saxutils import escape

from .mend_cloudtrail import record

# moto's stores are plain dictionaries. A call takes milliseconds, so that a lock costs nothing and
# makes each call atomic, as it is at AWS.
LOCK = threading.RLock()


class Front:
    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        body = read_body(environ)
        if environ.get("PATH_INFO") == "/sandbox-api/status":
            return tell_status(start_response)
        if environ.get("PATH_INFO") == "/sandbox-api/fork":
            from .fork import fork

            return fork(self, start_response)
        if environ.get("PATH_INFO") == "/sandbox-api/dns":
            return public_dns(environ, body, start_response)
        if environ.get("PATH_INFO") == "/sandbox-api/targets":
            from .mend_target_groups import tell_health

            tell_health(json.loads(body))
            start_response("204 No Content", [])
            return []
        answer = {}

        def start(status, headers, exc_info=None):
            answer["status"], answer["headers"] = status, headers

        with LOCK:
            if environ.get("PATH_INFO") == "/moto-api/reset":
                from . import dns, mend_cloudtrail

                dns.forget()
                mend_cloudtrail.forget()
            environ["wsgi.input"] = io.BytesIO(body)
            try:
                content = b"".join(self.inner(environ, start))
            except NotImplementedError as error:
                return refuse(environ, body, start_response, *unimplemented(environ, body, str(error)))
            except Exception:
                traceback.print_exc(file=sys.stderr)
                reason = traceback.format_exc().strip().splitlines()[-1]
                return refuse(environ, body, start_response, 500, "InternalFailure", f"the sandbox failed: {reason}")
            number = int(answer["status"].split()[0])
            record(environ, body, number, content)
        kind = next((value for name, value in answer["headers"] if name.lower() == "content-type"), "")
        if number >= 400 and kind.startswith("text/html") and environ.get("REQUEST_METHOD") != "HEAD":
            if number == 403 and not content:
                return refuse(environ, body, start_response, 403, "AccessDenied", "Access Denied")
            if b"<!doctype html" in content[:40].lower() or not content:
                return refuse(environ, body, start_response, *unimplemented(environ, body, ""))
        headers = answer["headers"]
        if not any("request-id" in name.lower() or "requestid" in name.lower() for name, _ in headers):
            headers.append(("x-amz-request-id", uuid.uuid4().hex[:16].upper()))
        start_response(answer["status"], headers)
        return [content]


def tell_status(start_response):
    """Which process this is, and which package it runs, so that nobody stops the wrong one."""
    content = json.dumps({"pid": os.getpid(), "app": str(Path(__file__).resolve().parent.parent)}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(content)))])
    return [content]


def public_dns(environ, body, start_response):
    """Records that stand elsewhere than in Route 53, see `dns`."""
    from . import dns

    with LOCK:
        status, text = dns.serve(environ.get("REQUEST_METHOD"), body)
    content = text.encode()
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(content)))])
    return [content]


def read_body(environ):
    """The whole body, before the lock is taken: a slow sender must not stop the others."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        body = stream.read()
    else:
        body = stream.read(int(environ.get("CONTENT_LENGTH") or 0))
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    return body


def unimplemented(environ, body, detail):
    """Status, code and message for a call that neither moto nor a mend knows."""
    operation = operation_of(environ, body)
    known = {"query": (400, "InvalidAction"), "ec2": (400, "InvalidAction"), "json": (400, "UnknownOperationException")}
    status, code = known.get(protocol_of(environ, body), (501, "NotImplemented"))
    return status, code, f"the sandbox does not implement {operation}" + (f" ({detail})" if detail else "")


def refuse(environ, body, start_response, status, code, message):
    """Answers an error in the protocol of the service that was asked."""
    request = str(uuid.uuid4())
    protocol = protocol_of(environ, body)
    fault = "Sender" if status < 500 else "Receiver"
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "json":
        kind, text = "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
    elif protocol == "ec2":
        kind = "text/xml"
        text = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request}</RequestID></Response>"
    elif protocol == "s3":
        kind = "application/xml"
        text = f"<Error>{inner}<RequestId>{request}</RequestId><HostId>sandbox</HostId></Error>"
    else:
        kind = "text/xml"
        text = f"<ErrorResponse><Error><Type>{fault}</Type>{inner}</Error><RequestId>{request}</RequestId></ErrorResponse>"
    content = text.encode()
    headers = [("Content-Type", kind), ("Content-Length", str(len(content))), ("x-amzn-RequestId", request), ("x-amzn-ErrorType", code)]
    start_response(f"{status} {'Bad Request' if status < 500 else 'Error'}", headers)
    return [content]


def service_of(environ):
    """The service in the signature's scope; unsigned requests are S3's."""
    match = re.search(r"Credential=[^/]+/\d+/[^/]*/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    return match.group(1) if match else "s3"


def protocol_of(environ, body):
    if environ.get("HTTP_X_AMZ_TARGET"):
        return "json"
    service = service_of(environ)
    if service in ("ec2", "s3"):
        return service
    return "query" if re.match(rb"(.*&)?Action=", body) else "rest"


def operation_of(environ, body):
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return f"{service_of(environ)}:{target.rsplit('.', 1)[-1]}"
    action = re.search(rb"(?:^|&)Action=([^&]+)", body)
    if action:
        return f"{service_of(environ)}:{unquote_plus(action.group(1).decode())}"
    query = environ.get("QUERY_STRING")
    path = environ.get("PATH_INFO", "") + (f"?{query}" if query else "")
    return f"{service_of(environ)}'s {environ.get('REQUEST_METHOD')} {path}"
