"""mock_shapes.py - routes of the mock API: formats and shapes of records.

  /shapes/{name}          the body of that name below, as it stands; ?type=
                          another Content-Type, ?gzip=1 as a gzip file without
                          Content-Encoding (?cut= bytes of it only),
                          ?trickle= bytes per second, ?chunked=1
  /shapes/big/{name}      the same shape with ?count= records (20000)
  /shapes/bomb?mb=        a gzip file of one array of white space
  /shapes/long            ?count= records with two texts of ?kb= each, and some
                          bytes more, that do not repeat; other values around
  /shapes/twilio          ?page=: meta.key names the member with the records
  /shapes/snowflake       ?partition=n: rows; names in partition 0 only
  /shapes/body?body=      that body
  /shapes/locator         CSV; the header Sforce-Locator has the next locator
  /shapes/after?after=    ids 1 to 5, two at a time; ?rows=1: as rows
  /shapes/files           a list of paths of files in several formats
  /shapes/reports.csv     ?page=: CSV with a header on each page, Link
"""

import base64
import gzip
import json


def b64(text):
    return base64.b64encode(text.encode()).decode()


LINES = b'{"id":1,"name":"one"}\r\n\r\n  {"id":2,"name":"t\\nwo"}  \n\n' \
        b'{"id":3,"tags":["a","b"]}'
CSV = (b'\xef\xbb\xbfid,name,note\r\n'
       b'1,"Smith, ""Joe""","line 1\r\nline 2"\r\n'
       b'\r\n'
       b'2,plain,\r\n'
       b'3,"","\xc3\xa9\t\\"')

