# SPDX-License-Identifier: Apache-2.0
"""A scrape target for the integration tests: answers every path with what the test put there."""
import http.server
import threading


class Exporter:
    def __init__(self):
        self.pages = {}     # path -> (status, content type, body), or a function that gives them
        self.requests = []  # (path, headers)
        exporter = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                exporter.requests.append((self.path, dict(self.headers)))
                page = exporter.pages.get(self.path.split("?")[0], (404, "text/plain", b"no"))
                status, content_type, body = page() if callable(page) else page
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def text(self, path, body, content_type="text/plain; version=0.0.4; charset=utf-8", status=200):
        self.pages[path] = (status, content_type, body.encode())

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Turns(Exporter):
    """Answers each scrape with the number of its turn, and remembers which of the scraper's processes was served it."""

    def __init__(self, page="served %d\n"):
        super().__init__()
        self.text_of_turn = page
        self.turn, self.process = 0, 0
        self.by_process = {}  # number of the scraping process -> turns
        self.pages["/metrics"] = self.page

    def body(self):
        return self.text_of_turn % self.turn

    def page(self):
        self.turn += 1
        self.by_process.setdefault(self.process, []).append(self.turn)
        return 200, "text/plain; version=0.0.4", self.body().encode()

    def kept(self):
        """The turns that were stored for sure: of each process all but the last, which it may not have got to."""
        return {turn for turns in self.by_process.values() for turn in turns[:-1]}
