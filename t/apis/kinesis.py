"""Kinesis: shards, iterators and records of a stream."""

import base64
import json

import mock_auth
from mock_hosts import Host, Reply

kinesis = Host("kinesis.eu-central-1.amazonaws.com")
JSON_1_1 = "application/x-amz-json-1.1"
FIRST = 49590338271490256608559692538361571095921575989136588898
# records of each shard; the first one was split into the last two
SHARDS = {"shardId-000000000000": 15, "shardId-000000000001": 40,
          "shardId-000000000002": 25, "shardId-000000000003": 0}
CLOSED = "shardId-000000000000"
PAGE = 10


def answer(value, status=200):
    return Reply(json.dumps(value).encode(), status, content_type=JSON_1_1)


def error(kind, message):
    return answer({"__type": kind, "message": message}, 400)


def grown(request, shard):
    more = request.data.get("more", 0) if shard != CLOSED else 0
    return SHARDS[shard] + more


def number_of(shard, position):
    return FIRST + 1000 * int(shard[-1]) + position


def list_shards(request, asked):
    if "NextToken" in asked and "StreamName" in asked:
        return error("InvalidArgumentException", "NextToken and StreamName "
                     "cannot be provided together.")
    if "NextToken" not in asked and asked.get("StreamName") != "orders":
        return error("ResourceNotFoundException", "Stream not found.")
    names = sorted(SHARDS)
    first = 0
    if "NextToken" in asked:
        if asked["NextToken"] != "AAAAA/3==":
            return error("ExpiredNextTokenException", "NextToken")
        first = 3
    shards = [{"ShardId": n,
               "HashKeyRange": {"StartingHashKey": "0", "EndingHashKey": "1"},
               "SequenceNumberRange": {
                   "StartingSequenceNumber": str(number_of(n, 0))}}
              for n in names[first:first + 3]]
    for shard in shards:
        if shard["ShardId"] == CLOSED:
            shard["SequenceNumberRange"]["EndingSequenceNumber"] = str(
                number_of(CLOSED, SHARDS[CLOSED]))
        if shard["ShardId"] > "shardId-000000000001":
            shard["ParentShardId"] = CLOSED
    reply = {"Shards": shards}
    if first == 0:
        reply["NextToken"] = "AAAAA/3=="
    return answer(reply)


def iterator(request, shard, position, calls=0):
    made = request.data["iterators"] = request.data.get("iterators", 0) + 1
    return base64.b64encode(json.dumps(
        [shard, position, calls, made]).encode()).decode()


def get_shard_iterator(request, asked):
    shard, kind = asked.get("ShardId"), asked.get("ShardIteratorType")
    if asked.get("StreamName") != "orders" or shard not in SHARDS:
        return error("ResourceNotFoundException", "no such shard")
    position = 0
    if kind in ("AT_SEQUENCE_NUMBER", "AFTER_SEQUENCE_NUMBER"):
        number = asked.get("StartingSequenceNumber")
        if not isinstance(number, str) or not number.isdigit():
            return error("InvalidArgumentException",
                         "StartingSequenceNumber is required")
        position = int(number) - number_of(shard, 0)
        if position < 0 or position > 900:
            return error("InvalidArgumentException", "StartingSequenceNumber "
                         "used in GetShardIterator is invalid")
        if kind == "AFTER_SEQUENCE_NUMBER":
            position += 1
    elif kind == "LATEST":
        position = grown(request, shard)
    elif kind != "TRIM_HORIZON":
        return error("ValidationException", "ShardIteratorType")
    return answer({"ShardIterator": iterator(request, shard, position)})


def get_records(request, asked):
    try:
        shard, position, calls, _ = json.loads(base64.b64decode(
            asked["ShardIterator"]))
    except (KeyError, ValueError):
        return error("InvalidArgumentException", "Invalid ShardIterator.")
    if request.data.pop("expired", None):
        return error("ExpiredIteratorException", "Iterator expired.")
    end = grown(request, shard)
    # every other page has nothing, though the shard goes on
    until = position if calls % 2 == 0 else min(position + min(
        asked.get("Limit", 10000), PAGE), end)
    reply = {"Records": [
        {"SequenceNumber": str(number_of(shard, n)),
         "ApproximateArrivalTimestamp": 1767225600.5 + n,
         "PartitionKey": "key-%d" % (n % 3),
         "Data": base64.b64encode(json.dumps(
             {"order": n, "text": "\u00e4?>"}).encode()).decode()}
        for n in range(position, until)]}
    over = until == end
    if shard == CLOSED and over:
        # no iterator: there is nothing more, ever
        reply.update(NextShardIterator=None, MillisBehindLatest=9000)
    else:
        reply.update(NextShardIterator=iterator(request, shard, until,
                                                calls + 1),
                     MillisBehindLatest=0 if over else 60000)
    return answer(reply)


CALLS = {
    "ListShards": (list_shards, {"StreamName", "NextToken", "MaxResults"}),
    "GetShardIterator": (get_shard_iterator, {
        "StreamName", "ShardId", "ShardIteratorType",
        "StartingSequenceNumber", "Timestamp"}),
    "GetRecords": (get_records, {"ShardIterator", "Limit"}),
}


@kinesis.route("/", methods=("POST",))
def call(request):
    problem = mock_auth.aws_problem(request, "kinesis", "eu-central-1")
    if problem:
        return error(problem + "Exception", "signature")
    if request.headers.get("content-type") != JSON_1_1:
        return error("UnknownOperationException", "content type")
    version, _, name = request.headers.get("x-amz-target", "").partition(".")
    if version != "Kinesis_20131202" or name not in CALLS:
        return error("UnknownOperationException", "operation")
    function, known = CALLS[name]
    if not isinstance(request.json, dict) or set(request.json) - known:
        return error("SerializationException", "unknown member")
    if name == "GetRecords" and request.data.pop("busy", None):
        return error("ProvisionedThroughputExceededException",
                     "Rate exceeded for shard")
    return function(request, request.json)


@kinesis.route("/fault/{name}/{value}")
def fault(request, name, value):
    request.data[name] = int(value)
    return answer({})
