#!/usr/bin/env python3
"""Requests to an API that takes its time.  Called by bench/latency.

The API is a small server in this process.  It answers after 50 ms, and notes
when it begins to send an answer.
"""
import argparse
import http.server
import json
import statistics
import threading
import time
import urllib.parse

from measure import Session, machine, spread, versions
from report import markdown, screen

DELAY = 0.05
REQUESTS = 100


class Api(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.sent = []
        self.page = [
            {"id": n, "name": "item %d" % n, "owner": {"login": "user"},
             "text": "the quick brown fox jumps over the lazy dog " * 10}
            for n in range(100)]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def url(self):
        return "http://127.0.0.1:%d" % self.server_port


class Handler(http.server.BaseHTTPRequestHandler):
    """/item?item=N: that record.  /items: 100 records and a next page.
    /pages?page=N: 10 records of page N and the number of pages."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        time.sleep(DELAY)
        if url.path == "/item":
            query = urllib.parse.parse_qs(url.query)
            body = [{"item": int(query["item"][0])}]
        elif url.path == "/pages":
            page = int(urllib.parse.parse_qs(url.query)["page"][0])
            body = {"items": [{"id": page * 10 + n} for n in range(10)],
                    "pages": REQUESTS}
        else:
            body = self.server.page
        data = json.dumps(body).encode()
        head = ("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                "Content-Length: %d\r\n%s\r\n" % (
                    len(data), "" if url.path != "/items" else
                    'Link: </items?page=2>; rel="next"\r\n'))
        answer = head.encode() + data
        self.server.sent.append(time.perf_counter())
        self.wfile.write(answer)

    def log_message(self, *args):
        pass


def fan_out(api, s, table):
    """Seconds for one request per value of a list."""
    api.sent.clear()
    start = time.perf_counter()
    found = s.value("SELECT count(*) FROM %s WHERE item IN (%s)" % (
        table, ", ".join(str(n) for n in range(REQUESTS))))
    seconds = time.perf_counter() - start
    if found != str(REQUESTS) or len(api.sent) != REQUESTS:
        raise SystemExit("%s rows by %d requests" % (found, len(api.sent)))
    return seconds


def load(api, s, table):
    """Seconds for a load of that many pages."""
    api.sent.clear()
    start = time.perf_counter()
    s.run("CALL dload.run('%s')" % table)
    seconds = time.perf_counter() - start
    if len(api.sent) != REQUESTS:
        raise SystemExit("%d requests" % len(api.sent))
    return seconds


def limited(api, s):
    """Requests, and seconds from the answer to the rows in psql."""
    api.sent.clear()
    rows = s.run("SELECT * FROM items LIMIT 10")
    seconds = time.perf_counter() - api.sent[0]
    if len(rows) != 10:
        raise SystemExit("%d rows" % len(rows))
    time.sleep(2 * DELAY)		# a second request would come by now
    return len(api.sent), seconds


def round_trip(s):
    start = time.perf_counter()
    s.run("SELECT 1")
    return time.perf_counter() - start


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--result")
    args = ap.parse_args()

    api = Api()
    s = Session()
    s.run("CREATE EXTENSION dload")
    for n in (1, 10):
        s.run("CREATE SERVER api{0} FOREIGN DATA WRAPPER dload OPTIONS"
              " (base_url '{1}', max_concurrency '{0}');"
              "CREATE FOREIGN TABLE item{0} (item int OPTIONS (param 'item'))"
              " SERVER api{0} OPTIONS (path '/item');"
              "CREATE FOREIGN TABLE pages{0} (id bigint) SERVER api{0}"
              " OPTIONS (path '/pages', paginate 'page', total_path 'pages')"
              .format(n, api.url()))
        s.run("SELECT dload.create_pipeline('pages{0}', 'pages{0}',"
              " 'loaded{0}')".format(n))
    s.run("CREATE FOREIGN TABLE items (id bigint, name text, owner__login text)"
          " SERVER api10 OPTIONS (path '/items', paginate 'link')")

    fan_out(api, s, "item10")
    load(api, s, "pages10")
    one, ten = [], []
    slow, fast = [], []
    for _ in range(args.rounds):
        one.append(fan_out(api, s, "item1"))
        ten.append(fan_out(api, s, "item10"))
        slow.append(load(api, s, "pages1"))
        fast.append(load(api, s, "pages10"))
    ratios = [a / b for a, b in zip(one, ten)]
    limited(api, s)
    limits = [limited(api, s) for _ in range(10 * args.rounds)]
    after = [x[1] * 1000 for x in limits]
    trips = [round_trip(s) * 1000 for _ in range(10 * args.rounds)]

    met = statistics.median(ratios) >= 9
    soon = statistics.median(after) - statistics.median(trips) <= 1
    rows = [
        ["what", "measured", "goal"],
        ["%d requests, one at a time, s" % REQUESTS, spread(one), ""],
        ["%d requests, 10 at a time, s" % REQUESTS, spread(ten), ""],
        ["ratio", spread(ratios, 1), ">= 9: " + ("met" if met else "missed")],
        ["load of %d pages, one at a time, s" % REQUESTS, spread(slow), ""],
        ["load of %d pages, 10 at a time, s" % REQUESTS, spread(fast), ""],
        ["ratio", spread([a / b for a, b in zip(slow, fast)], 1), ""],
        ["pages per second, one and 10 at a time", "%.0f, %.0f" % (
            REQUESTS / statistics.median(slow),
            REQUESTS / statistics.median(fast)), ""],
        ["LIMIT 10: requests", "%d" % max(x[0] for x in limits),
         "1: " + ("met" if max(x[0] for x in limits) == 1 else "missed")],
        ["LIMIT 10: from the answer's first byte to the rows, ms",
         spread(after, 2), ""],
        ["SELECT 1 in psql, ms", spread(trips, 2), ""],
        ["LIMIT 10: difference of the medians, ms", "%.2f" % (
            statistics.median(after) - statistics.median(trips)),
         "<= 1: " + ("met" if soon else "missed")],
    ]
    print(screen(rows))
    if args.result:
        with open(args.result, "w") as f:
            f.write("# Latency: an API that answers in %d ms\n\n"
                    % (DELAY * 1000))
            for line in machine() + versions(s):
                f.write("* %s\n" % line)
            f.write("\n%s\n" % markdown(rows))


if __name__ == "__main__":
    main()
