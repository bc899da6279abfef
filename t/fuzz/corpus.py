#!/usr/bin/env python3
"""corpus - write the documents of sql/json.sql as inputs of the fuzzer.

    corpus.py SQL-FILE DIRECTORY

Takes the string literals of the file's corpus, the hexadecimal ones too; each
becomes an input for every kind of path, so that the fuzzer starts where the
regression test stands.  See fuzz_data.c for what the first byte means.
"""
import base64
import gzip
import hashlib
import os
import re
import sys

PATHS = ["$", "a", "a.b", "$.a[0]", "[*].a", '"@odata.nextLink"', "a[-1]",
         '"a\\"b".c', "a..b", "[", "a[99999999999]", "$$", '""', "a[*][*].b"]
PATH_MODE = 0x80
REST_MODE = 0xa0
FORM_MODE = 0xc0
SMALL = 0x20
NFORMS = 15
FORMS = [
    b'{"a":1}\r\n\n {"a":2} \n"x"\n[1]', b'\x1e{"a":\n1}\n\x1e\x1e12\n',
    b'\x1e1', b'a,b\r\n1,"x,\n""y"""\r\n,""\r\n', b'a;b\n\\N;"\\N"\n1;2',
    b'\xef\xbb\xbfa,,b\r1,2,3\r\r4,5,6', b'"a"\n"\n"\n',
    b'{"data":{"x":{"a":1},"y":[],"z":{}},"t":"u"}', b'{"data":[1,{}]}',
    b'{"data":[[1,"x"],[],[null]],"names":["a","b"]}',
    b'{"names":["a"],"data":[[1]],"t":{"u":[1]}}', b'[[1,2],[3]]',
    b'{"s":[{"n":"a"},{"n":"b"}],"data":[{"f":[{"v":1},{"v":{}}]},{"f":[]}]}',
    b'{"data":[{"a":"eyJiIjoxfQ==","b":["aGk","!"],"c":"[1]"}],"key":"data"}',
    b'{"data":[{"c":"\\"x\\""},"x",null],"t":null}',
    b'{"data":[{"c":"' + b"[" * 512 + b"]" * 512 + b'"}],"t":1}',
    b'{"data":[{"g":"' + base64.b64encode(gzip.compress(b"[1]", mtime=0)) +
    b'","a":"W10="}]}',
]
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


# by the checks of fuzz_rest.c
TEXTS = [
    ['"default";q=100;w=60, "b";r=1;t="x\\"y" ,(a b);c',
     "limit=100, remaining=50, reset=30"],
    ["120\nSun, 06 Nov 1994 08:49:37 GMT\n100\n0\n1700000000\n"
     '"a";r=0;t=30\n"a";q=5;w=60;qu="requests"\n5\n32/40\napi-usage=1/2\n'
     "9\n1000",
     "Sunday, 06-Nov-94 08:49:37 GMT\nSun Nov  6 08:49:37 1994\n1\n"
     "total=100; remaining=99; resets=58\n2024-01-01T10:00:00.5+02:30",
     "\n\n5\n4\n1700000000000000"],
    ["https://api.example.com/v1/items?page=2&token=abc#f", "//evil.com/x",
     "../../a/./b?q", "http://a:b@h:80/", "http://[::1]:8080/",
     '<https://h/?a=1,2>; rel="next"; anchor="/x", </y>; rel=next',
     "http://h%2ex/", "http://h\\@x/", "?a=1&access_token=x", "?x=a/b&&y=a%2Fb&=&a/b"],
    ["s3cr et\nabc s3cr%20et \\u0073 &quot; &#x41; %2525",
     'a"b/c\na\\"b\\/c %2522'],
    ['status = 403 and (header("Retry-After") > 60 or not $.a[*].b contains '
     '"x" )\n12\n{"a":[{"b":"x"},{"b":["x",1]}]}',
     'exists($.a) or $.b != null or $.c >= -1.5e3\n\n{"b":null,"c":2}'],
    ["/a/{a}/b?c={a|url}\n../x", 'a={a}&b={{a}}\nx&y', "X: {a}\nv", "[1{a}]\n5",
     '{"k": {a}, "s": "x{a}y", "{a}": [{a|sql}]}\nq"\\u'],
    ['a.b[0]\n{"x":1}\n{"a":{}}', 'a\nhello\n{"a":null,"b":[1]}',
     '[1].x\n5\n[{},{"x":"y"}]', 'a[1]\n5\n{"a":[1],"b":2}'],
    ["http://h/v1/a/b\na/*/c", "http://h/v1/a\na/b/"],
]


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
    # forms of records: see fuzz_forms.c; each body for each
    for body in FORMS + [b.encode() for b in DOCUMENTS]:
        for form in range(NFORMS):
            inputs.add(bytes([FORM_MODE | form]) + body)
            inputs.add(bytes([FORM_MODE | SMALL | form]) + body)
    for number, texts in enumerate(TEXTS):
        inputs |= {bytes([REST_MODE + number]) + t.encode() for t in texts}
    for data in inputs:
        name = os.path.join(directory, hashlib.sha1(data).hexdigest())
        with open(name, "wb") as f:
            f.write(data)
    print("%d inputs" % len(inputs))


if __name__ == "__main__":
    main()
