"""WordPress REST: numbered pages; a page beyond the last is a 400."""

import base64
import datetime
from urllib.parse import urlencode

from mock_hosts import Host, reply_json

wordpress = Host("blog.example.com")
POSTS = 200


ZONE = datetime.timedelta(hours=-5)     # the site's
START = datetime.datetime(2026, 1, 1, 12)


def post(request, number):
    at = START + datetime.timedelta(minutes=request.data.get(
        "touched", {}).get(number, number))
    local = (at + ZONE).isoformat()
    return {"id": number + 1, "date": local, "date_gmt": at.isoformat(),
            "modified": local, "modified_gmt": at.isoformat(),
            "title": {"rendered": "Post %d" % number}, "tags": [1, 2]}


@wordpress.route("/touch/{number}/{minute}")
def touch(request, number, minute):
    request.data.setdefault("touched", {})[int(number)] = int(minute)
    return reply_json({})


@wordpress.route("/wp-json/wp/v2/posts")
def posts(request):
    sent = request.headers.get("authorization", "")
    login = base64.b64encode(b"editor:abcd EFGH 1234 ijkl MNOP 6789").decode()
    if sent != "Basic " + login:
        return reply_json({"code": "incorrect_password", "message":
                           "The provided password is an invalid application "
                           "password.", "data": {"status": 401}}, 401)
    after = request.query.get("modified_after", "")
    for name, _ in request.pairs:
        if name not in ("modified_after", "per_page", "page", "orderby",
                        "order", "plain"):
            return reply_json({"code": "rest_invalid_param", "message":
                               "Invalid parameter(s): " + name}, 400)
    # later than that, by the site's clock
    rows = [p for p in (post(request, n) for n in range(POSTS))
            if p["modified"] > after[:19]]
    rows.sort(key=lambda p: p["modified"], reverse=True)
    size = min(int(request.query.get("per_page", "10")), 100)
    page = int(request.query.get("page", "1"))
    pages = -(-len(rows) // size)
    if page > max(pages, 1):
        return reply_json({
            "code": "rest_post_invalid_page_number", "message":
            "The page number requested is larger than the number of pages "
            "available.", "data": {"status": 400}}, 400)
    headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
    if page < pages:
        headers["Link"] = '<%s/wp-json/wp/v2/posts?%s>; rel="next"' % (
            request.base, urlencode([p for p in request.pairs
                                     if p[0] != "page"] +
                                    [("page", page + 1)]))
    if request.query.get("plain"):
        headers = {}            # a host's cache that eats headers
    return reply_json(rows[(page - 1) * size:page * size], 200, headers)
