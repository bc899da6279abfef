"""RabbitMQ's management API: pages, and a bare array without them."""

import base64

from mock_hosts import Host, reply_json

rabbitmq = Host("rabbitmq.example.com")
QUEUES = 120


def queue(number):
    return {"name": "q%03d" % number, "vhost": "/", "durable": True,
            "messages": number, "arguments": {},
            "message_stats": {"publish": number}}


def refused(request):
    sent = request.headers.get("authorization", "")
    if sent != "Basic " + base64.b64encode(b"monitor:m0nitor").decode():
        return reply_json({"error": "not_authorised",
                           "reason": "Login failed"}, 401)
    return None


@rabbitmq.route("/api/queues/{vhost}")
def queues(request, vhost):
    refusal = refused(request)
    if refusal:
        return refusal
    if vhost != "/":
        return reply_json({"error": "Object Not Found",
                           "reason": "Not Found"}, 404)
    rows = [queue(n) for n in range(QUEUES)]
    if "page" not in request.query:
        return reply_json(rows)
    page = int(request.query["page"])
    size = int(request.query.get("page_size", "100"))
    pages = -(-len(rows) // size)
    if size > 500 or page > pages:
        return reply_json({"error": "page_out_of_range",
                           "reason": "page out of range, page: %d" % page},
                          400)
    part = rows[(page - 1) * size:page * size]
    return reply_json({"filtered_count": len(rows), "item_count": len(part),
                       "items": part, "page": page, "page_count": pages,
                       "page_size": size, "total_count": len(rows)})


@rabbitmq.route("/api/queues/{vhost}/{name}/get", methods=("POST",))
def take(request, vhost, name):
    refusal = refused(request)
    if refusal:
        return refusal
    wanted = request.json or {}
    if set(wanted) != {"count", "ackmode", "encoding", "truncate"}:
        return reply_json({"error": "bad_request",
                           "reason": "missing key"}, 400)
    if "left" not in request.data:
        request.data["left"] = 25
    left = request.data["left"]
    count = min(int(wanted["count"]), left)
    if wanted["ackmode"] == "ack_requeue_false":
        request.data["left"] = left - count
    return reply_json([{
        "payload_bytes": 9, "redelivered": False, "exchange": "",
        "routing_key": name, "message_count": left - n - 1,
        "properties": {"message_id": "m%d" % (25 - left + n)},
        "payload": base64.b64encode(b"{\"n\": %d}" % (25 - left + n)).decode(),
        "payload_encoding": "base64"} for n in range(count)])
