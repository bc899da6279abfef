"""mock_slices.py - the mock API's lists that come in parts.

    /ahead/items            ?count= (100) items; ?offset=&limit= or
                            ?page=&limit= (10): {"items", "total", "pages"};
                            ?bare=1: items only; each answer takes ?ms= (50);
                            from ?short_at= on a page has half as many;
                            names are ?pad= bytes longer
    /ahead/link             the same by Link; the head comes at once, the
                            body takes ?ms=
    /ahead/peak             [{"peak": most requests of /ahead at one time,
                            "requests": how many}], then both are zero
"""

import threading
import time

LOCK = threading.Lock()
SEEN = {"now": 0, "peak": 0, "requests": 0}


def enter():
    with LOCK:
        SEEN["now"] += 1
        SEEN["requests"] += 1
        SEEN["peak"] = max(SEEN["peak"], SEEN["now"])


def leave():
    with LOCK:
        SEEN["now"] -= 1


def register(api):
    route = api.route

    def plain_items(request):
        pad = "x" * request.integer("pad", 0)
        return [{"id": i["id"], "name": i["name"] + pad,
                 "updated_at": i["updated_at"]}
                for i in api.chosen_items(request)]

    def part_of(request):
        items = plain_items(request)
        limit = request.integer("limit", 10, 1, 100)
        if "page" in request.params:
            offset = (request.integer("page", 1, 1) - 1) * limit
        else:
            offset = request.integer("offset", 0)
        short_at = request.integer("short_at", None)
        if short_at is not None and offset >= short_at:
            limit //= 2
        return items, offset, limit

    @route("/ahead/items")
    def ahead_items(request):
        enter()
        try:
            items, offset, limit = part_of(request)
            time.sleep(request.integer("ms", 50) / 1000)
            body = {"items": items[offset:offset + limit]}
            if not request.flag("bare"):
                body["total"] = len(items)
                body["pages"] = -(-len(items) // limit)
            return api.reply_json(body)
        finally:
            leave()

    @route("/ahead/link")
    def ahead_link(request):
        enter()
        items, offset, limit = part_of(request)
        headers = {}
        if offset + limit < len(items):
            headers["Link"] = '<%s>; rel="next"' % request.link(
                offset=offset + limit)
        reply = api.reply_json(items[offset:offset + limit], headers=headers)
        body = reply.body

        def pieces():
            try:
                yield body
            finally:
                leave()
        reply.body = pieces()
        reply.chunked = True
        reply.trickle = len(body) * 1000 / request.integer("ms", 50)
        return reply

    @route("/ahead/peak")
    def ahead_peak(request):
        with LOCK:
            reply = api.reply_json([{"peak": SEEN["peak"],
                                     "requests": SEEN["requests"]}])
            SEEN["peak"] = SEEN["requests"] = 0
        return reply
