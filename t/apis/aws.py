"""AWS: CloudTrail's LookupEvents and KMS's ListKeys, signed."""

import json

import mock_auth
from mock_hosts import Host, Reply

cloudtrail = Host("cloudtrail.eu-central-1.amazonaws.com")
kms = Host("kms.eu-central-1.amazonaws.com")
REGION = "eu-central-1"
EVENTS = 130
KEYS = 250
JSON_1_1 = "application/x-amz-json-1.1"


def answer(value, status=200):
    return Reply(json.dumps(value).encode(), status, content_type=JSON_1_1)


def error(kind, message, status=400):
    return answer({"__type": kind, "message": message}, status)


def refused(request, service, target, known):
    """What is wrong with a call, or None."""
    problem = mock_auth.aws_problem(request, service, REGION)
    if problem:
        return error(problem + "Exception", "The request signature we "
                     "calculated does not match the signature you provided")
    if request.headers.get("content-type") != JSON_1_1:
        return error("UnknownOperationException", "content type", 404)
    if request.headers.get("x-amz-target") != target:
        return error("UnknownOperationException", "unknown operation")
    if not isinstance(request.json, dict):
        return error("SerializationException", "no JSON object")
    for name in set(request.json) - set(known):
        return error("SerializationException", "unknown member " + name)
    kind = request.data.pop("fault", None)
    if kind == "SlowDown":
        return error("SlowDown", "Please reduce your request rate.", 503)
    if kind:
        return error("com.amazonaws.service#" + kind, "Rate exceeded")
    return None


def event(number):
    detail = {"eventVersion": "1.08", "awsRegion": REGION,
              "eventID": "id-%04d" % number}
    return {"EventId": "id-%04d" % number, "EventName": "AssumeRole",
            # seconds, with a fraction and as a float
            "EventTime": 1767225600.125 + 60 * number,
            "Username": "user%d" % (number % 5), "Resources": [],
            "CloudTrailEvent": json.dumps(detail)}


@cloudtrail.route("/", methods=("POST",))
def lookup_events(request):
    refusal = refused(request, "cloudtrail", "com.amazonaws.cloudtrail."
                      "v20131101.CloudTrail_20131101.LookupEvents",
                      ("StartTime", "EndTime", "MaxResults", "NextToken"))
    if refusal:
        return refusal
    asked = request.json
    if not request.headers.get("x-amz-security-token"):
        return error("UnrecognizedClientException", "The security token "
                     "included in the request is invalid.")
    size = asked.get("MaxResults", 50)
    if type(size) is not int or not 1 <= size <= 50:
        return error("InvalidMaxResultsException", "MaxResults")
    since = asked.get("StartTime", 0)
    if isinstance(since, bool) or not isinstance(since, (int, float)):
        return error("SerializationException", "StartTime is no timestamp")
    rows = [e for e in map(event, reversed(range(EVENTS)))
            if e["EventTime"] >= since]
    first = 0
    if "NextToken" in asked:
        token = str(asked["NextToken"]).split(":")
        # the other parameters must be those of the first call
        if len(token) != 3 or token[1] != str(since):
            return error("InvalidNextTokenException", "Invalid NextToken")
        first = int(token[2])
        if token[0] == "empty":
            reply = {"Events": [], "NextToken": "AQ+/=:%s:%d" % (since, first)}
            return answer(reply)
    reply = {"Events": rows[first:first + size]}
    if first + size < len(rows):
        # an empty page comes in between
        reply["NextToken"] = "%s:%s:%d" % (
            "AQ+/=" if first else "empty", since, first + size)
    return answer(reply)


@kms.route("/", methods=("POST",))
def list_keys(request):
    refusal = refused(request, "kms", "TrentService.ListKeys",
                      ("Limit", "Marker"))
    if refusal:
        return refusal
    first = 0
    if "Marker" in request.json:
        if not str(request.json["Marker"]).startswith("mark/"):
            return error("InvalidMarkerException", "Invalid marker")
        first = int(request.json["Marker"][5:])
    size = request.json.get("Limit", 100)
    more = first + size < KEYS
    return answer({
        "Keys": [{"KeyId": "key-%d" % n,
                  "KeyArn": "arn:aws:kms:%s:1:key/key-%d" % (REGION, n)}
                 for n in range(first, min(first + size, KEYS))],
        # also when it is over
        "NextMarker": "mark/%d" % (first + size), "Truncated": more})


@cloudtrail.route("/fault/{kind}")
@kms.route("/fault/{kind}")
def fault(request, kind):
    request.data["fault"] = kind
    return answer({})
