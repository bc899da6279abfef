"""Elasticsearch: from and size, search_after with a point in time, scroll."""

import base64

from datetime import datetime

from mock_hosts import Host, reply_json

elastic = Host("search.example.com")
KEY = "ApiKey a2V5LWlkOm5vdC1hLXJlYWwta2V5"
OTHERS = ("Basic " + base64.b64encode(b"loader:not-a-real-one").decode(),
          "Bearer AAEAAWVsYXN0aWMvbm90LXJlYWw")
COUNTS = {"logs": 2345, "big": 10050}
WINDOW = 10000
SHARDS = {"total": 1, "successful": 1, "skipped": 0, "failed": 0}


def document(number):
    # three of a time
    second = number // 3
    return {"_index": "logs", "_id": "doc-%05d" % number, "_score": None,
            "_source": {"@timestamp": "2026-01-01T%02d:%02d:%02d.000Z" % (
                second // 3600, second // 60 % 60, second % 60),
                "id": number, "level": "info"}}


def millis(number):
    return 1767225600000 + number // 3 * 1000


def error(status, kind, reason):
    cause = {"type": kind, "reason": reason}
    return reply_json({"error": dict(cause, root_cause=[cause]),
                       "status": status}, status)


def refused(request, known=()):
    if request.headers.get("authorization") not in (KEY,) + OTHERS:
        return error(401, "security_exception", "unable to authenticate "
                     "with provided credentials")
    if request.body and not request.headers.get("content-type", "") \
            .startswith("application/json"):
        return error(406, "media_type_header_exception", "Content-Type")
    for name in set(request.json or {}) - set(known):
        return error(400, "parsing_exception",
                     "Unknown key for a VALUE in [%s]." % name)
    return None


def hits(numbers, keys, asked, relation, matched):
    part = []
    for n in numbers:
        hit = document(n)
        if keys:
            hit["sort"] = keys(n)
        part.append(hit)
    reply = {"took": 2, "timed_out": False, "_shards": SHARDS,
             "hits": {"max_score": None, "hits": part}}
    if asked.get("track_total_hits", True) is not False:
        reply["hits"]["total"] = {"value": min(matched, 10000),
                                  "relation": relation}
    return reply


def search_rows(request, asked, count, keys):
    """The numbers that a search finds, or what is wrong with it."""
    rows = list(range(count))
    since = asked.get("query", {}).get("range", {}).get("@timestamp", {})
    if since:
        when = datetime.fromisoformat(since["gte"].replace("Z", "+00:00"))
        rows = [n for n in rows if millis(n) >= 1000 * when.timestamp()]
    matched = len(rows)
    first, size = asked.get("from", 0), asked.get("size", 10)
    if size > WINDOW or first + size > WINDOW:
        return error(400, "illegal_argument_exception",
                     "Result window is too large, from + size must be less "
                     "than or equal to: [10000] but was [%d]." % (
                         first + size))
    after = asked.get("search_after")
    if after is not None:
        if not isinstance(after, list) or len(after) != len(keys(0)):
            return error(400, "illegal_argument_exception",
                         "search_after has a wrong number of values")
        rows = [n for n in rows if keys(n) > after]
    return rows[first:first + size], matched


KNOWN = {"size", "from", "sort", "query", "search_after", "pit",
         "track_total_hits"}


@elastic.route("/{index}/_search", methods=("POST",))
def search(request, index):
    refusal = refused(request, KNOWN - {"pit"})
    if refusal:
        return refusal
    if index not in COUNTS or set(request.query) - {"scroll"}:
        return error(404, "index_not_found_exception",
                     "no such index [%s]" % index)
    asked = request.json or {}
    if request.data.pop("rejected", None):
        return error(429, "es_rejected_execution_exception",
                     "rejected execution of TimedRunnable")
    if "scroll" in request.query:
        return scroll_page(request, index, 0, asked.get("size", 10), asked)
    if asked.get("sort") not in (None, ["@timestamp", "id"], ["@timestamp"]):
        return error(400, "query_shard_exception", "No mapping found to sort")
    one = asked.get("sort") == ["@timestamp"]
    found = search_rows(request, asked, COUNTS[index], lambda n: (
        [millis(n)] if one else [millis(n), n]))
    if not isinstance(found, tuple):
        return found
    keys = asked.get("sort") and (lambda n: [millis(n)] if one
                                  else [millis(n), n])
    reply = hits(found[0], keys, asked, "gte" if found[1] > 10000 else "eq",
                 found[1])
    if index == "logs" and request.data.pop("shard", None):
        # half of the hits, and status 200
        reply["_shards"] = dict(SHARDS, successful=0, failed=1)
        reply["hits"]["hits"] = reply["hits"]["hits"][::2]
    return reply_json(reply)


@elastic.route("/fault/{name}")
def fault(request, name):
    request.data[name] = True
    return reply_json({})


# Points in time

def new_pit(request):
    pits = request.data.setdefault("pits", {"next": 0, "open": set()})
    pits["next"] += 1
    name = "46ToAwMDaWR5BXV1aWQy%d==" % pits["next"]
    pits["open"].add(name)
    return name


@elastic.route("/{index}/_pit", methods=("POST",))
def open_pit(request, index):
    refusal = refused(request)
    if refusal:
        return refusal
    if "keep_alive" not in request.query:
        return error(400, "action_request_validation_exception",
                     "[keep_alive] is not specified")
    return reply_json({"id": new_pit(request), "_shards": SHARDS})


@elastic.route("/_pit", methods=("DELETE",))
def close_pit(request):
    refusal = refused(request, ("id",))
    if refusal:
        return refusal
    pits = request.data.get("pits", {}).get("open", set())
    if request.json["id"] not in pits:
        return reply_json({"succeeded": True, "num_freed": 0}, 404)
    pits.discard(request.json["id"])
    return reply_json({"succeeded": True, "num_freed": 1})


@elastic.route("/_search", methods=("POST",))
def search_pit(request):
    refusal = refused(request, KNOWN)
    if refusal:
        return refusal
    asked = request.json or {}
    pit = asked.get("pit")
    pits = request.data.setdefault("pits", {"next": 0, "open": set()})
    if not isinstance(pit, dict) or set(pit) - {"id", "keep_alive"}:
        return error(400, "parsing_exception", "[pit] failed to parse")
    if pit.get("id") not in pits["open"]:
        return error(404, "search_context_missing_exception",
                     "No search context found for id")
    # the last part of the key is added by the server
    found = search_rows(request, asked, COUNTS["logs"],
                        lambda n: [millis(n), n])
    if not isinstance(found, tuple):
        return found
    reply = hits(found[0], lambda n: [millis(n), n], asked, "eq", found[1])
    pits["open"].discard(pit["id"])
    reply["pit_id"] = new_pit(request)
    return reply_json(reply)


# Scrolls

def scroll_page(request, index, first, size, asked):
    scrolls = request.data.setdefault("scrolls", {"next": 0, "open": {}})
    rows = range(first, min(first + size, COUNTS[index]))
    reply = hits(rows, None, asked, "eq", COUNTS[index])
    scrolls["next"] += 1
    name = "DXF1ZXJ5QW5kRmV0Y2gBAAAA%d==" % scrolls["next"]
    scrolls["open"][name] = (index, first + size, size)
    reply["_scroll_id"] = name
    return reply_json(reply)


@elastic.route("/_search/scroll", methods=("POST",))
def scroll(request):
    refusal = refused(request, ("scroll", "scroll_id"))
    if refusal:
        return refusal
    scrolls = request.data.get("scrolls", {"open": {}})
    state = scrolls["open"].pop(request.json.get("scroll_id"), None)
    if state is None:
        return error(404, "search_context_missing_exception",
                     "No search context found for id [1]")
    return scroll_page(request, *state, {})


@elastic.route("/_search/scroll", methods=("DELETE",))
def close_scroll(request):
    refusal = refused(request, ("scroll_id",))
    if refusal:
        return refusal
    scrolls = request.data.get("scrolls", {"open": {}})
    freed = scrolls["open"].pop(request.json.get("scroll_id"), None)
    return reply_json({"succeeded": True, "num_freed": 1 if freed else 0},
                      200 if freed else 404)


@elastic.route("/_nodes/stats/indices/search")
def stats(request):
    scrolls = request.data.get("scrolls", {"open": {}})
    pits = request.data.get("pits", {"open": set()})
    return reply_json({"nodes": {"n1": {"indices": {"search": {
        "open_contexts": len(scrolls["open"]) + len(pits["open"]),
        "scroll_current": len(scrolls["open"])}}}}})
