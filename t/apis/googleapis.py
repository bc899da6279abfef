"""Google: Calendar and Drive with a service account."""

import json
import re
from urllib.parse import urlencode

import mock_auth
from mock_hosts import Host, reply_json

tokens = Host("oauth2.googleapis.com")
google = Host("www.googleapis.com")
ACCOUNT = "loader@acme-fake.iam.gserviceaccount.com"
USER = "ada@acme.example"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPES = {"calendar.readonly", "drive.metadata.readonly"}
EVENTS = 330
FILES = 240


def account_token(request, account, scopes, subject):
    """The access token for a JWT, or None; also for other Google APIs."""
    got = mock_auth.read_jwt(request.params.get("assertion", ""), "RS256")
    if got is None or not mock_auth.timely(got[1], 3600):
        return None
    claims = got[1]
    # the scope has the same origin as the API
    asked = {s.rpartition("/auth/")[2] for s in
             claims.get("scope", "").split()}
    if claims.get("iss") != account or claims.get("sub") != subject or \
            claims.get("aud") != request.base + "/token" or asked != scopes:
        return None
    data = request.state.hosts.setdefault(tokens.name, {})
    data["number"] = data.get("number", 0) + 1
    token = "ya29.c.fake-%d" % data["number"]
    data.setdefault("good", {})[token] = sorted(scopes)
    return token


ACCOUNTS = [(ACCOUNT, SCOPES, USER)]  # bigquery.py adds its own


@tokens.route("/token", methods=("POST",))
def token(request):
    if request.params.get("grant_type") != GRANT:
        return reply_json({"error": "unsupported_grant_type"}, 400)
    for account, scopes, subject in ACCOUNTS:
        given = account_token(request, account, scopes, subject)
        if given:
            return reply_json({"access_token": given, "expires_in": 3599,
                               "token_type": "Bearer"})
    return reply_json({"error": "invalid_grant", "error_description":
                       "Invalid JWT Signature."}, 400)


def error(status, reason, message, name):
    return reply_json({"error": {
        "code": status, "message": message, "status": name, "errors": [
            {"domain": "global", "reason": reason, "message": message}]}},
        status)


def bad(message):
    return error(400, "badRequest", message, "INVALID_ARGUMENT")


# For what is public, without an account.
KEY = "AIzaSyFAKE-0123456789abcdefghijklmnopqrs"


def refused(request, scope):
    if request.query.get("key") == KEY and scope == "calendar.readonly":
        return None
    sent = request.headers.get("authorization", "")
    good = request.state.hosts.setdefault(tokens.name, {}).get("good", {})
    if not sent.startswith("Bearer ") or sent[7:] not in good:
        return error(401, "authError", "Invalid Credentials",
                     "UNAUTHENTICATED")
    if scope not in good[sent[7:]]:
        return error(403, "insufficientPermissions",
                     "Insufficient Permission", "PERMISSION_DENIED")
    return None


def part(request, rows, name, size, holes=()):
    """A page.  The token is good only with the parameters it came with."""
    others = urlencode(sorted((k, v) for k, v in request.pairs
                              if k not in ("pageToken", "key")))
    token = request.query.get("pageToken", "0~" + others)
    first, _, made_with = token.partition("~")
    if made_with != others or not first.lstrip("e").isdigit():
        return None, bad("Invalid Value for pageToken")
    if first.startswith("e"):           # an empty page, and not the end
        return {name: [], "nextPageToken":
                "%s~%s" % (first[1:], others)}, None
    first = int(first)
    reply = {name: rows[first:first + size]}
    if first + size < len(rows):
        hole = "e" if first // size in holes else ""
        reply["nextPageToken"] = "%s%d~%s" % (hole, first + size, others)
    return reply, None


# Calendar

