"""Pub/Sub: pulling and acknowledging messages of a subscription."""

import base64
import json
import time

import googleapis
from mock_hosts import Host, reply_json

pubsub = Host("pubsub.googleapis.com")
googleapis.ACCOUNTS.append(("reader@acme-fake.iam.gserviceaccount.com",
                            {"pubsub"}, None))
MESSAGES = 230
DEADLINE = 60


def error(code, status, message, details=()):
    return reply_json({"error": {"code": code, "status": status,
                                 "message": message,
                                 "details": list(details)}}, code)


def message(number):
    data = json.dumps({"order": number, "text": "\u00e4?>"})
    return {"data": base64.b64encode(data.encode()).decode(),
            "attributes": {"kind": "order"},
            "messageId": str(8000000000000000 + number),
            "publishTime": "2026-01-01T%02d:%02d:00.123Z" % (number // 60,
                                                             number % 60)}


def refused(request, known):
    sent = request.headers.get("authorization", "")
    good = request.state.hosts.setdefault(
        googleapis.tokens.name, {}).get("good", {})
    if not sent.startswith("Bearer ") or "pubsub" not in good.get(
            sent[7:], ()):
        return error(401, "UNAUTHENTICATED", "Request had invalid "
                     "authentication credentials.")
    for name in set(request.json or {}) - set(known):
        return error(400, "INVALID_ARGUMENT", "Invalid JSON payload received."
                     " Unknown name \"%s\": Cannot find field." % name)
    return None


def queue(request):
    """Of each message that is not acknowledged: [ackId, held until]."""
    return request.data.setdefault(
        "queue", {n: [None, 0] for n in range(MESSAGES)})


def call(request, project, name):
    subscription, _, verb = name.partition(":")
    if (project, subscription) != ("acme-fake", "orders") or \
            request.method != "POST":
        return error(404, "NOT_FOUND", "Resource not found (resource=%s)."
                     % subscription)
    if verb == "pull":
        return pull(request)
    if verb == "acknowledge":
        return acknowledge(request)
    return error(404, "NOT_FOUND", "no such method")


@pubsub.route("/v1/projects/{project}/subscriptions/{name}")
def subscriptions(request, project, name):
    with request.state.lock:
        return call(request, project, name)


def pull(request):
    refusal = refused(request, ("maxMessages", "returnImmediately"))
    if refusal:
        return refusal
    if request.data.pop("limited", None):
        return error(429, "RESOURCE_EXHAUSTED", "Quota exceeded", [
            {"@type": "type.googleapis.com/google.rpc.ErrorInfo",
             "reason": "RATE_LIMIT_EXCEEDED"},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo",
             "retryDelay": "1.5s"}])
    most = (request.json or {}).get("maxMessages")
    if type(most) is not int or not 1 <= most <= 1000:
        return error(400, "INVALID_ARGUMENT", "maxMessages")
    now = time.time()
    received = []
    for number, state in queue(request).items():
        if state[1] > now or len(received) == most:
            continue
        made = request.data["acks"] = request.data.get("acks", 0) + 1
        state[:] = ["%d/QV5AEk+w=%d" % (number, made), now + DEADLINE]
        received.append({"ackId": state[0], "message": message(number)})
    # without messages there is no list
    return reply_json({"receivedMessages": received} if received else {})


def acknowledge(request):
    refusal = refused(request, ("ackIds",))
    if refusal:
        return refusal
    ids = request.json.get("ackIds")
    if not isinstance(ids, list) or not ids or len(ids) > 1000:
        return error(400, "INVALID_ARGUMENT", "ackIds")
    for number, state in list(queue(request).items()):
        if state[0] in ids:
            del request.data["queue"][number]
    return reply_json({})


@pubsub.route("/fault/{name}")
def fault(request, name):
    if name == "redeliver":
        for state in queue(request).values():
            state[1] = 0
    else:
        request.data[name] = True
    return reply_json({"left": len(queue(request))})
