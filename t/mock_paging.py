"""mock_paging.py - routes of mock_api.py that play the paging of real APIs.

All lists have 60 items (?count=) in pages of 20, unless said otherwise.  What
a real API would refuse is refused with 400 here too.

TOKENS
  /p/header/items     request header X-Cursor, response header X-Next-Cursor;
                      the literal "null" ends
  /p/locator/items    the same header, sent as ?locator=
  /p/path/items       next token in "next"; it is a segment:
                      /p/path/items/{token}; ?first=1: the first page has one
                      too, "start"
  /p/body/items       POST {"filter": .., "pagination": {"starting_after"}};
                      the filter must come with every page
  /p/continue/items   "continue": {..}, all of it goes back with the first
                      request's parameters: gapcontinue on the second page, and
                      plcontinue without it on the third; POST: in the body
  /p/info/items       token "page_info", which only `limit` may accompany
  /p/last/items       token in the last record, `next_sort`

STOPS
  /p/flag/items       a token on every page, "end_of_stream" on the last one
  /p/lies/items       "has_more" true on every page, no token after the second
  /p/hollow/items     ?page=: the second page is empty, "isLast" tells
  /p/endless/items    token; pages beyond the last are empty, with a token
  /p/alike/items      ?page=, a token, parts "p", "q", "r" for ?part=: three
                      pages of the same two records
  /p/stuck/items      token; the last page names itself
  /p/clamped/items    ?page=; beyond the last page comes the last one
  /p/cycle/items      token; the pages a, b and c lead to each other
  /p/wp/items         ?page=, X-WP-Total, X-WP-TotalPages; beyond: 400
  /p/short/items      ?page=&per_page= (at most 20): beyond the last page 404
  /p/cost/items       ?page=; "cost": {asked: 60, left: ?left=, back: ?back=}

KEYS
  /p/stripe/items     ?starting_after=id, "has_more"; ?slow=1: the
                      end of a page comes late
  /p/since/items      ?since_id=, inclusive: the last one comes again; "total"
  /p/left/items       ?after=id; "total" is what is left from there
  /p/csv/items        ?after=id, CSV
  /p/tuple/items      ?after_day=&after_id=: two keys
  /p/search           POST search_after = sort of the last hit: [day, id]; ids
                      beyond 2^53, exact

POSITIONS
  /p/numbered         POST {"page": {"pageNumber", "pageSize"}}
  /p/from             POST {"from", "size"}

  /p/gitlab/items     ?page=, X-Next-Page, "" at the end

LINKS
  /p/moved/items      is redirected to the following one, whose links are
                      relative
  /p/odata/items      nextLink; the count, ?say= (60), in the first page only
  /p/rels/items       several Link fields, foreign anchors, rel "older"

AUTO: what APIs say of the next page, ?page= or a token
  /p/auto/{kind}      odata, links, next, paging, object, meta, google, slack,
                      notion (POST), stripe, total, deaf, whole, none
"""

import time

COUNT = 60
SIZE = 20
BIG = 9007199254740993


