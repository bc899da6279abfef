"""Salesforce: SOQL by REST.

The tokens come from login.salesforce.com (JWT bearer) or from the
organisation's own host (client credentials), which is where the API is.
"""

import base64
import re
from urllib.parse import unquote_plus, urlsplit

import mock_auth
from mock_hosts import Host, reply_json

login = Host("login.salesforce.com")
acme = Host("acme.my.salesforce.com")
CLIENT_ID = "3MVG9.fake.consumer.key"
CLIENT_SECRET = "0FAKE1SECRET2"
USER = "loader@acme.example"
ROWS = 530
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
VERSION = "/services/data/v61.0"


def account(number):
    return {"Id": "001gL%013d" % number, "Name": "Account %d" % number,
            "Industry": ("Oil & 'Gas'" if number % 2 else "Energy"),
            "AnnualRevenue": 1000.25 * number, "IsDeleted": number % 50 == 7,
            "SystemModstamp": "2026-01-%02dT%02d:%02d:00.000+0000" % (
                1 + number // 1440, number // 60 % 24, number % 60)}


# Tokens

def organisation(request):
    """What the organisation's host remembers, also from the other one."""
    return request.state.hosts.setdefault(acme.name, {})


def session(request):
    data = organisation(request)
    data["number"] = data.get("number", 0) + 1
    data["session"] = "00DgL!fake.session.%d" % data["number"]
    host = request.origin + "/host/" + acme.name
    # there is no expires_in
    return reply_json({"access_token": data["session"],
                       "signature": "c2lnbmF0dXJl", "token_type": "Bearer",
                       "instance_url": host, "issued_at": "1767225600000",
                       "id": request.base + "/id/00DgL/005gL"})


def token_error(code, text):
    return reply_json({"error": code, "error_description": text}, 400)


@login.route("/services/oauth2/token", methods=("POST",))
def token_by_jwt(request):
    if request.params.get("grant_type") != JWT_GRANT:
        return token_error("unsupported_grant_type",
                           "grant type not supported")
    got = mock_auth.read_jwt(request.params.get("assertion", ""), "RS256")
    if got is None or not mock_auth.timely(got[1], 300):
        return token_error("invalid_grant", "invalid assertion")
    claims = got[1]
    if (claims.get("iss"), claims.get("sub")) != (CLIENT_ID, USER):
        return token_error("invalid_grant",
                           "user hasn't approved this consumer")
    if claims.get("aud") != request.base:
        return token_error("invalid_grant", "audience is invalid")
    return session(request)


@acme.route("/services/oauth2/token", methods=("POST",))
def token_by_secret(request):
    if request.params.get("grant_type") != "client_credentials":
        return token_error("unsupported_grant_type",
                           "grant type not supported")
    client = (request.params.get("client_id"),
              request.params.get("client_secret"))
    basic = request.headers.get("authorization", "")
    if basic.startswith("Basic "):
        text = base64.b64decode(basic[6:]).decode()
        client = tuple(unquote_plus(p) for p in text.partition(":")[::2])
    if client != (CLIENT_ID, CLIENT_SECRET):
        return token_error("invalid_client", "invalid client credentials")
    return session(request)


# Queries

def error(status, code, message):
    return reply_json([{"message": message, "errorCode": code}], status)


def refused(request):
    sent = request.headers.get("authorization")
    if sent != "Bearer %s" % request.data.get("session"):
        return error(401, "INVALID_SESSION_ID", "Session expired or invalid")
    return None


SOQL = re.compile(r"SELECT (?P<fields>\w+(?:, ?\w+)*) FROM Account"
                  r"(?: WHERE (?:SystemModstamp >= (?P<since>\S+)"
                  r"|Industry = '(?P<industry>(?:[^'\\]|\\.)*)'))?"
                  r"(?: ORDER BY SystemModstamp)?\Z")
LITERAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?"
                     r"(Z|[+-]\d\d:?\d\d)\Z")


def select(soql, deleted_too, changed):
    """The rows of a query, or None if it is malformed."""
    match = SOQL.match(soql)
    if match is None:
        return None
    fields = [f.strip() for f in match["fields"].split(",")]
    since, industry = match["since"], match["industry"]
    if since is not None and (not LITERAL.match(since)
                              or not since.endswith(("Z", "00:00", "0000"))):
        return None
    if industry is not None:
        industry = re.sub(r"\\(.)", r"\1", industry)
    rows = []
    for number, row in enumerate(map(account, range(ROWS))):
        row.update(changed.get(number, {}))
        if row["IsDeleted"] and not deleted_too:
            continue
        if since is not None and row["SystemModstamp"][:19] < since[:19]:
            continue
        if industry is not None and row["Industry"] != industry:
            continue
        rows.append({"attributes": {
            "type": "Account",
            "url": VERSION + "/sobjects/Account/" + row["Id"]},
            **{f: row[f] for f in fields}})
    return rows


def batch_size(request):
    match = re.match(r"batchSize=(\d+)\Z",
                     request.headers.get("sforce-query-options",
                                         "batchSize=2000"))
    # wide rows come in smaller pages
    return min(max(int(match[1]), 200), 2000) // 10


def part(request, locator, first):
    rows = request.data["locators"][locator]
    size = batch_size(request)
    reply = {"totalSize": len(rows), "done": first + size >= len(rows),
             "records": rows[first:first + size]}
    if not reply["done"]:
        # from the root of the host; of the mock's, that is
        reply["nextRecordsUrl"] = "%s%s/query/%s-%d" % (
            urlsplit(request.base).path, VERSION, locator, first + size)
    request.data["calls"] = request.data.get("calls", 0) + 1
    return reply_json(reply, 200, {"Sforce-Limit-Info": "api-usage=%d/15000"
                                   % (100 + request.data["calls"])})


def query(request, deleted_too):
    refusal = refused(request)
    if refusal:
        return refusal
    if [n for n, _ in request.pairs] != ["q"]:
        return error(400, "MALFORMED_QUERY", "A query string is required")
    rows = select(request.query["q"], deleted_too,
                  request.data.get("changed", {}))
    if rows is None:
        return error(400, "MALFORMED_QUERY",
                     "unexpected token: " + request.query["q"])
    locators = request.data.setdefault("locators", {})
    locator = "01ggL%010d" % len(locators)
    locators[locator] = rows
    return part(request, locator, 0)


@acme.route(VERSION + "/query")
def query_living(request):
    return query(request, False)


@acme.route(VERSION + "/queryAll")
def query_all(request):
    return query(request, True)


@acme.route(VERSION + "/query/{place}")
def query_more(request, place):
    refusal = refused(request)
    if refusal:
        return refusal
    locator, _, first = place.partition("-")
    if request.pairs or not first.isdigit() or \
            locator not in request.data.get("locators", {}):
        return error(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return part(request, locator, int(first))


# For the tests

@acme.route("/test/delete/{number}")
def delete(request, number):
    """Into the recycle bin, later than anything else; ?back=1: out again."""
    back = "back" in request.query
    request.data.setdefault("changed", {})[int(number)] = {
        "IsDeleted": not back,
        "SystemModstamp": "2026-01-02T00:00:0%d.000+0000" % back}
    return reply_json({})


@acme.route("/test/expire")
def expire(request):
    """Ends ?what=session or the locators."""
    if request.query.get("what") == "session":
        request.data["session"] = None
    else:
        request.data["locators"].clear()
        request.data["locators"]["0"] = []
    return reply_json({})
