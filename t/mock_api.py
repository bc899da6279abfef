#!/usr/bin/env python3
"""mock_api.py - the REST API against which dload is tested.

Python standard library only.  Listens on 127.0.0.1, on a free port unless
--port says otherwise, and on a second port that serves the same content: the
"other origin".  The first line printed is "port N", the second "other N".
Ends on SIGTERM, or after --idle seconds without a request.

RUNNING
  mock_api.py [--port N] [--url-file F] [--pid-file F] [--idle S] [--seed N]
              [--tls CERT KEY] [--client-ca CA] [--daemon [--quiet]]
  mock_api.py --stop PIDFILE             end a mock that --daemon started
CLIENT (without URL: $DLOAD_MOCK_URL, or else the file results/mock.url)
  mock_api.py --get [URL] PATH           print the body of the answer
  mock_api.py --post [URL] PATH [JSON]   the same for POST
  mock_api.py --requests [URL] [TEXT]    how many journal lines hold TEXT
  mock_api.py --paths [URL] [TEXT]       those lines: method, path, status

CONTROL (never in the journal, never hit by a fault)
  GET  /_ready            {"ok":true}
  GET  /_info             port, other_port, pid, url, other_url
  POST /_reset            data, faults, journal, rate windows, tokens: as new
  GET  /_journal          list of {n, time, port, method, path, headers, body,
                          status}; path has the query, header names are lower
                          case, status is null where nothing was answered
  POST /_journal/clear
  POST /_script           one fault or a list.  A fault applies to the next
                          `times` requests (default 1; 0 = always) of which
                          path+query contains `path` (default: any), `method`
                          is equal, and the body contains `match_body`, after
                          the first `skip` of them went by unharmed.  It is
                          an answer of its own if it has `status`; else it
                          changes the route's answer:
                            status, headers {}, body (text, or JSON value)
                            delay        seconds before the first byte
                            truncate_at  that many bytes of the body, then
                                         the connection is closed
                            stall_at     that many bytes, then silence
                            trickle      bytes per second
                            chunked      without Content-Length
                            close        alone: closed without an answer;
                                         with others: closed after it
  GET  /_script           the faults that are still to come
  POST /_script/clear
  POST /_events/grow      {"count": 10, "new_field": bool, "type_change":
                          bool}: newer events.  new_field adds `note` (text)
                          and `reactions` {total, plus, minus}; type_change
                          makes `score` a decimal and `revision` a text
  POST /_events/change    {"ids": [..]} or {"count": n} (the newest n), "set"
                          {} (default: public false, score + 1000)
  POST /_items/grow       {"count": n}: more items, later updated_at
  POST /_items/change     {"ids"|"count", "set": {}, "touch": true}: touch
                          moves updated_at behind all others
  POST /_items/delete     {"ids": [..]}

EVENTS, as GitHub has them: newest first, `page`, `per_page` (30, at most
100), Link header with first, prev, next, last; ETag and 304
  /events                 ?since= keeps created_at >= since; ?type=
  /repos/{owner}/{repo}/events   repo.name is "owner/repo"; the owner
                          "nobody" has no repository: 404
                          300 events; ids are decimal text; some share their
                          created_at with the one before

ITEMS: id, name, value, price, active, updated_at, tags[], note (null if the
id is even), nested.owner {id, login}.  ?count= sets how many (100), ?owner=
keeps those of one owner (nested.owner.id)
  /items                  all in one array
  /items/{id}             one object, or 404
  /link/items             ?page=&per_page= (25): array + Link header
  /etag/items             the same with ETag, Last-Modified and 304
  /next/items             ?page=&per_page= (25): {"data","next"}; ?relative=1
  /page/items             ?page=&page_size= (25): {"items","page_count",
                          "total_count"}; ?bare=1: items only; empty at end
  /offset/items           ?offset=&limit= (25, at most 50): {"results",
                          "total"}; ?bare=1: results only
  /token/items            ?token=&limit= (25): {"records","meta":
                          {"next_token"}}; ?empty_page=1: the second page is
                          empty and has a token; ?in=header: X-Next-Token;
                          parameters may also be in a JSON or form body
  /keyset/items           ?after=&limit= (25): {"data","has_more"}
  /since/items            ?updated_since= (inclusive): oldest first,
                          {"items","next"}
  /cursor-desc            newest first, no filter: {"items","next"}
  /gzip/items             /link/items with Content-Encoding: gzip
  /slow?ms=               /link/items after that many milliseconds
  /auth/bearer            /link/items for "Authorization: Bearer s3cret-token"
  /auth/basic             ... for user scott, password t1ger-pass
  /auth/key               ... for k3y-value in X-API-Key, ?api_key= or the
                          cookie api_key
  /auth/oauth             ... for an access token of /oauth/token not expired
                          (401 otherwise; the body repeats what was sent)
  /oauth/token            POST, form or basic; client app, secret app-s3cret;
                          client_credentials or refresh_token (first one:
                          refresh-0, each is good once); ?ttl= seconds (3600)
  /ratelimit?limit=&window=   /link/items, 429 beyond `limit` (5) requests in
                          `window` (1) seconds; X-RateLimit-Limit, -Remaining,
                          -Reset (epoch; ?reset=delta: seconds), ?style=ietf:
                          RateLimit and RateLimit-Policy, used: X-Used-1S
                          in the clock's seconds; Retry-After unless
                          ?retry_after=0; ?weight=: counts as so many, and
                          may be at any path below /ratelimit
  /host/{HOST}/...        real APIs as t/apis/*.py play them: see mock_hosts.py
  /headers/...            [{"id":1}] with the headers of ?set= (JSON); "@epoch+30",
                          "@epoch_ms+30", "@iso+30", "@http+30" are times;
                          ?status=

TRAPS
  /loop/token             {"records","meta"}: tokens a, b, c, a, ...
  /same/page              ignores `page`: {"items","total_count",
                          "page_count"}; ?bare=1: items only
  /ignore-filter          /link/items, ignores ?since= and ?owner=
  /other-host/link        Link: next is on the other origin
  /other-host/next        the same in the body: {"data","next"}
  /redirect/same          302 (?status=) to /items; ?hops=n first
  /redirect/other         302 to the other origin's /items
  /redirect/loop          302 to itself
  /status/{code}          ?retry_after= (seconds), ?retry_after_date= (the
                          same as an HTTP date)
  /echo                   the request as one object
  /hang                   never answers
  /stall                  half a body, then silence
  /truncated              half a body, then closed; ?chunked=1
  /bad-json?page=         Link; pages 1, 2, 4 are good, 3 is malformed
  /error-envelope?page=   {"records","next"}; page 2: records, then "error"
  /html                   200 with text/html
  /empty                  200 without a body; /empty?status=204
  /deep?depth=            [{"id":1,"deep":[[..]]}]; ?kind=object
  /huge?mb=               one array of that size, chunked; ?record_kb=
  /bomb?mb=               gzip of one array of white space
  /types                  every JSON type; ?nul=1 adds text with U+0000
More routes are in the modules of the list MODULES below, each of which says at
its top what it plays.
"""

