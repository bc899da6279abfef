"""GitLab: Link headers, offset or keyset behind them."""

import time
from email.utils import formatdate

from mock_hosts import Host, reply_json

gitlab = Host("gitlab.com")
TOKEN = "glpat-abcdefghij0123456789"
ISSUES = 130
PROJECTS = 230


def issue(number):
    return {"id": 90000 + number, "iid": number, "title": "Issue %d" % number,
            "labels": ["bug"] * (number % 2),
            "updated_at": "2026-02-%02dT00:00:%02d.%03dZ" % (
                1 + number // 60, number % 60, number % 1000),
            "author": {"id": number % 5, "username": "u%d" % (number % 5)}}


def limits():
    reset = int(time.time()) + 60
    # the IETF's header name with another unit
    return {"RateLimit-Limit": "600", "RateLimit-Observed": "1",
            "RateLimit-Remaining": "599", "RateLimit-Reset": str(reset),
            "RateLimit-ResetTime": formatdate(reset, usegmt=True)}


def refused(request):
    if request.data.pop("silent", None):
        return reply_json({"message": "429 Too Many Requests"}, 429)
    if request.headers.get("private-token") != TOKEN and \
            request.headers.get("authorization") != "Bearer " + TOKEN:
        return reply_json({"message": "401 Unauthorized"}, 401, limits())
    return None


@gitlab.route("/api/v4/projects/{project}/issues")
def issues(request, project):
    refusal = refused(request)
    if refusal:
        return refusal
    if project != "gitlab-org/gitlab":
        return reply_json({"message": "404 Project Not Found"}, 404)
    since = request.query.get("updated_after", "")
    rows = [i for i in map(issue, range(request.data.get("gone", 0), ISSUES))
            if i["updated_at"] >= since]
    if request.data.pop("shift", None):
        # the first one is gone for the next page
        request.data["gone"] = 1
    size = min(int(request.query.get("per_page", "20")), 100)
    headers = limits()
    path = "%s/api/v4/projects/gitlab-org%%2Fgitlab/issues?per_page=%d" % (
        request.base, size)
    if request.query.get("pagination") == "keyset":
        after = int(request.query.get("id_after", "0"))
        rows = [r for r in rows if r["id"] > after]
        part = rows[:size]
        if len(rows) > size:
            headers["Link"] = ("<%s&pagination=keyset&order_by=id&sort=asc&"
                               "id_after=%d>; rel=\"next\""
                               % (path, part[-1]["id"]))
        return reply_json(part, 200, headers)
    return numbered(request, rows, headers, path)


def numbered(request, rows, headers, path):
    """A numbered page, which is told by a header for each thing."""
    size = min(int(request.query.get("per_page", "20")), 100)
    page = int(request.query.get("page", "1"))
    pages = -(-len(rows) // size)
    headers.update({"X-Page": str(page),
                    "X-Next-Page": str(page + 1) if page < pages else ""})
    if len(rows) <= 10000:
        headers.update({"X-Total": str(len(rows)),
                        "X-Total-Pages": str(pages)})
    if page < pages:
        headers["Link"] = '<%s&page=%d>; rel="next", <%s&page=1>; ' \
            'rel="first"' % (path, page + 1, path)
    return reply_json(rows[(page - 1) * size:page * size], 200, headers)


@gitlab.route("/api/v4/projects")
def projects(request):
    refusal = refused(request)
    if refusal:
        return refusal
    since = request.query.get("last_activity_after", "")
    count = request.data.get("projects", PROJECTS)
    rows = [{"id": n, "path": "p%d" % n, "last_activity_at":
             "2026-01-01T%02d:%02d:%02d.000Z" % (n // 3600, n // 60 % 60,
                                                 n % 60)}
            for n in range(count)]
    rows = [r for r in rows if r["last_activity_at"] >= since]
    return numbered(request, rows, limits(), "%s/api/v4/projects?per_page=%s"
                    % (request.base, request.query.get("per_page", "20")))


@gitlab.route("/fault/{name}/{value}")
def fault(request, name, value):
    request.data[name] = int(value)
    return reply_json({})
