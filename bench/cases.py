"""cases - what is measured on the yardstick workload, in the order of a round.

A case has a name, a preparation that is not timed, and a run that returns
Figures.  Nothing asks the server before it is prepared or run.  `against` names
the cases of the same round that its time is divided by, each with the goal for
that ratio, or None; `after` the cases that leave the tables as it finds them;
`leaves` the schema that it fills, and with which pages; `needs` what is to be
set up for it besides an append.

Schemas: b_append, b_keyed, b_merge and b_replace are loaded by dload;
c_append, c_keyed and c_merge have the same tables and take what the SQL
competitors write, from files that dload's own tables were exported to.
"""
import collections

from measure import timed

Case = collections.namedtuple(
    "Case", "name prepare run against after leaves needs",
    defaults=((), (), None, ()))

CHILDREN = ["__payload__pull_request__base__repo__topics",
            "__payload__pull_request__labels"]
TABLES = ["events"] + ["events" + c for c in CHILDREN]
KEYS = [["id"]] + [["_dload_parent_id", "_dload_list_idx"]] * 2
KEYED = ", write_disposition => 'merge', primary_key => ARRAY['id']"
REPLACE = ", write_disposition => 'replace'"
# The pages that a source reads: as they are, 1 % changed, all changed.
PATHS = {"same": "/events", "few": "/few/events", "all": "/all/events"}
# Making up one's mind about libraries and catalogs is not part of a run.
WARM = "SELECT count(*) FROM dload.status; SELECT dload.version()"

# How the generator's rows change with its pages.
CHANGES = {
    "same": "",
    "few": "UPDATE flat.events AS e SET public = false FROM (SELECT id,"
           " row_number() OVER (ORDER BY id::bigint) AS n FROM flat.events)"
           " AS o WHERE o.id = e.id AND o.n % 100 = 0",
    "all": "UPDATE flat.events SET payload__action = 'changed'",
}


# What dload loaded into a schema, as flat.expected has it.
LOADED = """
SELECT 'events' AS what,
  to_jsonb(e) - '_dload_id' - '_dload_run_id' - '_dload_hash' AS row
FROM {0}.events AS e
UNION ALL
SELECT 'topics', jsonb_build_object('event', e.id, 'idx', t._dload_list_idx,
  'value', t.value)
FROM {0}.{1} AS t JOIN {0}.events AS e ON e._dload_id = t._dload_parent_id
UNION ALL
SELECT 'labels', to_jsonb(l) - '_dload_id' - '_dload_parent_id'
    - '_dload_root_id' - '_dload_list_idx'
  || jsonb_build_object('event', e.id, 'idx', l._dload_list_idx)
FROM {0}.{2} AS l JOIN {0}.events AS e ON e._dload_id = l._dload_parent_id"""


