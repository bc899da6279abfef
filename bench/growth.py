#!/usr/bin/env python3
"""Merge 10,000 records into targets of several sizes.  Called by bench/growth.

Each target is loaded by dload; its keys are 1000, 2000...  A set of changes has
5,000 records that exist and 5,000 whose keys lie between others, in random
order, each with a list of two tags.  The first set warms the caches up.  Then
three are merged one after another, and three more after a CHECKPOINT each, when
every page touched is written to the WAL whole.

After each of them the rows that dload wrote are upserted into a copy of the
target by INSERT ... ON CONFLICT, in a session that is as fresh: what the size
of a table costs whoever changes it.
"""
import argparse
import json
import os
import random
import statistics
import time

from cases import KEYED, WARM
from measure import Session, machine, spread, timed, versions
from report import markdown, screen

BATCH = 10_000
WARM_SETS, SETS = 1, 7
CHECKPOINTED = (WARM_SETS + SETS) // 2      # the first set after a CHECKPOINT
STEP = 1000                                 # between keys
HEAD = ["rows", "what", "us per record", "ratio", "CPU us", "ratio",
        "of ON CONFLICT's CPU", "page faults", "WAL kB"]
RECORD = ('{"id":%d,"name":"item number %d","value":%d,"version":%d,'
          '"updated_at":"2025-12-19T15:%02d:%02dZ",'
          '"owner":{"id":%d,"login":"user-%d"},"tags":["tag-%d","tag-%d"]}')


def record(key, version):
    return RECORD % (key, key, key * 7 % 1009, version, key // 60 % 60,
                     key % 60, key % 977, key % 977, key % 13, key % 7 + 20)


def write_pages(www, path, keys, version, size):
    """Pages that name the next one."""
    os.makedirs(os.path.join(www, path))
    pages = (len(keys) + size - 1) // size
    for n in range(pages):
        data = ",".join([record(k, version)
                         for k in keys[n * size:(n + 1) * size]])
        following = json.dumps("/%s/%d.json" % (path, n + 1)
                               if n + 1 < pages else None)
        with open(os.path.join(www, path, "%d.json" % n), "w") as f:
            f.write('{"data":[%s],"next":%s}' % (data, following))