def register(api):
    """Add the routes to the module that mock_api.py is."""
    route = api.route
    reply = api.reply_json

    def records(request):
        return request.state.items(request.integer("count", COUNT))

    def part(request, start, size=SIZE):
        """The page that begins there, and where the next one does."""
        items = records(request)
        try:
            start = int(start or 0)
        except ValueError:
            raise api.BadRequest("invalid token") from None
        end = start + size
        return items[start:end], str(end) if end < len(items) else None

    def refuse(code, status=400):
        return reply({"code": code}, status)

    # tokens

    @route("/p/header/items")
    def by_header(request):
        page, following = part(request, request.headers.get("x-cursor"))
        return reply(page, headers={"X-Next-Cursor": following or "null"})

    @route("/p/locator/items")
    def by_locator(request):
        page, following = part(request, request.query.get("locator"))
        return reply(page, headers={"X-Next-Cursor": following or "null"})

    @route("/p/path/*")
    def by_path(request):
        words = request.path.split("/")[4:]
        if request.flag("first") and not words:
            return refuse("no_token")
        token = words[0] if words else "start"
        page, following = part(request,
                               0 if token == "start" else token[1:])
        return reply({"data": page,
                      "next": "t" + following if following else None})

    @route("/p/body/items")
    def by_body(request):
        body = request.json or {}
        if request.method != "POST" or body.get("filter") != {"all": 1.10}:
            return refuse("no_filter")
        token = body.get("pagination", {})
        if isinstance(token, dict):
            token = token.get("starting_after")
        page, following = part(request, token)
        return reply({"data": page, "pages": {"next": following and {
            "starting_after": following}}})

    @route("/p/continue/items")
    def by_continue(request):
        given = request.query if request.method == "GET" else request.json
        if given.get("action") != "query":
            return refuse("no_action")
        if "gapcontinue" in given and "plcontinue" in given:
            return refuse("both")
        start = given.get("gapcontinue") or given.get("plcontinue")
        if start and given.get("continue") != "-||":
            return refuse("no_continue")
        page, following = part(request, start)
        body = {"query": {"pages": page}}
        if following:
            name = "plcontinue" if start else "gapcontinue"
            body["continue"] = {name: following, "continue": "-||",
                                "nothing": None}
        return reply(body)

    @route("/p/info/items")
    def by_info(request):
        token = request.query.get("page_info")
        if token and set(request.query) - {"page_info", "limit"}:
            return refuse("only_limit")
        if token and request.query.get("limit") != "20":
            return refuse("no_limit")
        page, following = part(request, token)
        return reply({"data": page, "page_info": following})

    @route("/p/last/items")
    def by_last(request):
        page, _ = part(request, request.query.get("sort"))
        for item in page:
            item["next_sort"] = item["id"]
        return reply({"data": page})

    # stops

    @route("/p/flag/items")
    def by_flag(request):
        start = int(request.query.get("cursor", 0))
        page, following = part(request, start)
        return reply({"data": page, "cursor": str(start + SIZE),
                      "end_of_stream": following is None,
                      "count": len(page)})

    @route("/p/lies/items")
    def lies(request):
        page, following = part(request, request.query.get("cursor"))
        if following == "40":
            following = None
        return reply({"data": page, "cursor": following, "has_more": True})

    @route("/p/hollow/items")
    def hollow(request):
        number = request.integer("page", 1)
        start = {1: 0, 2: COUNT, 3: 20, 4: 40}.get(number, COUNT)
        page, _ = part(request, start)
        body = {"data": page, "isLast": number >= 4}
        if request.flag("silent"):
            body["isLast"] = None
        return reply(body)

    @route("/p/endless/items")
    def endless(request):
        start = int(request.query.get("cursor", 0))
        page, _ = part(request, start)
        return reply({"data": page, "cursor": start + SIZE})

    @route("/p/alike/items")
    def alike(request):
        number = request.integer("page", 1, 1)
        if number > 3:
            return reply({"data": []})
        page = {"data": [{"state": "open"}] * 2}
        if number < 3:
            page["page"] = number + 1
        if "part" not in request.query:
            page["parts"] = ["p", "q", "r"]
        return reply(page)

    @route("/p/clamped/items")
    def clamped(request):
        last = max(0, len(records(request)) - 1) // SIZE
        number = min(request.integer("page", 1, 1) - 1, last)
        return reply({"data": part(request, number * SIZE)[0]})

    @route("/p/stuck/items")
    def stuck(request):
        start = request.query.get("cursor", "0")
        page, following = part(request, start)
        return reply({"data": page, "cursor": following or start})

    @route("/p/cycle/items")
    def cycle(request):
        token = request.query.get("cursor", "a")
        page, _ = part(request, 20 * "abc".index(token))
        return reply({"data": page,
                      "cursor": "abc"[("abc".index(token) + 1) % 3]})

    @route("/p/wp/items")
    def wordpress(request):
        number = request.integer("page", 1, 1)
        page, _ = part(request, (number - 1) * SIZE)
        if not page:
            return refuse("rest_post_invalid_page_number")
        return reply(page, headers={"X-WP-Total": str(COUNT),
                                    "X-WP-TotalPages": str(COUNT // SIZE)})

    @route("/p/cost/items")
    def cost(request):
        page, _ = part(request, (request.integer("page", 1, 1) - 1) * SIZE)
        return reply({"items": page, "cost": {
            "asked": 60, "left": request.integer("left", 60),
            "back": request.integer("back", 1)}})

    @route("/p/short/items")
    def short(request):
        number = request.integer("page", 1, 1)
        size = request.integer("per_page", SIZE, 1, SIZE)
        page, _ = part(request, (number - 1) * size, size)
        return reply({"data": page}) if page else refuse("beyond", 404)

    # keys

    def after(items, key, size=SIZE):
        later = [item for item in items if key(item)]
        return later[:size], len(later) > size

    @route("/p/stripe/items")
    def stripe(request):
        last = request.integer("starting_after", 0)
        page, more = after(records(request), lambda i: i["id"] > last)
        if not request.flag("slow"):
            return reply({"data": page, "has_more": more})

        def pieces():
            """The rest comes when the records have been read."""
            yield b'{"data":' + api.to_json(page)
            for _ in range(4):
                time.sleep(0.02)
                yield b" " * 30000
            yield b',"has_more":' + api.to_json(more) + b"}"
        return api.Reply(pieces())

    @route("/p/since/items")
    def since(request):
        last = request.integer("since_id", 0)
        page, _ = after(records(request), lambda i: i["id"] >= last)
        return reply({"data": page, "total": COUNT})

    @route("/p/left/items")
    def left(request):
        last = request.integer("after", 0)
        later = [i for i in records(request) if i["id"] > last]
        return reply({"data": later[:SIZE], "total": len(later)})

    @route("/p/csv/items")
    def by_csv(request):
        last = request.integer("after", 0)
        page, _ = after(records(request), lambda i: i["id"] > last)
        lines = ["id,name"] + ["%d,%s" % (i["id"], i["name"]) for i in page]
        return api.Reply("\n".join(lines).encode(), content_type="text/csv")

    def day(item):
        return "d%d" % (item["id"] // 7)

    def by_day(request):
        items = records(request)
        items.sort(key=lambda i: (day(i), i["id"]))
        for item in items:
            item["day"] = day(item)
        return items

    @route("/p/tuple/items")
    def by_tuple(request):
        last = (request.query.get("after_day", ""),
                request.integer("after_id", 0))
        page, _ = after(by_day(request), lambda i: (day(i), i["id"]) > last)
        return reply({"data": page})

    @route("/p/search")
    def search(request):
        body = request.json or {}
        if body.get("size") != SIZE:
            return refuse("no_size")
        last = tuple(body.get("search_after", ("", 0)))
        if last[1] and last[1] <= BIG - 1:
            return refuse("inexact")
        page, _ = after(by_day(request),
                        lambda i: (day(i), i["id"] + BIG) > last)
        hits = [{"_id": str(i["id"]), "id": i["id"],
                 "sort": [day(i), i["id"] + BIG]} for i in page]
        return reply({"hits": {"total": {"value": COUNT, "relation": "eq"},
                               "hits": hits}})

    # positions

    @route("/p/numbered")
    def numbered(request):
        asked = (request.json or {}).get("page") or {}
        number, size = asked.get("pageNumber", 1), asked.get("pageSize", SIZE)
        page, _ = part(request, (number - 1) * size, size)
        return reply(page)

    @route("/p/from")
    def offset(request):
        asked = request.json or {}
        size = min(asked.get("size", SIZE), 15)
        page, _ = part(request, asked.get("from", 0), size)
        return reply(page)

    @route("/p/gitlab/items")
    def gitlab(request):
        number = request.integer("page", 1, 1)
        page, following = part(request, (number - 1) * SIZE)
        return reply(page, headers={
            "X-Next-Page": str(number + 1) if following else ""})

    # links

    @route("/p/moved/items")
    def moved(request):
        return api.redirect(request, request.origin + "/p/rels/items")

    @route("/p/odata/items")
    def odata(request):
        skip = request.integer("$skip", 0)
        page, following = part(request, skip)
        body = {"value": page}
        if skip == 0:
            body["@odata.count"] = request.integer("say", COUNT)
        if following:
            body["@odata.nextLink"] = "%s/p/odata/items?$skip=%s" % (
                request.origin, following)
        return reply(body)

    @route("/p/rels/items")
    def rels(request):
        start = request.integer("start", 0)
        page, following = part(request, start)
        links = ['<?start=0>; rel="first"',
                 '<?start=55>; rel="next"; anchor="https://other.example/"']
        if following:
            target = "<?start=%s>" % following
            links += [target + '; rel="older-posts archive"',
                      target + '; rel="prev"; rel="next"',
                      target + '; REL=Next; title="a, b"; anchor="%s"'
                      % request.target]
        return reply(page, headers={"Link": links})

    # auto

    def say(kind, request, start, following):
        """What the reply says beside its records."""
        name = "after" if kind == "paging" else "start"
        url = "?%s=%s" % (name, following) if following else None
        full = request.origin + request.path + url if url else None
        if kind == "odata":
            return {"@odata.nextLink": full} if full else {}
        return {
            "links": {"links": {"self": request.path, "next": full}},
            "next": {"next": full, "previous": None},
            "paging": {"paging": following and {
                "next": {"after": following, "link": full}}},
            "object": {"pages": {"type": "pages", "next": following and {
                "page": 2, "starting_after": following}}},
            "meta": {"meta": {"next_cursor": following, "total": COUNT}},
            "google": {"nextPageToken": following},
            "slack": {"ok": True, "response_metadata":
                      {"next_cursor": following or ""}},
            "notion": {"object": "list", "next_cursor": following,
                       "has_more": following is not None},
            "stripe": {"has_more": following is not None},
            "total": {"total": COUNT},
            "deaf": {"next_cursor": following or "x"},
            "whole": {"total": SIZE, "has_more": False},
            "none": {},
        }[kind]

    names = {"google": "pageToken", "slack": "cursor", "meta": "cursor",
             "notion": "cursor", "paging": "after",
             "object": "starting_after"}

    @route("/p/said")
    def said(request):
        """The body, as it was sent."""
        return reply(request.json)

    @route("/p/auto/*")
    def auto(request):
        kind = request.path.rpartition("/")[2]
        start = request.query.get("start")
        if kind in names:
            start = request.params.get(names[kind])
            if kind == "notion" and start and start in request.target:
                return refuse("in_body")
        page, following = part(request, start)
        if kind == "google" and start == "20" and \
                not request.query.get("full"):
            # an empty page is not the end
            return reply({"data": [], "nextPageToken": "020"})
        body = {"data": page}
        body.update(say(kind, request, start, following))
        return reply(body)
