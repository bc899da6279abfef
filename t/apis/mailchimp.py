"""Mailchimp Marketing: members of a list, by offset."""

import base64

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
    if request.data.pop("busy", None):
        return Reply(b"", 429, content_type=None)
    since = request.query.get("since_last_changed", "")
    rows = [m for m in map(member, range(MEMBERS))
            if m["last_changed"] >= since]
    offset = int(request.query.get("offset", "0"))
    count = min(int(request.query.get("count", "10")), CAP)
    part = rows[offset:offset + count]
    if request.query.get("exclude_fields") == "members._links,_links":
        for row in part:
            del row["_links"]
    return reply_json({"members": part, "list_id": list_id,
                       "total_items": len(rows)})
