"""Notion: everything by POST, the cursor and the filter in the body."""

from mock_hosts import Host, reply_json

notion = Host("api.notion.com")
TOKEN = "ntn_0123456789abcdefghij"
PAGES = 130


def page(number):
    # edited times have the grain of a minute
    return {"object": "page", "id": "%08d-0000-4000-8000-000000000000" % number,
            "last_edited_time": "2026-01-01T%02d:%02d:00.000Z" % (
                number // 60, number // 3 * 3 % 60),
            "properties": {"Name": {"type": "title", "title": [
                {"plain_text": "Page %d" % number}]}}}


@notion.route("/v1/databases/{database}/query", methods=("POST",))
def query(request, database):
    if request.headers.get("authorization") != "Bearer " + TOKEN:
        return reply_json({"object": "error", "status": 401,
                           "code": "unauthorized",
                           "message": "API token is invalid."}, 401)
    if request.headers.get("notion-version") != "2022-06-28":
        return reply_json({"object": "error", "status": 400,
                           "code": "missing_version"}, 400)
    asked = request.json
    if not isinstance(asked, dict) or set(asked) - {
            "start_cursor", "page_size", "filter", "sorts"}:
        return reply_json({"object": "error", "status": 400,
                           "code": "validation_error",
                           "message": "body failed validation"}, 400)
    if not isinstance(asked.get("page_size", 100), int):
        return reply_json({"object": "error", "status": 400,
                           "code": "validation_error",
                           "message": "body.page_size should be a number"},
                          400)
    rows = [page(n) for n in range(PAGES)]
    since = asked.get("filter", {}).get("last_edited_time", {}).get(
        "on_or_after")
    if since:
        rows = [r for r in rows if r["last_edited_time"][:16] >= since[:16]]
    size = min(asked.get("page_size", 100), 100)
    first = 0
    if "start_cursor" in asked:
        first = int(asked["start_cursor"].split("-")[0])
    more = first + size < len(rows)
    return reply_json({
        "object": "list", "results": rows[first:first + size],
        "has_more": more,
        "next_cursor": "%08d-cursor" % (first + size) if more else None,
        "type": "page_or_database"})
