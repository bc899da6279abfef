"""Shopify Admin REST: Link with an opaque page_info."""

import base64
import json

from mock_hosts import Host, reply_json

shopify = Host("example.myshopify.com")
TOKEN = "shpat_0123456789abcdef"
ORDERS = 120


def order(number):
    return {"id": 450789469 + number, "name": "#%d" % (1001 + number),
            "total_price": "%d.90" % number,
            "updated_at": "2026-03-01T00:%02d:%02d-05:00" % (number // 60,
                                                             number % 60),
            "line_items": [{"id": number * 10 + n, "sku": "S%d" % n,
                            "quantity": 1} for n in range(number % 3)]}


@shopify.route("/admin/api/2024-07/orders.json")
def orders(request):
    if request.headers.get("x-shopify-access-token") != TOKEN:
        return reply_json({"errors": "[API] Invalid API key or access token "
                           "(unrecognized login or wrong password)"}, 401)
    headers = {"X-Shopify-Shop-Api-Call-Limit": "1/40"}
    names = {name for name, _ in request.pairs}
    after, since = 0, request.query.get("updated_at_min", "")
    if "page_info" in names:
        if names - {"page_info", "limit"}:
            return reply_json({"errors": {"page_info": "Invalid value."}},
                              400, headers)
        state = json.loads(base64.urlsafe_b64decode(
            request.query["page_info"]))
        after, since = state["after"], state["since"]
    size = min(int(request.query.get("limit", "50")), 250)
    rows = [o for o in map(order, range(ORDERS)) if o["updated_at"] >= since
            and o["id"] > int(request.query.get("since_id", "0"))]
    part = rows[after:after + size]
    if after + size < len(rows):
        info = base64.urlsafe_b64encode(json.dumps(
            {"after": after + size, "since": since}).encode()).decode()
        headers["Link"] = ("<%s/admin/api/2024-07/orders.json?limit=%d&"
                           "page_info=%s>; rel=\"next\""
                           % (request.base, size, info))
    return reply_json({"orders": part}, 200, headers)
