"""Snowflake's SQL API: statements, and their results in partitions."""

import base64
import gzip
import hashlib
import json
from urllib.parse import urlsplit

import mock_auth
from mock_hosts import Host, Reply, reply_json

snowflake = Host("acme-fake.snowflakecomputing.com")
HANDLE = "01fake00-0000-0000-0000-000000000001"
SUBMITTED = "01fake00-0000-0000-0000-000000000002"
USER = "ACME-FAKE.LOADER"
OAUTH = "ver:1-hint:0-fake"
STATEMENT = "SELECT CUSTOMER, TOTAL FROM ORDERS WHERE TOTAL >= ?"
ROWS = 530
SIZES = [50, 200, 200, 80]      # of the partitions
TYPES = [("ORDER_ID", "fixed"), ("CUSTOMER", "text"), ("TOTAL", "fixed"),
         ("PAID", "boolean"), ("PLACED", "date"), ("DETAILS", "variant")]


def fingerprint():
    """SHA-256 of the public key: a SubjectPublicKeyInfo in DER."""
    def der(tag, body):
        size = len(body)
        long = size.to_bytes((size.bit_length() + 7) // 8, "big")
        return bytes([tag]) + (bytes([size]) if size < 128 else
                               bytes([0x80 + len(long)]) + long) + body

    def integer(number):
        return der(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))

    key = der(0x30, integer(mock_auth.RSA_N) + integer(mock_auth.RSA_E))
    kind = bytes.fromhex("300d06092a864886f70d0101010500")
    return base64.b64encode(hashlib.sha256(der(
        0x30, kind + der(3, b"\0" + key))).digest()).decode()


ISSUER = USER + ".SHA256:" + fingerprint()


def row(number):
    """All scalars are strings; a date counts days since 1970."""
    return [str(10**20 + number), None if number % 10 == 0 else
            "Customer %d" % number, "%d.25" % number,
            "true" if number % 2 else "false", str(20454 + number % 7),
            json.dumps({"lines": number % 3})]


def problem(status, code, message):
    return reply_json({"code": code, "message": message, "sqlState": "02000",
                       "statementHandle": HANDLE}, status)


def refused(request):
    kind = request.headers.get("x-snowflake-authorization-token-type")
    if kind == "OAUTH" and \
            request.headers.get("authorization") == "Bearer " + OAUTH:
        return None
    got = mock_auth.read_jwt(request.headers.get("authorization", "")[7:],
                             "RS256")
    if kind != "KEYPAIR_JWT" or got is None or \
            not mock_auth.timely(got[1], 3600) or \
            (got[1].get("iss"), got[1].get("sub")) != (ISSUER, USER):
        return problem(401, "390144", "JWT token is invalid.")
    if not request.headers.get("user-agent") or \
            "json" not in request.headers.get("accept", ""):
        return problem(400, "390000", "User-Agent and Accept are required")
    return None


def running(request):
    return reply_json({
        "code": "333334", "statementHandle": HANDLE,
        "message": "Asynchronous execution in progress. Use provided query id "
        "to perform query monitoring and management.",
        "statementStatusUrl": "/api/v2/statements/" + HANDLE}, 202)


def links(request, handle, number, count):
    # from the root of the host; of the mock's, that is
    url = "<%s/api/v2/statements/%s?requestId=fake&partition=%%d>" % (
        urlsplit(request.base).path, handle)
    found = [("first", 0), ("last", count - 1)]
    if number + 1 < count:
        found.insert(1, ("next", number + 1))
    return {"Link": ",".join('%s; rel="%s"' % (url % n, rel)
                             for rel, n in found)}


def result(request, handle, rows, names, number):
    sizes = SIZES if handle == HANDLE else [100] * -(-len(rows) // 100)
    if number >= len(sizes):
        return problem(404, "391917", "no such partition")
    part = rows[sum(sizes[:number]):sum(sizes[:number + 1])]
    headers = links(request, handle, number, len(sizes))
    if number > 0:
        # a bare list, always compressed
        body = json.dumps({"data": part} if request.data.get("objects")
                          else part)
        headers["Content-Encoding"] = "gzip"
        return Reply(gzip.compress(body.encode()), 200, headers)
    types = [t for t in TYPES if t[0] in names]
    return reply_json({
        "resultSetMetaData": {
            "numRows": len(rows), "format": "jsonv2",
            "partitionInfo": [{"rowCount": n, "uncompressedSize": 40 * n}
                              for n in sizes],
            "rowType": [{"name": n, "type": t, "nullable": True}
                        for n, t in types]},
        "data": part, "code": "090001", "sqlState": "00000",
        "statementStatusUrl": "/api/v2/statements/" + handle,
        "statementHandle": handle,
        "message": "Statement executed successfully."}, 200, headers)


@snowflake.route("/api/v2/statements/{handle}", methods=("GET",))
def statement(request, handle):
    refusal = refused(request)
    if refusal:
        return refusal
    submitted = request.data.get("submitted")
    if {n for n, _ in request.pairs} - {"partition", "requestId"}:
        return problem(400, "390000", "unknown parameter")
    if handle not in (HANDLE, SUBMITTED if submitted else None):
        return problem(404, "391917", "statement handle not found")
    number = int(request.query.get("partition", "0"))
    if handle == SUBMITTED:
        return result(request, handle, submitted, None, number)
    request.data["asked"] = request.data.get("asked", 0) + 1
    if request.data["asked"] <= request.data.get("pending", 0):
        return running(request)
    return result(request, handle, list(map(row, range(ROWS))),
                  [t[0] for t in TYPES], number)


@snowflake.route("/api/v2/statements", methods=("POST",))
def submit(request):
    refusal = refused(request)
    if refusal:
        return refusal
    asked = request.json
    if not isinstance(asked, dict) or set(asked) != {
            "statement", "timeout", "warehouse", "bindings"}:
        return problem(400, "390142", "bad request body")
    if asked["statement"] != STATEMENT:
        return problem(422, "001003", "SQL compilation error")
    bound = asked["bindings"].get("1", {})
    if bound.get("type") != "FIXED" or not isinstance(bound.get("value"),
                                                      str):
        return problem(422, "001003", "bindings are strings")
    seen = request.data.setdefault("seen", set())
    known = request.query.get("requestId")
    if known not in seen or request.query.get("retry") != "true":
        request.data["runs"] = request.data.get("runs", 0) + 1
    if known:
        seen.add(known)
    if request.data.pop("lost", False):
        return problem(502, "390000", "the answer was lost")
    if request.data.get("slow"):
        return running(request)
    rows = [r[1:3] for r in map(row, range(ROWS))
            if float(r[2]) >= float(bound["value"])]
    request.data["submitted"] = rows
    return result(request, SUBMITTED, rows, ["CUSTOMER", "TOTAL"], 0)


@snowflake.route("/test", methods=("POST",))
def test(request):
    """Sets pending (answers without a result), slow, lost, objects."""
    request.data["asked"] = 0
    request.data.update(json.loads(request.body))
    return reply_json({"runs": request.data.get("runs", 0)})
