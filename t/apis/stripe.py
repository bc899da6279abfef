"""Stripe: newest first, the last id as key of the next page; events, a search
by token, and the next URL of version 2."""

import base64
from urllib.parse import urlsplit

from mock_hosts import Host, reply_json

stripe = Host("api.stripe.com")
KEY = "sk_test_0123456789abcdefABCDEF"
CHARGES = 230
FOUND = 130
ACCOUNT = "acct_1032D82eZvKYlo2C"
START = 1767225600


def charge(request, number):
    found = {"id": "ch_%06d" % number, "object": "charge",
             "amount": 100 * number, "currency": "eur",
             # stays as it is when the charge changes
             "created": START + 60 * number, "paid": True,
             "metadata": {"order": str(number)},
             "refunded": number in request.data.get("refunded", ())}
    if request.query.get("expand[]") == "data.refunds":
        found["refunds"] = {"object": "list", "data": [], "has_more": False}
    return found


def refused(request, known):
    """What is answered instead of data, if anything."""
    sent = request.headers.get("authorization", "")
    if sent not in ("Bearer " + KEY, "Basic " + base64.b64encode(
            (KEY + ":").encode()).decode()):
        return reply_json({"error": {"type": "invalid_request_error",
                                     "message": "Invalid API Key provided"}},
                          401)
    if request.headers.get("stripe-version") != "2024-06-20":
        return reply_json({"error": {"message": "unpinned version"}}, 400)
    if request.data.pop("limited", None):
        return reply_json({"error": {"code": "rate_limit",
                                     "message": "Request rate limit "
                                     "exceeded."}}, 429,
                          {"Stripe-Should-Retry": "true",
                           "Stripe-Rate-Limited-Reason": "global-rate"})
    for name, _ in request.pairs:
        if name not in known:
            return reply_json({"error": {
                "type": "invalid_request_error", "code": "parameter_unknown",
                "message": "Received unknown parameter: " + name}}, 400)
    if not request.query.get("created[gte]", "0").isdigit():
        return reply_json({"error": {"type": "invalid_request_error",
                                     "message": "Invalid integer"}}, 400)
    return None


def page(request, rows):
    """What follows starting_after, newest first."""
    since = int(request.query.get("created[gte]", "0"))
    rows = [r for r in reversed(rows) if r["created"] >= since]
    after = request.query.get("starting_after")
    if after is not None:
        ids = [c["id"] for c in rows]
        if after not in ids:
            return reply_json({"error": {
                "code": "resource_missing", "param": "starting_after",
                "message": "No such charge: " + after}}, 400)
        rows = rows[ids.index(after) + 1:]
    size = min(int(request.query.get("limit", "10")), 100)
    return reply_json({"object": "list", "url": "/v1/charges",
                       "has_more": len(rows) > size, "data": rows[:size]})


@stripe.route("/v1/charges")
def charges(request):
    wrong = refused(request, {"limit", "starting_after", "created[gte]",
                              "expand[]"})
    if wrong:
        return wrong
    # a connected account has charges of its own
    step = 2 if request.headers.get("stripe-account") == ACCOUNT else 1
    return page(request, [charge(request, n)
                          for n in range(0, CHARGES, step)])


@stripe.route("/v1/events")
def events(request):
    wrong = refused(request, {"limit", "starting_after", "created[gte]",
                              "type"})
    if wrong:
        return wrong
    rows = [{"id": "evt_%06d" % n, "object": "event",
             "type": "charge.succeeded", "created": START + 60 * n,
             "data": {"object": charge(request, n)}} for n in range(CHARGES)]
    rows += [{"id": "evt_%06d" % (CHARGES + i), "object": "event",
              "type": "charge.refunded",
              "created": START + 60 * (CHARGES + i),
              "data": {"object": charge(request, n)}}
             for i, n in enumerate(request.data.get("refunded", ()))]
    return page(request, rows)


@stripe.route("/fault/refund/{number}")
def refund(request, number):
    request.data.setdefault("refunded", []).append(int(number))
    return reply_json({})


@stripe.route("/v1/charges/search")
def search(request):
    wrong = refused(request, {"limit", "page", "query"})
    if wrong:
        return wrong
    if request.query.get("query") != "amount>9900":
        return reply_json({"error": {"type": "invalid_request_error",
                                     "message": "bad query"}}, 400)
    size = min(int(request.query.get("limit", "10")), 100)
    first = int(base64.b64decode(request.query.get("page", "MA==")))
    more = first + size < FOUND
    return reply_json({
        "object": "search_result", "url": "/v1/charges/search",
        "has_more": more, "next_page": base64.b64encode(
            b"%d" % (first + size)).decode() if more else None,
        "data": [charge(request, 100 + n)
                 for n in range(first, min(first + size, FOUND))]})


@stripe.route("/v2/core/event_destinations")
def destinations(request):
    wrong = refused(request, {"limit", "page"})
    if wrong:
        return wrong
    size = min(int(request.query.get("limit", "10")), 100)
    first = int(request.query.get("page", "p0")[1:])
    # relative to the host; here the host is in the path
    path = urlsplit(request.target).path
    return reply_json({
        "data": [{"id": "ed_%03d" % n, "created": "2026-01-01T00:00:00.000Z"}
                 for n in range(first, min(first + size, 45))],
        "next_page_url": "%s?limit=%d&page=p%d" % (path, size, first + size)
        if first + size < 45 else None, "previous_page_url": None})