import argparse
import base64
import copy
import gzip
import hashlib
import http.client
import importlib
import json
import os
import random
import re
import select
import signal
import socket
import ssl
import sys
import threading
import time
import zlib
from datetime import datetime, timedelta, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

# Modules that add routes import this one by its name, also when it is run.
sys.modules.setdefault("mock_api", sys.modules[__name__])
MODULES = ("mock_auth", "mock_codings", "mock_lies", "mock_paging",
           "mock_requests", "mock_rules", "mock_shapes", "mock_slices",
           "mock_sync", "mock_hosts")

EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)
BEARER = "s3cret-token"
BASIC = "scott:t1ger-pass"
API_KEY = "k3y-value"
OAUTH_CLIENT = ("app", "app-s3cret")
MAX_BODY = 64 * 1024 * 1024


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def to_json(value):
    return json.dumps(value, separators=(",", ":"),
                      ensure_ascii=False).encode()


class BadRequest(Exception):
    """The client's mistake: answered with 400."""


# ---------------------------------------------------------------------------
# Data
# ---------------------------------------------------------------------------

LOGINS = ["ada", "grace", "edsger", "barbara", "donald", "john-mc", "Frances"]
LABELS = [("bug", "d73a4a"), ("docs", "0075ca"), ("perf", "fbca04"),
          ("help wanted", "008672"), ("déjà vu", "cfd3d7")]
TOPICS = ["postgresql", "rest", "fdw", "etl", "json"]
TYPES = ["PushEvent", "PullRequestEvent", "WatchEvent", "IssuesEvent",
         "CreateEvent"]


def event_payload(rng, number, kind):
    if kind == "PushEvent":
        commits = [{"sha": "%040x" % rng.getrandbits(160),
                    "message": "Fix \"case\" %d\n\nLine two." % c,
                    "author": {"name": rng.choice(LOGINS),
                               "email": "dev%d@example.org" % c},
                    "distinct": c % 2 == 0}
                   for c in range(rng.randrange(4))]
        return {"push_id": 9000000000 + number, "size": len(commits),
                "ref": "refs/heads/main", "commits": commits}
    if kind == "PullRequestEvent":
        labels = [{"id": 100 + n, "name": LABELS[n][0],
                   "color": LABELS[n][1], "default": n == 0}
                  for n in sorted(rng.sample(range(len(LABELS)),
                                             rng.randrange(4)))]
        topics = rng.sample(TOPICS, rng.randrange(4))
        return {"action": rng.choice(["opened", "closed"]),
                "number": number,
                "pull_request": {
                    "id": 7000000000 + number, "number": number,
                    "title": "Change no. %d" % number, "merged": None,
                    "user": {"login": rng.choice(LOGINS), "id": number % 50},
                    "labels": labels, "topics": topics}}
    if kind == "IssuesEvent":
        return {"action": "opened",
                "issue": {"number": number, "title": "Issue %d" % number,
                          "assignees": rng.sample(LOGINS, rng.randrange(3))}}
    if kind == "CreateEvent":
        return {"ref": None, "ref_type": "repository", "description": ""}
    return {"action": "started"}


def make_event(seed, index, new_field=False, type_change=False):
    """Event number `index` of the feed, 0 being the oldest."""
    rng = random.Random("%d/%d" % (seed, index))
    kind = TYPES[rng.randrange(len(TYPES))] if index >= 5 else TYPES[index]
    actor = rng.randrange(len(LOGINS))
    minute = index - 1 if index % 5 == 4 else index
    event = {
        "id": str(20000000000 + index * 7),
        "type": kind,
        "actor": {"id": 1000 + actor, "login": LOGINS[actor],
                  "gravatar_id": "",
                  "url": "https://api.example.org/users/" + LOGINS[actor]},
        "repo": {"id": 5000 + index % 3, "name": "octo/repo%d" % (index % 3),
                 "url": "https://api.example.org/repos/octo/repo%d"
                        % (index % 3)},
        "payload": event_payload(rng, index, kind),
        "public": True,
        "score": index % 100,
        "revision": index,
        "created_at": iso(EPOCH + timedelta(minutes=minute)),
    }
    if index % 4 == 0:
        event["org"] = {"id": 42, "login": "octo"}
    if new_field:
        event["note"] = "note %d" % index
        event["reactions"] = {"total": index % 9, "plus": index % 5,
                              "minus": index % 2}
    if type_change:
        event["score"] = index % 100 + 0.5
        event["revision"] = "r%d" % index
    return event


def make_item(number):
    return {
        "id": number,
        "name": "item-%04d" % number,
        "value": number * 10,
        "price": number + 0.25,
        "active": number % 3 != 0,
        "updated_at": iso(EPOCH + timedelta(minutes=number)),
        "tags": ["tag%d" % t for t in range(number % 3)],
        "note": None if number % 2 == 0 else "odd, \"quoted\" — %d" % number,
        "nested": {"owner": {"id": number % 7, "login": "user%d"
                             % (number % 7)}},
    }


