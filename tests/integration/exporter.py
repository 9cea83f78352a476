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
