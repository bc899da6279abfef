"""measure - a database session that is timed, and what is known of a machine.

Used by the other Python files of this folder.  psql comes from $PSQL, the
server from PGHOST, PGPORT, PGUSER and PGDATABASE.
"""
import collections
import os
import platform
import re
import statistics
import subprocess
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")

# Seconds, CPU seconds of the process(es), peak private memory above the start
# in bytes, bytes of WAL, page faults.
Figures = collections.namedtuple("Figures", "seconds cpu memory wal faults",
                                 defaults=(0,))


class SqlError(Exception):
    pass


def anonymous(pid):
    """Private memory of a process.

    Not from smaps_rollup: that walks all shared buffers, and slows down the
    very process that is measured.
    """
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"^RssAnon:\s+(\d+)", f.read(),
                             re.M).group(1)) * 1024


def stat(pid, *numbers):
    """Fields of a process, counted from the state, which is 0."""
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rpartition(")")[2].split()
    return [int(fields[n]) for n in numbers]


def cpu_seconds(pid):
    """By the scheduler's clock, where the kernel tells it."""
    try:
        with open("/proc/%d/schedstat" % pid) as f:
            return int(f.read().split()[0]) / 1e9
    except OSError:
        return sum(stat(pid, 11, 12)) / TICKS


def page_faults(pid):
    return sum(stat(pid, 7, 9))


class Peak:
    """The largest value that a function returns while a block runs."""

    def __init__(self, function, interval=0.02):
        self.function = function
        self.interval = interval
        self.value = function()

    def __enter__(self):
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.sample)
        self.thread.start()
        return self

    def sample(self):
        while not self.done.wait(self.interval):
            self.value = max(self.value, self.function())

    def __exit__(self, *error):
        self.done.set()
        self.thread.join()


class Session:
    """One psql, and so one backend."""

    def __init__(self):
        self.proc = subprocess.Popen(
            [os.environ.get("PSQL", "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1"],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.run("SET client_min_messages = warning; SET timezone = 'UTC'")
        self.pid = int(self.value("SELECT pg_backend_pid()"))

    def run(self, sql):
        """Run statements and return the lines that they print."""
        self.proc.stdin.write(sql + ";\n\\echo ----\n")
        self.proc.stdin.flush()
        lines = []
        for line in self.proc.stdout:
            line = line.rstrip("\n")
            if line == "----":
                return lines
            lines.append(line)
        raise SqlError("%s\n%s" % (sql, "\n".join(lines)))

    def value(self, sql):
        return self.run(sql)[0]

    def close(self):
        self.proc.stdin.close()
        self.proc.wait()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()


def wal_position(s):
    return s.value("SELECT pg_current_wal_insert_lsn()")


def wal_since(s, position):
    return int(s.value("SELECT (pg_current_wal_insert_lsn() - '%s')::bigint"
                       % position))


def timed(sql, warm="", checkpoint=True):
    """Figures of statements run by a session of their own.

    What `warm` runs beforehand, such as loading a library, is not counted.
    """
    with Session() as s:
        s.run(warm)
        if checkpoint:
            s.run("CHECKPOINT")
        position = wal_position(s)
        before = anonymous(s.pid)
        cpu = cpu_seconds(s.pid)
        faults = page_faults(s.pid)
        with Peak(lambda: anonymous(s.pid)) as peak:
            start = time.perf_counter()
            s.run(sql)
            seconds = time.perf_counter() - start
        return Figures(seconds, cpu_seconds(s.pid) - cpu,
                       peak.value - before, wal_since(s, position),
                       page_faults(s.pid) - faults)


def spread(values, digits=3):
    """Median and range as text."""
    text = "%%.%df [%%.%df-%%.%df]" % (digits, digits, digits)
    return text % (statistics.median(values), min(values), max(values))


def machine():
    """Lines that say where this was measured."""
    model = "unknown"
    memory = 0
    with open("/proc/cpuinfo") as f:
        found = re.search(r"^model name\s*:\s*(.*)", f.read(), re.M)
        if found:
            model = found.group(1)
    with open("/proc/meminfo") as f:
        memory = int(re.search(r"MemTotal:\s+(\d+)", f.read()).group(1))
    return [
        "date: " + time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        "processor: %s, %d cores, %.0f GB of memory"
        % (model, os.cpu_count(), memory / 1e6),
        "system: %s %s" % (platform.system(), platform.release()),
        "load average at this moment: " + ", ".join(
            "%.2f" % x for x in os.getloadavg()),
    ]


def versions(s):
    def first_line(*command):
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            return done.stdout.partition("\n")[0]
        except OSError:
            return "none"
    settings = ("fsync", "full_page_writes", "synchronous_commit", "wal_level",
                "shared_buffers", "max_wal_size", "checkpoint_timeout",
                "autovacuum")
    return [
        s.value("SELECT version()"),
        "dload %s, source %s" % (
            s.value("SELECT dload.version()"),
            first_line("git", "-C", os.path.dirname(os.path.abspath(__file__)),
                       "describe", "--always", "--dirty")),
        first_line("nginx", "-v"),
        first_line("curl-config", "--version"),
        "settings: " + ", ".join("%s %s" % (x, s.value("SHOW " + x))
                                 for x in settings),
    ]