class State:
    """All that a test can change; every access holds `lock`."""

    def __init__(self, seed):
        self.lock = threading.RLock()
        self.seed = seed
        self.sequence = 0
        self.reset()

    def reset(self):
        with self.lock:
            self.events = [make_event(self.seed, n) for n in range(300)]
            self.item_count = 100
            self.item_clock = 100000
            self.item_changes = {}
            self.item_deleted = set()
            self.faults = []
            self.journal = []
            self.windows = {}
            self.tokens = {}
            self.refresh = "refresh-0"
            self.token_number = 0
            self.hosts = {}

    def newest_events(self):
        with self.lock:
            return list(reversed(self.events))

    def grow_events(self, count, new_field, type_change):
        with self.lock:
            first = len(self.events)
            self.events += [make_event(self.seed, n, new_field, type_change)
                            for n in range(first, first + count)]

    def change_events(self, ids, count, change):
        with self.lock:
            if ids is None:
                ids = [e["id"] for e in self.events[len(self.events)
                                                    - count:]]
            wanted = set(map(str, ids))
            changed = 0
            for n, event in enumerate(self.events):
                if event["id"] not in wanted:
                    continue
                event = copy.deepcopy(event)
                if change is None:
                    event["public"] = False
                    event["score"] += 1000
                else:
                    event.update(change)
                self.events[n] = event
                changed += 1
            return changed

    def items(self, count=None):
        with self.lock:
            total = self.item_count if count is None else count
            result = []
            for number in range(1, total + 1):
                if number in self.item_deleted:
                    continue
                item = make_item(number)
                item.update(self.item_changes.get(number, {}))
                result.append(item)
            return result

    def change_items(self, ids, count, change, touch):
        with self.lock:
            if ids is None:
                ids = range(self.item_count - count + 1, self.item_count + 1)
            for number in ids:
                change_one = self.item_changes.setdefault(int(number), {})
                change_one.update(change if change is not None
                                  else {"name": "changed-%04d" % int(number)})
                if touch:
                    self.item_clock += 1
                    change_one["updated_at"] = iso(
                        EPOCH + timedelta(minutes=self.item_clock))

    def take_fault(self, method, path, body):
        with self.lock:
            for fault in self.faults:
                if fault.get("path", "") not in path:
                    continue
                if fault.get("method", method) != method:
                    continue
                if fault.get("match_body", "") not in body:
                    continue
                if fault.get("skip", 0) > 0:
                    fault["skip"] -= 1
                    continue
                times = fault.get("times", 1)
                if times == 1:
                    self.faults.remove(fault)
                elif times > 1:
                    fault["times"] = times - 1
                return dict(fault)
        return None


# ---------------------------------------------------------------------------
# Requests and answers
# ---------------------------------------------------------------------------

class Reply:
    """An answer.  body: bytes, or an iterator of bytes (sent chunked)."""

    def __init__(self, body=b"", status=200, headers=None,
                 content_type="application/json; charset=utf-8"):
        self.status = status
        self.body = body
        self.headers = dict(headers or {})
        if content_type is not None:
            self.headers.setdefault("Content-Type", content_type)
        self.truncate_at = None
        self.stall_at = None
        self.trickle = None
        self.chunked = not isinstance(body, bytes)
        self.close = False
        self.silent = None          # "hang" or "close": no answer at all


def reply_json(value, status=200, headers=None):
    return Reply(to_json(value), status, headers)


