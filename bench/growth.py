#!/usr/bin/env python3
"""Merge 10,000 records into targets of several sizes.  Called by bench/growth.

Each target is loaded by dload; its keys are 10, 20, 30...  A set of changes has
5,000 records that exist and 5,000 whose keys lie between others, in random
order, each with a list of two tags.  The first set warms the caches up.  Then
three are merged one after another, and three more after a CHECKPOINT each, when
every page touched is written to the WAL whole.
"""
import argparse
import json
import os
import random
import statistics

from cases import KEYED
from measure import Session, machine, spread, timed, versions
from report import markdown, screen

BATCH = 10_000
WARM_SETS, SETS = 1, 7
HEAD = ["rows", "us per record", "ratio", "WAL kB per record",
        "after a CHECKPOINT: us", "ratio", "WAL kB"]


def record(key, version):
    return {
        "id": key, "name": "item number %d" % key, "value": key * 7 % 1009,
        "version": version, "updated_at": "2025-12-19T15:%02d:%02dZ" % (
            key // 60 % 60, key % 60),
        "owner": {"id": key % 977, "login": "user-%d" % (key % 977)},
        "tags": ["tag-%d" % (key % 13), "tag-%d" % (key % 7 + 20)],
    }


def write_pages(www, path, keys, version, size):
    """Pages that name the next one."""
    os.makedirs(os.path.join(www, path))
    pages = (len(keys) + size - 1) // size
    for n in range(pages):
        page = {"data": [record(k, version)
                         for k in keys[n * size:(n + 1) * size]],
                "next": "/%s/%d.json" % (path, n + 1) if n + 1 < pages
                else None}
        with open(os.path.join(www, path, "%d.json" % n), "w") as f:
            json.dump(page, f, separators=(",", ":"))


def changes(rows, number):
    chosen = random.Random(rows * 100 + number)
    keys = [10 * k for k in chosen.sample(range(1, rows + 1), BATCH // 2)]
    keys += [10 * k + number + 1
             for k in chosen.sample(range(1, rows + 1), BATCH // 2)]
    chosen.shuffle(keys)
    return keys


def measure(s, www, rows):
    """Figures without and with a CHECKPOINT before, of one target."""
    name = "t%d" % rows
    s.run("CREATE FOREIGN TABLE source_%s () SERVER api OPTIONS"
          " (path '/%s/all/0.json', records_path 'data',"
          " paginate 'next_url', next_path 'next', conditional 'false')"
          % (name, name))
    write_pages(www, name + "/all", [10 * k for k in range(1, rows + 1)], 0,
                1000)
    s.run("SELECT dload.create_pipeline('%s', source => 'source_%s', target =>"
          " 'growth.%s'%s)" % (name, name, name, KEYED))
    s.run("CALL dload.run('%s')" % name)
    s.run("VACUUM ANALYZE growth.%s; VACUUM ANALYZE growth.%s__tags"
          % (name, name))
    found = []
    total = rows
    for n in range(SETS):
        path = "%s/set%d" % (name, n)
        write_pages(www, path, changes(rows, n), n + 1, 100)
        s.run("ALTER FOREIGN TABLE source_%s OPTIONS (SET path '/%s/0.json')"
              % (name, path))
        found.append(timed("CALL dload.run('%s')" % name,
                           warm="SELECT count(*) FROM dload.status",
                           checkpoint=n >= (WARM_SETS + SETS) // 2))
        total += BATCH // 2
    check = s.value("SELECT count(*) FROM growth.%s" % name)
    tags = s.value("SELECT count(*) FROM growth.%s__tags" % name)
    if [int(check), int(tags)] != [total, 2 * total]:
        raise SystemExit("%s rows and %s tags instead of %d and %d"
                         % (check, tags, total, 2 * total))
    half = (WARM_SETS + SETS) // 2
    return found[WARM_SETS:half], found[half:]


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--url", required=True)
    ap.add_argument("--www", required=True)
    ap.add_argument("--result")
    ap.add_argument("sizes", nargs="+", type=int)
    args = ap.parse_args()

    s = Session()
    s.run("CREATE EXTENSION dload; CREATE SERVER api FOREIGN DATA WRAPPER dload"
          " OPTIONS (base_url '%s')" % args.url)
    rows = [HEAD]
    first = None
    for size in args.sizes:
        cells = ["%d" % size]
        medians = []
        for figures in measure(s, args.www, size):
            us = [f.seconds / BATCH * 1e6 for f in figures]
            medians.append(statistics.median(us))
            cells += [spread(us, 1), "%.2f" % (
                medians[-1] / first[len(medians) - 1] if first else 1),
                "%.2f" % (statistics.median(
                    f.wal for f in figures) / BATCH / 1e3)]
        first = first or medians
        rows.append(cells)
        print("%d rows done" % size, flush=True)
    print(screen(rows))
    if args.result:
        with open(args.result, "w") as f:
            f.write("# Merge of %d records into targets of growing size\n\n"
                    % BATCH)
            for line in machine() + versions(s):
                f.write("* %s\n" % line)
            f.write("\n%s\n" % markdown(rows))


if __name__ == "__main__":
    main()
