"""rivals - the cases of other programs: PL/pgSQL with pgsql-http, and dlt.

A case here may have a function instead of statements; it returns Figures.
"""
import json
import os
import re
import subprocess

from cases import Case, TABLES
from measure import Figures, Peak, wal_position, wal_since

HERE = os.path.dirname(os.path.abspath(__file__))

# Pages by pgsql-http, as its documentation shows it.
FETCH_HTTP = r"""
CREATE FUNCTION h.fetch(url text, OUT content text, OUT next text)
LANGUAGE plpgsql AS $$
DECLARE
  r http_response;
BEGIN
  r := http_get(url);
  IF r.status <> 200 THEN RAISE 'status %', r.status; END IF;
  content := r.content;
  next := substring((SELECT value FROM unnest(r.headers)
    WHERE lower(field) = 'link') FROM '<([^>]*)>; rel="next"');
END $$;
SELECT http_set_curlopt('CURLOPT_TCP_KEEPALIVE', '1')"""

# Without it: the same loop, pages read from files.  It does less than any
# loop that speaks HTTP, so dload's lead over it is a lower bound.
FETCH_FILE = r"""
CREATE FUNCTION h.fetch(url text, OUT content text, OUT next text)
LANGUAGE plpgsql AS $$
DECLARE
  n int := substring(url FROM '\d+$');
BEGIN
  content := pg_read_file(format('{www}/pages/%s.json', n));
  next := CASE WHEN n < {pages} THEN 'page=' || n + 1 END;
END $$"""


def http_cases(w, url, workload):
    """The loop, as plain INSERTs and as upserts into keys."""
    s = w.s
    s.run("CREATE SCHEMA h")
    has_http = s.value("SELECT count(*) FROM pg_available_extensions"
                       " WHERE name = 'http'") == "1"
    if has_http:
        s.run("CREATE EXTENSION http")
        s.run(FETCH_HTTP)
        name, start = "pgsql-http + PL/pgSQL", url + "/events?page=1"
        goals = ">= 4", ">= 3"
    else:
        with open(os.path.join(workload, "workload.txt")) as f:
            pages = re.search(r"^pages (\d+)", f.read()).group(1)
        s.run(FETCH_FILE.replace("{www}", os.path.join(workload, "www"))
              .replace("{pages}", pages))
        name, start = "PL/pgSQL, pages from files (no pgsql-http)", "page=1"
        goals = None, None
    s.run("\\i " + os.path.join(HERE, "http_loop.sql"))

    def prepare(keys):
        def run():
            count(s, "h.events", "h.topics", "h.labels")
            s.run("TRUNCATE h.events, h.topics, h.labels")
            for table, key in (("events", "id"), ("topics", "event_id, idx"),
                               ("labels", "event_id, idx")):
                s.run("ALTER TABLE h.%s DROP CONSTRAINT IF EXISTS %s_pkey"
                      % (table, table))
                if keys:
                    s.run("ALTER TABLE h.%s ADD PRIMARY KEY (%s)"
                          % (table, key))
        return run

    def count(s, *tables):
        """What an earlier round loaded is complete."""
        found = [int(s.value("SELECT count(*) FROM " + t)) for t in tables]
        if found != [0, 0, 0] and found != expected(s):
            raise SystemExit("the PL/pgSQL loop loaded %s" % found)

    return [
        Case(name, prepare(False), "CALL h.load('%s', false)" % start,
             [("append", goals[0])]),
        Case(name + ", upsert into keys", prepare(True),
             "CALL h.load('%s', true)" % start, [("merge, first time", goals[1])]),
    ]


def expected(s):
    return [int(s.value("SELECT count(*) FROM b_append." + t)) for t in TABLES]


def tree(pid):
    """A process and those below it."""
    pids = [pid]
    for parent in pids:
        try:
            for task in os.listdir("/proc/%d/task" % parent):
                with open("/proc/%d/task/%s/children" % (parent, task)) as f:
                    pids += [int(x) for x in f.read().split()]
        except OSError:
            pass
    return pids


def proportional(pid):
    """Proportional set size of a process tree, in bytes."""
    total = 0
    for each in tree(pid):
        try:
            with open("/proc/%d/smaps_rollup" % each) as f:
                total += int(re.search(r"^Pss:\s+(\d+)", f.read(),
                                       re.M).group(1)) * 1024
        except OSError:
            pass
    return total


# What its documentation offers for speed.  csv makes it COPY.
TUNED = {
    "BENCH_COMPILED": "1",
    "BENCH_FORMAT": "csv",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "DATA_WRITER__FILE_MAX_ITEMS": "50000",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "NORMALIZE__DATA_WRITER__DISABLE_COMPRESSION": "true",
    "NORMALIZE__WORKERS": "2",
}


def dlt_cases(w, python, url):
    """One dlt pipeline run into an empty data set; phases without start-up."""
    version = subprocess.run(
        [python, "-c", "import dlt; print(dlt.__version__)"],
        stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    s = w.s

    def prepare(name):
        return lambda: s.run("DROP SCHEMA IF EXISTS %s, %s_staging CASCADE"
                             % (name, name))

    def run(name, settings):
        def measured():
            home = os.path.join(w.out, "dlt")
            subprocess.run(["rm", "-rf", home], check=True)
            os.mkdir(home)
            env = dict(os.environ, HOME=home, DLT_DATA_DIR=home,
                       RUNTIME__DLTHUB_TELEMETRY="false",
                       RUNTIME__LOG_LEVEL="ERROR", BENCH_URL=url,
                       BENCH_DATASET=name, **settings)
            s.run("CHECKPOINT")
            position = wal_position(s)
            with open(os.path.join(home, "log"), "w") as log:
                proc = subprocess.Popen(
                    [python, os.path.join(HERE, "dlt_run.py")], cwd=home,
                    env=env, text=True, stdout=subprocess.PIPE, stderr=log)
                with Peak(lambda: proportional(proc.pid), 0.2) as peak:
                    out = proc.communicate()[0]
            if proc.returncode != 0:
                with open(os.path.join(home, "log")) as log:
                    raise SystemExit("dlt failed:\n" + log.read()[-3000:])
            figures = json.loads(out.strip().rpartition("\n")[2])
            found = [int(s.value("SELECT count(*) FROM %s.%s" % (name, t)))
                     for t in TABLES]
            if found != expected(s):
                raise SystemExit("dlt loaded %s" % found)
            return Figures(figures["seconds"], figures["cpu"], peak.value,
                           wal_since(s, position))
        return measured

    return [
        Case("dlt %s, as shipped" % version, prepare("dlt_shipped"),
             run("dlt_shipped", {}), [("append", ">= 85")]),
        Case("dlt %s, tuned" % version, prepare("dlt_tuned"),
             run("dlt_tuned", TUNED), [("append", ">= 20")]),
    ]