class Request:
    """What a route needs to know of a request."""

    def __init__(self, handler, body):
        self.state = handler.server.state
        self.server = handler.server
        self.method = handler.command
        self.target = handler.path
        parts = urlsplit(handler.path)
        self.path = unquote(parts.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers = {}
        for name, value in handler.headers.items():
            name = name.lower()
            if name in self.headers:
                value = self.headers[name] + ", " + value
            self.headers[name] = value
        self.body = body
        self.params = dict(self.query)
        self.json = None
        if body:
            self.read_body_params()

    def read_body_params(self):
        kind = self.headers.get("content-type", "")
        if kind.startswith("application/x-www-form-urlencoded"):
            self.params.update(parse_qsl(self.body.decode("utf-8",
                                                          "replace"),
                                         keep_blank_values=True))
            return
        try:
            self.json = json.loads(self.body)
        except ValueError:
            return
        if isinstance(self.json, dict):
            for key, value in self.json.items():
                if value is not None:
                    self.params[key] = (value if isinstance(value, str)
                                        else json.dumps(value))

    def integer(self, name, default, low=0, high=None):
        text = self.params.get(name)
        if text is None or text == "":
            return default
        try:
            number = int(text)
        except ValueError:
            raise BadRequest("parameter %s is not an integer" % name)
        if number < low:
            raise BadRequest("parameter %s is too small" % name)
        return number if high is None else min(number, high)

    def flag(self, name):
        return self.params.get(name, "") in ("1", "true", "yes", "on")

    @property
    def origin(self):
        host = self.headers.get("host", "127.0.0.1:%d"
                                % self.server.server_port)
        return "%s://%s" % (self.server.scheme, host)

    @property
    def other_origin(self):
        return "%s://127.0.0.1:%d" % (self.server.scheme,
                                      self.server.other_port)

    def relative(self, **changes):
        query = dict(self.query)
        query.update({k: str(v) for k, v in changes.items()})
        return urlsplit(self.target).path + "?" + urlencode(query)

    def link(self, **changes):
        return self.origin + self.relative(**changes)


ROUTES = {}
PREFIXES = []


def route(path):
    """Register a function for one path, or for a prefix ending in '/*'."""
    def register(function):
        if path.endswith("/*"):
            PREFIXES.append((path[:-1], function))
        else:
            ROUTES[path] = function
        return function
    return register


def not_found(request):
    return reply_json({"message": "Not Found", "path": request.path}, 404)


def dispatch(request):
    function = ROUTES.get(request.path)
    if function is None:
        for prefix, candidate in PREFIXES:
            if request.path.startswith(prefix):
                function = candidate
                break
    return (function or not_found)(request)


# ---------------------------------------------------------------------------
# Paging
# ---------------------------------------------------------------------------

def chosen_items(request):
    items = request.state.items(request.integer("count", None))
    owner = request.params.get("owner")
    if owner is not None:
        items = [i for i in items
                 if str(i["nested"]["owner"]["id"]) == owner]
    return items


def numbered_page(request, records, size_name="per_page", size=25, cap=100):
    """One page by number: (records of it, page, number of pages)."""
    size = request.integer(size_name, size, 1, cap)
    page = request.integer("page", 1, 1)
    pages = max(1, -(-len(records) // size))
    return records[(page - 1) * size:page * size], page, pages


def link_header(request, page, pages, origin=None):
    origin = origin or request.origin
    links = []
    if page > 1:
        links.append(("first", 1))
        links.append(("prev", page - 1))
    if page < pages:
        links.append(("next", page + 1))
        links.append(("last", pages))
    return ", ".join('<%s>; rel="%s"' % (origin + request.relative(page=n),
                                         rel) for rel, n in links)


def linked_reply(request, records, size=25, headers=None):
    part, page, pages = numbered_page(request, records, size=size)
    headers = dict(headers or {})
    link = link_header(request, page, pages)
    if link:
        headers["Link"] = link
    return reply_json(part, headers=headers)


def with_etag(request, reply):
    tag = 'W/"%s"' % hashlib.sha256(reply.body).hexdigest()[:32]
    reply.headers["ETag"] = tag
    if request.headers.get("if-none-match") == tag:
        reply.status = 304
        reply.body = b""
        del reply.headers["Content-Type"]
    return reply


# ---------------------------------------------------------------------------
# Events
# ---------------------------------------------------------------------------

def events_reply(request, events):
    since = request.params.get("since")
    kind = request.params.get("type")
    if since:
        limit = parse_time(since)
        events = [e for e in events if parse_time(e["created_at"]) >= limit]
    if kind:
        events = [e for e in events if e["type"] == kind]
    return with_etag(request, linked_reply(request, events, size=30))


def parse_time(text):
    """ISO 8601, also as PostgreSQL prints it, or a Unix number."""
    match = re.fullmatch(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)"
                         r"(\.\d{1,6})?)?(Z|[ +-]\d\d(?::?\d\d)?)?",
                         text.strip())
    if match:
        day, clock, fraction, zone = match.groups()
        zone = (zone or "Z").replace("Z", "+0000").replace(":", "")
        # An unescaped plus sign in a query arrives as a space.
        zone = zone.replace(" ", "+").ljust(5, "0")
        clock = clock or "00:00:00"
        if len(clock) == 5:
            clock += ":00"
        return datetime.strptime(day + clock + (fraction or ".0") + zone,
                                 "%Y-%m-%d%H:%M:%S.%f%z")
    try:
        return datetime.fromtimestamp(float(text), timezone.utc)
    except (ValueError, OverflowError):
        raise BadRequest("cannot read the time " + text)


@route("/events")
def all_events(request):
    return events_reply(request, request.state.newest_events())


@route("/repos/*")
def repo_events(request):
    parts = request.path.split("/")
    if len(parts) != 5 or parts[4] != "events" or parts[2] == "nobody":
        return not_found(request)
    name = "%s/%s" % (parts[2], parts[3])
    events = []
    for event in request.state.newest_events():
        event = dict(event)
        event["repo"] = {"id": zlib.crc32(name.encode()), "name": name,
                         "url": "https://api.example.org/repos/" + name}
        events.append(event)
    return events_reply(request, events)


# ---------------------------------------------------------------------------
# Items
# ---------------------------------------------------------------------------

@route("/items")
def plain_items(request):
    return reply_json(chosen_items(request))


@route("/items/*")
def one_item(request):
    for item in request.state.items():
        if request.path == "/items/%d" % item["id"]:
            return reply_json(item)
    return not_found(request)


@route("/link/items")
def link_items(request):
    return linked_reply(request, chosen_items(request))


@route("/etag/items")
def etag_items(request):
    reply = linked_reply(request, chosen_items(request))
    reply.headers["Last-Modified"] = formatdate(EPOCH.timestamp(),
                                                usegmt=True)
    return with_etag(request, reply)


def next_body(request, records, key, origin=None):
    part, page, pages = numbered_page(request, records)
    following = None
    if page < pages:
        following = request.relative(page=page + 1)
        if not request.flag("relative"):
            following = (origin or request.origin) + following
    return reply_json({key: part, "next": following})


@route("/next/items")
def next_items(request):
    return next_body(request, chosen_items(request), "data")


@route("/page/items")
def page_items(request):
    records = chosen_items(request)
    part, _, pages = numbered_page(request, records, "page_size")
    if request.flag("bare"):
        return reply_json({"items": part})
    return reply_json({"items": part, "page_count": pages,
                       "total_count": len(records)})


@route("/offset/items")
def offset_items(request):
    records = chosen_items(request)
    offset = request.integer("offset", 0)
    limit = request.integer("limit", 25, 1, 50)
    body = {"results": records[offset:offset + limit]}
    if not request.flag("bare"):
        body["total"] = len(records)
    return reply_json(body)


def make_token(offset, empty):
    """A token is opaque, and this one has to be escaped in a query."""
    return "p/%d+%d=&%%" % (offset, empty)


def read_token(token):
    match = re.fullmatch(r"p/(\d+)\+([01])=&%", token)
    if not match:
        raise BadRequest("invalid token")
    return int(match.group(1)), int(match.group(2))


@route("/token/items")
def token_items(request):
    records = chosen_items(request)
    limit = request.integer("limit", 25, 1, 100)
    token = request.params.get("token", "")
    offset, empty = read_token(token) if token else (0, 0)
    if empty:
        part, following = [], make_token(offset, 0)
    else:
        part = records[offset:offset + limit]
        wants_empty = request.flag("empty_page") and offset == 0
        following = None
        if offset + limit < len(records):
            following = make_token(offset + limit, wants_empty)
    if request.params.get("in") == "header":
        headers = {"X-Next-Token": following} if following else {}
        return reply_json({"records": part}, headers=headers)
    return reply_json({"records": part, "meta": {"next_token": following}})


@route("/keyset/items")
def keyset_items(request):
    after = request.integer("after", 0)
    limit = request.integer("limit", 25, 1, 100)
    records = [i for i in chosen_items(request) if i["id"] > after]
    return reply_json({"data": records[:limit],
                       "has_more": len(records) > limit})


@route("/since/items")
def since_items(request):
    records = sorted(chosen_items(request), key=lambda i: i["updated_at"])
    since = request.params.get("updated_since")
    if since:
        limit = parse_time(since)
        records = [i for i in records
                   if parse_time(i["updated_at"]) >= limit]
    return next_body(request, records, "items")


@route("/cursor-desc")
def cursor_desc(request):
    records = sorted(chosen_items(request), key=lambda i: i["updated_at"],
                     reverse=True)
    return next_body(request, records, "items")


@route("/gzip/items")
def gzip_items(request):
    reply = linked_reply(request, chosen_items(request))
    reply.body = gzip.compress(reply.body)
    reply.headers["Content-Encoding"] = "gzip"
    return reply


@route("/slow")
def slow_items(request):
    time.sleep(request.integer("ms", 1000) / 1000)
    return linked_reply(request, chosen_items(request))


# ---------------------------------------------------------------------------
# Credentials and limits
# ---------------------------------------------------------------------------

def refused(sent, challenge):
    """401 that repeats the credential: a client has to redact it."""
    return reply_json({"error": "bad credentials", "received": sent}, 401,
                      {"WWW-Authenticate": challenge})


@route("/auth/bearer")
def auth_bearer(request):
    sent = request.headers.get("authorization")
    if sent != "Bearer " + BEARER:
        return refused(sent, 'Bearer realm="mock"')
    return link_items(request)


@route("/auth/basic")
def auth_basic(request):
    sent = request.headers.get("authorization")
    if sent != "Basic " + base64.b64encode(BASIC.encode()).decode():
        decoded = None
        if sent and sent.startswith("Basic "):
            decoded = base64.b64decode(sent[6:] + "==").decode("utf-8",
                                                               "replace")
        return refused([sent, decoded], 'Basic realm="mock"')
    return link_items(request)


@route("/auth/key")
def auth_key(request):
    cookies = dict(c.strip().partition("=")[::2]
                   for c in request.headers.get("cookie", "").split(";"))
    sent = [request.headers.get("x-api-key"), request.query.get("api_key"),
            cookies.get("api_key")]
    if API_KEY not in sent:
        return refused(sent, "ApiKey")
    return link_items(request)


@route("/oauth/token")
def oauth_token(request):
    if request.method != "POST":
        return reply_json({"error": "invalid_request"}, 405)
    client = (request.params.get("client_id"),
              request.params.get("client_secret"))
    basic = request.headers.get("authorization", "")
    if basic.startswith("Basic "):
        text = base64.b64decode(basic[6:] + "==").decode("utf-8", "replace")
        client = tuple(unquote(p) for p in text.partition(":")[::2])
    if client != OAUTH_CLIENT:
        return reply_json({"error": "invalid_client",
                           "error_description": "client %s, secret %s"
                                                % client}, 401)
    state = request.state
    grant = request.params.get("grant_type")
    with state.lock:
        if grant == "refresh_token":
            if request.params.get("refresh_token") != state.refresh:
                return reply_json({"error": "invalid_grant"}, 400)
        elif grant != "client_credentials":
            return reply_json({"error": "unsupported_grant_type"}, 400)
        state.token_number += 1
        ttl = request.integer("ttl", 3600)
        token = "access-%d" % state.token_number
        state.tokens[token] = time.monotonic() + ttl
        body = {"access_token": token, "token_type": "Bearer",
                "expires_in": ttl}
        if grant == "refresh_token":
            state.refresh = "refresh-%d" % state.token_number
            body["refresh_token"] = state.refresh
    return reply_json(body, headers={"Cache-Control": "no-store"})


@route("/auth/oauth")
def auth_oauth(request):
    sent = request.headers.get("authorization", "")
    with request.state.lock:
        until = request.state.tokens.get(sent[len("Bearer "):], 0)
    if not sent.startswith("Bearer ") or time.monotonic() >= until:
        return refused(sent, 'Bearer error="invalid_token"')
    return link_items(request)


@route("/ratelimit")
@route("/ratelimit/*")
def ratelimit(request):
    limit = request.integer("limit", 5)
    window = float(request.params.get("window", "1"))
    key = (limit, window)
    now = time.time()
    with request.state.lock:
        start, used = request.state.windows.get(key, (now, 0))
        if now - start >= window:
            start, used = now, 0
            # such a window begins with the clock's
            if request.params.get("style") == "used":
                start -= now % window
        used += request.integer("weight", 1)
        request.state.windows[key] = (start, used)
    left = max(0, limit - used)
    wait = max(0.0, start + window - now)
    seconds = int(wait) + (wait > int(wait))
    if request.params.get("style") == "ietf":
        headers = {"RateLimit-Policy": '"default";q=%d;w=%g'
                                       % (limit, window),
                   "RateLimit": '"default";r=%d;t=%d' % (left, seconds)}
    elif request.params.get("style") == "used":
        headers = {"X-Used-1S": str(used)}
    else:
        reset = (seconds if request.params.get("reset") == "delta"
                 else int(now) + seconds)
        headers = {"X-RateLimit-Limit": str(limit),
                   "X-RateLimit-Remaining": str(left),
                   "X-RateLimit-Reset": str(reset)}
    if used > limit:
        if request.params.get("retry_after") != "0":
            headers["Retry-After"] = str(max(1, seconds))
        return reply_json({"message": "rate limit exceeded"}, 429, headers)
    return linked_reply(request, chosen_items(request), headers=headers)


# ---------------------------------------------------------------------------
# Traps
# ---------------------------------------------------------------------------

def moment(text):
    """ "@epoch+30", "@epoch_ms+30", "@iso+30", "@http+30": that many seconds
    from now; other text as it is."""
    match = re.fullmatch(r"@(epoch|epoch_ms|iso|http)([+-]\d+)", text)
    if match is None:
        return text
    then = int(time.time()) + int(match.group(2))
    return {"epoch": str(then), "epoch_ms": str(then * 1000),
            "iso": iso(datetime.fromtimestamp(then, timezone.utc)),
            "http": formatdate(then, usegmt=True)}[match.group(1)]


@route("/headers/*")
def headers(request):
    """An answer with the headers that ?set= names, as JSON; ?status=."""
    wanted = json.loads(request.query.get("set", "{}"))
    return reply_json([{"id": 1}], request.integer("status", 200),
                      {name: moment(value) for name, value in wanted.items()})


@route("/loop/token")
def loop_token(request):
    follow = {"": "a", "a": "b", "b": "c", "c": "a"}
    token = request.params.get("token", "")
    if token not in follow:
        raise BadRequest("invalid token")
    start = list(follow).index(token) * 5
    return reply_json({"records": request.state.items(20)[start:start + 5],
                       "meta": {"next_token": follow[token]}})


@route("/same/page")
def same_page(request):
    body = {"items": request.state.items()[:25]}
    if not request.flag("bare"):
        body.update(total_count=100, page_count=4)
    return reply_json(body)


@route("/ignore-filter")
def ignore_filter(request):
    return linked_reply(request,
                        request.state.items(request.integer("count", None)))


@route("/other-host/link")
def other_host_link(request):
    part, page, pages = numbered_page(request, chosen_items(request))
    link = link_header(request, page, pages, request.other_origin)
    return reply_json(part, headers={"Link": link} if link else {})


@route("/other-host/next")
def other_host_next(request):
    return next_body(request, chosen_items(request), "data",
                     request.other_origin)


def redirect(request, location):
    status = request.integer("status", 302)
    return reply_json({"message": "elsewhere"}, status,
                      {"Location": location})


@route("/redirect/same")
def redirect_same(request):
    hops = request.integer("hops", 1)
    if hops > 1:
        return redirect(request, request.relative(hops=hops - 1))
    return redirect(request, "/items")


@route("/redirect/other")
def redirect_other(request):
    return redirect(request, request.other_origin + "/items")


@route("/redirect/to")
def redirect_to(request):
    return redirect(request, request.query.get("location", "/items"))


@route("/redirect/loop")
def redirect_loop(request):
    return redirect(request, request.target)


@route("/status/*")
def status(request):
    try:
        code = int(request.path.rsplit("/", 1)[1])
    except ValueError:
        return not_found(request)
    if not 200 <= code <= 599:
        raise BadRequest("no such status")
    headers = {}
    if "retry_after" in request.query:
        headers["Retry-After"] = request.query["retry_after"]
    if "retry_after_date" in request.query:
        moment = time.time() + request.integer("retry_after_date", 0)
        headers["Retry-After"] = formatdate(moment, usegmt=True)
    if code in (204, 304):
        return Reply(b"", code, headers, content_type=None)
    return reply_json({"status": code, "message": "status %d" % code}, code,
                      headers)


@route("/echo")
def echo(request):
    return reply_json({"method": request.method, "path": request.target,
                       "query": request.query, "headers": request.headers,
                       "body": request.body.decode("utf-8", "replace"),
                       "json": request.json})


@route("/hang")
def hang(request):
    reply = Reply()
    reply.silent = "hang"
    return reply


@route("/stall")
def stall(request):
    reply = plain_items(request)
    reply.stall_at = len(reply.body) // 2
    return reply


@route("/truncated")
def truncated(request):
    reply = plain_items(request)
    reply.truncate_at = len(reply.body) // 2
    reply.chunked = request.flag("chunked")
    return reply


@route("/bad-json")
def bad_json(request):
    records = request.state.items(40)
    part, page, pages = numbered_page(request, records, size=10)
    link = link_header(request, page, pages)
    body = to_json(part)
    if page == 3:
        body = body[:len(body) - 40] + b'"unquoted: }]'
    return Reply(body, headers={"Link": link} if link else {})


@route("/error-envelope")
def error_envelope(request):
    records = request.state.items(30)
    part, page, _ = numbered_page(request, records, size=10)
    if page == 2:
        return reply_json({"records": part,
                           "error": {"code": "backend_gone",
                                     "message": "the shard went away"}})
    return reply_json({"records": part,
                       "next": request.link(page=page + 1)
                       if page < 3 else None})


@route("/html")
def html(request):
    return Reply(b"<!DOCTYPE html>\n<title>Sign in</title>\n"
                 b"<p>Please <a href='/login'>sign in</a>.</p>\n",
                 content_type="text/html; charset=utf-8")


@route("/empty")
def empty(request):
    return Reply(b"", request.integer("status", 200), content_type=None)


@route("/deep")
def deep(request):
    depth = request.integer("depth", 100)
    if request.params.get("kind") == "object":
        value = b'{"d":' * depth + b"1" + b"}" * depth
    else:
        value = b"[" * depth + b"1" + b"]" * depth
    return Reply(b'[{"id":1,"deep":' + value + b"}]")


def huge_array(size, record_size):
    sent = 0
    number = 0
    while sent < size:
        batch = []
        while len(batch) < 256 and sent < size:
            number += 1
            record = to_json({"id": number, "name": "record %d" % number,
                              "pad": ""})
            pad = max(0, record_size - len(record))
            record = record[:-2] + b"x" * pad + b'"}'
            batch.append((b"[" if number == 1 else b",\n") + record)
            sent += len(batch[-1])
            if len(batch) * record_size > 65536:
                break
        yield b"".join(batch)
    yield b"]" if number else b"[]"


@route("/huge")
def huge(request):
    size = request.integer("mb", 1) * 1024 * 1024
    record = request.integer("record_kb", 1) * 1024
    return Reply(huge_array(size, record))


def bomb_stream(size):
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    blank = b" " * 65536
    yield packer.compress(b"[")
    for _ in range(size // len(blank)):
        piece = packer.compress(blank)
        if piece:
            yield piece
    yield packer.compress(b"]") + packer.flush()


@route("/bomb")
def bomb(request):
    return Reply(bomb_stream(request.integer("mb", 100) * 1024 * 1024),
                 headers={"Content-Encoding": "gzip"})


@route("/types")
def types(request):
    rows = [
        '{"id":1,"n":0,"big":9223372036854775807,"huge":123456789012345678901'
        '234567890,"dec":1.10,"exp":1e3,"t":true,"s":"plain","z":null}',
        '{"id":2,"n":-1,"big":-9223372036854775808,"huge":-1,"dec":0.000001,'
        '"exp":-2.5E-3,"t":false,"s":"é ü 漢字 😀","z":null}',
        '{"id":3,"n":5.0,"big":9223372036854775808,"huge":1e400,"dec":100.00,'
        '"exp":1E+2,"t":null,"s":"\\u00e9 \\ud83d\\ude00 \\"q\\" \\\\ \\n",'
        '"z":null}',
        '{"id":4,"day":"2026-02-28","stamp":"2026-02-28T12:34:56.789+02:00",'
        '"naive":"2026-02-28T12:34:56","uuid":'
        '"6ba7b810-9dad-11d1-80b4-00c04fd430c8","digits":"00123","s":""}',
        '{"id":5,"naïve Key":1,"userIDs":[1,2,3],"a.b":"dotted","":"empty '
        'key","Straße":"ß","list":[],"obj":{},"mixed":[1,"a",null,{"k":[[1]'
        ',[2,3]]}]}',
        '{"id":6,"nested":{"one":{"two":{"three":{"four":4}}}},'
        '"lists":[[1,2],[3]]}',
    ]
    if request.flag("nul"):
        rows.append('{"id":7,"s":"before\\u0000after"}')
    return Reply(("[" + ",\n".join(rows) + "]").encode())


# ---------------------------------------------------------------------------
# Control
# ---------------------------------------------------------------------------

def control(request):
    state = request.state
    args = request.json if isinstance(request.json, dict) else {}
    path = request.path
    if request.method == "GET":
        if path == "/_ready":
            return reply_json({"ok": True})
        if path == "/_info":
            port, other = request.server.ports
            scheme = request.server.scheme
            return reply_json({
                "port": port, "other_port": other, "pid": os.getpid(),
                "url": "%s://127.0.0.1:%d" % (scheme, port),
                "other_url": "%s://127.0.0.1:%d" % (scheme, other)})
        if path == "/_journal":
            with state.lock:
                return reply_json(state.journal)
        if path == "/_script":
            with state.lock:
                return reply_json(state.faults)
        return not_found(request)
    if request.method != "POST":
        return not_found(request)
    if path == "/_reset":
        state.reset()
    elif path == "/_journal/clear":
        with state.lock:
            state.journal = []
    elif path == "/_script":
        faults = request.json
        faults = faults if isinstance(faults, list) else [faults]
        if not all(isinstance(f, dict) for f in faults):
            raise BadRequest("a fault is an object")
        unknown = set().union(*faults) - FAULT_KEYS
        if unknown:
            raise BadRequest("unknown in a fault: " + ", ".join(unknown))
        with state.lock:
            state.faults += faults
    elif path == "/_script/clear":
        with state.lock:
            state.faults = []
    elif path == "/_events/grow":
        state.grow_events(args.get("count", 10), args.get("new_field"),
                          args.get("type_change"))
    elif path == "/_events/change":
        state.change_events(args.get("ids"), args.get("count", 10),
                            args.get("set"))
    elif path == "/_items/grow":
        with state.lock:
            state.item_count += args.get("count", 10)
    elif path == "/_items/change":
        state.change_items(args.get("ids"), args.get("count", 10),
                           args.get("set"), args.get("touch", True))
    elif path == "/_items/delete":
        with state.lock:
            state.item_deleted.update(map(int, args.get("ids", [])))
    else:
        return not_found(request)
    return reply_json({"ok": True})


FAULT_KEYS = {"path", "method", "match_body", "times", "skip", "status",
              "headers", "body", "delay", "truncate_at", "stall_at",
              "trickle", "chunked", "close"}


def apply_fault(fault, request):
    """The answer that a scripted fault asks for."""
    time.sleep(fault.get("delay", 0))
    if set(fault) <= {"path", "method", "match_body", "times", "skip",
                      "delay", "close"} and fault.get("close"):
        reply = Reply()
        reply.silent = "close"
        return reply
    if "status" in fault:
        reply = reply_json({"message": "scripted fault"}, fault["status"])
        if fault["status"] in (204, 304):
            reply = Reply(b"", fault["status"], content_type=None)
    else:
        reply = dispatch(request)
    if "body" in fault:
        body = fault["body"]
        reply.body = (body.encode() if isinstance(body, str)
                      else to_json(body))
        reply.headers.pop("Content-Encoding", None)
    # A null header value takes the route's header away.
    for name, value in fault.get("headers", {}).items():
        for known in list(reply.headers):
            if known.lower() == name.lower():
                del reply.headers[known]
        if value is not None:
            reply.headers[name] = str(value)
    reply.truncate_at = fault.get("truncate_at", reply.truncate_at)
    reply.stall_at = fault.get("stall_at", reply.stall_at)
    reply.trickle = fault.get("trickle", reply.trickle)
    reply.chunked = fault.get("chunked", reply.chunked)
    reply.close = fault.get("close", reply.close)
    return reply


# ---------------------------------------------------------------------------
# Server
# ---------------------------------------------------------------------------

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "mock"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_message(self, *args):
        pass

    def read_request_body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts = []
            while True:
                size = int(self.rfile.readline().split(b";")[0], 16)
                data = self.rfile.read(size)
                self.rfile.readline()
                if size == 0:
                    return b"".join(parts)
                parts.append(data)
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            raise BadRequest("request body too large")
        return self.rfile.read(length)

    def handle_any(self):
        server = self.server
        server.touch()
        try:
            request = Request(self, self.read_request_body())
        except (BadRequest, ValueError):
            self.close_connection = True
            return
        entry = None
        if request.path.startswith("/_"):
            respond = control
        else:
            entry = self.note(request)
            fault = server.state.take_fault(
                request.method, request.target,
                request.body.decode("utf-8", "replace"))
            respond = dispatch
            if fault is not None:
                def respond(request):
                    return apply_fault(fault, request)
        try:
            try:
                reply = respond(request)
            except BadRequest as error:
                reply = reply_json({"message": str(error)}, 400)
            self.send(reply, entry)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True
        server.touch()

    def note(self, request):
        state = request.state
        with state.lock:
            state.sequence += 1
            entry = {"n": state.sequence, "time": time.time(),
                     "port": self.server.server_port,
                     "method": request.method, "path": request.target,
                     "headers": request.headers,
                     "body": request.body.decode("utf-8", "replace"),
                     "status": None}
            state.journal.append(entry)
        return entry

    def send(self, reply, entry):
        if reply.silent:
            if reply.silent == "hang":
                self.wait_for_close()
            self.close_connection = True
            return
        if entry is not None:
            entry["status"] = reply.status
        bare = (self.command == "HEAD" or reply.status in (204, 304)
                or reply.status < 200)
        (self.send_response_only if "Date" in reply.headers
         else self.send_response)(reply.status)
        for name, value in reply.headers.items():
            for one in value if isinstance(value, list) else [value]:
                self.send_header(name, one)
        if reply.chunked and not bare:
            self.send_header("Transfer-Encoding", "chunked")
        elif isinstance(reply.body, bytes) and reply.status != 204:
            self.send_header("Content-Length", str(len(reply.body)))
        if reply.close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if not bare:
            self.send_body(reply)
        self.wfile.flush()

    def send_body(self, reply):
        """Send the body; cut it, stop in it or slow it down as asked."""
        chunks = (reply.body,) if isinstance(reply.body, bytes) \
            else reply.body
        end = reply.truncate_at
        if reply.stall_at is not None:
            end = reply.stall_at
        sent = 0
        for chunk in chunks:
            cut = end is not None and sent + len(chunk) > end
            if cut:
                chunk = chunk[:end - sent]
            self.send_piece(chunk, reply)
            sent += len(chunk)
            if cut:
                self.wfile.flush()
                if reply.stall_at is not None:
                    self.wait_for_close()
                self.close_connection = True
                return
        if reply.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def send_piece(self, data, reply):
        step = len(data)
        pause = 0
        if reply.trickle:
            step = max(1, int(reply.trickle / 20))
            pause = step / reply.trickle
        for start in range(0, len(data), max(step, 1)):
            part = data[start:start + step]
            if reply.chunked:
                part = b"%x\r\n" % len(part) + part + b"\r\n"
            self.wfile.write(part)
            if pause:
                self.wfile.flush()
                time.sleep(pause)

    def wait_for_close(self):
        """Say nothing until the client hangs up."""
        self.wfile.flush()
        while True:
            ready, _, _ = select.select([self.connection], [], [], 0.2)
            self.server.touch()
            if ready:
                try:
                    if isinstance(self.connection, ssl.SSLSocket):
                        data = self.connection.recv(1)
                    else:
                        data = self.connection.recv(1, socket.MSG_PEEK)
                except OSError:
                    return
                if not data:
                    return
                time.sleep(0.05)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port, state, context):
        super().__init__(("127.0.0.1", port), Handler)
        self.state = state
        self.scheme = "https" if context else "http"
        self.ports = None
        self.other_port = None
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True,
                                              do_handshake_on_connect=False)

    def touch(self):
        self.state.last_seen = time.monotonic()

    def handle_error(self, request, client_address):
        # A client that goes away, or fails its handshake, is no news.
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


def tls_context(args):
    if not args.tls:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*args.tls)
    if args.client_ca:
        context.load_verify_locations(args.client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def write_file(path, text):
    """Written beside and renamed, so that a reader never sees half of it."""
    partial = "%s.%d" % (path, os.getpid())
    with open(partial, "w") as handle:
        handle.write(text)
    os.replace(partial, path)


def detach(quiet):
    """Go on in the background; the parent leaves when told to."""
    reader, writer = os.pipe()
    if os.fork() != 0:
        os.close(writer)
        line = os.read(reader, 200)     # empty if the child died
        if not quiet:
            sys.stdout.write(line.decode())
            sys.stdout.flush()
        os._exit(0 if line else 1)
    os.close(reader)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(null, number)
    return writer


def serve(args):
    writer = detach(args.quiet) if args.daemon else None
    state = State(args.seed)
    state.last_seen = time.monotonic()
    context = tls_context(args)
    main = Server(args.port, state, context)
    other = Server(0, state, context)
    for this, that in ((main, other), (other, main)):
        this.ports = (main.server_port, other.server_port)
        this.other_port = that.server_port

    def leave(*_):
        for path in (args.pid_file, args.url_file):
            if path and os.path.exists(path):
                os.unlink(path)
        os._exit(0)

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    for server in (main, other):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    if args.pid_file:
        write_file(args.pid_file, "%d\n" % os.getpid())
    if args.url_file:
        write_file(args.url_file, "%s://127.0.0.1:%d\n"
                   % (main.scheme, main.server_port))
    text = "port %d\nother %d\n" % main.ports
    if writer is not None:
        os.write(writer, text.encode())
        os.close(writer)
    else:
        sys.stdout.write(text)
        sys.stdout.flush()
    while time.monotonic() - state.last_seen < args.idle:
        time.sleep(0.5)
    leave()


# ---------------------------------------------------------------------------
# Client
# ---------------------------------------------------------------------------

def split_url(words):
    """(url, the other words): the url may be left to the environment."""
    if words and "://" in words[0]:
        return words[0].rstrip("/"), words[1:]
    url = os.environ.get("DLOAD_MOCK_URL")
    if not url:
        with open("results/mock.url") as handle:
            url = handle.read().strip()
    return url.rstrip("/"), words


def call(url, method, path, body=None):
    parts = urlsplit(url)
    if parts.scheme == "https":
        context = ssl._create_unverified_context()
        link = http.client.HTTPSConnection(parts.netloc, timeout=60,
                                           context=context)
    else:
        link = http.client.HTTPConnection(parts.netloc, timeout=60)
    headers = {"Content-Type": "application/json"} if body else {}
    link.request(method, path, body.encode() if body else None, headers)
    answer = link.getresponse()
    return answer.status, answer.read().decode("utf-8", "replace")


def client(method, words):
    url, words = split_url(words)
    status_code, text = call(url, method, words[0],
                             words[1] if len(words) > 1 else None)
    print(text)
    return 0 if status_code < 400 else 1


def journal(words, count_only):
    url, words = split_url(words)
    lines = ["%s %s %s" % (e["method"], e["path"], e["status"])
             for e in json.loads(call(url, "GET", "/_journal")[1])]
    if words:
        lines = [line for line in lines if words[0] in line]
    print(len(lines) if count_only else "\n".join(lines))
    return 0


def stop(pid_file):
    """End the mock of a pid file, and nothing else that has its number."""
    try:
        with open(pid_file) as handle:
            pid = int(handle.read())
    except (OSError, ValueError):
        return 0
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as handle:
            if b"mock_api" not in handle.read():
                return 0
    except FileNotFoundError:
        if os.path.isdir("/proc/self"):
            return 0
    try:
        os.kill(pid, signal.SIGTERM)
        for _ in range(250):
            os.kill(pid, 0)
            # It removes its file last; its number may stay as a zombie.
            if not os.path.exists(pid_file):
                return 0
            time.sleep(0.02)
    except ProcessLookupError:
        return 0
    return 1


def main():
    for name in MODULES:
        importlib.import_module(name).register(sys.modules[__name__])
    parser = argparse.ArgumentParser(description="mock REST API of dload")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--url-file")
    parser.add_argument("--pid-file")
    parser.add_argument("--idle", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    parser.add_argument("--client-ca")
    parser.add_argument("--daemon", action="store_true")
    parser.add_argument("--quiet", action="store_true")
    parser.add_argument("--stop", metavar="PIDFILE")
    parser.add_argument("--get", nargs="+")
    parser.add_argument("--post", nargs="+")
    parser.add_argument("--requests", nargs="*")
    parser.add_argument("--paths", nargs="*")
    args = parser.parse_args()
    if args.stop:
        return stop(args.stop)
    if args.get:
        return client("GET", args.get)
    if args.post:
        return client("POST", args.post)
    if args.requests is not None:
        return journal(args.requests, True)
    if args.paths is not None:
        return journal(args.paths, False)
    return serve(args)


if __name__ == "__main__":
    sys.exit(main())