BODIES = {
    # name: (Content-Type, body)
    "ndjson": ("application/x-ndjson", LINES),
    "seq": ("application/json-seq",
            b'\x1e{"id":1,\n "name":"one"}\n\x1e\x1e{"id":2}\n\x1e3\n'),
    "seq-cut": ("application/json-seq", b'\x1e{"id":1}\n\x1e12'),
    "ndjson-error": ("application/json", b'{"error":{"code":"quota"}}\n'),
    "ndjson-broken": ("application/x-ndjson",
                      b'{"id":1}\n{"id":2}\n{"error":{"code":"gone"}}\n'),
    "ndjson-cut": ("application/x-ndjson", b'{"id":1}\n{"id":2'),
    "ndjson-bad": ("application/x-ndjson", b'{"id":1}\n\n{"id":2,}\n'),
    "ndjson-empty": ("application/x-ndjson", b"\n\n"),
    "csv": ("text/csv; charset=utf-8", CSV),
    "csv-header": ("text/csv", b"id,name\n"),
    "csv-short": ("text/csv", b"id,name\n1,one\n\n2\n"),
    "csv-long": ("text/csv", b'id,name\n1,"o\nne"\n2,two,3\n'),
    "csv-quote": ("text/csv", b'id,name\n1,o"ne\n'),
    "csv-after": ("text/csv", b'id,name\n1,"one"x\n'),
    "csv-open": ("text/csv", b'id,name\n1,"one\n2,two\n'),
    "csv-twice": ("text/csv", b"id,name,id\n1,one,2\n"),
    "csv-latin1": ("text/csv", b"id,name\n1,\xe9t\xe9\n"),
    "csv-cr": ("text/csv", b"id,,name\r1,x,one\r2,,two\r"),
    "csv-bare": ("text/csv", b"1;one\n2;\\N\n3;\n"),
    "tsv": ("text/tab-separated-values", b"id\tname\n1\ta,b\n"),
    "map": ("application/json",
            b'{"total":3,"rates":{"EUR":{"rate":1.5,"code":"old"},"US\\"D":{},'
            b'"GBP":0.8},"date":"2026-01-01"}'),
    "map-empty": ("application/json", b'{"rates":[],"date":"2026-01-01"}'),
    "map-list": ("application/json", b'{"rates":[{"rate":1},{"rate":2}]}'),
    "nested": ("application/json",
               b'{"data":[{"items":[{"id":1},{"id":2}]},{"items":[]},'
               b'{"items":[{"id":3}]}]}'),
    "rows": ("application/json",
             b'{"columns":["id","a b"],"rows":[[1,"x"],[2,null],[3]]}'),
    "rows-after": ("application/json",
                   b'{"rows":[[1,"x"],[2,null]],"meta":{"columns":'
                   b'[{"name":"id","type":"int"},{"name":"text"}]}}'),
    "rows-long": ("application/json",
                  b'{"columns":["id"],"rows":[[1],[2,3]]}'),
    "rows-twice": ("application/json",
                   b'{"columns":["id","n","id"],"rows":[[1,"x",2]]}'),
    "times": ("application/json",
              b'[{"id":1,"at":1767225600.5,"seen":["1767225600000",null]},'
              b'{"id":2,"at":null,"seen":[]},{"id":3,"at":"soon"}]'),
    "key-gone": ("application/json",
                 b'{"meta":{"key":"calls"},"messages":[{"id":1}]}'),
    "rows-bare": ("application/json", b'[[1,"x"],[2,"y"]]'),
    "bigquery": ("application/json",
                 b'{"jobComplete":true,"rows":[{"f":[{"v":"1"},{"v":"x"}]},'
                 b'{"f":[{"v":"2"},{"v":null}]},{"f":[{"v":"3"},{}]}],'
                 b'"schema":{"fields":[{"name":"id","type":"INTEGER"},'
                 b'{"name":"name","type":"STRING"}]}}'),
    "envelope": ("application/json",
                 b'{"account":{"id":"A1","plan":{"tier":3}},"data":[{"id":1},'
                 b'{},{"id":2,"acc":"own"}],"as_of":"2026-01-01"}'),
    "scalars": ("application/json", b'{"data":[1,"two",[3]],"as_of":"x"}'),
    "strings": ("application/json", json.dumps(
        {"data": [b64('{"id": 1}'), b64("[2]")], "of": 1}).encode()),
    "coded": ("application/json", json.dumps({"data": [
        {"id": 1, "data": b64("h\u00e9llo \"x\"\n"), "j": '{"a":[1,2]}',
         "bj": b64('{"deep":{"n":12345678901234567890}}').rstrip("="),
         # "zipped", always the same: releases of zlib and Python differ
         "gz": "H4sIAAAAAAACA6vKLChITQEAV2jC4gYAAAA=",
         "list": [{"v": b64("one")}, {"v": b64("two")}]},
        {"id": 2, "data": "not base64!", "j": "not JSON", "bj": None,
         "gz": b64("plain"), "list": []},
        {"id": 3, "data": base64.urlsafe_b64encode(b"\xff\xfe\x00").decode(),
         "j": '"s"'}]}).encode()),
}


def big(name, count):
    """The same shapes with many records, whatever their size."""
    if name == "ndjson":
        return b"".join(b'{"id":%d,"text":"%s"}\n' % (i, b"x" * 40)
                        for i in range(count))
    if name == "csv":
        return b"id,text\n" + b"".join(b'%d,"%s"\n' % (i, b"x" * 40)
                                       for i in range(count))
    rows = [[i, "x" * 40] for i in range(count)]
    if name == "rows-after":
        return json.dumps({"rows": rows, "columns": ["id", "text"]}).encode()
    if name == "envelope":
        return json.dumps({"data": [{"id": i, "text": t} for i, t in rows],
                           "as_of": "2026-01-01"}).encode()
    return json.dumps({"rates": {"k%d" % i: {"id": i, "text": t}
                                 for i, t in rows}, "as_of": "x"}).encode()


