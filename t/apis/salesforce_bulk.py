"""Salesforce Bulk API 2.0: the results of a query job, compressed CSV."""

import csv
import gzip
import io

from mock_hosts import Reply
from salesforce import ROWS, VERSION, account, acme, error, refused

JOB = "750gL000000FAKEAAA"
OTHER_JOB = "750gL000000FAKEBBB"
FIELDS = ["Id", "Name", "AnnualRevenue", "IsDeleted", "SystemModstamp"]


def text(row):
    number = int(row["Id"][5:])
    row["AnnualRevenue"] = "" if number % 10 == 3 else row["AnnualRevenue"]
    row["IsDeleted"] = str(row["IsDeleted"]).lower()
    if number % 4 == 1:
        row["Name"] = 'Account "%d",\nin two lines' % number
    return [row[f] for f in FIELDS]


@acme.route(VERSION + "/jobs/query/{job}/results", methods=("GET",))
def results(request, job):
    refusal = refused(request)
    if refusal:
        return refusal
    if job not in (JOB, OTHER_JOB):
        return error(404, "NOT_FOUND", "The requested resource does not exist")
    if "text/csv" not in request.headers.get("accept", ""):
        return error(406, "NOT_ACCEPTABLE", "results are text/csv")
    if {n for n, _ in request.pairs} - {"locator", "maxRecords"}:
        return error(400, "INVALID_FIELD", "unknown parameter")
    size = min(int(request.query.get("maxRecords", ROWS)), ROWS)
    first = 0
    if "locator" in request.query:
        # the word null is no locator
        locator = request.query["locator"]
        if not locator.startswith("MTAw"):
            return error(400, "INVALID_QUERY_LOCATOR", "invalid locator")
        first = int(locator[4:])
    rows = [text(account(n)) for n in range(first, min(first + size, ROWS))]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows(rows)
    headers = {"Sforce-NumberOfRecords": str(len(rows)),
               "Sforce-Limit-Info": "api-usage=55/15000",
               "Sforce-Locator": "MTAw%d" % (first + size)
               if first + size < ROWS else "null"}
    body = out.getvalue().encode()
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body)
        request.data["gzipped"] = request.data.get("gzipped", 0) + 1
    return Reply(body, 200, headers, content_type="text/csv; charset=UTF-8")


@acme.route("/test/gzipped")
def gzipped(request):
    return Reply(str(request.data.get("gzipped", 0)).encode())
