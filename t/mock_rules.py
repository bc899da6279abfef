"""mock_rules.py - the mock API's responses that mean more than their status.

    /wordpress/posts        ?page=&per_page= (10) of ?count= (30) posts, bare;
                            past the end 400 rest_post_invalid_page_number
    /poll/events            /events with X-Poll-Interval: ?every= (60)
    /problem                ?status= (500): application/problem+json of RFC
                            9457 with members of its own
    /validators/items       ?page=&per_page= (25): {"data","next"} with ETag
                            (?weak=1: a weak one; ?etag=0: none) and
                            Last-Modified (?modified=0: none), and 304;
                            If-None-Match goes before If-Modified-Since;
                            ?vary= and ?cache= set Vary and Cache-Control;
                            ?total=1: {"data","total"}
"""

import hashlib
from email.utils import formatdate, parsedate_to_datetime


def register(api):
    route = api.route

    @route("/wordpress/posts")
    def wordpress_posts(request):
        posts = request.state.items(request.integer("count", 30))
        part, page, pages = api.numbered_page(request, posts, size=10)
        if page > pages:
            return api.reply_json(
                {"code": "rest_post_invalid_page_number",
                 "message": "The page number requested is larger than the "
                            "number of pages available.",
                 "data": {"status": 400}}, 400)
        return api.reply_json(part)

    @route("/poll/events")
    def poll_events(request):
        reply = api.events_reply(request, request.state.newest_events())
        reply.headers["X-Poll-Interval"] = request.query.get("every", "60")
        return reply

    @route("/problem")
    def problem(request):
        status = request.integer("status", 500)
        return api.Reply(
            api.to_json({"type": "https://api.example.org/problems/out-of-credit",
                         "title": "You do not have enough credit.",
                         "status": status,
                         "detail": "Your current balance is 30, but that costs 50.",
                         "instance": "/account/12345/msgs/abc",
                         "balance": 30}),
            status, content_type="application/problem+json")

    @route("/validators/items")
    def validators_items(request):
        items = request.state.items(request.integer("count", None))
        part, page, pages = api.numbered_page(request, items)
        target = None
        if page < pages:
            target = request.origin + request.relative(page=page + 1)
        reply = api.reply_json({"data": part, "next": target})
        if request.flag("total"):
            reply = api.reply_json({"data": part, "total": len(items)})
        etag = '"%s"' % hashlib.sha1(reply.body).hexdigest()[:16]
        if request.flag("weak"):
            etag = "W/" + etag
        newest = max([i["updated_at"] for i in part] or ["2026-01-01"])
        modified = api.datetime.fromisoformat(newest.replace("Z", "+00:00"))
        stamp = int(modified.replace(tzinfo=api.timezone.utc).timestamp())
        if request.query.get("etag") != "0":
            reply.headers["ETag"] = etag
        if request.query.get("modified") != "0":
            reply.headers["Last-Modified"] = formatdate(stamp, usegmt=True)
        if "vary" in request.query:
            reply.headers["Vary"] = request.query["vary"]
        if "cache" in request.query:
            reply.headers["Cache-Control"] = request.query["cache"]
        given = request.headers.get("if-none-match")
        since = request.headers.get("if-modified-since")
        if given is not None:
            same = given.replace("W/", "") == etag.replace("W/", "")
        else:
            same = (since is not None and
                    stamp <= parsedate_to_datetime(since).timestamp())
        if same:
            return api.Reply(b"", 304, reply.headers, content_type=None)
        return reply
