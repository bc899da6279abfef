"""Confluent REST proxy: lists of v3, and consumers of v2 with their media
types, positions and committed offsets."""

import base64
import json

from mock_hosts import Host, Reply, reply_json

proxy = Host("kafka-rest.example.com")
node = Host("kafka-rest-2.example.com")         # of the same proxy
node.routes = proxy.routes
KEY = "Basic " + base64.b64encode(b"LKCKEY0123456789:c0nfluent/s3cret").decode()
V2 = "application/vnd.kafka.v2+json"
TOPICS = 23
RECORDS = 40


def answer(value, status=200, kind="application/json"):
    return Reply(json.dumps(value, ensure_ascii=False).encode(), status,
                 content_type=kind)


def error(status, code, message):
    return answer({"error_code": code, "message": message}, status)


def refused(request):
    if request.headers.get("authorization") != KEY:
        return error(401, 40101, "Unauthorized")
    return None


def topic(request, number):
    name = "topic-%02d" % number
    base = request.base + "/v3/clusters/lkc-1/topics/" + name
    return {"kind": "KafkaTopic", "metadata": {"self": base},
            "cluster_id": "lkc-1", "topic_name": name,
            "is_internal": number == 0, "replication_factor": 3,
            "partitions_count": 2,
            "partitions": {"related": base + "/partitions"}}


@proxy.route("/v3/clusters/{cluster}/topics", methods=("GET",))
def topics(request, cluster):
    refusal = refused(request)
    if refusal:
        return refusal
    if cluster != "lkc-1":
        return error(404, 40401, "Cluster %s cannot be found." % cluster)
    if set(request.query) - {"page_size", "page_token"}:
        return error(400, 400, "unknown parameter")
    size = int(request.query.get("page_size", "10"))
    start = int(request.query.get("page_token", "p0")[1:])
    path = request.base + "/v3/clusters/lkc-1/topics?page_size=%d" % size
    following = None
    if start + size < TOPICS:
        following = path + "&page_token=p%d" % (start + size)
    return answer({"kind": "KafkaTopicList",
                   "metadata": {"self": path, "next": following},
                   "data": [topic(request, n) for n in
                            range(start, min(start + size, TOPICS))]})


@proxy.route("/v3/clusters/{cluster}/topics/{name}/partitions",
             methods=("GET",))
def partitions(request, cluster, name):
    refusal = refused(request)
    if refusal:
        return refusal
    return answer({"kind": "KafkaPartitionList",
                   "metadata": {"self": request.base, "next": None},
                   "data": [{"kind": "KafkaPartition", "cluster_id": cluster,
                             "topic_name": name, "partition_id": n}
                            for n in range(2)]})


# ---------------------------------------------------------------------------
# Consumers: a position for each instance, committed offsets for each group
# ---------------------------------------------------------------------------

def known(request, group, instance):
    consumer = request.data.get("%s/%s" % (group, instance))
    if consumer is None:
        return None, error(404, 40403, "Consumer instance not found.")
    return consumer, None


@proxy.route("/consumers/{group}", methods=("POST",))
def create(request, group):
    refusal = refused(request)
    if refusal:
        return refusal
    if request.headers.get("content-type") != V2:
        return error(415, 415, "HTTP 415 Unsupported Media Type")
    wanted = request.json
    if set(wanted) - {"name", "format", "auto.offset.reset",
                      "auto.commit.enable"} or wanted["format"] not in (
                          "json", "binary"):
        return error(422, 42204, "Invalid consumer configuration")
    name = "%s/%s" % (group, wanted["name"])
    if name in request.data:
        return error(409, 40902, "Consumer with specified consumer ID already "
                     "exists in the specified consumer group.")
    request.data[name] = {
        "format": wanted["format"], "subscribed": False, "polls": 0,
        "auto": wanted.get("auto.commit.enable", "true") == "true",
        "position": request.data.get("committed/" + group, 0)}
    return answer({"instance_id": wanted["name"],
                   "base_uri": "%s/consumers/%s/instances/%s" % (
                       request.base, group, wanted["name"])}, kind=V2)


@proxy.route("/consumers/{group}/instances/{instance}/subscription",
             methods=("POST",))
def subscribe(request, group, instance):
    consumer, missing = known(request, group, instance)
    if missing:
        return missing
    if request.headers.get("content-type") != V2 or \
            request.json != {"topics": ["orders"]}:
        return error(422, 422, "unprocessable")
    consumer["subscribed"] = True
    return Reply(b"", 204, content_type=None)


def record(number, kind):
    value = {"n": number, "customer": {"id": number % 5}}
    key = "k%d" % number
    if kind == "binary":
        value = base64.b64encode(json.dumps(value).encode()).decode()
        key = base64.b64encode(key.encode()).decode()
    return {"topic": "orders", "key": key, "value": value,
            "partition": number % 2, "offset": number // 2}


@proxy.route("/consumers/{group}/instances/{instance}/records",
             methods=("GET",))
def records(request, group, instance):
    refusal = refused(request)
    if refusal:
        return refusal
    consumer, missing = known(request, group, instance)
    if missing:
        return missing
    kind = "application/vnd.kafka.%s.v2+json" % consumer["format"]
    if request.headers.get("accept") != kind:
        return error(406, 40601, "Consumer format does not match the embedded "
                     "format requested by the Accept header.")
    consumer["polls"] += 1
    # the first poll joins the group, which takes a while
    if not consumer["subscribed"] or (
            consumer["polls"] == 1
            and int(request.query.get("timeout", "1000")) < 5000):
        return answer([], kind=kind)
    start = consumer["position"]
    end = min(start + 15, RECORDS)
    consumer["position"] = end
    if consumer["auto"]:
        request.data["committed/" + group] = end
    return answer([record(n, consumer["format"]) for n in range(start, end)],
                  kind=kind)


@proxy.route("/consumers/{group}/instances/{instance}/offsets",
             methods=("POST",))
def commit(request, group, instance):
    consumer, missing = known(request, group, instance)
    if missing:
        return missing
    if request.headers.get("content-type") != V2:
        return error(415, 415, "HTTP 415 Unsupported Media Type")
    request.data["committed/" + group] = consumer["position"]
    return Reply(b"", 200, content_type=None)


@proxy.route("/consumers/{group}/instances/{instance}", methods=("DELETE",))
def leave(request, group, instance):
    _, missing = known(request, group, instance)
    if missing:
        return missing
    del request.data["%s/%s" % (group, instance)]
    return Reply(b"", 204, content_type=None)


@proxy.route("/fault/idle/{group}/{instance}")
def idle(request, group, instance):
    """What five minutes without a request do to an instance."""
    request.data.pop("%s/%s" % (group, instance), None)
    return reply_json({})


@proxy.route("/committed/{group}")
def committed(request, group):
    return reply_json({"committed": request.data.get("committed/" + group, 0)})
