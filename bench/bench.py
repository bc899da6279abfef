#!/usr/bin/env python3
"""Measure dload and its rivals on the yardstick workload.

Called by bench/run with a running cluster and a web server:
  bench.py --url URL --workload DIR --out DIR [--rounds N] [--dlt PYTHON]
           [--http extension|files] [--only NAME]... [--result FILE]
With --list it prints the names of the cases that this would measure, and
needs none of all that.

Every round runs every case once, one after another, each in a session of its
own after a CHECKPOINT.  Ratios are taken round by round.  See README.md for
what the cases are, cases.py and rivals.py for how they are done.
"""
import argparse
import os
import sys

from cases import Workload, cases, choose, set_up
from measure import Session, machine, versions
from report import markdown, screen, table
from rivals import dlt_cases, dlt_version, http_cases

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    ap = argparse.ArgumentParser()
    ap.add_argument("--url", default="")
    ap.add_argument("--workload", default="")
    ap.add_argument("--out", default="")
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--dlt", metavar="PYTHON")
    ap.add_argument("--http", choices=["extension", "files"])
    ap.add_argument("--only", action="append", metavar="NAME")
    ap.add_argument("--list", action="store_true")
    ap.add_argument("--result", metavar="FILE")
    return ap.parse_args()


def chosen_cases(w, args):
    todo = cases(w)
    if args.http:
        todo += http_cases(w, args.url, args.workload,
                           args.http == "extension")
    if args.dlt:
        todo += dlt_cases(w, args.dlt, args.url)
    return choose(todo, args.only) if args.only else todo


def rival_versions(s, args):
    lines = s.run("SELECT 'pgsql-http ' || extversion FROM pg_extension"
                  " WHERE extname = 'http'")
    return lines + (["dlt " + dlt_version(args.dlt)] if args.dlt else [])


def write_result(path, s, args, rows):
    with open(os.path.join(args.workload, "workload.txt")) as f:
        workload = f.read().strip().split("\n")
    with open(path, "w") as f:
        f.write("# Yardstick workload, %d rounds\n\n" % args.rounds)
        for line in (machine() + versions(s) + rival_versions(s, args)
                     + workload):
            f.write("* %s\n" % line)
        f.write("\nMedian [range] of the rounds; ratios are taken round by"
                " round and are what to quote.\nMB: peak private memory above"
                " the start (dlt: proportional set size of its processes)."
                "\n\n%s\n" % markdown(rows))


def run_rounds(w, todo, rounds):
    """Figures by the cases' names; what was loaded is compared.

    In the first round before other pages take its place, and at the end.
    """
    results = {}
    left = {}                   # by schema: which pages
    for n in range(rounds):
        for case in todo:
            schema, kind = case.leaves or (None, None)
            if n == 0 and left.get(schema, kind) != kind:
                w.verify(schema, left[schema])
            case.prepare()
            results.setdefault(case.name, []).append(case.run())
            if schema:
                left[schema] = kind
        print("round %d of %d done" % (n + 1, rounds), file=sys.stderr)
    for schema, kind in left.items():
        w.verify(schema, kind)
    return results


def main():
    args = arguments()
    if args.list:
        print("\n".join(c.name for c in chosen_cases(Workload(None, ""), args)))
        return
    s = Session()
    w = Workload(s, args.out)
    todo = chosen_cases(w, args)
    set_up(w, args.url, os.path.join(args.workload, "flat"),
           os.path.join(HERE, "flat.sql"), {n for c in todo for n in c.needs})
    results = run_rounds(w, todo, args.rounds)
    rows = table(todo, results,
                 int(s.value("SELECT count(*) FROM b_append.events")))
    print()
    print(screen(rows))
    if args.result:
        write_result(args.result, s, args, rows)
        print("\nwritten to " + args.result)


if __name__ == "__main__":
    main()
