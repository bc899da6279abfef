"""Zendesk: lists by cursor, incremental exports, Talk that loops."""

import base64
import time

from mock_hosts import Host, reply_json

zendesk = Host("example.zendesk.com")
OAUTH = "52d7ef4ee01e2c2c75bff572f957cd4f12d6225eee07ea3f"
USER = "me@example.com/token:6wiIBWbGkBMo1mRDMuVwkw1EPsNkeUj95PIz2akv"
TICKETS = 330                           # in the list: those not archived
EXPORTED = 2300
CALLS = 250
START = 1767225600


def error(status, kind, text):
    return reply_json({"error": kind, "description": text}, status)


def limits(name, total, remaining):
    # the account's, without a time; a family's, with one in seconds from now
    return {"X-Rate-Limit": "700", "X-Rate-Limit-Remaining": "699",
            "ratelimit-limit": "700", "ratelimit-remaining": "699",
            "ratelimit-reset": "41",
            "zendesk-ratelimit-" + name: "total=%d; remaining=%d; resets=58"
            % (total, remaining)}


def refused(request, known):
    sent = request.headers.get("authorization", "")
    if sent not in ("Basic " + base64.b64encode(USER.encode()).decode(),
                    "Bearer " + OAUTH):
        return error(401, "Couldn't authenticate you", "")
    for name, _ in request.pairs:
        if name not in known:
            return error(400, "InvalidParameter", "unknown: " + name)


def ticket(number):
    return {"id": number + 1, "subject": "Ticket %d" % number,
            "url": "https://example.zendesk.com/api/v2/tickets/%d.json"
            % (number + 1),
            "status": "deleted" if number % 100 == 99 else "open",
            "generated_timestamp": START + 60 * number,
            "updated_at": time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                        time.gmtime(START + 60 * number))}


@zendesk.route("/api/v2/tickets.json")
def tickets(request):
    wrong = refused(request, {"page[size]", "page[after]", "sort"})
    if wrong:
        return wrong
    size = int(request.query.get("page[size]", "100"))
    if size > 100:
        return error(400, "InvalidPaginationParameter", "page[size] > 100")
    first = int(base64.b64decode(request.query.get("page[after]", "MA==")))
    last = min(first + size, TICKETS)
    cursor = base64.b64encode(b"%d" % last).decode()
    # links.next is there on the last page, too
    return reply_json({
        "tickets": [ticket(n) for n in range(first, last)],
        "meta": {"has_more": last < TICKETS, "after_cursor": cursor,
                 "before_cursor": None},
        "links": {"prev": None, "next":
                  "%s/api/v2/tickets.json?page%%5Bafter%%5D=%s"
                  "&page%%5Bsize%%5D=%d" % (
                      request.base, cursor.replace("=", "%3D"), size)}},
        200, limits("tickets-index", 100, 60))


@zendesk.route("/change/{number}/{ago}")
def change(request, number, ago):
    """Ticket number is changed (?to=deleted) so many seconds ago."""
    request.data.setdefault("changed", {})[int(number)] = {
        "status": request.query.get("to", "open"),
        "generated_timestamp": int(time.time()) - int(ago)}
    return reply_json({})


@zendesk.route("/api/v2/incremental/tickets/cursor.json")
def exported(request):
    wrong = refused(request, {"start_time", "cursor", "per_page"})
    if wrong:
        return wrong
    if ("start_time" in request.query) == ("cursor" in request.query):
        return error(400, "InvalidValue", "start_time or cursor")
    changed = request.data.get("changed", {})
    rows = [dict(ticket(n), **changed.get(n, {})) for n in range(EXPORTED)]
    rows.sort(key=lambda r: (r["generated_timestamp"], r["id"]))
    if "cursor" in request.query:
        text = base64.b64decode(request.query["cursor"]).decode()
        after = tuple(map(int, text.split(".")))
        rows = [r for r in rows
                if (r["generated_timestamp"], r["id"]) > after]
    else:
        if not request.query["start_time"].isdigit():
            return error(400, "InvalidValue", "start_time must be a number")
        after = (int(request.query["start_time"]), 0)
        if after[0] > time.time() - 60:
            return error(422, "InvalidValue", "Too recent start_time. Use a "
                         "start_time older than 1 minute")
        rows = [r for r in rows if r["generated_timestamp"] >= after[0]]
    size = min(int(request.query.get("per_page", "1000")), 1000)
    end = len(rows) <= size
    rows = rows[:size]
    if rows:
        after = (rows[-1]["generated_timestamp"], rows[-1]["id"])
    # a cursor is there at the end, too: for the next time
    cursor = base64.b64encode(b"%d.%d" % after).decode()
    return reply_json({
        "tickets": rows, "after_cursor": cursor, "before_cursor": None,
        "after_url": "%s/api/v2/incremental/tickets/cursor.json?cursor=%s"
        % (request.base, cursor.replace("=", "%3D")), "before_url": None,
        "end_of_stream": end}, 200, limits("incremental-exports", 10, 9))


@zendesk.route("/api/v2/channels/voice/stats/incremental/calls.json")
def calls(request):
    wrong = refused(request, {"start_time"})
    if wrong:
        return wrong
    since = request.query.get("start_time", "")
    if not since.isdigit():
        return error(400, "InvalidValue", "start_time is required")
    # three calls a minute have the same second
    rows = [{"id": n, "duration": n % 60, "updated_at": time.strftime(
        "%Y-%m-%dT%H:%M:%SZ", time.gmtime(START + n // 3 * 60))}
        for n in range(CALLS) if START + n // 3 * 60 >= int(since)][:100]
    after = int(since)
    if rows:
        after = START + rows[-1]["id"] // 3 * 60
    # there is always a next page
    return reply_json({
        "calls": rows, "count": len(rows),
        "next_page": "%s%s?start_time=%d" % (
            request.base, "/api/v2/channels/voice/stats/incremental/"
            "calls.json", after)})
