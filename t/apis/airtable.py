"""Airtable: records of a table; an opaque offset; a lock-out after a 429."""

import time

from mock_hosts import Host, reply_json

airtable = Host("api.airtable.com")
TOKEN = "patAbCdEfGhIjKlMn.0123456789abcdef"
RECORDS = 230


def record(number):
    fields = {"Name": "Row %d" % number, "Amount": number / 4}
    if number % 3 == 0:
        fields["Done"] = True           # an unchecked box is left out
    return {"id": "rec%014d" % number,
            "createdTime": "2026-01-01T00:00:00.000Z", "fields": fields}


@airtable.route("/v0/{base}/{table}")
def records(request, base, table):
    if request.headers.get("authorization") != "Bearer " + TOKEN:
        return reply_json({"error": {"type": "AUTHENTICATION_REQUIRED",
                                     "message": "Authentication required"}},
                          401)
    if time.time() < request.data.get("locked_until", 0):
        # asking before it is over starts it again
        request.data["locked_until"] = time.time() + 2
        return reply_json({"errors": [{"error": "RATE_LIMIT_REACHED",
                                       "message": "Rate limit exceeded"}]},
                          429)
    size = min(int(request.query.get("pageSize", "100")), 100)
    offset = request.query.get("offset", "itr/0")
    if not offset.startswith("itr/"):
        return reply_json({"error": {
            "type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE",
            "message": "The iterator has expired"}}, 422)
    first = int(offset[4:])
    reply = {"records": [record(n) for n in
                         range(first, min(first + size, RECORDS))]}
    if first + size < RECORDS:
        reply["offset"] = "itr/%d" % (first + size)
    return reply_json(reply)


@airtable.route("/lock")
def lock(request):
    request.data["locked_until"] = time.time() + 2
    return reply_json({"ok": True})
