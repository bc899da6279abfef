"""mock_lies.py - an API that lies, in every way of paging.

    /lies/set?lie=NAME      what it does from now on; without a name it has
                            come to its senses.  The queue is full again
    /lies/honest            the same, and the queue as it is
    /lies/page              ?page=: {"items", "total", "pages"}
    /lies/offset            ?offset=: {"items", "total"}
    /lies/token             ?token=: {"items", "next", "more", "total"}
    /lies/link              ?page=: items, Link
    /lies/next              ?page=: {"items", "next"}
    /lies/auto              ?cursor=: {"items", "next_cursor"}
    /lies/keyset            ?after=: {"items", "more", "total"}
    /lies/window            ?from=&to= (Unix time): {"items"}
    /lies/list, /lies/part  {"parts", "total"}; ?part=: {"items"}
    /lies/scroll            POST: {"id", "items"}; then /lies/scroll/next
    /lies/drain             takes messages out: {"items", "left"}

50 items in pages of 10.  The lies about a page begin with the third; the
others are about the whole list:

    html, half, empty, redirect, bomb, header, deep, trickle, other, error,
    fault
    same      every page is the first
    circle    after the third page comes the first
    less      the total is 25; "none" 20, though there are 50
    more      the total, or the number of pages, is too large
    shift     once two pages were read ten items vanish from the head
    grow      once two pages were read ten items come in at the head
    stale     the third page is the second; the others are as they should be
    endless   the list has no end
    hollow    from the third page on all are empty and name the next one
    nowhere   there is more, but the token is missing
"""

import json
import zlib

SIZE = 10
STATE = {"lie": "", "queue": [], "scroll": 0}


def item(number):
    return {"id": number, "name": "item %d" % number,
            "time": 1767225600 + number * 60}


def compressed():
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = packer.compress(b"[")
    for _ in range(64):
        data += packer.compress(b" " * (1 << 20))
    return data + packer.compress(b"]") + packer.flush()