def event(number, data):
    row = {"kind": "calendar#event", "id": "evt%05d" % number,
           "status": "cancelled" if number % 33 == 5 or
           number in data.get("cancelled", ()) else "confirmed"}
    if row["status"] == "confirmed":
        row["summary"] = "Event %d" % number
        row["start"] = ({"date": "2026-03-01"} if number % 2 else
                        {"dateTime": "2026-03-01T10:00:00+01:00"})
        row["updated"] = "2026-01-%02dT%02d:%02d:%02d.000Z" % (
            1 + number // 24, number % 24, number % 60, number * 7 % 60)
        if number in data.get("edited", ()):
            row["summary"] += ", moved"
    # of one that was deleted nothing but the id is certain
    return row


# What may not be given with a syncToken, since it has it already.
FIRST_ONLY = {"iCalUID", "orderBy", "privateExtendedProperty", "q",
              "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}


def synced(request):
    """The numbers of the events to give, in order; or the error."""
    data = request.data
    names = {n for n, _ in request.pairs}
    log = data.setdefault("log", [])
    if "syncToken" not in names:
        return list(range(data.get("gone", 0), EVENTS)), None
    if names & FIRST_ONLY or request.query.get("showDeleted") == "false":
        return None, bad("Sync token cannot be used with: " +
                         ", ".join(sorted(names & FIRST_ONLY)))
    match = re.match(r"CPDAlvWDx70CEPDAlvWDx70C(\d+)=\Z",
                     request.query["syncToken"])
    if match is None or int(match[1]) < data.get("expired", 0):
        return None, error(410, "fullSyncRequired", "Sync token is no longer "
                           "valid, a full sync is required.", "GONE")
    return list(dict.fromkeys(log[int(match[1]):])), None


@google.route("/calendar/v3/calendars/{calendar}/events")
def events(request, calendar):
    refusal = refused(request, "calendar.readonly")
    if refusal:
        return refusal
    if calendar != "team@acme.example":
        return error(404, "notFound", "Not Found", "NOT_FOUND")
    known = {"key", "maxResults", "pageToken", "showDeleted", "syncToken"}
    if {n for n, _ in request.pairs} - known - FIRST_ONLY:
        return bad("unknown parameter")
    if request.query.get("timeMin", "2026")[:4] != "2026":
        return bad("Invalid value for timeMin")
    numbers, problem = synced(request)
    if problem:
        return problem
    rows = [event(n, request.data) for n in numbers]
    if "updatedMin" in request.query:
        rows = [e for e in rows if e["status"] == "cancelled"
                or e["updated"] >= request.query["updatedMin"]]
    if request.query.get("showDeleted") != "true" and \
            "syncToken" not in request.query:
        rows = [e for e in rows if e["status"] != "cancelled"]
    size = min(int(request.query.get("maxResults", "250")), 2500)
    reply, problem = part(request, rows, "items", size, holes=(0,))
    if problem:
        return problem
    reply.update(kind="calendar#events", summary=calendar, timeZone="UTC")
    # on the last page alone, and not of a list in an order of its own
    if "nextPageToken" not in reply and "orderBy" not in request.query:
        reply["nextSyncToken"] = "CPDAlvWDx70CEPDAlvWDx70C%d=" % len(
            request.data["log"])
    return reply_json(reply)


# Drive

QUERY = re.compile(r"'(?P<folder>(?:[^'\\]|\\.)*)' in parents"
                   r" and trashed = false\Z")


def file(number):
    row = {"kind": "drive#file", "id": "1AbC-%05d" % number,
           "name": "File %d" % number, "mimeType": "text/plain",
           "modifiedTime": "2026-02-01T%02d:%02d:00.000Z" % (
               number // 60, number % 60)}
    if number % 5:
        row["size"] = str(2**40 + number)     # a number in a string
    return row


@google.route("/drive/v3/files")
def files(request):
    refusal = refused(request, "drive.metadata.readonly")
    if refusal:
        return refusal
    known = {"q", "orderBy", "fields", "pageSize", "pageToken"}
    if {n for n, _ in request.pairs} - known:
        return bad("unknown parameter")
    match = QUERY.match(request.query.get("q", ""))
    if match is None:
        return bad("Invalid Value for q")
    folder = re.sub(r"\\(.)", r"\1", match["folder"])
    rows = list(map(file, range(FILES))) if folder == "Ada's\\files" else []
    size = min(int(request.query.get("pageSize", "100")), 1000)
    reply, problem = part(request, rows, "files", size, holes=(1,))
    if problem:
        return problem
    reply.update(kind="drive#fileList",
                 incompleteSearch=request.data.get("incomplete", False))
    # without a mask: kind, id, name and mimeType
    mask = request.query.get("fields", "kind,incompleteSearch,nextPageToken,"
                             "files(kind,id,name,mimeType)")
    inner = re.search(r"files\(([^)]*)\)", mask)
    wanted = set(re.sub(r"\([^)]*\)", "", mask).split(","))
    fields = set(inner[1].split(",")) if inner else set()
    reply = {k: v for k, v in reply.items() if k in wanted}
    if fields:
        reply["files"] = [{k: v for k, v in f.items() if k in fields}
                          for f in reply["files"]]
    return reply_json(reply)


# Changes of files; the tokens count them

def file_change(entry):
    number, kind = entry
    row = {"kind": "drive#change", "changeType": "file",
           "time": "2026-03-01T00:00:00.000Z", "removed": kind == "removed",
           "fileId": file(number)["id"]}
    if kind != "removed":
        row["file"] = dict(file(number), trashed=kind == "trashed",
                           name="File %d, %s" % (number, kind))
    return row


def masked(row, mask):
    """The fields that "a,b(c,d)" names."""
    names = re.findall(r"(\w+)(?:\(((?:[^()]|\([^()]*\))*)\))?", mask)
    result = {}
    for name, inner in names:
        if name not in row:
            continue
        value = row[name]
        if inner:
            value = ([masked(v, inner) for v in value]
                     if isinstance(value, list) else masked(value, inner))
        result[name] = value
    return result


@google.route("/drive/v3/changes/startPageToken")
def start_page(request):
    return refused(request, "drive.metadata.readonly") or reply_json({
        "kind": "drive#startPageToken",
        "startPageToken": str(100 + len(request.data.get("files", [])))})


@google.route("/drive/v3/changes")
def file_changes(request):
    refusal = refused(request, "drive.metadata.readonly")
    if refusal:
        return refusal
    if {n for n, _ in request.pairs} - {"pageToken", "pageSize", "fields"}:
        return bad("unknown parameter")
    token = request.query.get("pageToken", "")
    if not token.isdigit() or int(token) < 100:
        return bad("Required parameter: pageToken")
    rows = request.data.get("files", [])
    first = int(token) - 100
    size = min(int(request.query.get("pageSize", "100")), 1000)
    end = min(first + size, len(rows))
    name = "nextPageToken" if end < len(rows) else "newStartPageToken"
    reply = {"kind": "drive#changeList", name: str(100 + end),
             "changes": list(map(file_change, rows[first:end]))}
    return reply_json(masked(reply, request.query.get(
        "fields", "kind,nextPageToken,newStartPageToken,"
        "changes(kind,changeType,time,removed,fileId,file(kind,id,name))")))


@google.route("/test", methods=("POST",))
def test(request):
    """
    Edits or cancels events; adds changes of files: [number, "removed"]; sets
    expired (syncToken), gone, incomplete.
    """
    orders = json.loads(request.body)
    log = request.data.setdefault("log", [])
    request.data.setdefault("files", []).extend(orders.pop("files", []))
    for kind in ("edited", "cancelled"):
        request.data.setdefault(kind, []).extend(orders.get(kind, []))
        log += orders.pop(kind, [])
    request.data.update(orders)
    return reply_json({})
