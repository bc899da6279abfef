"""Slack: conversations.history; failures come with status 200."""

from mock_hosts import Host, reply_json

slack = Host("slack.com")
TOKEN = "xoxb-0123456789-abcdefGHIJKL"
MESSAGES = 330


def message(number):
    return {"type": "message", "user": "U%03d" % (number % 9),
            "text": "message %d" % number,
            # an id, not a number: the last digit must not be lost
            "ts": "17672256%02d.%06d" % (number // 10, 100010 + number * 10)}


@slack.route("/api/conversations.history")
def history(request):
    if request.headers.get("authorization") != "Bearer " + TOKEN:
        return reply_json({"ok": False, "error": "invalid_auth"})
    if request.query.get("channel") != "C012AB3CD":
        return reply_json({"ok": False, "error": "channel_not_found"})
    if request.data.pop("limited", None):
        return reply_json({"ok": False, "error": "ratelimited"}, 429,
                          {"Retry-After": "1"})
    oldest = request.query.get("oldest", "0")
    inclusive = request.query.get("inclusive") == "true"
    rows = [m for m in map(message, reversed(range(MESSAGES)))
            if m["ts"] > oldest or (inclusive and m["ts"] == oldest)]
    size = min(int(request.query.get("limit", "100")), 200)
    cursor = request.query.get("cursor", "")
    first = int(cursor.rstrip("=").split(":")[1]) if cursor else 0
    more = first + size < len(rows)
    return reply_json({
        "ok": True, "messages": rows[first:first + size], "has_more": more,
        "response_metadata": {"next_cursor": "next:%d=" % (first + size)
                              if more else ""}})
