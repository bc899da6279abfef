"""Airtable: records of a table; an opaque offset; a lock-out after a 429."""

import re
import time
from datetime import datetime, timedelta, timezone

from mock_hosts import Host, reply_json

airtable = Host("api.airtable.com")
TOKEN = "patAbCdEfGhIjKlMn.0123456789abcdef"
RECORDS = 230


START = datetime(2026, 1, 1, tzinfo=timezone.utc)


def changed(request, number):
    at = START + timedelta(seconds=request.data.get("touched", {}).get(
        number, number))
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def record(request, number):
    fields = {"Name": "Row %d" % number, "Amount": number / 4,
              "Last modified": changed(request, number)}
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
    numbers = list(range(RECORDS))
    if "filterByFormula" in request.query:
        formula = re.fullmatch(r"IS_AFTER\(LAST_MODIFIED_TIME\(\), "
                               r"'([0-9T:.Z-]+)'\)",
                               request.query["filterByFormula"])
        if formula is None:
            return reply_json({"error": {
                "type": "INVALID_FILTER_BY_FORMULA",
                "message": "The formula for filtering records is invalid"}},
                422)
        since = datetime.fromisoformat(formula.group(1).replace("Z", "+00:00"))
        numbers = [n for n in numbers if datetime.fromisoformat(
            changed(request, n).replace("Z", "+00:00")) > since]
    good = "itr%d/" % request.data.get("expired", 0)
    offset = request.query.get("offset", good + "0")
    if not offset.startswith(good):
        return reply_json({"error": {
            "type": "LIST_RECORDS_ITERATOR_NOT_AVAILABLE",
            "message": "The iterator has expired"}}, 422)
    first = int(offset[len(good):])
    reply = {"records": [record(request, n)
                         for n in numbers[first:first + size]]}
    if first + size < len(numbers):
        reply["offset"] = "%s%d" % (good, first + size)
    return reply_json(reply)


@airtable.route("/expire")
def expire(request):
    """All iterators are gone."""
    request.data["expired"] = request.data.get("expired", 0) + 1
    return reply_json({})


@airtable.route("/touch/{number}/{second}")
def touch(request, number, second):
    request.data.setdefault("touched", {})[int(number)] = int(second)
    return reply_json({})


@airtable.route("/lock")
def lock(request):
    request.data["locked_until"] = time.time() + 2
    return reply_json({"ok": True})
