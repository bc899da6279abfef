"""Shopify GraphQL: cursors in variables, cost in points, bulk operations."""

import base64
import json
import re
import time

from mock_hosts import Host, Reply, reply_json

shop = Host("graphql-example.myshopify.com")
files = Host("storage.googleapis.com")
TOKEN = "shpat_0123456789abcdef"
ORDERS = 130
BUCKET = 200.0
RESTORE = 250.0         # points a second


def order(number):
    return {"id": "gid://shopify/Order/%d" % (450789469 + number),
            "name": "#%d" % (1001 + number),
            "updatedAt": "2026-03-01T00:%02d:%02dZ" % (number // 60,
                                                       number % 60),
            "totalPriceSet": {"shopMoney": {"amount": "%d.90" % number,
                                            "currencyCode": "EUR"}},
            "lineItems": {"nodes": [
                {"id": "gid://shopify/LineItem/%d" % (10 * number + n),
                 "sku": "S%d" % n, "quantity": 1}
                for n in range(number % 3)]}}


def available(request):
    now = time.time()
    left, since = request.data.get("points", (BUCKET, now))
    left = min(BUCKET, left + RESTORE * (now - since))
    request.data["points"] = (left, now)
    return left


def cost(request, requested, actual):
    return {"cost": {"requestedQueryCost": requested,
                     "actualQueryCost": actual,
                     "throttleStatus": {"maximumAvailable": BUCKET,
                                        "currentlyAvailable":
                                        int(available(request)),
                                        "restoreRate": RESTORE}}}


def answer(request, requested, actual, data):
    left = available(request)
    if left < requested:
        return reply_json({
            "errors": [{"message": "Throttled",
                        "extensions": {"code": "THROTTLED"}}],
            "extensions": cost(request, requested, None)})
    request.data["points"] = (left - actual, time.time())
    return reply_json({"data": data,
                       "extensions": cost(request, requested, actual)})


def wrong(message):
    return reply_json({"errors": [{"message": message}]})


@shop.route("/admin/api/2024-10/graphql.json", methods=("POST",))
def graphql(request):
    if request.headers.get("x-shopify-access-token") != TOKEN:
        return reply_json({"errors": "[API] Invalid API key or access token "
                           "(unrecognized login or wrong password)"}, 401)
    asked = request.json
    if not isinstance(asked, dict) or set(asked) - {"query", "variables"}:
        return reply_json({"errors": {"query": "Required parameter missing "
                                      "or invalid"}}, 400)
    query, variables = asked["query"], asked.get("variables") or {}
    if "bulkOperationRunQuery" in query:
        return start_bulk(request)
    if "currentBulkOperation" in query:
        return poll_bulk(request)
    return orders(request, query, variables)


def orders(request, query, variables):
    if "orders(first: $first, after: $after, query: $query" not in query:
        return wrong("Parse error")
    for name in set(variables) - {"first", "after", "query"}:
        return wrong("Variable $%s is not defined" % name)
    size = variables.get("first")
    if type(size) is not int:
        return wrong("Variable $first of type Int! was provided invalid value")
    if size > 250:
        return wrong("first cannot exceed 250")
    rows = [order(n) for n in range(ORDERS)]
    if "query" in variables:
        since = re.fullmatch(r"updated_at:>='([^']+)'", variables["query"])
        if not since:
            return wrong("Invalid search field")
        rows = [r for r in rows
                if r["updatedAt"] >= since.group(1).replace("+00:00", "Z")]
    first = 0
    if variables.get("after") is not None:
        try:
            first = json.loads(base64.b64decode(variables["after"]))["last"]
        except (ValueError, KeyError):
            return wrong("Invalid cursor for current pagination sort.")
    if first >= 25000:
        return wrong("Exceeded the maximum of 25000 objects")
    part = rows[first:first + size]
    cursor = base64.b64encode(json.dumps(
        {"last": first + len(part)}).encode()).decode()
    return answer(request, 2 + 2 * size, 2 + size, {"orders": {
        "nodes": part, "pageInfo": {
            "hasNextPage": first + size < len(rows),
            # also on the last page
            "endCursor": cursor if part else None}}})


def start_bulk(request):
    if request.data.get("bulk"):
        return answer(request, 10, 10, {"bulkOperationRunQuery": {
            "bulkOperation": None, "userErrors": [
                {"field": None, "message": "A bulk query operation for this "
                 "app and shop is already in progress."}]}})
    request.data["bulk"] = 3
    return answer(request, 10, 10, {"bulkOperationRunQuery": {
        "bulkOperation": {"id": "gid://shopify/BulkOperation/1",
                          "status": "CREATED"}, "userErrors": []}})


def poll_bulk(request):
    left = request.data.get("bulk")
    if left is None:
        return answer(request, 1, 1, {"currentBulkOperation": None})
    request.data["bulk"] = max(left - 1, 1)
    done = left == 1
    return answer(request, 1, 1, {"currentBulkOperation": {
        "id": "gid://shopify/BulkOperation/1",
        "status": "COMPLETED" if done else "RUNNING", "errorCode": None,
        "url": request.origin + "/host/storage.googleapis.com/bulk/1.jsonl"
               "?Signature=abc%2Bdef" if done else None}})


@files.route("/bulk/1.jsonl")
def bulk_file(request):
    if request.method != "GET" or request.query != {"Signature": "abc+def"}:
        return reply_json({}, 403)
    lines = []
    for number in range(ORDERS):
        row = order(number)
        lines.append({"id": row["id"], "name": row["name"]})
        lines += [{"id": item["id"], "sku": item["sku"],
                   "__parentId": row["id"]}
                  for item in row["lineItems"]["nodes"]]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    return Reply(body.encode(), 200, content_type="application/jsonl")


@shop.route("/fault/points/{points}")
def set_points(request, points):
    request.data["points"] = (float(points), time.time())
    return reply_json({})
