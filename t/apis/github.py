"""GitHub REST: events, issues, searches, statistics, alerts."""

import base64
import datetime
import hashlib
import json
import re
import time
from urllib.parse import urlencode

import mock_auth
from mock_hosts import Host, reply_json

github = Host("api.github.com")
TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
APP = "Iv23li0123456789abcd"
EVENTS = 230
ISSUES = 250
FOUND = 1500                            # by search: more than it gives out
ALERTS = 120
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


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
    sent = request.headers.get("authorization", "")
    if sent != "Bearer " + TOKEN and \
            request.data.get("tokens", {}).get(sent[7:], 0) < time.time():
        return reply_json({"message": "Bad credentials",
                           "documentation_url": "https://docs.github.com/rest"},
                          401, limits(request))
    if request.headers.get("x-github-api-version") != "2022-11-28":
        return reply_json({"message": "unsupported API version"}, 400)
    limit = request.data.pop("limit", None)
    if limit == "secondary":
        return reply_json({"message": "You have exceeded a secondary rate "
                           "limit."}, 403, {"Retry-After": "1"})
    if limit == "primary":
        return reply_json({"message": "API rate limit exceeded."}, 403,
                          {"X-RateLimit-Limit": "5000",
                           "X-RateLimit-Remaining": "0",
                           "X-RateLimit-Reset": str(int(time.time()) + 2)})
    if limit == "silent":
        return reply_json({"message": "You have exceeded a secondary rate "
                           "limit."}, 429)
    return None


@github.route("/app/installations/{installation}/access_tokens",
              methods=("POST",))
def access_token(request, installation):
    """For a JWT of the app, which must not live for more than 10 minutes."""
    got = mock_auth.read_jwt(request.headers.get("authorization", "")[7:],
                             "RS256")
    if got is None or got[1].get("iss") != APP or \
            not mock_auth.timely(got[1], 600):
        return reply_json({"message": "A JSON web token could not be decoded"},
                          401)
    if installation != "4711" or request.body:
        return reply_json({"message": "Not Found"}, 404)
    life = request.data.pop("life", 3600)
    number = request.data["made"] = request.data.get("made", 0) + 1
    token = "ghs_%036d" % number
    request.data.setdefault("tokens", {})[token] = time.time() + life
    return reply_json({
        "token": token, "permissions": {"security_events": "read"},
        "expires_at": iso(datetime.datetime.now(datetime.timezone.utc)
                          + datetime.timedelta(seconds=life))}, 201)


@github.route("/fault/life/{seconds}")
def short_life(request, seconds):
    request.data["life"] = int(seconds)
    return reply_json({"made": request.data.get("made", 0)})


@github.route("/fault/limit/{kind}")
def fault(request, kind):
    request.data["limit"] = kind
    return reply_json({})


@github.route("/repos/{owner}/{repo}/events")
def events(request, owner, repo):
    refusal = refused(request)
    if refusal:
        return refusal
    if repo in ("old-name", "elsewhere"):
        return reply_json({"message": "Moved Permanently"},
                          301 if repo == "old-name" else 307,
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


def iso(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def linked(request, rows, known, most=100):
    """A numbered page of the rows, with its links."""
    if set(request.query) - set(known) - {"per_page", "page"}:
        return None
    size = min(int(request.query.get("per_page", "30")), most)
    number = int(request.query.get("page", "1"))
    part = rows[(number - 1) * size:number * size]
    headers = limits(request)
    if number * size < len(rows):
        kept = [p for p in request.pairs if p[0] != "page"]
        headers["Link"] = '<%s?%s>; rel="next"' % (
            request.base + request.path_of_api,
            urlencode(kept + [("page", number + 1)]))
    return part, headers


def unprocessable(message):
    return reply_json({"message": message, "documentation_url":
                       "https://docs.github.com/rest"}, 422)


def changed(request, number):
    return request.data.get("touched", {}).get(
        number, START + datetime.timedelta(minutes=number))


@github.route("/fault/now/{what}")
def fault_now(request, what):
    """slow: a search takes too long; touch: the oldest issue is changed as
    soon as a page is out."""
    request.data[what] = True
    return reply_json({})


@github.route("/repos/postgres/postgres/issues")
def issues(request):
    refusal = refused(request)
    if refusal:
        return refusal
    request.path_of_api = "/repos/postgres/postgres/issues"
    since = request.query.get("since", "")
    rows = [n for n in range(ISSUES) if iso(changed(request, n)) >= since]
    rows.sort(key=lambda n: changed(request, n),
              reverse=request.query.get("direction", "desc") == "desc")
    if request.query.get("state") != "all":
        rows = [n for n in rows if n % 2]
    found = linked(request, rows, {"state", "since", "sort", "direction"})
    if found is None or request.query.get("sort") != "updated":
        return unprocessable("Validation Failed")
    reply = reply_json([{"id": 700 + n, "number": n, "title": "Issue %d" % n,
                         "state": "open" if n % 2 else "closed",
                         "updated_at": iso(changed(request, n))}
                        for n in found[0]], 200, found[1])
    if request.data.pop("touch", None):
        request.data.setdefault("touched", {})[0] = \
            START + datetime.timedelta(minutes=ISSUES)
    return reply


@github.route("/search/issues")
def search(request):
    refusal = refused(request)
    if refusal:
        return refusal
    request.path_of_api = "/search/issues"
    asked = re.fullmatch(r"repo:postgres/postgres created:(\S+)\.\.(\S+)",
                         request.query.get("q", ""))
    if asked is None:
        return unprocessable("Validation Failed")
    rows = [n for n in range(FOUND) if asked.group(1) <= iso(
        START + datetime.timedelta(hours=n)) <= asked.group(2)]
    size = min(int(request.query.get("per_page", "30")), 100)
    if int(request.query.get("page", "1")) * size > 1000:
        return unprocessable("Only the first 1000 search results are "
                             "available")
    # the links end with what is given out
    part, headers = linked(request, rows[:1000], {"q"})
    slow = request.data.pop("slow", False)
    return reply_json({
        "total_count": 3 if slow else len(rows), "incomplete_results": slow,
        "items": [{"id": 9000 + n, "title": "Found %d" % n, "created_at":
                   iso(START + datetime.timedelta(hours=n))}
                  for n in part[:3 if slow else None]]}, 200, headers)


@github.route("/repos/postgres/postgres/dependabot/alerts")
def alerts(request):
    refusal = refused(request)
    if refusal:
        return refusal
    if set(request.query) - {"per_page", "after", "before"}:
        return reply_json({"message": "page is not supported"}, 400)
    size = min(int(request.query.get("per_page", "30")), 100)
    after = request.query.get("after")
    first = int(base64.b64decode(after)) if after else 0
    headers = limits(request)
    if first + size < ALERTS:
        headers["Link"] = \
            '<%s/repos/postgres/postgres/dependabot/alerts?%s>; rel="next"' % (
                request.base, urlencode({"per_page": size, "after":
                                         base64.b64encode(b"%d" % (
                                             first + size)).decode()}))
    return reply_json([{"number": ALERTS - n, "state": "open"} for n in range(
        first, min(first + size, ALERTS))], 200, headers)
