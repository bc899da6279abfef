"""Notion: everything by POST, the cursor and the filter in the body."""

from mock_hosts import Host, reply_json

notion = Host("api.notion.com")
TOKEN = "ntn_0123456789abcdefghij"
PAGES = 130


def page(request, number):
    # edited times have the grain of a minute
    minute = number // 60 * 60 + number // 3 * 3 % 60
    minute = request.data.get("touched", {}).get(number, minute)
    return {"object": "page", "id": "%08d-0000-4000-8000-000000000000" % number,
            "last_edited_time": "2026-01-01T%02d:%02d:00.000Z" % (
                minute // 60, minute % 60),
            "properties": {"Name": {"type": "title", "title": [
                {"plain_text": "Page %d" % number}]}}}


def refused(request):
    if request.headers.get("authorization") != "Bearer " + TOKEN:
        return reply_json({"object": "error", "status": 401,
                           "code": "unauthorized",
                           "message": "API token is invalid."}, 401)
    if request.headers.get("notion-version") != "2022-06-28":
        return reply_json({"object": "error", "status": 400,
                           "code": "missing_version"}, 400)


@notion.route("/touch/{number}/{minute}")
def touch(request, number, minute):
    request.data.setdefault("touched", {})[int(number)] = int(minute)
    return reply_json({})


@notion.route("/v1/databases/{database}/query", methods=("POST",))
def query(request, database):
    wrong = refused(request)
    if wrong:
        return wrong
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
    rows = [page(request, n) for n in range(PAGES)]
    rows.sort(key=lambda r: r["last_edited_time"])
    asked_times = asked.get("filter", {}).get("last_edited_time", {})
    since, after = asked_times.get("on_or_after"), asked_times.get("after")
    rows = [r for r in rows if r["last_edited_time"][:16] >= (since or "")[:16]
            and r["last_edited_time"][:16] > (after or "")[:16]]
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


# of the blocks of page 7: how many there are below, level by level
BLOCKS = {"page": 60, "block-3": 4, "block-3-1": 2}


@notion.route("/v1/blocks/{block}/children", methods=("GET",))
def children(request, block):
    wrong = refused(request)
    if wrong:
        return wrong
    if block not in BLOCKS:
        return reply_json({"object": "error", "status": 404,
                           "code": "object_not_found"}, 404)
    size = min(int(request.query.get("page_size", "100")), 100)
    first = int(request.query.get("start_cursor", "0").split("-")[0])
    prefix = "block-" if block == "page" else block + "-"
    names = [prefix + str(n) for n in range(BLOCKS[block])]
    more = first + size < len(names)
    return reply_json({
        "object": "list", "has_more": more,
        "next_cursor": "%d-cursor" % (first + size) if more else None,
        "results": [{"object": "block", "id": n, "type": "paragraph",
                     "has_children": n in BLOCKS}
                    for n in names[first:first + size]]})
