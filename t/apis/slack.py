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
    status = request.data.pop("limited", None)
    if status:
        return reply_json({"ok": False, "error": "ratelimited"}, int(status),
                          {"Retry-After": "1"})
    oldest = request.query.get("oldest", "0")
    latest = request.query.get("latest", "9")
    inclusive = request.query.get("inclusive") == "true"
    rows = [m for m in map(message, reversed(range(MESSAGES)))
            if oldest < m["ts"] < latest
            or (inclusive and m["ts"] in (oldest, latest))]
    size = min(int(request.query.get("limit", "100")), 200)
    cursor = request.query.get("cursor", "")
    first = int(cursor.rstrip("=").split(":")[1]) if cursor else 0
    more = first + size < len(rows)
    return reply_json({
        "ok": True, "messages": rows[first:first + size], "has_more": more,
        "response_metadata": {"next_cursor": "next:%d=" % (first + size)
                              if more else ""}})


@slack.route("/api/conversations.list")
def channels(request):
    if request.headers.get("authorization") != "Bearer " + TOKEN:
        return reply_json({"ok": False, "error": "invalid_auth"})
    size = int(request.query.get("limit", "100"))
    first = int(request.query.get("cursor", "") or 0)
    return reply_json({
        "ok": True, "channels": [{"id": "C%03d" % n, "name": "channel-%d" % n}
                                 for n in range(first, min(first + size, 45))],
        "response_metadata": {"next_cursor": str(first + size)
                              if first + size < 45 else ""}})


@slack.route("/fault/limited/{status}")
def limited(request, status):
    request.data["limited"] = status
    return reply_json({})
