"""WordPress REST: numbered pages; a page beyond the last is a 400."""

import base64

from mock_hosts import Host, reply_json

wordpress = Host("blog.example.com")
POSTS = 200


def post(number):
    minute = "%02d:%02d:00" % (number // 60, number % 60)
    return {"id": number + 1, "date": "2026-01-01T1" + minute[1:],
            "date_gmt": "2026-01-01T0" + minute[1:],
            "modified": "2026-01-01T1" + minute[1:],
            "modified_gmt": "2026-01-01T0" + minute[1:],
            "title": {"rendered": "Post %d" % number}, "tags": [1, 2]}


@wordpress.route("/wp-json/wp/v2/posts")
def posts(request):
    sent = request.headers.get("authorization", "")
    login = base64.b64encode(b"editor:abcd EFGH 1234 ijkl MNOP 6789").decode()
    if sent != "Basic " + login:
        return reply_json({"code": "incorrect_password", "message":
                           "The provided password is an invalid application "
                           "password.", "data": {"status": 401}}, 401)
    after = request.query.get("modified_after", "")
    rows = [p for p in map(post, range(POSTS)) if p["modified"] > after[:19]]
    size = min(int(request.query.get("per_page", "10")), 100)
    page = int(request.query.get("page", "1"))
    pages = -(-len(rows) // size)
    if page > max(pages, 1):
        return reply_json({
            "code": "rest_post_invalid_page_number", "message":
            "The page number requested is larger than the number of pages "
            "available.", "data": {"status": 400}}, 400)
    headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
    if request.query.get("plain"):
        headers = {}            # a host's cache that eats headers
    return reply_json(rows[(page - 1) * size:page * size], 200, headers)
