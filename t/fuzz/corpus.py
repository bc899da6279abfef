#!/usr/bin/env python3
"""corpus - write the documents of sql/json.sql as inputs of the fuzzer.

    corpus.py SQL-FILE DIRECTORY

Takes the string literals of the file's corpus, the hexadecimal ones too; each
becomes an input for every kind of path, so that the fuzzer starts where the
regression test stands.  See fuzz_data.c for what the first byte means.
"""
import hashlib
import os
import re
import sys

PATHS = ["$", "a", "a.b", "$.a[0]", "[*].a", '"@odata.nextLink"', "a[-1]",
         '"a\\"b".c', "a..b", "[", "a[99999999999]", "$$", '""', "a[*][*].b"]
PATH_MODE = 0x80
DOCUMENTS = [
    '{"data":[{"a":1,"b":[1,2]},{"a":2}],"next":"x"}',
    '[{"a":{"b":[1,2,3]}},{"a":null}]',
    '{"a":[{"b":{"c":"\\u00e9"}}],"total":2}',
    '{"data":{"items":[1,"x",{},[]]},"a":{"a":{"a":[true,false]}}}',
    '\ufeff[1,{"a":2}]', '\ufeff\ufeff[1]',
    '{"meta":{"page":1},"results":[{"id":"1","tags":["x","y"]}]}',
]


def unescape(text):
    """The text of an E'' string."""
    def one(match):
        c = match.group(1)
        if c[0] == "x":
            return chr(int(c[1:], 16))
        return {"n": "\n", "t": "\t", "r": "\r"}.get(c, c)
    return re.sub(r"\\(x[0-9a-f]{2}|.)", one, text)


def documents(sql):
    corpus = sql[sql.index("CREATE TEMP TABLE corpus"):]
    corpus = corpus[:corpus.index("SELECT count(*)")]
    for kind, text in re.findall(r"(E?)'((?:[^']|'')*)'", corpus):
        text = text.replace("''", "'")
        if re.fullmatch(r"(?:[0-9a-f]{2})+", text):
            yield bytes.fromhex(text)
        yield (unescape(text) if kind else text).encode()


def main():
    sql, directory = sys.argv[1:]
    os.makedirs(directory, exist_ok=True)
    with open(sql, encoding="utf-8") as f:
        bodies = set(documents(f.read())) | {d.encode() for d in DOCUMENTS}
    bodies |= {b'{"data":' + b + b"}" for b in bodies}
    inputs = {bytes([PATH_MODE]) + p.encode() for p in PATHS}
    for number, body in enumerate(sorted(bodies)):
        for path in (0, 1 + number % 11, 0x40):
            inputs.add(bytes([path]) + body)
    for data in inputs:
        name = os.path.join(directory, hashlib.sha1(data).hexdigest())
        with open(name, "wb") as f:
            f.write(data)
    print("%d inputs" % len(inputs))


if __name__ == "__main__":
    main()