def register(api):
    route = api.route
    BOMB = []

    def lies(*names):
        return STATE["lie"] in names

    def items(first, last):
        """Items number first to last - 1 of the list as it is now."""
        low = 1
        if STATE.get("shifted"):
            low = 11 if lies("shift") else -9
        if not lies("endless"):
            last = min(last, 51 - low)
        return [item(low + n if low + n > 0 else 101 + n)
                for n in range(first, last)]

    def count():
        if lies("less"):
            return 25
        if lies("none"):
            return 20
        if lies("more"):
            return 80
        if STATE.get("shifted"):
            return 40 if lies("shift") else 60
        return 50

    def page_of(number):
        """Page number, from 1: its records, and whether there are more."""
        told = number
        if lies("same"):
            number = 1
        if lies("circle"):
            number = (number - 1) % 3 + 1
        if lies("hollow") and number > 2:
            return [], True
        if number > 2 and lies("shift", "grow"):
            STATE["shifted"] = True
        if number == 3 and lies("stale"):
            number = 2
        rows = items((number - 1) * SIZE, number * SIZE)
        more = told * SIZE < count() or lies("same", "circle", "endless")
        if lies("less", "more", "none"):
            more = told * SIZE < 50
        return rows, more

    def reply(request, number, value, headers=None):
        """The page, or what is sent in its place."""
        answer = api.reply_json(value, headers=headers)
        if number < 3:
            return answer
        if lies("html"):
            return api.Reply(b"<!DOCTYPE html><title>Sign in</title>", 200,
                             content_type="text/html")
        if lies("half"):
            answer.truncate_at = len(answer.body) // 2
        if lies("empty"):
            return api.Reply(b"", 200)
        if lies("redirect"):
            return api.Reply(b"", 302, {
                "Location": "http://169.254.169.254/latest/meta-data/"})
        if lies("bomb"):
            if not BOMB:
                BOMB.append(compressed())
            return api.Reply(BOMB[0], 200, {"Content-Encoding": "gzip"})
        if lies("header"):
            answer.headers.update({"X-Big-%d" % n: "x" * 60000
                                   for n in range(17)})
        if lies("deep"):
            text = json.dumps(value)
            deep = ', "deep": ' + "[" * 600 + "]" * 600 + "}"
            answer.body = (text[:-1] + deep if text.endswith("}") else
                           '[{"id": 1' + deep + "]").encode()
        if lies("trickle"):
            answer.trickle = 1
        if lies("error"):
            return api.reply_json({"error": {"message": "gone"}}, 200)
        if lies("fault"):
            return api.reply_json({"fault": "busy"}, 200)
        return answer

    def takes(number):
        """Is the answer to this one taken from a queue?"""
        return number < 3 or not lies("html", "empty", "redirect", "bomb",
                                      "header", "error", "fault")

    def origin(request, number):
        return request.other_origin if number >= 2 and lies("other") \
            else request.origin

    @route("/lies/set")
    def set_lie(request):
        STATE.clear()
        STATE.update(lie=request.query.get("lie", ""), scroll=0, taken=0,
                     queue=[item(n + 1) for n in range(50)])
        return api.reply_json({"ok": True})

    @route("/lies/honest")
    def honest(request):
        STATE["lie"] = ""
        return api.reply_json({"ok": True})

    @route("/lies/page")
    def page(request):
        number = request.integer("page", 1)
        rows, _ = page_of(number)
        return reply(request, number, {"items": rows, "total": count(),
                                       "pages": -(-count() // SIZE)})

    @route("/lies/offset")
    def offset(request):
        start = request.integer("offset", 0)
        number = start // SIZE + 1
        rows, _ = page_of(number)
        if not lies("same", "circle", "hollow"):
            rows = items(start, start + SIZE)
        return reply(request, number, {"items": rows, "total": count()})

    def token_page(request, name):
        text = request.params.get(name) or "p1"
        number = int(text[1:])
        rows, more = page_of(number)
        following = "p%d" % (number + 1) if more else None
        if lies("circle") and number == 3:
            following = "p1"
        if lies("nowhere") and number >= 3:
            following = None
        return number, rows, following, more

    @route("/lies/token")
    def token(request):
        number, rows, following, more = token_page(request, "token")
        return reply(request, number, {"items": rows, "next": following,
                                       "more": more, "total": count()})

    @route("/lies/auto")
    def auto(request):
        number, rows, following, more = token_page(request, "cursor")
        return reply(request, number, {"items": rows, "has_more": more,
                                       "next_cursor": following})

    def following(request):
        number = request.integer("page", 1)
        rows, more = page_of(number)
        after = number + 1
        if lies("circle") and number == 3:
            after = 1
        url = origin(request, number) + request.relative(page=after)
        return number, rows, url if more else None

    @route("/lies/link")
    def link(request):
        number, rows, url = following(request)
        headers = {"X-Total": str(count())}
        if url:
            headers["Link"] = '<%s>; rel="next"' % url
        return reply(request, number, rows, headers)

    @route("/lies/next")
    def next_url(request):
        number, rows, url = following(request)
        return reply(request, number, {"items": rows, "next": url,
                                       "total": count()})

    @route("/lies/keyset")
    def keyset(request):
        number = request.integer("after", 0) // SIZE + 1
        rows, more = page_of(number)
        if lies("circle") and number == 4:
            rows = items(0, SIZE)
        return reply(request, number, {"items": rows, "more": more,
                                       "total": count()})

    @route("/lies/window")
    def window(request):
        low, high = request.integer("from", 0), request.integer("to", 0)
        rows = [i for i in map(item, range(1, 51)) if low <= i["time"] < high]
        number = (rows[0]["id"] - 1) // SIZE + 1 if rows else 1
        if lies("same"):
            rows = [item(n) for n in range(1, 11)]
        return reply(request, number, {"items": rows})

    @route("/lies/list")
    def parts(request):
        names = ["%s" % (n + 1) for n in range(5)]
        if request.flag("urls"):
            names = ["part?part=" + name for name in names]
        if lies("endless"):
            return api.Reply(b'"%d", ' % n if n else b'{"parts": ['
                             for n in range(10 ** 6))
        if lies("other"):
            names[2] = request.other_origin + "/lies/part?part=3"
        return api.reply_json({"parts": names, "total": count()})

    @route("/lies/part")
    def part(request):
        number = request.integer("part", 1)
        rows, _ = page_of(number)
        return reply(request, number, {"items": rows})

    def scroll_page(request, number):
        rows, more = page_of(number)
        token = "s%d.%d" % (STATE["scroll"], number + 1)
        value = {"id": token, "items": rows, "total": count()}
        return reply(request, number, value)

    @route("/lies/scroll")
    def scroll(request):
        STATE["scroll"] += 1
        return scroll_page(request, 1)

    @route("/lies/scroll/next")
    def scroll_next(request):
        number = int(request.params["id"].split(".")[1])
        return scroll_page(request, number)

    @route("/lies/drain")
    def drain(request):
        number = STATE["taken"] // SIZE + 1
        rows = STATE["queue"][:SIZE]
        if lies("endless"):
            rows = [item(STATE["taken"] + n + 1) for n in range(SIZE)]
        if takes(number):
            STATE["queue"] = STATE["queue"][SIZE:]
            STATE["taken"] += SIZE
        return reply(request, number, {"items": rows,
                                       "left": len(STATE["queue"])})
