"""Stripe v1: newest first, the last id as key of the next page."""

import base64

from mock_hosts import Host, reply_json

stripe = Host("api.stripe.com")
KEY = "sk_test_0123456789abcdefABCDEF"
CHARGES = 230


def charge(number):
    return {"id": "ch_%06d" % number, "object": "charge",
            "amount": 100 * number, "currency": "eur",
            "created": 1767225600 + 60 * number, "paid": True,
            "metadata": {"order": str(number)},
            "refunds": {"object": "list", "data": [], "has_more": False}}


@stripe.route("/v1/charges")
def charges(request):
    sent = request.headers.get("authorization", "")
    if sent != "Basic " + base64.b64encode((KEY + ":").encode()).decode():
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
    known = {"limit", "starting_after", "created[gte]", "expand[]"}
    for name, _ in request.pairs:
        if name not in known:
            return reply_json({"error": {
                "type": "invalid_request_error", "code": "parameter_unknown",
                "message": "Received unknown parameter: " + name}}, 400)
    since = int(request.query.get("created[gte]", "0"))
    rows = [c for c in map(charge, reversed(range(CHARGES)))
            if c["created"] >= since]
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
