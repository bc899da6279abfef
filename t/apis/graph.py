"""Microsoft Graph: users, and rounds of their changes."""

import json
import re
from urllib.parse import urlencode

import mock_auth
from mock_hosts import Host, reply_json

login = Host("login.microsoftonline.com")
graph = Host("graph.microsoft.com")
TENANT = "0fake000-0000-4000-8000-000000000000"
CLIENT = "1fake111-1111-4111-8111-111111111111"
SECRET = "fAk~8Q~client.secret"
THUMBPRINT = "ZmFrZSBjZXJ0aWZpY2F0ZSBo"
JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
USERS = 330


def encoded(query):
    return urlencode(query, safe="$")


def user(number):
    return {"id": "%08d-0000-4000-8000-000000000000" % number,
            "displayName": "User %d" % number, "jobTitle": "Analyst" if number % 2 else None,
            "createdDateTime": "2026-01-01T00:%02d:00Z" % (number % 60)}


def signed(request, asked):
    """The client proves itself by a JWT that names its certificate."""
    got = mock_auth.read_jwt(asked["client_assertion"], "RS256")
    if got is None or not mock_auth.timely(got[1], 600) or \
            asked.get("client_assertion_type") != JWT_BEARER:
        return False
    header, claims = got
    return header.get("x5t") == THUMBPRINT and "jti" in claims and (
        claims.get("iss"), claims.get("sub"), claims.get("aud")) == (
        CLIENT, CLIENT, "%s/%s/oauth2/v2.0/token" % (request.base, TENANT))


@login.route("/{tenant}/oauth2/v2.0/token", methods=("POST",))
def token(request, tenant):
    asked = request.params
    if tenant != TENANT or asked.get("grant_type") != "client_credentials":
        return reply_json({"error": "invalid_request", "error_description":
                           "AADSTS90002: no such tenant or grant"}, 400)
    scope = request.origin + "/host/" + graph.name + "/.default"
    if asked.get("scope") != scope:
        return reply_json({"error": "invalid_scope", "error_description":
                           "AADSTS1002012: scope is not valid: it must end "
                           "in /.default"}, 400)
    if "client_assertion" in asked:
        good = signed(request, asked)
    else:
        good = (asked.get("client_id"), asked.get("client_secret")) == (
            CLIENT, SECRET)
    if not good:
        return reply_json({"error": "invalid_client", "error_description":
                           "AADSTS7000215: invalid client secret"}, 401)
    data = request.state.hosts.setdefault(graph.name, {})
    data["token"] = "eyJ0eXAi.fake.%d" % data.get("tokens", 0)
    data["tokens"] = data.get("tokens", 0) + 1
    return reply_json({"token_type": "Bearer", "expires_in": 3599,
                       "ext_expires_in": 3599, "access_token": data["token"]})


def error(status, code, message, headers=None):
    return reply_json({"error": {"code": code, "message": message,
                                 "innerError": {"request-id": "fake"}}},
                      status, headers)


def refused(request):
    sent = request.headers.get("authorization")
    if sent != "Bearer %s" % request.data.get("token"):
        return error(401, "InvalidAuthenticationToken",
                     "Access token is empty or not valid.")
    return None


def unknown(request, known):
    names = [n for n, _ in request.pairs]
    if set(names) - known or len(set(names)) != len(names):
        return error(400, "Request_BadRequest", "Unrecognized or repeated "
                     "query argument: " + ", ".join(names))
    return None


FILTER = re.compile(r"department eq '((?:[^']|'')*)'\Z")


@graph.route("/v1.0/users")
def users(request):
    # a page that is led to has $skiptoken beside what was asked for first
    problem = refused(request) or unknown(request, {
        "$select", "$top", "$count", "$filter", "$skiptoken"})
    if problem:
        return problem
    advanced = request.query.get("$count") == "true"
    if advanced and request.headers.get("consistencylevel") != "eventual":
        return error(400, "Request_BadRequest",
                     "$count is not supported without ConsistencyLevel")
    rows = list(map(user, range(USERS)))
    if "$filter" in request.query:
        match = FILTER.match(request.query["$filter"])
        if match is None:
            return error(400, "BadRequest", "Invalid filter clause")
        rows = [r for r in rows
                if match[1].replace("''", "'") == "Ada's & co"]
    size = min(int(request.query.get("$top", "100")), 999)
    first = int(request.query.get("$skiptoken", "RFNwdAIA0")[8:])
    fields = request.query.get("$select", "id,displayName").split(",")
    reply = {"@odata.context": request.base + "/v1.0/$metadata#users",
             "value": [{f: r[f] for f in fields}
                       for r in rows[first:first + size]]}
    if advanced and first == 0:
        reply["@odata.count"] = len(rows) + request.data.get("more", 0)
    if first + size < len(rows):
        query = dict(request.query)
        query["$skiptoken"] = "RFNwdAIA%d" % (first + size)
        reply["@odata.nextLink"] = "%s/v1.0/users?%s" % (request.base,
                                                         encoded(query))
    return reply_json(reply)


# Rounds: round 0 has all users.  In each later one many have changed, and one
# is gone; the one that the round before took away is told again (replay), the
# one before that is back.

def round_rows(number):
    if number == 0:
        return [user(n) for n in range(USERS)]
    rows = [dict(user(n + number), displayName="Changed %d" % number)
            for n in range(150)]
    if number > 2:
        rows.insert(0, dict(user(198 + number), displayName="Back"))
    for gone in range(max(number - 1, 1), number + 1):
        rows.append({"id": user(200 + gone)["id"], "@removed":
                     {"reason": "deleted" if gone % 2 else "changed"}})
    return rows


@graph.route("/v1.0/users/delta")
def delta(request):
    problem = refused(request) or unknown(request, {
        "$select", "$deltatoken", "$skiptoken"})
    if problem:
        return problem
    names = {n for n, _ in request.pairs}
    if len(names) > 1:
        return error(400, "Request_BadRequest",
                     "A link holds all parameters; none may be added.")
    size, first, number = 120, 0, 0
    last = request.data.get("rounds", 0)
    fields = request.query.get("$select", "id,displayName").split(",")
    if "$deltatoken" in names:
        _, token, select = request.query["$deltatoken"].split("~")
        number, fields = int(token) + 1, select.split("-")
        if number <= request.data.get("expired", 0):
            return error(410, "syncStateNotFound", "The sync state generation "
                         "is not found; a full synchronization is required.",
                         {"Location": "%s/v1.0/users/delta?$deltatoken="
                          % request.base})
    if "$skiptoken" in names:
        _, token, place, select = request.query["$skiptoken"].split("~")
        number, first, fields = int(token), int(place), select.split("-")
    rows = round_rows(number) if number <= last else []
    link = "%s/v1.0/users/delta?" % request.base
    reply = {"@odata.context": request.base + "/v1.0/$metadata#users",
             "value": [r if "@removed" in r else {f: r[f] for f in fields}
                       for r in rows[first:first + size]]}
    if first + size < len(rows):
        reply["@odata.nextLink"] = link + encoded({"$skiptoken": "s~%d~%d~%s" % (
            number, first + size, "-".join(fields))})
    else:
        reply["@odata.deltaLink"] = link + encoded({"$deltatoken": "d~%d~%s" % (
            min(number, last), "-".join(fields))})
    return reply_json(reply)


@graph.route("/test", methods=("POST",))
def test(request):
    """Sets rounds, expired or more (users that are counted only)."""
    request.data.update(json.loads(request.body))
    return reply_json({})