def changes(rows, number):
    chosen = random.Random(rows * 100 + number)
    keys = [STEP * k for k in chosen.sample(range(1, rows + 1), BATCH // 2)]
    keys += [STEP * k + number + 1
             for k in chosen.sample(range(1, rows + 1), BATCH // 2)]
    chosen.shuffle(keys)
    return keys


class Target:
    """A table of dload's with its child, and a copy for the competitor."""

    def __init__(self, s, www, out, rows):
        self.s = s
        self.www = www
        self.rows = rows
        self.name = "t%d" % rows
        self.table = "growth." + self.name
        self.copy = "growth.c%d" % rows
        self.file = os.path.join(out, self.name)

    def load(self):
        """Returns seconds: of the pages, of the load, and of the copy."""
        times = [time.perf_counter()]
        path = self.name + "/all"
        write_pages(self.www, path, range(STEP, STEP * (self.rows + 1), STEP),
                    0, 1000)
        times.append(time.perf_counter())
        self.s.run("CREATE FOREIGN TABLE source_{0} () SERVER api OPTIONS"
                   " (path '/{1}/0.json', records_path 'data', paginate"
                   " 'next_url', next_path 'next', conditional 'false');"
                   "SELECT dload.create_pipeline('{0}', source =>"
                   " 'source_{0}', target => '{2}'{3});"
                   "CALL dload.run('{0}')".format(
                       self.name, path, self.table, KEYED))
        for n in range((self.rows + 999) // 1000):
            os.unlink(os.path.join(self.www, path, "%d.json" % n))
        times.append(time.perf_counter())
        for suffix in ("", "__tags"):
            self.s.run("CREATE TABLE {0}{2} (LIKE {1}{2} INCLUDING ALL);"
                       "INSERT INTO {0}{2} TABLE {1}{2};"
                       "VACUUM ANALYZE {0}{2}; VACUUM ANALYZE {1}{2}".format(
                           self.copy, self.table, suffix))
        times.append(time.perf_counter())
        return [b - a for a, b in zip(times, times[1:])]

    def merge(self, n):
        path = "%s/set%d" % (self.name, n)
        write_pages(self.www, path, changes(self.rows, n), n + 1, 100)
        self.s.run("ALTER FOREIGN TABLE source_%s OPTIONS (SET path"
                   " '/%s/0.json')" % (self.name, path))
        return timed("CALL dload.run('%s')" % self.name, warm=WARM,
                     checkpoint=n >= CHECKPOINTED)

    def upsert(self, n):
        """The rows of this set once more, in random order, into the copy."""
        self.s.run(
            "COPY (SELECT * FROM {0} WHERE version = {1} ORDER BY"
            " hashint8(id)) TO '{2}';"
            "COPY (SELECT t.* FROM {0} AS r JOIN {0}__tags AS t"
            " ON t._dload_parent_id = r._dload_id WHERE r.version = {1}"
            " ORDER BY hashint8(r.id), t._dload_list_idx)"
            " TO '{2}__tags'".format(self.table, n + 1, self.file))
        columns = self.s.run(
            "SELECT quote_ident(attname) FROM pg_attribute WHERE attnum > 0"
            " AND attrelid = '%s'::regclass AND attname <> 'id'"
            % self.table)
        return timed(
            "BEGIN;"
            "CREATE TEMP TABLE s (LIKE {0}) ON COMMIT DROP;"
            "CREATE TEMP TABLE s__tags (LIKE {0}__tags) ON COMMIT DROP;"
            "COPY s FROM '{1}'; COPY s__tags FROM '{1}__tags';"
            "INSERT INTO {0} TABLE s ON CONFLICT (id) DO UPDATE SET {2};"
            # no tag ever changes
            "INSERT INTO {0}__tags TABLE s__tags ON CONFLICT"
            " (_dload_parent_id, _dload_list_idx) DO NOTHING;"
            "COMMIT".format(self.copy, self.file, ", ".join(
                "%s = excluded.%s" % (c, c) for c in columns)),
            checkpoint=n >= CHECKPOINTED)

    def check(self):
        total = self.rows + SETS * BATCH // 2
        for table in (self.table, self.copy):
            found = [int(self.s.value("SELECT count(*) FROM %s%s"
                                      % (table, suffix)))
                     for suffix in ("", "__tags")]
            if found != [total, 2 * total]:
                raise SystemExit("%s: %s rows and tags instead of %d and %d"
                                 % (table, found, total, 2 * total))
        if len({self.s.value("SELECT sum(hashint8(id)::bigint * (version + 1))"
                             " FROM " + table)
                for table in (self.table, self.copy)}) != 1:
            raise SystemExit("%s and %s differ" % (self.table, self.copy))

    def measure(self):
        """Figures of the merge and of the upsert, set by set."""
        found = {"merge": [], "ON CONFLICT": []}
        for n in range(SETS):
            found["merge"].append(self.merge(n))
            found["ON CONFLICT"].append(self.upsert(n))
        self.check()
        return found

    def drop(self):
        self.s.run("DROP TABLE {0}, {0}__tags, {1}, {1}__tags".format(
            self.table, self.copy))


def summary(rows, found, first):
    """Lines of the table.  `first`: medians of the smallest target, or {}."""
    lines = []
    for when, sets in (("", slice(WARM_SETS, CHECKPOINTED)),
                       (" after a CHECKPOINT", slice(CHECKPOINTED, None))):
        cpus = {}
        for what, all_figures in found.items():
            figures = all_figures[sets]
            us = [f.seconds / BATCH * 1e6 for f in figures]
            cpu = [f.cpu / BATCH * 1e6 for f in figures]
            medians = [statistics.median(us), statistics.median(cpu)]
            cpus[what] = medians[1]
            base = first.setdefault(what + when, medians)
            lines.append([
                "%d" % rows, what + when, spread(us, 1),
                "%.2f" % (medians[0] / base[0]), spread(cpu, 1),
                "%.2f" % (medians[1] / base[1]), "",
                "%.0f" % statistics.median(f.faults for f in figures),
                "%.2f" % (statistics.median(
                    f.wal for f in figures) / BATCH / 1e3)])
        lines[-2][6] = "%.2f" % (cpus["merge"] / cpus["ON CONFLICT"])
    return lines


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--url", required=True)
    ap.add_argument("--www", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--result")
    ap.add_argument("sizes", nargs="+", type=int)
    args = ap.parse_args()

    s = Session()
    s.run("CREATE EXTENSION dload; CREATE SERVER api FOREIGN DATA WRAPPER dload"
          " OPTIONS (base_url '%s')" % args.url)
    rows = [HEAD]
    first = {}
    for size in args.sizes:
        target = Target(s, args.www, args.out, size)
        print("%d rows: pages %.0f s, load %.0f s, copy %.0f s" % (
            size, *target.load()), flush=True)
        rows += summary(size, target.measure(), first)
        target.drop()
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
