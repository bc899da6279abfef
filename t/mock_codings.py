"""mock_codings.py - routes of the mock API in every Content-Encoding.

  /coded/{coding}         [{"id":1} .. {"id":50}] with that Content-Encoding:
                          gzip, x-gzip, deflate, raw-deflate (called deflate,
                          without zlib's frame), br, zstd, or two of them as
                          "deflate,gzip"; anything else: called so, but plain.
                          406 where the client does not accept it.  ?bomb=1:
                          an array of 4 MB of blanks; ?empty=1: nothing (not
                          br, zstd); ?cut=n: that many bytes
"""

import base64
import json
import zlib

PLAIN = json.dumps([{"id": n} for n in range(1, 51)],
                   separators=(",", ":")).encode()
BOMB = b"[" + b" " * (4 * 1024 * 1024) + b"]"

# Python's library has no encoder for these two: PLAIN and BOMB, encoded.
ENCODED = {
    "br": (
        "G+sB+J0Hdiw3zMLi3rDW2UrbUyJkxdKlg0PUvZ5DVLQDu8UHxbCZwLgsgAFePq7g"
        "K+VS1U3bXQISi9LGdhOQWJQ2tpuBxKK0sd0CJBaljT03P3w=",
        "mwEAQPglQba6SpHLAoG59z8x"),
    "zstd": (
        "KLUv/WDsAI0CACIEDRHAtwFdB1O/F5HI7t7JdNTDAiUVitXEs7tOrCae3WViNfHs"
        "rovVxLO7LFYTzx6SBzAHIBIxqBDo7hng1xAUAfQBOWQN0nXeVelnDpUgpQ==",
        "KLUv/aACAEAAVAAAEFsgAQD7/znAAgIAECACABAgAgAQIAIAECACABAgAgAQIAIA"
        "ECACABAgAgAQIAIAECACABAgAgAQIAIAECACABAgAgAQIAIAECACABAgAgAQIAIA"
        "ECACABAgAgAQIAIAECACABAgAgAQIAIAECACABAgAgAQIAIAECACABAgAgAQIAIA"
        "ECARAAAgXQ==")}


def pack(data, bits):
    packer = zlib.compressobj(9, zlib.DEFLATED, bits)
    return packer.compress(data) + packer.flush()


WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15, "raw-deflate": -15}


def encode(codings, plain):
    if codings[0] in ENCODED:
        data = base64.b64decode(ENCODED[codings.pop(0)][plain == BOMB])
    else:
        data = plain
    for coding in codings:
        if coding in WINDOW_BITS:
            data = pack(data, WINDOW_BITS[coding])
    return data


def register(api):
    @api.route("/coded/*")
    def coded(request):
        codings = request.path.rpartition("/")[2].split(",")
        named = [c.replace("raw-", "") for c in codings]
        accepted = request.headers.get("accept-encoding", "")
        accepted = {c.strip() for c in accepted.split(",")} | {"x-gzip"}
        if {c for c in named if c in WINDOW_BITS or c in ENCODED} - accepted:
            return api.reply_json({"message": "not acceptable"}, 406)
        body = encode(codings, BOMB if request.flag("bomb") else
                      b"" if request.flag("empty") else PLAIN)
        return api.Reply(body[:request.integer("cut", len(body))], 200,
                         {"Content-Type": "application/json",
                          "Content-Encoding": ", ".join(named)})
