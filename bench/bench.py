#!/usr/bin/env python3
"""Measure dload against COPY of the very rows that it loads.

Called by bench/run with a running cluster and a web server:
  bench.py --psql PSQL --url URL --workload DIR --out DIR --rounds N

Each round times, one after another, with a CHECKPOINT before each:
  append       dload.run into tables without index
  copy         COPY of the same rows into the same tables, one transaction
  append keys  dload.run, appending to tables with primary keys
  copy keys    COPY of the same rows into the same tables with keys
  merge        dload.run into keyed tables, first time
  on conflict  COPY of the same rows into temporary tables, then INSERT ... ON
               CONFLICT DO UPDATE into the same keyed tables
  unchanged    dload.run again, nothing changed
  merge stmt   COPY into temporary tables, ANALYZE, then a MERGE statement that
               finds nothing changed
  live count   SELECT count(*) of the foreign table
The ratio of each pair is taken round by round, of elapsed time and of the
backend's CPU time; the latter says more where others use the machine.  Private
memory is the largest sample of the backend's anonymous memory above its value
before the run.
"""
import argparse
import os
import re
import statistics
import subprocess
import threading
import time

ap = argparse.ArgumentParser()
ap.add_argument("--psql", required=True)
ap.add_argument("--url", required=True)
ap.add_argument("--workload", required=True)
ap.add_argument("--out", required=True)
ap.add_argument("--rounds", type=int, default=5)
args = ap.parse_args()

CHILDREN = ["__payload__pull_request__base__repo__topics",
            "__payload__pull_request__labels"]
TABLES = ["events"] + ["events" + c for c in CHILDREN]
CHILD_KEY = ["_dload_parent_id", "_dload_list_idx"]
KEYS = [["id"], CHILD_KEY, CHILD_KEY]


