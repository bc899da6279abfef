"""Socrata (SODA 2.x and 3): offsets that need an order, SoQL in parameters."""

import base64
import datetime
import hashlib
import random
import re

from mock_hosts import Host, Reply, reply_json

socrata = Host("data.example.gov")
TOKEN = "bjp8KrRvAPtuf809u1UXnI0Z8"
BASIC = "Basic " + base64.b64encode(b"key-id:key-secret").decode()
ROWS = 2500
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
FIELDS = {"number", "station", "level", "measured_at", "state"}


def error(status, code, message):
    return reply_json({"code": code, "error": True, "message": message},
                      status)


def refused(request):
    sent = request.headers.get("x-app-token")
    if request.headers.get("authorization") == BASIC:
        return None
    if sent is None:
        # without a token all the world shares one limit
        return error(429, "too_many_requests", "Throttled: no app token")
    if sent != TOKEN:
        return error(403, "permission_denied", "Invalid app_token specified")


@socrata.route("/change/{number}/{minutes}")
def change(request, number, minutes):
    """The row is changed so many minutes after the last one."""
    request.data.setdefault("changed", {})[int(number)] = int(minutes)
    return reply_json({})


def updated(request, number):
    minutes = request.data.get("changed", {}).get(number)
    # a hundred rows came with one upload and have one time
    return START + datetime.timedelta(
        hours=number // 100 if minutes is None else (ROWS - 1) // 100,
        minutes=minutes or 0)


def row(request, number, system):
    # numbers are texts, and what is null is left out
    found = {"number": str(number), "station": "S%02d" % (number % 20),
             "measured_at": "2026-01-01T00:00:00.000",
             "state": "CA" if number % 5 == 0 else "NY"}
    if number % 4:
        found["level"] = "%d.5" % number
    if system:
        at = updated(request, number).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        found = {":id": "row-%04x" % number, ":updated_at": at,
                 ":created_at": "2026-01-01T00:00:00.000Z", **found}
    return found


def sort(request, numbers, order):
    if order is None:
        # in no order means in another one each time
        random.Random(request.target).shuffle(numbers)
    elif order == ":id":
        numbers.sort()
    elif order == ":updated_at,:id":
        numbers.sort(key=lambda n: (updated(request, n), n))
    else:
        return error(400, "query.compiler.malformed",
                     "Could not parse SoQL order: " + order)


def where(request, numbers, text):
    match = re.match(r":updated_at (>=?) '(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
                     r"(?:\.\d+)?)Z'\Z", text)
    if match is None:
        return None
    since = datetime.datetime.fromisoformat(match.group(2)).replace(
        tzinfo=datetime.timezone.utc)
    return [n for n in numbers if updated(request, n) > since
            or (match.group(1) == ">=" and updated(request, n) == since)]


@socrata.route("/resource/abcd-1234.json")
def resource(request):
    wrong = refused(request)
    if wrong:
        return wrong
    numbers = list(range(ROWS))
    for name, value in request.pairs:
        if name in FIELDS:
            numbers = [n for n in numbers
                       if row(request, n, False).get(name) == value]
        elif name not in ("$limit", "$offset", "$order", "$where", "$select"):
            return error(400, "query.soql.no-such-column",
                         "No such column: " + name)
    if "$where" in request.query:
        numbers = where(request, numbers, request.query["$where"])
        if numbers is None:
            return error(400, "query.compiler.malformed",
                         "Could not parse SoQL where: "
                         + request.query["$where"])
    wrong = sort(request, numbers, request.query.get("$order"))
    if wrong:
        return wrong
    size = int(request.query.get("$limit", "1000"))
    if size > 50000:
        return error(400, "bad_request", "Invalid limit")
    first = int(request.query.get("$offset", "0"))
    system = request.query.get("$select") == ":*,*"
    reply = reply_json([row(request, n, system)
                        for n in numbers[first:first + size]])
    tag = '"%s"' % hashlib.md5(reply.body).hexdigest()
    if request.headers.get("if-none-match") == tag:
        return Reply(b"", 304, {"ETag": tag})
    reply.headers["ETag"] = tag
    reply.headers["X-SODA2-Fields"] = '["number","station","level"]'
    return reply


@socrata.route("/api/v3/views/abcd-1234/query.json", methods=("POST",))
def query(request):
    wrong = refused(request)
    if wrong:
        return wrong
    asked = request.json
    if not isinstance(asked, dict) or set(asked) - {
            "query", "page", "includeSynthetic"}:
        return error(400, "bad_request", "bad body")
    match = re.match(r"SELECT \*( ORDER BY (:id))?\Z", asked.get("query", ""))
    page = asked.get("page", {})
    if match is None or set(page) != {"pageNumber", "pageSize"} or \
            not all(type(n) is int for n in page.values()):
        return error(400, "bad_request", "bad query or page")
    numbers = list(range(ROWS))
    if match.group(1) is None:
        random.Random(request.body).shuffle(numbers)
    first = (page["pageNumber"] - 1) * page["pageSize"]
    return reply_json([row(request, n, True)
                       for n in numbers[first:first + page["pageSize"]]])
