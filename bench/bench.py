#!/usr/bin/env python3
"""Measure dload and its rivals on the yardstick workload.

Called by bench/run with a running cluster and a web server:
  bench.py --url URL --workload DIR --out DIR [--rounds N] [--dlt PYTHON]
           [--http] [--result FILE]

Every round runs every case once, one after another, each in a session of its
own after a CHECKPOINT.  Ratios are taken round by round.  See README.md for
what the cases are, cases.py and rivals.py for how they are done.
"""
import argparse
import os
import sys

from cases import Workload, WARM, cases, set_up
from measure import Session, machine, timed, versions
from report import markdown, screen, table
from rivals import dlt_cases, http_cases

HERE = os.path.dirname(os.path.abspath(__file__))


def arguments():
    ap = argparse.ArgumentParser()
    ap.add_argument("--url", required=True)
    ap.add_argument("--workload", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--rounds", type=int, default=5)
    ap.add_argument("--dlt", metavar="PYTHON")
    ap.add_argument("--http", action="store_true")
    ap.add_argument("--result", metavar="FILE")
    return ap.parse_args()


def write_result(path, s, args, rows):
    with open(os.path.join(args.workload, "workload.txt")) as f:
        workload = f.read().strip().split("\n")
    with open(path, "w") as f:
        f.write("# Yardstick workload, %d rounds\n\n" % args.rounds)
        for line in machine() + versions(s) + workload:
            f.write("* %s\n" % line)
        f.write("\nMedian [range] of the rounds; ratios are taken round by"
                " round and are what to quote.\nMB: peak private memory above"
                " the start (dlt: proportional set size of its processes)."
                "\n\n%s\n" % markdown(rows))


def main():
    args = arguments()
    s = Session()
    w = Workload(s, args.out)
    set_up(w, args.url, os.path.join(args.workload, "flat"),
           os.path.join(HERE, "flat.sql"))
    todo = cases(w)
    if args.http:
        todo += http_cases(w, args.url, args.workload)
    if args.dlt:
        todo += dlt_cases(w, args.dlt, args.url)

    results = {}
    for n in range(args.rounds):
        for case in todo:
            case.prepare()
            figures = case.run() if callable(case.run) else \
                timed(case.run, warm=WARM)
            results.setdefault(case.name, []).append(figures)
            if case.name == "merge, 1 % changed" and n == 0:
                w.verify("b_merge", "few")
        print("round %d of %d done" % (n + 1, args.rounds), file=sys.stderr)
    w.verify("b_append")
    w.verify("b_replace")
    w.verify("b_merge", "all")
    w.verify("c_merge", "all")

    rows = table(todo, results,
                 int(s.value("SELECT count(*) FROM b_append.events")))
    print()
    print(screen(rows))
    if args.result:
        write_result(args.result, s, args, rows)
        print("\nwritten to " + args.result)


if __name__ == "__main__":
    main()
