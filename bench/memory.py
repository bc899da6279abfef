#!/usr/bin/env python3
"""Private memory while large responses are read.  Called by bench/memory.

Four responses, each one file: an array of records, an array of tiny records,
and one record that is mostly one string, which compresses, or does not.  Each is counted live, read live, and
loaded by an append.
"""
import argparse
import base64
import os
import random

from measure import Session, machine, timed, versions
from report import markdown, screen

MB = 1_000_000
HEAD = ["response", "what", "seconds", "MB/s", "private MB", "goal"]
RECORD = ('{"id":%d,"type":"WatchEvent","actor":{"id":%d,"login":"user-%d"},'
          '"repo":{"id":%d,"name":"owner/repository-%d"},"payload":{"text":"'
          + "the quick brown fox jumps over the lazy dog " * 9
          + '"},"created_at":"2025-12-19T15:40:31Z"}')


def write_array(path, size, count, record):
    """Records until there are `count` or `size` bytes of them."""
    written = n = 0
    with open(path, "w") as f:
        while written < size and n < count:
            part = []
            for _ in range(min(10_000, count - n)):
                n += 1
                part.append(record(n))
            text = (",\n" if written else "[") + ",".join(part)
            f.write(text)
            written += len(text)
        f.write("]")
    return n


def noise(size):
    """Text that no compression makes smaller than three quarters."""
    return base64.b64encode(random.Random(1).randbytes(size * 3 // 4)).decode()


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--url", required=True)
    ap.add_argument("--www", required=True)
    ap.add_argument("--big", action="store_true")
    ap.add_argument("--result")
    args = ap.parse_args()
    factor = 10 if args.big else 1

    def file(name):
        return os.path.join(args.www, name + ".json")

    counts = {
        "many": write_array(
            file("many"), 200 * MB * factor, 10 ** 9,
            lambda n: RECORD % (n, n % 977, n % 977, n % 10007, n % 10007)),
        "tiny": write_array(file("tiny"), 10 ** 12, MB * factor,
                            lambda n: '{"id":%d}' % n),
        "one": write_array(file("one"), 10 ** 12, 1,
                           lambda n: '{"id":%d,"text":"%s"}' % (
                               n, "0123456789" * (5 * MB))),
        "noise": write_array(file("noise"), 10 ** 12, 1,
                             lambda n: '{"id":%d,"text":"%s"}' % (
                                 n, noise(50 * MB))),
    }
    titles = {"many": "array of %d records" % counts["many"],
              "tiny": "%d tiny records" % counts["tiny"],
              "one": "one record",
              "noise": "one record, incompressible"}
    reads = {"many": "count(id), max(actor__login), max(length(payload->>'text'))",
             "tiny": "sum(id)", "one": "length(text)",
             "noise": "length(text)"}
    columns = {"many": "id bigint, actor__login text, payload jsonb",
               "tiny": "id bigint", "one": "id bigint, text text",
               "noise": "id bigint, text text"}

    s = Session()
    s.run("CREATE EXTENSION dload; CREATE SERVER api FOREIGN DATA WRAPPER dload"
          " OPTIONS (base_url '%s', max_response_bytes '10GB')" % args.url)
    rows = [HEAD]
    for name in counts:
        size = os.path.getsize(file(name))
        s.run("CREATE FOREIGN TABLE %s (%s) SERVER api OPTIONS (path"
              " '/%s.json')" % (name, columns[name], name))
        s.run("SELECT dload.create_pipeline('{0}', source => '{0}', target =>"
              " 'loaded.{0}')".format(name))
        limit = 3 * size / MB if counts[name] == 1 else 16
        for what, sql in (
                ("live count", "SELECT count(*) FROM " + name),
                ("live read", "SELECT %s FROM %s" % (reads[name], name)),
                ("append", "CALL dload.run('%s')" % name)):
            f = timed(sql, warm="SELECT count(*) FROM dload.status")
            rows.append([
                "%s, %.0f MB" % (titles[name], size / MB), what,
                "%.2f" % f.seconds, "%.0f" % (size / MB / f.seconds),
                "%.1f" % (f.memory / MB), "<= %.0f: %s" % (
                    limit, "met" if f.memory / MB <= limit else "missed")])
            print("  ".join(rows[-1]), flush=True)
        found = int(s.value("SELECT count(*) FROM loaded." + name))
        if found != counts[name]:
            raise SystemExit("%d records loaded of %d" % (found, counts[name]))
        s.run("DROP TABLE loaded." + name)
        os.unlink(file(name))
    print(screen(rows))
    if args.result:
        with open(args.result, "w") as f:
            f.write("# Private memory above the start of the session\n\n")
            for line in machine() + versions(s):
                f.write("* %s\n" % line)
            f.write("\n%s\n" % markdown(rows))


if __name__ == "__main__":
    main()
