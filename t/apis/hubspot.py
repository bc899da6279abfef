"""HubSpot CRM: objects by token, search by a POST, 10,000 at most."""

import datetime
import time
from urllib.parse import urlencode

from mock_hosts import Host, reply_json

hubspot = Host("api.hubapi.com")
TOKEN = "pat-na1-01234567-89ab-cdef"
CONTACTS = 250
ARCHIVED = 10
FOUND = 12500                           # by search: more than it gives out
MOST = 10000
FIRST = 1001                            # their ids
CLIENT = {"client_id": "01234567-89ab-4cde-8f01-23456789abcd",
          "client_secret": "fedcba98-7654-4321-8fed-cba987654321",
          "refresh_token": "na1-0123-4567-89ab"}
ACCESS = "CKjx0123456789abcdef"
START = 1767225600000                   # 2026-01-01
DEFAULTS = {"createdate", "email", "firstname", "hs_object_id",
            "lastmodifieddate", "lastname"}


def iso(milliseconds):
    at = datetime.datetime.fromtimestamp(milliseconds // 1000,
                                         datetime.timezone.utc)
    return "%s.%03dZ" % (at.strftime("%Y-%m-%dT%H:%M:%S"),
                         milliseconds % 1000)


def contact(number, asked=DEFAULTS, archived=False, modified=None):
    modified = START + 61001 * number if modified is None else modified
    known = {"createdate": iso(START - 1000),
             "hs_object_id": str(FIRST + number),
             "email": "c%d@example.com" % number, "firstname": "C",
             "lastname": str(number), "lastmodifieddate": iso(modified),
             "lifecyclestage": "lead"}
    reply = {"id": str(FIRST + number), "archived": archived,
             "createdAt": iso(START - 1000), "updatedAt": iso(modified),
             # a property that was not asked for is not there; one that
             # nobody knows is left out without a word
             "properties": {n: v for n, v in known.items() if n in asked}}
    if archived:
        reply["archivedAt"] = iso(modified + 1)
    return reply


def limits():
    return {"X-HubSpot-RateLimit-Max": "100",
            "X-HubSpot-RateLimit-Remaining": "99",
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "250000",
            "X-HubSpot-RateLimit-Daily-Remaining": "249000"}


def error(status, category, message):
    return reply_json({"status": "error", "message": message,
                       "correlationId": "00000000-0000-4000-8000-000000000000",
                       "category": category}, status)


def refused(request):
    if request.headers.get("authorization") not in (
            "Bearer " + TOKEN, "Bearer " + ACCESS):
        return error(401, "INVALID_AUTHENTICATION",
                     "Authentication credentials not found.")
    if len(request.target) > 8000:
        return error(414, "URI_TOO_LONG", "URI Too Long")


@hubspot.route("/oauth/v1/token", methods=("POST",))
def token(request):
    asked = dict(request.params)
    if "authorization" in request.headers or request.query or \
            asked.pop("grant_type", None) != "refresh_token" or \
            asked != CLIENT:
        return reply_json({"status": "BAD_CLIENT_ID",
                           "message": "missing or invalid client id"}, 400)
    return reply_json({"token_type": "bearer", "access_token": ACCESS,
                       "refresh_token": CLIENT["refresh_token"],
                       "expires_in": 1800})


def number_of(text):
    if not str(text).isdigit():
        raise ValueError(text)
    return int(text)


@hubspot.route("/crm/v3/objects/contacts", methods=("GET",))
def contacts(request):
    wrong = refused(request)
    if wrong:
        return wrong
    if set(request.query) - {"limit", "after", "properties", "archived"}:
        return error(400, "VALIDATION_ERROR", "unknown parameter")
    size = int(request.query.get("limit", "10"))
    if size > 100:
        return error(400, "VALIDATION_ERROR", "limit must be at most 100")
    archived = request.query.get("archived") == "true"
    total = ARCHIVED if archived else CONTACTS
    after = int(request.query.get("after", "0"))
    asked = request.query.get("properties")
    asked = DEFAULTS if asked is None else set(asked.split(","))
    first = CONTACTS if archived else 0
    reply = {"results": [contact(first + n, asked, archived) for n in
                         range(after, min(after + size, total))]}
    if after + size < total:
        reply["paging"] = {"next": {
            "after": str(after + size),
            "link": "%s/crm/v3/objects/contacts?%s" % (
                request.base, urlencode(dict(request.query,
                                             after=after + size)))}}
    return reply_json(reply, 200, limits())


@hubspot.route("/late")
def late(request):
    """From now on a contact is found that was changed some seconds ago."""
    request.data.setdefault("late", []).append(
        int(time.time() * 1000) - 1000 * int(request.query["ago"]))
    return reply_json({})


@hubspot.route("/crm/v3/objects/contacts/search", methods=("POST",))
def search(request):
    wrong = refused(request)
    if wrong:
        return wrong
    asked = request.json
    if request.query or not isinstance(asked, dict) or set(asked) - {
            "filterGroups", "sorts", "properties", "limit", "after", "query"}:
        return error(400, "VALIDATION_ERROR", "Invalid input JSON")
    low, high, above = 0, 1 << 62, 0
    try:
        for group in asked.get("filterGroups", []):
            for part in group["filters"]:
                if part["propertyName"] == "hs_object_id" and \
                        part["operator"] == "GT":
                    above = number_of(part["value"])
                    continue
                if part["propertyName"] != "lastmodifieddate":
                    return error(400, "VALIDATION_ERROR", "unknown property")
                # milliseconds; both ends belong to BETWEEN
                if part["operator"] == "BETWEEN":
                    low = number_of(part["value"])
                    high = number_of(part["highValue"])
                elif part["operator"] == "GTE":
                    low = number_of(part["value"])
                else:
                    return error(400, "VALIDATION_ERROR", "unknown operator")
        size = int(asked.get("limit", 10))
        after = int(asked.get("after", "0"))
    except (KeyError, ValueError) as wrong:
        return error(400, "VALIDATION_ERROR",
                     "There was a problem with the request: %s" % wrong)
    if size > 200:
        return error(400, "VALIDATION_ERROR", "limit must be at most 200")
    if after + size > MOST:
        return error(400, "VALIDATION_ERROR",
                     "Paging beyond %d results is not supported" % MOST)
    times = [START + 61001 * n for n in range(FOUND)]
    times += request.data.get("late", [])
    rows = [n for n, at in enumerate(times)
            if low <= at <= high and FIRST + n > above]
    by = {s["propertyName"] for s in asked.get("sorts", [])}
    if by == {"lastmodifieddate"}:
        rows.sort(key=times.__getitem__)
    elif by != {"hs_object_id"}:
        rows.reverse()
    names = set(asked.get("properties", DEFAULTS))
    reply = {"total": len(rows), "results": [
        contact(n, names, modified=times[n])
        for n in rows[after:after + size]]}
    if after + size < len(rows):
        reply["paging"] = {"next": {"after": str(after + size)}}
    # search says nothing about its limits
    return reply_json(reply)
