"""HTTP/1.1 with connections kept open, an answer in one piece, and no log.

werkzeug's own handler closes the connection after each answer, as it does not know whether the request was read to
its end. `front` reads every request to its end; to connect anew costs a third of a call.
https://www.rfc-editor.org/rfc/rfc9112 (an answer to HEAD, 204 and 304 have no body)
"""

from moto.moto_server.werkzeug_app import MotoRequestHandler

OURS = {"connection", "transfer-encoding", "content-length", "date", "server"}


class Handler(MotoRequestHandler):
    protocol_version = "HTTP/1.1"
    # Small answers go out at once; to hold one back costs 40 ms.
    disable_nagle_algorithm = True

    def log_request(self, *args, **kwargs):
        pass

    def run_wsgi(self):
        try:
            if self.headers.get("Expect", "").lower().strip() == "100-continue":
                self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.write(self.answer())
        except ConnectionError:
            # Nobody waits for this answer any more.
            self.close_connection = True

    def answer(self):
        said = {}

        def start_response(status, headers, exc_info=None):
            said["status"], said["headers"] = status, headers

        self.environ = self.make_environ()
        content = b"".join(self.server.app(self.environ, start_response))
        status, headers = said["status"], said["headers"]
        number = int(status.split()[0])
        bodiless = number in (204, 304)
        length = next((value for name, value in headers if name.lower() == "content-length"), None)
        if length is None or self.command != "HEAD":
            length = len(content)
        lines = [f"HTTP/1.1 {status}", f"Server: {self.version_string()}", f"Date: {self.date_time_string()}"]
        lines += [f"{name}: {value}" for name, value in headers if name.lower() not in OURS]
        if not bodiless:
            lines.append(f"Content-Length: {length}")
        if self.close_connection:
            lines.append("Connection: close")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        return head if bodiless or self.command == "HEAD" else head + content