class Workload:
    """The tables and files of the measurement; `s` is the session for them."""

    def __init__(self, s, out):
        self.s = s
        self.out = out
        self.loaded = {}        # queries like LOADED of others' schemas

    def file(self, name, table, suffix):
        return "%s/%s.%s.%s" % (self.out, name, table, suffix)

    def fresh(self, name, options=""):
        """A pipeline that has never run."""
        self.s.run("DROP SCHEMA IF EXISTS b_%s CASCADE" % name)
        self.s.run("SELECT dload.drop_pipeline(name) FROM dload.pipelines"
                   " WHERE name = '%s'" % name)
        self.serve(name, "same")
        self.s.run("SELECT dload.create_pipeline('%s', source => 'source_%s',"
                   " target => 'b_%s.events'%s)" % (name, name, name, options))

    def serve(self, name, kind):
        """Which pages the source of a pipeline reads."""
        self.s.run("ALTER FOREIGN TABLE source_%s OPTIONS (SET path '%s')"
                   % (name, PATHS[kind]))

    def export(self, source, name, tables=TABLES):
        """Write the rows of dload's tables to files, as text and binary."""
        for table in tables:
            self.s.run("COPY %s.%s TO '%s'" % (
                source, table, self.file(name, table, "text")))
            self.s.run("COPY %s.%s TO '%s' (FORMAT binary)" % (
                source, table, self.file(name, table, "binary")))

    def like(self, source, target):
        """Empty tables like dload's."""
        self.s.run("DROP SCHEMA IF EXISTS %s CASCADE; CREATE SCHEMA %s"
                   % (target, target))
        for table in TABLES:
            self.s.run("CREATE TABLE %s.%s (LIKE %s.%s INCLUDING ALL)"
                       % (target, table, source, table))

    def truncate(self, schema):
        self.s.run("TRUNCATE " + ", ".join(
            "%s.%s" % (schema, t) for t in TABLES))

    def analyze(self, schema):
        for table in TABLES:
            self.s.run("VACUUM ANALYZE %s.%s" % (schema, table))

    def columns(self, schema, table):
        return self.s.run(
            "SELECT quote_ident(attname) FROM pg_attribute WHERE attnum > 0"
            " AND NOT attisdropped AND attrelid = '%s.%s'::regclass"
            " ORDER BY attnum" % (schema, table))

    def copy(self, name, target, suffix):
        """COPY of exported rows, in one transaction."""
        how = " (FORMAT binary)" if suffix == "binary" else ""
        return "BEGIN;" + "".join("COPY %s.%s FROM '%s'%s;" % (
            target, t, self.file(name, t, suffix), how)
            for t in TABLES) + "COMMIT"

    def staged(self, name, target, upsert):
        """Stage exported rows in temporary tables, then upsert from there.

        `name` is of the root table's file; children never change.
        """
        sql = "BEGIN;"
        for table, key in zip(TABLES, KEYS):
            source = self.file(name if table == "events" else "merge",
                               table, "text")
            sql += ("CREATE TEMP TABLE s_{0} (LIKE {1}.{0}) ON COMMIT DROP;"
                    "COPY s_{0} FROM '{2}';").format(table, target, source)
            sql += upsert(target, table, key) + ";"
        return sql + "COMMIT"

    def on_conflict(self, target, table, key):
        rest = [c for c in self.columns(target, table) if c not in key]
        return "INSERT INTO %s.%s TABLE s_%s ON CONFLICT (%s) DO UPDATE SET %s" \
            % (target, table, table, ", ".join(key),
               ", ".join("%s = excluded.%s" % (c, c) for c in rest))

    def merge_statement(self, target, table, key):
        columns = self.columns(target, table)
        rest = [c for c in columns if c not in key]
        return (
            "ANALYZE s_{table}; MERGE INTO {target}.{table} AS t"
            " USING s_{table} AS s ON {match}"
            " WHEN MATCHED AND ({old}) IS DISTINCT FROM ({new})"
            " THEN UPDATE SET {sets} WHEN NOT MATCHED THEN"
            " INSERT ({columns}) VALUES ({values})").format(
                table=table, target=target,
                match=" AND ".join("t.%s = s.%s" % (c, c) for c in key),
                old=", ".join("t." + c for c in rest),
                new=", ".join("s." + c for c in rest),
                sets=", ".join("%s = s.%s" % (c, c) for c in rest),
                columns=", ".join(columns),
                values=", ".join("s." + c for c in columns))

    def verify(self, schema, kind="same"):
        """Compare every value with the generator's rows."""
        self.s.run("CREATE OR REPLACE VIEW flat.loaded AS " + self.loaded.get(
            schema, LOADED).format(schema, *TABLES[1:]))
        counts = self.s.run("SELECT what || ' ' || count(*) FROM flat.loaded"
                            " GROUP BY what ORDER BY what")
        self.s.run("BEGIN; " + CHANGES[kind])
        wrong = self.s.value(
            "SELECT count(*) FROM ((TABLE flat.loaded EXCEPT ALL TABLE"
            " flat.expected) UNION ALL (TABLE flat.expected EXCEPT ALL"
            " TABLE flat.loaded)) AS d")
        self.s.run("ROLLBACK; DROP VIEW flat.loaded")
        print("%s: %s; rows that differ from the generator's: %s"
              % (schema, ", ".join(counts), wrong), flush=True)
        if wrong != "0":
            raise SystemExit("%s does not hold what was served" % schema)


def set_up(w, url, flat, flat_sql, needs):
    """Make the sources, and load, check and export what the cases need."""
    s = w.s
    s.run("CREATE EXTENSION dload")
    s.run("CREATE SERVER bench FOREIGN DATA WRAPPER dload OPTIONS"
          " (base_url '%s')" % url)
    for name in ("append", "keyed", "merge", "replace"):
        s.run("CREATE FOREIGN TABLE source_%s (record jsonb OPTIONS (json_path"
              " '$')) SERVER bench OPTIONS (path '/events', paginate 'link',"
              " conditional 'false')"
              % name)
    s.run("CREATE FOREIGN TABLE live (id text, actor__login text, created_at"
          " timestamptz) SERVER bench OPTIONS (path '/events',"
          " paginate 'link')")
    s.run("\\set flat '%s'\n\\i %s" % (flat, flat_sql))
    load(w, "append", "")
    w.export("b_append", "append")
    w.like("b_append", "c_append")
    for name, step in (("keyed", set_up_keyed), ("replace", set_up_replace),
                       ("merge", set_up_merge), ("few", set_up_changes),
                       ("all", set_up_changes)):
        if name in needs:
            step(w, name)


def load(w, name, options):
    w.fresh(name, options)
    w.s.run("CALL dload.run('%s')" % name)
    w.verify("b_" + name)


def set_up_keyed(w, name):
    load(w, name, "")
    w.truncate("b_keyed")
    for table, key in zip(TABLES, KEYS):
        w.s.run("ALTER TABLE b_keyed.%s ADD PRIMARY KEY (%s)"
                % (table, ", ".join(key)))
    w.like("b_keyed", "c_keyed")


