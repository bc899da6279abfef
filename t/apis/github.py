"""GitHub REST: events of a repository."""

import hashlib
import json
import time

from mock_hosts import Host, reply_json

github = Host("api.github.com")
TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
EVENTS = 230


def event(number):
    kinds = ("PushEvent", "WatchEvent", "IssuesEvent")
    return {"id": str(40000000000 + number), "type": kinds[number % 3],
            "actor": {"id": 1000 + number % 7, "login": "user%d" % (number % 7)},
            "repo": {"id": 1, "name": "postgres/postgres"},
            "payload": {"push_id": 9007199254740993 + number,
                        "commits": [{"sha": "%040x" % number}] * (number % 3)},
            "public": True,
            "created_at": "2026-01-%02dT%02d:00:00Z" % (1 + number // 24,
                                                        number % 24)}


def limits(request):
    used = request.data["used"] = request.data.get("used", 0) + 1
    return {"X-RateLimit-Limit": "5000",
            "X-RateLimit-Remaining": str(5000 - used),
            "X-RateLimit-Used": str(used), "X-RateLimit-Resource": "core",
            "X-RateLimit-Reset": str(int(time.time()) + 3000)}


def refused(request):
    """What is answered instead of data, if anything."""
    if request.headers.get("authorization") != "Bearer " + TOKEN:
        return reply_json({"message": "Bad credentials",
                           "documentation_url": "https://docs.github.com/rest"},
                          401, limits(request))
    if request.headers.get("x-github-api-version") != "2022-11-28":
        return reply_json({"message": "unsupported API version"}, 400)
    if request.data.pop("secondary", None):
        return reply_json({"message": "You have exceeded a secondary rate "
                           "limit."}, 403, {"Retry-After": "1"})
    return None


@github.route("/repos/{owner}/{repo}/events")
def events(request, owner, repo):
    refusal = refused(request)
    if refusal:
        return refusal
    if repo == "old-name":
        return reply_json({"message": "Moved Permanently"}, 301,
                          {"Location": request.base +
                           "/repositories/1/events"})
    return page(request)


@github.route("/repositories/1/events")
def moved(request):
    return refused(request) or page(request)


def page(request):
    size = min(int(request.query.get("per_page", "30")), 100)
    number = int(request.query.get("page", "1"))
    newest_first = [event(n) for n in reversed(range(EVENTS))]
    part = newest_first[(number - 1) * size:number * size]
    headers = limits(request)
    headers["X-Poll-Interval"] = "60"
    headers["ETag"] = 'W/"%s"' % hashlib.sha256(
        json.dumps(part).encode()).hexdigest()[:40]
    if request.headers.get("if-none-match") == headers["ETag"]:
        # an authorized 304 costs nothing
        request.data["used"] -= 1
        return reply_json(None, 304, headers)
    if number * size < EVENTS:
        url = "%s/repositories/1/events?per_page=%d&page=%%d" % (
            request.base, size)
        headers["Link"] = '<%s>; rel="next", <%s>; rel="last"' % (
            url % (number + 1), url % -(-EVENTS // size))
    return reply_json(part, 200, headers)


@github.route("/repos/{owner}/{repo}/stats/contributors")
def contributors(request, owner, repo):
    refusal = refused(request)
    if refusal:
        return refusal
    request.data["stats"] = request.data.get("stats", 0) + 1
    if request.data["stats"] % 3:
        return reply_json({}, 202, limits(request))
    return reply_json([{"total": 10 + n, "author": {"login": "user%d" % n}}
                       for n in range(4)], 200, limits(request))
