"""BigQuery: jobs.getQueryResults of a job that may still run."""

import json

from googleapis import ACCOUNTS, error, refused
from mock_hosts import Host, reply_json

bigquery = Host("bigquery.googleapis.com")
ACCOUNTS.append(("reader@acme-fake.iam.gserviceaccount.com",
                 {"bigquery.readonly"}, None))
JOB = "job_fake0123456789"
ROWS = 330
FIELDS = [("id", "INTEGER"), ("customer", "STRING"), ("total", "NUMERIC"),
          ("paid", "BOOLEAN"), ("placed", "TIMESTAMP")]


def row(number):
    """All scalars are strings; names are nowhere in it."""
    placed = 1767225600123456 + number
    values = [str(number + 2**60), None if number % 10 == 0 else
              "Customer %d" % number, "%d.000000001" % number,
              "true" if number % 2 else "false", str(placed)]
    return {"f": [{"v": v} for v in values]}


@bigquery.route("/bigquery/v2/projects/{project}/queries/{job}",
                methods=("GET",))
def results(request, project, job):
    refusal = refused(request, "bigquery.readonly")
    if refusal:
        return refusal
    known = {"location", "maxResults", "pageToken",
             "formatOptions.useInt64Timestamp"}
    if {n for n, _ in request.pairs} - known:
        return error(400, "invalid", "unknown parameter", "INVALID_ARGUMENT")
    # a job that is not in the US is found by its location only
    if (project, job, request.query.get("location")) != ("acme-fake", JOB,
                                                         "EU"):
        return error(404, "notFound", "Not found: Job %s:%s" % (project, job),
                     "NOT_FOUND")
    reply = {"kind": "bigquery#getQueryResultsResponse", "etag": "fake",
             "jobReference": {"projectId": project, "jobId": job,
                              "location": "EU"}}
    request.data["asked"] = request.data.get("asked", 0) + 1
    if request.data["asked"] <= request.data.get("pending", 0):
        reply["jobComplete"] = False
        return reply_json(reply)
    token = request.query.get("pageToken", "BGFAKE0")
    if not token.startswith("BGFAKE"):
        return error(400, "invalid", "Invalid page token", "INVALID_ARGUMENT")
    first = int(token[6:])
    size = min(int(request.query.get("maxResults", "100000")), 100000)
    reply.update(jobComplete=True, cacheHit=False, totalBytesProcessed="0",
                 totalRows=str(ROWS + request.data.get("more", 0)),
                 schema={"fields": [{"name": n, "type": t, "mode": "NULLABLE"}
                                    for n, t in FIELDS]})
    reply["rows"] = [row(n) for n in range(first, min(first + size, ROWS))]
    if request.query.get("formatOptions.useInt64Timestamp") != "true":
        for one in reply["rows"]:           # a float that has lost digits
            one["f"][4]["v"] = "%.10E" % (int(one["f"][4]["v"]) / 1e6)
    if first + size < ROWS:
        reply["pageToken"] = "BGFAKE%d" % (first + size)
    return reply_json(reply)


@bigquery.route("/test", methods=("POST",))
def test(request):
    """Sets pending (answers without a result) or more (rows declared)."""
    request.data["asked"] = 0
    request.data.update(json.loads(request.body))
    return reply_json({})
