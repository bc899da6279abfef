"""Mailchimp Marketing: members of a list, by offset."""

import base64
import time

from mock_hosts import Host, Reply, reply_json

mailchimp = Host("us6.api.mailchimp.com")
KEY = "0123456789abcdef0123456789abcdef-us6"
MEMBERS = 2500
CAP = 1000


def member(number):
    return {"id": "%032x" % number, "email_address": "m%d@example.com" % number,
            "status": "subscribed",
            "stats": {"avg_open_rate": 0.25, "avg_click_rate": 0},
            "last_changed": "2026-01-%02dT00:%02d:%02d+00:00" % (
                1 + number // 1000, number % 1000 // 60, number % 60),
            "_links": [{"rel": "self", "href": "https://x/%d" % number,
                        "method": "GET"}] * 3}


@mailchimp.route("/3.0/lists/{list_id}/members")
def members(request, list_id):
    scheme, _, sent = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic" or \
            base64.b64decode(sent).decode().split(":")[1] != KEY:
        return reply_json({"type": "about:blank", "title": "API Key Invalid",
                           "status": 401, "detail": "Your API key may be "
                           "invalid."}, 401)
    with request.state.lock:
        request.data["busy"] = request.data.get("busy", 0) + 1
        many = request.data["busy"] > 10
    try:
        # ten at a time; more are turned away without a word
        time.sleep(0.05)
        return Reply(b"", 429, content_type=None) if many else \
            page(request, list_id)
    finally:
        with request.state.lock:
            request.data["busy"] -= 1


def page(request, list_id):
    since = request.query.get("since_last_changed", "")
    before = request.query.get("before_last_changed", "9")
    rows = [m for m in map(member, range(MEMBERS))
            if since <= m["last_changed"] < before]
    offset = int(request.query.get("offset", "0"))
    count = min(int(request.query.get("count", "10")), CAP)
    part = rows[offset:offset + count]
    if request.query.get("exclude_fields") == "members._links,_links":
        for row in part:
            del row["_links"]
    return reply_json({"members": part, "list_id": list_id,
                       "total_items": len(rows)})
