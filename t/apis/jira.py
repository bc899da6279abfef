"""Jira Cloud: projects by startAt, issues by token, times in a zone."""

import base64
import datetime
import re
from zoneinfo import ZoneInfo

from mock_hosts import Host, reply_json

jira = Host("example.atlassian.net")
cloud = Host("api.atlassian.com")       # the same for OAuth
identity = Host("auth.atlassian.com")
CLIENT = {"client_id": "Xa1b2c3d4e5f6", "client_secret": "ATOA0123456789"}
USER = "me@example.com:ATATT3xFfGF0123456789"
ZONE = ZoneInfo("America/New_York")     # the account's, in its profile
PROJECTS = 120
ISSUES = 230
START = datetime.datetime(2026, 1, 5, 3, 0, tzinfo=datetime.timezone.utc)


def failed(message, status=400):
    return reply_json({"errorMessages": [message], "errors": {}}, status)


def headers():
    # a day from now: the reset is told to the minute
    reset = datetime.datetime.now(datetime.timezone.utc) + \
        datetime.timedelta(minutes=30)
    return {"X-RateLimit-Limit": "350", "X-RateLimit-Remaining": "337",
            "X-RateLimit-NearLimit": "false",
            "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
            "Beta-RateLimit": '"global-app-quota";r=41000;t=1700',
            "Beta-RateLimit-Policy": '"global-app-quota";q=65000;w=3600'}


def refused(request):
    sent = request.headers.get("authorization", "")
    if sent.startswith("Bearer "):
        tokens = request.state.hosts.get("auth.atlassian.com", {})
        if sent == "Bearer access-%d" % tokens.get("number", -1):
            return None
        return reply_json({"code": 401, "message": "Unauthorized"}, 401)
    if sent != "Basic " + base64.b64encode(USER.encode()).decode():
        return failed("Client must be authenticated to access this "
                      "resource.", 401)
    if request.data.pop("limited", None):
        return reply_json(
            {"errorMessages": ["Rate limit exceeded."]}, 429,
            {"Retry-After": "1", "RateLimit-Reason": "jira-burst-based"})


@jira.route("/limited")
def limited(request):
    request.data["limited"] = True
    return reply_json({})


@jira.route("/touch/{number}/{minutes}")
def touch(request, number, minutes):
    """Issue number is changed so many minutes after the last one."""
    request.data.setdefault("touched", {})[int(number)] = int(minutes)
    return reply_json({})


@identity.route("/oauth/token", methods=("POST",))
def token(request):
    """Each refresh token is good once."""
    number = request.data.get("number", 0)
    asked = dict(request.params)
    if asked.pop("grant_type", None) != "refresh_token" or \
            asked.pop("refresh_token", None) != "refresh-%d" % number:
        return reply_json({"error": "invalid_grant", "error_description":
                           "Unknown or invalid refresh token."}, 403)
    if asked != CLIENT:
        return reply_json({"error": "access_denied"}, 401)
    request.data["number"] = number + 1
    return reply_json({"access_token": "access-%d" % (number + 1),
                       "refresh_token": "refresh-%d" % (number + 1),
                       "expires_in": 3600, "token_type": "Bearer",
                       "scope": "read:jira-work offline_access"})


@cloud.route("/ex/jira/11223344-a1b2-3b33-c444-def123456789"
             "/rest/api/3/project/search")
@jira.route("/rest/api/3/project/search")
def projects(request):
    wrong = refused(request)
    if wrong:
        return wrong
    if set(request.query) - {"startAt", "maxResults", "orderBy"}:
        return failed("unknown parameter")
    # at most 50, whatever is asked for
    size = min(int(request.query.get("maxResults", "50")), 50)
    first = int(request.query.get("startAt", "0"))
    values = [{"id": str(10000 + n), "key": "P%d" % n,
               "name": "Project %d" % n} for n in
              range(first, min(first + size, PROJECTS))]
    reply = {"self": request.base + "/rest/api/3/project/search",
             "maxResults": size, "startAt": first,
             # counts also what this account may not see
             "total": PROJECTS + 7, "isLast": first + size >= PROJECTS,
             "values": values}
    return reply_json(reply, 200, headers())


def changed(request, number):
    minutes = request.data.get("touched", {}).get(number)
    return START + datetime.timedelta(
        minutes=3 * number if minutes is None else 3 * ISSUES + minutes)


def issue(request, number, fields):
    known = {"summary": 'Issue "%d"' % number,
             "status": {"name": "Open"},
             # Jira writes the zone without a colon, in the account's zone
             "updated": changed(request, number).astimezone(ZONE).strftime(
                 "%Y-%m-%dT%H:%M:%S.000%z")}
    reply = {"id": str(20000 + number)}
    if fields:
        reply["key"] = "ABC-%d" % number
        reply["fields"] = {n: known[n] for n in fields if n in known}
    return reply


TERM = re.compile(r'(?:(project) = "((?:[^"\\]|\\.)*)"'
                  r'|(updated) >= "(\d\d\d\d-\d\d-\d\d \d\d:\d\d)")'
                  r'(?: AND | ORDER BY (updated|key) ASC\Z|\Z)')


@jira.route("/rest/api/3/search/jql")
def search(request):
    wrong = refused(request)
    if wrong:
        return wrong
    if set(request.query) - {"jql", "fields", "maxResults", "nextPageToken"}:
        return failed("unknown parameter")
    jql = request.query.get("jql", "")
    numbers = list(range(ISSUES))
    at = 0
    if not jql or jql.startswith("ORDER"):
        return failed("Unbounded JQL queries are not allowed here. Please "
                      "add a search restriction to your query.")
    while at < len(jql):
        term = TERM.match(jql, at)
        if term is None:
            return failed("Error in the JQL Query at character %d." % at)
        if term.group(1):
            name = re.sub(r"\\(.)", r"\1", term.group(2))
            if name not in ("ABC", 'A "B"'):
                return failed("The value '%s' does not exist for the field "
                              "'project'." % name)
            if name != "ABC":
                numbers = numbers[:1]
        else:
            since = datetime.datetime.strptime(
                term.group(4), "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)
            numbers = [n for n in numbers if changed(request, n) >= since]
        if term.group(5) == "updated":
            numbers.sort(key=lambda n: changed(request, n))
        at = term.end()
    fields = [f for f in request.query.get("fields", "").split(",") if f]
    size = min(int(request.query.get("maxResults", "50")), 100)
    first = 0
    token = request.query.get("nextPageToken")
    if token is not None:
        first = int(base64.b64decode(token).decode().split("=")[1])
    reply = {"issues": [issue(request, n, fields)
                        for n in numbers[first:first + size]],
             "isLast": first + size >= len(numbers)}
    if not reply["isLast"]:
        reply["nextPageToken"] = base64.b64encode(
            b"string&offset=%d" % (first + size)).decode()
    return reply_json(reply, 200, headers())
