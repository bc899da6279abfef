"""rivals - the cases of other programs: PL/pgSQL with pgsql-http, and dlt."""
import json
import os
import re
import subprocess

from cases import Case, TABLES, WARM
from measure import Figures, Peak, timed, wal_position, wal_since

HERE = os.path.dirname(os.path.abspath(__file__))

# Pages by pgsql-http, as its documentation shows it.
FETCH_HTTP = r"""
CREATE EXTENSION http;
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
END $$"""

# One connection for all pages, which is not its default: its releases have
# different settings for that, and do not mind those of others.
KEEP_ALIVE = """
SET http.keepalive = on;
SET http.curlopt_tcp_keepalive = 1;
SELECT http_set_curlopt('CURLOPT_TCP_KEEPALIVE', '1');"""

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

# What the loop put into a schema, as flat.expected has it.
LOADED = """
SELECT 'events' AS what, to_jsonb(e) - '_load_id' - '_id' AS row
FROM {0}.events AS e
UNION ALL
SELECT 'topics', jsonb_build_object('event', event_id, 'idx', idx,
  'value', value) FROM {0}.topics
UNION ALL
SELECT 'labels', to_jsonb(l) - '_id' - 'event_id'
  || jsonb_build_object('event', event_id) FROM {0}.labels AS l"""


class Loop:
    """The loop in PL/pgSQL, made when it is first needed."""

    def __init__(self, w, url, workload, extension):
        self.w = w
        self.workload = workload
        self.extension = extension
        self.made = False
        self.name = "pgsql-http + PL/pgSQL" if extension else \
            "PL/pgSQL, pages from files"
        self.start = url + "/events?page=1" if extension else "page=1"

    def fetch(self):
        if self.extension:
            return FETCH_HTTP
        with open(os.path.join(self.workload, "workload.txt")) as f:
            pages = re.search(r"^pages (\d+)", f.read()).group(1)
        return FETCH_FILE.replace("{www}", os.path.join(
            self.workload, "www")).replace("{pages}", pages)

    def make(self):
        if not self.made:
            self.w.s.run("CREATE SCHEMA h; " + self.fetch())
            self.w.s.run("\\i " + os.path.join(HERE, "http_loop.sql"))
            self.w.loaded.update(h_insert=LOADED, h_upsert=LOADED)
        self.made = True

    def prepare(self, schema):
        def run():
            self.make()
            self.w.s.run("TRUNCATE {0}.events, {0}.topics, {0}.labels".format(
                schema))
        return run

    def load(self, schema):
        """CALL h.load; what a session of its own is to be set up with is not
        timed."""
        return lambda: timed(
            "CALL h.load('%s', %s)" % (self.start, schema == "h_upsert"),
            warm="%s; SET search_path = %s, public;%s" % (
                WARM, schema, KEEP_ALIVE if self.extension else ""))

    def case(self, suffix, schema, against):
        return Case(self.name + suffix, self.prepare(schema),
                    self.load(schema), against, leaves=(schema, "same"))


def http_cases(w, url, workload, extension):
    """The loop, as plain INSERTs and as upserts into keys.

    There is no goal for a loop that reads from files.
    """
    loop = Loop(w, url, workload, extension)
    return [
        loop.case("", "h_insert", [("append", ">= 4" if extension else None)]),
        loop.case(", upsert into keys", "h_upsert",
                  [("merge, first time", ">= 3" if extension else None)]),
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


def dlt_version(python):
    return subprocess.run(
        [python, "-c", "import dlt; print(dlt.__version__)"],
        stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def dlt_cases(w, python, url):
    """One dlt pipeline run into an empty data set; phases without start-up."""
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
        Case("dlt, as shipped", prepare("dlt_shipped"),
             run("dlt_shipped", {}), [("append", ">= 85")]),
        Case("dlt, tuned", prepare("dlt_tuned"),
             run("dlt_tuned", TUNED), [("append", ">= 20")]),
    ]