def set_up_replace(w, name):
    load(w, name, REPLACE)


def set_up_merge(w, name):
    load(w, name, KEYED)
    w.export("b_merge", "merge")
    w.like("b_merge", "c_merge")


def set_up_changes(w, kind):
    w.serve("merge", kind)
    w.s.run("CALL dload.run('merge')")
    w.verify("b_merge", kind)
    w.export("b_merge", "merge_" + kind, TABLES[:1])


def statement(sql):
    """A run of these statements."""
    return lambda: timed(sql, warm=WARM)


def cases(w):
    def nothing():
        pass

    def append_keyed():
        w.truncate("b_keyed")

    def merge_again(kind):
        def prepare():
            w.analyze("b_merge")
            w.serve("merge", kind)
        return prepare

    def emptied(schema):
        return lambda: w.truncate(schema)

    def analyzed():
        w.analyze("c_merge")

    def copy(name, target, suffix):
        return statement(w.copy(name, target, suffix))

    def staged(name, upsert):
        return lambda: timed(w.staged(name, "c_merge", upsert), warm=WARM)

    append = statement("CALL dload.run('append')")
    keyed = statement("CALL dload.run('keyed')")
    merge = statement("CALL dload.run('merge')")
    replace = statement("CALL dload.run('replace')")
    first = ("merge, first time",)
    staged_first = ("staging + ON CONFLICT, first time",)
    return [
        Case("append", lambda: w.fresh("append"), append,
             [("COPY text", "<= 1.1"), ("COPY binary", None)],
             leaves=("b_append", "same")),
        Case("COPY text", emptied("c_append"),
             copy("append", "c_append", "text")),
        Case("COPY binary", emptied("c_append"),
             copy("append", "c_append", "binary")),
        Case("append into keys", append_keyed, keyed,
             [("COPY text into keys", "<= 1.15")],
             leaves=("b_keyed", "same"), needs=("keyed",)),
        Case("COPY text into keys", emptied("c_keyed"),
             copy("append", "c_keyed", "text"), needs=("keyed",)),
        Case("COPY binary into keys", emptied("c_keyed"),
             copy("append", "c_keyed", "binary"), needs=("keyed",)),
        Case("merge, first time", lambda: w.fresh("merge", KEYED), merge,
             [("staging + ON CONFLICT, first time", "<= 0.65"),
              ("COPY text into keys", "<= 0.9")],
             leaves=("b_merge", "same")),
        Case("staging + ON CONFLICT, first time", emptied("c_merge"),
             staged("merge", w.on_conflict), leaves=("c_merge", "same"),
             needs=("merge",)),
        Case("merge, nothing changed", merge_again("same"), merge,
             [("staging + MERGE, nothing changed", "<= 0.4")],
             first, ("b_merge", "same")),
        Case("staging + MERGE, nothing changed", analyzed,
             staged("merge", w.merge_statement), (),
             staged_first, ("c_merge", "same")),
        Case("merge, 1 % changed", merge_again("few"), merge,
             [("staging + MERGE, 1 % changed", None)],
             first, ("b_merge", "few")),
        Case("staging + MERGE, 1 % changed", analyzed,
             staged("merge_few", w.merge_statement), (),
             staged_first, ("c_merge", "few"), ("few",)),
        Case("merge, all changed", merge_again("all"), merge,
             [("staging + ON CONFLICT, all changed", "<= 0.65")],
             first, ("b_merge", "all")),
        Case("staging + ON CONFLICT, all changed", analyzed,
             staged("merge_all", w.on_conflict), (),
             staged_first, ("c_merge", "all"), ("all",)),
        Case("replace", nothing, replace,
             [("COPY text", None)], leaves=("b_replace", "same"),
             needs=("replace",)),
        Case("live SELECT count(*)", nothing,
             statement("SELECT count(*) FROM live"), [("COPY text", None)]),
        Case("live SELECT of 3 columns", nothing,
             statement("SELECT count(id), max(actor__login), max(created_at)"
                       " FROM live"),
             [("COPY text", None)]),
    ]


def matches(name, wanted, names):
    """A name as it is, or the beginning of several: "merge", "dlt"."""
    if wanted in names:
        return name == wanted
    return name.startswith(wanted) and not name[len(wanted)].isalnum()


def choose(todo, only):
    """The cases named, and what these are compared with or run after."""
    names = [c.name for c in todo]
    chosen = set()
    for wanted in only:
        found = {n for n in names if matches(n, wanted, names)}
        if not found:
            raise SystemExit('no case is named "%s"; there are:\n  %s'
                             % (wanted, "\n  ".join(names)))
        chosen |= found
    by_name = {c.name: c for c in todo}
    for name in list(chosen):
        chosen |= {n for n, _ in by_name[name].against}
    for name in list(chosen):
        chosen |= set(by_name[name].after)
    return [c for c in todo if c.name in chosen]
