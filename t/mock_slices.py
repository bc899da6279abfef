"""mock_slices.py - the mock API's lists that come in parts.

    /ahead/items            ?count= (100) items; ?offset=&limit= or
                            ?page=&limit= (10): {"items", "total", "pages"};
                            ?bare=1: items only; each answer takes ?ms= (50);
                            from ?short_at= on a page has half as many;
                            names are ?pad= bytes longer; ?desc=1: the
                            newest first
    /ahead/link             the same by Link; the head comes at once, the
                            body takes ?ms=
    /ahead/peak             [{"peak": most requests of /ahead at one time,
                            "requests": how many}], then both are zero
    /window/items           items with ?from= <= updated_at < ?to= (<= with
                            ?inclusive=1), as ISO 8601 or Unix time; no more
                            than ?cap=; ?limit=&page= pages the rest:
                            {"items", "total"}; ?bare=1: items only
    /list/parts             ?of= (4): {"parts": ["a", ..]}; ?of=0 names none
    /list/part?part=a       a part's items, 5 each; each takes ?ms= (50)
    /list/files             {"files": [{"url": ".."}, ..]}, relative; with
                            ?other=1 on the other origin
    /list/file/a.json       that part
    /list/partitions        ?partition=: {"info": [{"rows": 5}, ..], "rows",
                            "total"}; without it that of partition 0, with
                            it rows only
    /scroll/open            ?limit= (30): {"id", "hits"}; the id changes with
                            every answer, and an old one is good for nothing
    /scroll/next            POST {"id"}
    /scroll/close           DELETE ?id=
    /scroll/state           [{"opened", "closed", "held"}], then as new
    /drain/fill             ?n=: so many messages
    /drain/get              ?count= (10): takes them out: {"messages", "left"};
                            ?each=1: "left" is in each message
"""

import threading
import time

LOCK = threading.Lock()
SEEN = {"now": 0, "peak": 0, "requests": 0}
SCROLLS = {}
OPENED = {"opened": 0, "closed": 0}
QUEUE = []


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
        if request.flag("desc"):
            items.reverse()
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

    def bound(request, name):
        text = request.params.get(name)
        if text is None:
            raise api.BadRequest("parameter %s is missing" % name)
        if len(text) == 13 and text.isdigit():
            text = str(int(text) / 1000)
        return api.parse_time(text)

    @route("/window/items")
    def window_items(request):
        low, high = bound(request, "from"), bound(request, "to")
        enter()
        time.sleep(request.integer("ms", 0) / 1000)
        leave()
        items = []
        for item in plain_items(request):
            moment = api.parse_time(item["updated_at"])
            if low <= moment < high or (moment == high and
                                        request.flag("inclusive")):
                items.append(item)
        total = len(items)
        cap = request.integer("cap", None)
        if cap is not None:
            items = items[:cap]
        limit = request.integer("limit", 100000, 1)
        start = (request.integer("page", 1, 1) - 1) * limit
        body = {"items": items[start:start + limit]}
        if not request.flag("bare"):
            body["total"] = total
        return api.reply_json(body)

    def part(request, number):
        return plain_items(request)[number * 5:number * 5 + 5]

    @route("/list/parts")
    def list_parts(request):
        if request.flag("none"):
            return api.reply_json({"parts": None})
        return api.reply_json({"parts": [chr(97 + n) for n in
                                         range(request.integer("of", 4))]})

    @route("/list/part")
    def list_part(request):
        enter()
        try:
            time.sleep(request.integer("ms", 50) / 1000)
            name = request.params.get("part") or "?"
            return api.reply_json({"rows": part(request, ord(name) - 97)})
        finally:
            leave()

    @route("/list/files")
    def list_files(request):
        origin = request.other_origin if request.flag("other") else ""
        prefix = origin + "/list/" if origin else ""
        return api.reply_json({"files": [
            {"url": "%sfile/%s.json" % (prefix, chr(97 + n))}
            for n in range(4)]})

    @route("/list/file/*")
    def list_file(request):
        return api.reply_json(part(request, ord(request.path[11]) - 97))

    @route("/list/partitions")
    def list_partitions(request):
        number = request.integer("partition", None)
        rows = part(request, number or 0)
        if number is not None:
            return api.reply_json({"rows": rows})
        return api.reply_json({"info": [{"rows": 5} for _ in range(4)],
                               "rows": rows,
                               "total": request.integer("say", 20)})

    def scroll_reply(request, number, place, limit):
        items = plain_items(request)
        token = "%d/%d+x" % (number, place + limit)
        with LOCK:
            SCROLLS[number] = (token, place + limit, limit)
        return api.reply_json({"id": token,
                               "hits": items[place:place + limit]})

    @route("/scroll/open")
    def scroll_open(request):
        with LOCK:
            OPENED["opened"] += 1
            number = OPENED["opened"]
        return scroll_reply(request, number, 0, request.integer("limit", 30))

    @route("/scroll/next")
    def scroll_next(request):
        token = request.params.get("id") or ""
        number = int(token.partition("/")[0] or 0)
        known = SCROLLS.get(number)
        if known is None or known[0] != token or request.json is None:
            return api.reply_json({"message": "no such scroll"}, 404)
        return scroll_reply(request, number, known[1], known[2])

    @route("/scroll/close")
    def scroll_close(request):
        token = request.params.get("id") or ""
        number = int(token.partition("/")[0] or 0)
        with LOCK:
            known = SCROLLS.get(number)
            if known is None or known[0] != token:
                return api.reply_json({"message": "no such scroll"}, 404)
            del SCROLLS[number]
            OPENED["closed"] += 1
        return api.reply_json({"succeeded": True})

    @route("/scroll/state")
    def scroll_state(request):
        with LOCK:
            reply = api.reply_json([{"opened": OPENED["opened"],
                                     "closed": OPENED["closed"],
                                     "held": len(SCROLLS)}])
            OPENED["opened"] = OPENED["closed"] = 0
            SCROLLS.clear()
        return reply

    @route("/drain/fill")
    def drain_fill(request):
        with LOCK:
            QUEUE.clear()
            QUEUE.extend({"id": n + 1, "text": "message %d" % (n + 1)}
                         for n in range(request.integer("n", 0)))
        return api.reply_json({"ok": True})

    @route("/drain/get")
    def drain_get(request):
        time.sleep(request.integer("ms", 0) / 1000)
        with LOCK:
            count = request.integer("count", 10, 1)
            taken = QUEUE[:count]
            del QUEUE[:count]
            if request.integer("each", 0):
                return api.reply_json({"messages": [
                    dict(m, left=len(QUEUE) + len(taken) - n - 1)
                    for n, m in enumerate(taken)]})
            return api.reply_json({"messages": taken, "left": len(QUEUE)})