class Session:
    """One psql, and so one backend, kept for the whole measurement."""

    def __init__(self):
        self.proc = subprocess.Popen(
            [args.psql, "-XqAt", "-v", "ON_ERROR_STOP=1"], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.run("SET client_min_messages = warning")
        self.pid = int(self.run("SELECT pg_backend_pid()")[0])

    def run(self, sql):
        self.proc.stdin.write(sql + ";\n\\echo ----\n")
        self.proc.stdin.flush()
        lines = []
        for line in self.proc.stdout:
            line = line.rstrip("\n")
            if line == "----":
                return lines
            lines.append(line)
        raise SystemExit("psql ended: %s\n%s" % (sql, "\n".join(lines)))

    def anonymous(self):
        try:
            with open("/proc/%d/smaps_rollup" % self.pid) as f:
                return int(re.search(r"^Anonymous:\s+(\d+)", f.read(),
                                     re.M).group(1)) * 1024
        except PermissionError:
            return 0

    def cpu(self):
        """Seconds of CPU time that the backend has used."""
        with open("/proc/%d/schedstat" % self.pid) as f:
            return int(f.read().split()[0]) / 1e9

    def timed(self, sql):
        """Seconds, peak private memory above the start, WAL bytes, CPU."""
        self.run("CHECKPOINT")
        before = self.anonymous()
        lsn = self.run("SELECT pg_current_wal_insert_lsn()")[0]
        peak = [before]
        done = threading.Event()

        def sample():
            while not done.wait(0.02):
                peak[0] = max(peak[0], self.anonymous())

        sampler = threading.Thread(target=sample)
        sampler.start()
        cpu = self.cpu()
        start = time.perf_counter()
        self.run(sql)
        seconds = time.perf_counter() - start
        cpu = self.cpu() - cpu
        done.set()
        sampler.join()
        wal = int(self.run("SELECT pg_current_wal_insert_lsn() - '%s'::pg_lsn"
                           % lsn)[0])
        return seconds, peak[0] - before, wal, cpu


def copy_sql(source, target):
    return "BEGIN;" + "".join(
        "COPY %s.%s FROM '%s/%s.%s.copy';" % (target, t, args.out, source, t)
        for t in TABLES) + "COMMIT"


def quoted(columns, prefix=""):
    return ", ".join(prefix + '"' + c + '"' for c in columns)


def columns(s, table):
    return s.run("SELECT attname FROM pg_attribute WHERE attrelid ="
                 " '%s'::regclass AND attnum > 0 ORDER BY attnum" % table)


def staged_sql(s, name, statement, analyze):
    """COPY into temporary tables, and a statement from them for each table."""
    sql = "BEGIN;"
    for t, key in zip(TABLES, KEYS):
        target = "c_%s.%s" % (name, t)
        sql += ("CREATE TEMP TABLE staged (LIKE %s) ON COMMIT DROP;"
                "COPY staged FROM '%s/%s.%s.copy';"
                % (target, args.out, name, t))
        if analyze:
            sql += "ANALYZE staged;"
        cols = columns(s, target)
        sql += statement(target, key, cols, [c for c in cols if c not in key])
        sql += "DROP TABLE staged;"
    return sql + "COMMIT"


def on_conflict(target, key, cols, rest):
    return ("INSERT INTO %s SELECT * FROM staged ON CONFLICT (%s) DO UPDATE"
            " SET (%s) = ROW(%s);" % (target, quoted(key), quoted(rest),
                                      quoted(rest, "excluded.")))


def merge_statement(target, key, cols, rest):
    return ("MERGE INTO %s AS t USING staged AS s ON (%s) = (%s) WHEN MATCHED"
            " AND (%s) IS DISTINCT FROM (%s) THEN UPDATE SET (%s) = ROW(%s)"
            " WHEN NOT MATCHED THEN INSERT (%s) VALUES (%s);"
            % (target, quoted(key, "t."), quoted(key, "s."),
               quoted(rest, "t."), quoted(rest, "s."),
               quoted(rest), quoted(rest, "s."),
               quoted(cols), quoted(cols, "s.")))


def add_keys(s, name):
    """What dload made at the first run gets keys, and loses its rows."""
    truncate(s, "b_" + name)
    for t, key in zip(TABLES, KEYS):
        s.run("ALTER TABLE b_%s.%s ADD PRIMARY KEY (%s)"
              % (name, t, quoted(key)))


def fresh(s, name, options):
    s.run("DROP SCHEMA IF EXISTS b_%s CASCADE" % name)
    s.run("SELECT dload.drop_pipeline(name) FROM dload.pipelines"
          " WHERE name = '%s'" % name)
    s.run("SELECT dload.create_pipeline('%s', source => 'source', target =>"
          " 'b_%s.events'%s)" % (name, name, options))


def export(s, name):
    """The rows that dload wrote, and empty tables like its own."""
    s.run("DROP SCHEMA IF EXISTS c_%s CASCADE; CREATE SCHEMA c_%s"
          % (name, name))
    for t in TABLES:
        s.run("COPY b_%s.%s TO '%s/%s.%s.copy'" % (name, t, args.out, name, t))
        s.run("CREATE TABLE c_%s.%s (LIKE b_%s.%s INCLUDING ALL)"
              % (name, t, name, t))


def truncate(s, schema):
    s.run("TRUNCATE " + ", ".join("%s.%s" % (schema, t) for t in TABLES))


def verify(s, schema):
    """Compare every value with the generator's flat files."""
    s.run("SET timezone = 'UTC'")
    s.run("CREATE OR REPLACE VIEW flat.loaded AS"
          " SELECT 'events' AS what, to_jsonb(e) - '_dload_id' - '_dload_run_id'"
          " - '_dload_hash' AS row FROM {0}.events AS e"
          " UNION ALL SELECT 'topics', jsonb_build_object('event', e.id, 'idx',"
          " t._dload_list_idx, 'value', t.value) FROM {0}.{1} AS t"
          " JOIN {0}.events AS e ON e._dload_id = t._dload_parent_id"
          " UNION ALL SELECT 'labels', to_jsonb(l) - '_dload_id' -"
          " '_dload_parent_id' - '_dload_root_id' - '_dload_list_idx' ||"
          " jsonb_build_object('event', e.id, 'idx', l._dload_list_idx)"
          " FROM {0}.{2} AS l JOIN {0}.events AS e"
          " ON e._dload_id = l._dload_parent_id".format(schema, *TABLES[1:]))
    counts = s.run("SELECT what, count(*) FROM flat.loaded GROUP BY 1 ORDER BY 1")
    wrong = s.run("SELECT count(*) FROM ((TABLE flat.loaded EXCEPT ALL TABLE"
                  " flat.expected) UNION ALL (TABLE flat.expected EXCEPT ALL"
                  " TABLE flat.loaded)) AS d")[0]
    s.run("DROP VIEW flat.loaded")
    print("%s: %s; rows that differ from the generator's: %s"
          % (schema, ", ".join(counts), wrong), flush=True)
    if wrong != "0":
        raise SystemExit(1)


def main():
    s = Session()
    s.run("CREATE EXTENSION dload")
    s.run("CREATE SERVER bench FOREIGN DATA WRAPPER dload OPTIONS"
          " (base_url '%s')" % args.url)
    s.run("CREATE FOREIGN TABLE source (record jsonb OPTIONS (json_path '$'))"
          " SERVER bench OPTIONS (path '/events', paginate 'link')")
    s.run("\\set flat '%s/flat'\n\\i %s"
          % (args.workload, os.path.join(os.path.dirname(
              os.path.abspath(__file__)), "flat.sql")))

    keyed = (", write_disposition => 'merge', primary_key => ARRAY['id']")
    fresh(s, "append", "")
    s.run("CALL dload.run('append')")
    export(s, "append")
    verify(s, "b_append")
    fresh(s, "merge", keyed)
    s.run("CALL dload.run('merge')")
    export(s, "merge")
    verify(s, "b_merge")

    fresh(s, "keys", "")
    s.run("CALL dload.run('keys')")
    add_keys(s, "keys")
    s.run("CALL dload.run('keys')")
    export(s, "keys")

    results = {}

    def note(what, figures):
        results.setdefault(what, []).append(figures)

    for n in range(args.rounds):
        fresh(s, "append", "")
        note("append", s.timed("CALL dload.run('append')"))
        truncate(s, "c_append")
        note("copy", s.timed(copy_sql("append", "c_append")))
        truncate(s, "b_keys")
        note("append keys", s.timed("CALL dload.run('keys')"))
        truncate(s, "c_keys")
        note("copy keys", s.timed(copy_sql("keys", "c_keys")))
        fresh(s, "merge", keyed)
        note("merge", s.timed("CALL dload.run('merge')"))
        truncate(s, "c_merge")
        note("on conflict", s.timed(staged_sql(s, "merge", on_conflict,
                                               False)))
        s.run("VACUUM ANALYZE " + ", ".join("c_merge." + t for t in TABLES))
        note("unchanged", s.timed("CALL dload.run('merge')"))
        note("merge stmt", s.timed(staged_sql(s, "merge", merge_statement,
                                              True)))
        note("live count", s.timed("SELECT count(*) FROM source"))
    for name in ("append", "keys", "merge"):
        verify(s, "b_" + name)

    print("\n%-12s %26s %7s %10s %6s %7s  %s" % (
        "what", "seconds", "CPU", "events/s", "MB", "WAL MB",
        "ratio of seconds, of CPU"))
    pairs = {"append": "copy", "append keys": "copy keys",
             "merge": "on conflict", "unchanged": "merge stmt",
             "live count": "copy"}
    rows = int(s.run("SELECT count(*) FROM b_append.events")[0])
    for what, figures in results.items():
        t = [f[0] for f in figures]
        ratio = ""
        if what in pairs:
            both = list(zip(figures, results[pairs[what]]))
            r = [a[0] / b[0] for a, b in both]
            c = [a[3] / b[3] for a, b in both]
            ratio = "%.2f [%.2f-%.2f], %.2f [%.2f-%.2f] x %s" % (
                statistics.median(r), min(r), max(r),
                statistics.median(c), min(c), max(c), pairs[what])
        print("%-12s %8.3f [%7.3f-%7.3f] %7.3f %10.0f %6.1f %7.1f  %s" % (
            what, statistics.median(t), min(t), max(t),
            statistics.median(f[3] for f in figures),
            rows / statistics.median(t), max(f[1] for f in figures) / 1e6,
            statistics.median(f[2] for f in figures) / 1e6, ratio))


main()
