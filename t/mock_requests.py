"""mock_requests.py - routes of the mock API that look at requests closely.

  /requests/echo          one record: id, updated_at, ts (text), number, and
                          of the request: method, target, type, accept,
                          since ("=" and the header X-Since), body
  /requests/search        POST with {"query", "size"} only: {"_scroll_id",
                          "hits": {"hits": [..]}}, the first of seven records
  /requests/search/scroll POST with {"scroll", "scroll_id"} only: the next
                          ones; without "_scroll_id" at the end
  /requests/page          POST with {"filter"}: the first of seven records and
                          "next", a URL that takes GET only
  /requests/once          ?page=1 to 3, ?id=; each header Idempotency-Key is of
                          one request, whose first attempt is answered by 503
  /requests/graphql       POST with {"query", "variables": {"first",
                          "after"?}}: records as GraphQL has them.  A query
                          with braces that do not match is an error
"""

TOTAL = 7


def records(first, count):
    return [{"id": n, "name": "record %d" % n}
            for n in range(first, min(first + count, TOTAL + 1))]


def register(api):
    route, reply_json = api.route, api.reply_json

    def refuse(why):
        return reply_json({"message": why}, 400)

    def keys(request):
        return sorted(request.json) if isinstance(request.json, dict) else None

    @route("/requests/echo")
    def echo(request):
        return reply_json([{
            "id": 1, "updated_at": "2026-03-01T10:20:30.987654Z",
            "ts": "1712.000100", "number": 1772360430, "day": "2026-03-01",
            "method": request.method, "target": request.target,
            "type": request.headers.get("content-type", ""),
            "accept": request.headers.get("accept", ""),
            "since": "=" + request.headers.get("x-since", ""),
            "body": request.body.decode("utf-8", "replace")}])

    def hits(first, size, more):
        body = {"hits": {"hits": records(first, size)}}
        if more:
            body["_scroll_id"] = "at/%d size %d" % (first + size, size)
        return reply_json(body)

    @route("/requests/search")
    def search(request):
        if request.method != "POST" or keys(request) != ["query", "size"]:
            return refuse("not a search")
        return hits(1, request.json["size"], True)

    @route("/requests/search/scroll")
    def scroll(request):
        if request.method != "POST" or \
                keys(request) != ["scroll", "scroll_id"]:
            return refuse("not a scroll")
        place, size = request.json["scroll_id"][3:].split(" size ")
        first, size = int(place), int(size)
        return hits(first, size, first + size <= TOTAL)

    @route("/requests/page")
    def page(request):
        first = int(request.query.get("from", "1"))
        if request.method != ("POST" if first == 1 else "GET"):
            return refuse("wrong method")
        if first == 1 and keys(request) != ["filter"] or \
                first > 1 and request.body:
            return refuse("wrong body")
        body = {"data": records(first, 3)}
        if first + 3 <= TOTAL:
            body["next"] = "/requests/page?from=%d" % (first + 3)
        return reply_json(body)

    keys_seen = {}

    @route("/requests/once")
    def once(request):
        key = request.headers.get("idempotency-key", "")
        number = int(request.query.get("page", "1"))
        if key not in keys_seen:
            keys_seen[key] = number
            return reply_json({"message": "try again"}, 503)
        if keys_seen[key] != number:
            return refuse("the key belongs to another request")
        return reply_json({"more": number < 3, "data": [{
            "id": number, "same": request.query.get("id") == key and
            request.json == {"id": key}}]})

    @route("/requests/graphql")
    def graphql(request):
        if request.method != "POST" or keys(request) != ["query", "variables"]:
            return refuse("not a query")
        query, variables = request.json["query"], request.json["variables"]
        depth = 0
        for c in query:
            depth += {"{": 1, "}": -1}.get(c, 0)
        if depth != 0 or "{name}" not in query or \
                not isinstance(variables.get("first"), int):
            return reply_json({"errors": [{"message": "syntax error"}]})
        first = int(variables.get("after") or 0) + 1
        nodes = records(first, variables["first"])
        last = nodes[-1]["id"] if nodes else TOTAL
        return reply_json({"data": {"items": {
            "nodes": nodes,
            "pageInfo": {"endCursor": str(last) if last < TOTAL else None,
                         "hasNextPage": last < TOTAL}}}})