def long_records(count, size):
    """Texts of ascending numbers: each place is unlike the others."""
    text = "".join("%d," % i for i in range(size // 4))
    return [{"id": i, "yes": i % 2 == 0, "a": text[:size + i],
             "n": -i, "note": None if i % 3 else "n" * i,
             "b": text[:size + 3 * i], "at": "2026-01-02T03:04:%02dZ" % i,
             "last": "l" * i} for i in range(count)]


def register(mock):
    @mock.route("/shapes/big/*")
    def big_shape(request):
        name = request.path.rpartition("/")[2]
        kind = BODIES.get(name, ("application/json",))[0]
        body = big(name, request.integer("count", 20000))
        if request.flag("gzip"):
            body = gzip.compress(body)
        reply = mock.Reply(body, content_type=kind)
        reply.chunked = True
        reply.trickle = request.integer("trickle", 0) or None
        return reply

    @mock.route("/shapes/bomb")
    def bomb(request):
        return mock.Reply(mock.bomb_stream(request.integer("mb", 20) << 20))

    @mock.route("/shapes/long")
    def long_values(request):
        return mock.reply_json(long_records(
            request.integer("count", 8), request.integer("kb", 1100) << 10))

    @mock.route("/shapes/twilio")
    def twilio(request):
        page = request.integer("page", 0)
        key = "calls" if page == 0 else "calls_v2"
        return mock.reply_json({
            "first": [], key: [{"sid": "CA%d%d" % (page, i)}
                               for i in range(2)],
            "meta": {"key": key, "page": page, "next_page_url":
                     request.relative(page=1) if page == 0 else None}})

    @mock.route("/shapes/snowflake")
    def snowflake(request):
        part = request.integer("partition", 0)
        link = '<%s>; rel="next"' % request.relative(partition=part + 1)
        rows = [[str(part * 2 + i), "n%d" % part] for i in range(2)]
        body = rows if part else {
            "resultSetMetaData": {"rowType": [{"name": "ID"},
                                              {"name": "NAME"}],
                                  "partitionInfo": [{"rowCount": 2}] * 3},
            "data": rows}
        reply = mock.reply_json(body, headers={"Link": link} if part < 2
                                else {})
        if part:
            reply.body = gzip.compress(reply.body)
            reply.headers["Content-Encoding"] = "gzip"
        return reply

    @mock.route("/shapes/files")
    def files(request):
        paths = ["/shapes/reports.csv?page=1", "/shapes/reports.csv?page=2",
                 "/shapes/tsv",
                 "/shapes/ndjson?gzip=1&type=application/jsonl"]
        return mock.reply_json({"files": paths[:request.integer("n", 4)]})

    @mock.route("/shapes/reports.csv")
    def reports(request):
        page = request.integer("page", 1)
        link = '<%s>; rel="next"' % request.relative(page=page + 1)
        body = b"id,day\n" + b"".join(b"%d,2026-01-0%d\n" % (page * 10 + i, i)
                                      for i in range(1, 4))
        return mock.Reply(body, content_type="text/csv",
                          headers={"Link": link} if page < 3 else {})

    @mock.route("/shapes/locator")
    def locator(request):
        page = request.integer("locator", 0)
        return mock.Reply(b"id\n%d\n" % page, content_type="text/csv",
                          headers={"Sforce-Locator": str(page + 1)
                                   if page < 2 else "null"})

    @mock.route("/shapes/after")
    def after(request):
        first = request.integer("after", 0) + 1
        ids = range(first, min(first + 2, 6))
        if request.flag("rows"):
            return mock.reply_json({"rows": [[i] for i in ids],
                                    "names": ["id"]})
        return mock.Reply(b"".join(b'{"id":%d}\n' % i for i in ids),
                          content_type="application/x-ndjson")

    @mock.route("/shapes/body")
    def body(request):
        return mock.Reply(request.params.get("body", "").encode())

    @mock.route("/shapes/*")
    def shape(request):
        name = request.path.rpartition("/")[2]
        if name not in BODIES:
            return mock.not_found(request)
        kind, body = BODIES[name]
        if request.flag("gzip"):
            body = gzip.compress(body[:20]) + gzip.compress(body[20:])
            kind = "application/octet-stream"
        body = body[:request.integer("cut", len(body))]
        reply = mock.Reply(body, content_type=request.params.get("type",
                                                                 kind))
        reply.trickle = request.integer("trickle", 0) or None
        reply.chunked = request.flag("chunked")
        return reply
