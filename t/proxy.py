#!/usr/bin/env python3
"""proxy.py - an HTTP proxy for tests, on a free port of 127.0.0.1.

Prints "port N", and then a line for each request: "GET http://host:port/path"
or "CONNECT host:port".  It resolves no names: all that it is asked for it
takes to be on 127.0.0.1.
"""

import http.client
import select
import socket
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class Proxy(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def note(self):
        print(self.command, self.path, flush=True)

    def do_CONNECT(self):
        self.note()
        ends = [self.connection,
                socket.create_connection(
                    ("127.0.0.1", int(self.path.rpartition(":")[2])))]
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n"
                         b"X-Proxy: yes\r\n\r\n")
        while True:
            for end in select.select(ends, [], [])[0]:
                data = end.recv(65536)
                if not data:
                    ends[1].close()
                    self.close_connection = True
                    return
                ends[end is ends[0]].sendall(data)

    def forward(self):
        self.note()
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        server = http.client.HTTPConnection("127.0.0.1", url.port)
        server.request(self.command,
                       url.path + ("?" + url.query if url.query else ""),
                       body, dict(self.headers))
        reply = server.getresponse()
        data = reply.read()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("transfer-encoding", "content-length",
                                    "connection"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = forward


server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
print("port", server.server_port, flush=True)
server.serve_forever()
