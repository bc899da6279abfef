"""RabbitMQ's management API: pages, a bare array without them, and messages
that are gone once they are read."""

import base64
import json
import re

from mock_hosts import Host, reply_json

rabbitmq = Host("rabbitmq.example.com")
QUEUES = 120
KNOWN = {"page", "page_size", "name", "use_regex", "sort", "sort_reverse",
         "pagination", "disable_stats"}


def queue(number):
    return {"name": "q%03d" % number, "vhost": "/", "durable": True,
            "messages": number, "arguments": {"x-max-length": 10 * number},
            "message_stats": {"publish": number}}


def bad(reason):
    return reply_json({"error": "bad_request", "reason": reason}, 400)


def refused(request):
    sent = request.headers.get("authorization", "")
    if sent != "Basic " + base64.b64encode(b"monitor:m0nitor").decode():
        return reply_json({"error": "not_authorised",
                           "reason": "Login failed"}, 401)
    return None


def not_found():
    return reply_json({"error": "Object Not Found", "reason": "Not Found"},
                      404)


@rabbitmq.route("/api/queues/{vhost}", methods=("GET",))
def queues(request, vhost):
    refusal = refused(request)
    if refusal:
        return refusal
    if vhost != "/":
        return not_found()
    for name, _ in request.pairs:
        if name not in KNOWN:
            return bad("unknown parameter " + name)
    rows = [queue(n) for n in range(QUEUES)]
    rows = [r for r in rows if r["name"] not in request.data.get("gone", ())]
    total = len(rows)
    if "page" not in request.query:
        return reply_json(rows)
    name = request.query.get("name", "")
    if request.query.get("use_regex") == "true":
        rows = [r for r in rows if re.search(name, r["name"])]
    else:
        rows = [r for r in rows if name in r["name"]]
    page = int(request.query["page"])
    size = int(request.query.get("page_size", "100"))
    pages = max(1, -(-len(rows) // size))
    if size > 500:
        return bad("page_size is at most 500")
    if page < 1 or page > pages:
        return reply_json({"error": "page_out_of_range",
                           "reason": "page out of range, page: %d, len: %d"
                           % (page, len(rows))}, 400)
    part = rows[(page - 1) * size:page * size]
    return reply_json({"filtered_count": len(rows), "item_count": len(part),
                       "items": part, "page": page, "page_count": pages,
                       "page_size": size, "total_count": total})


@rabbitmq.route("/api/queues/{vhost}/{name}", methods=("DELETE",))
def delete(request, vhost, name):
    request.data.setdefault("gone", set()).add(name)
    return reply_json({"ok": True})


@rabbitmq.route("/fill/{count}", methods=("POST",))
def fill(request, count):
    request.data["left"] = list(range(int(count)))
    return reply_json({"ok": True})


@rabbitmq.route("/left")
def left(request):
    return reply_json({"left": len(request.data.get("left", []))})


def message(queue_name, number, behind, wanted):
    text = json.dumps({"n": number, "text": "Größe %d" % number},
                      ensure_ascii=False).encode()
    payload = text[:wanted.get("truncate", len(text))]
    coded = wanted["encoding"] == "base64"
    return {"payload_bytes": len(text), "redelivered": False, "exchange": "",
            "routing_key": queue_name, "message_count": behind,
            "properties": {"message_id": "m%d" % number,
                           "content_type": "application/json"},
            "payload": base64.b64encode(payload).decode() if coded
            else payload.decode(errors="replace"),
            "payload_encoding": "base64" if coded else "string"}


@rabbitmq.route("/api/queues/{vhost}/{name}/get", methods=("POST",))
def take(request, vhost, name):
    refusal = refused(request)
    if refusal:
        return refusal
    if vhost != "/" or name != "orders":
        return not_found()
    wanted = request.json or {}
    if set(wanted) - {"truncate"} != {"count", "ackmode", "encoding"}:
        return bad("key_missing")
    if wanted["encoding"] not in ("auto", "base64") or wanted["ackmode"] not in (
            "ack_requeue_true", "ack_requeue_false",
            "reject_requeue_true", "reject_requeue_false"):
        return bad("unknown value")
    queued = request.data.setdefault("left", [])
    taken = queued[:int(wanted["count"])]
    if wanted["ackmode"].endswith("false"):
        del queued[:len(taken)]
    behind = len(queued) - (0 if wanted["ackmode"].endswith("false")
                            else len(taken))
    return reply_json([message(name, n, behind + len(taken) - i - 1, wanted)
                       for i, n in enumerate(taken)])
