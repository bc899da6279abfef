"""mock_sync.py - the mock API's lists whose replies say what to ask next time.

    POST /sync/set          {"reset": true}: 6 items, revision 0;
                            {"put": [items], "delete": [ids]}: one revision
                            each; {"expire": n}: tokens up to n have expired
    /sync/items             ?limit= (2) &page_token=: {"items",
                            "next_page_token"}; the last page has the token of
                            the next sync, "sync.next", sent as sync_token or
                            in the body of a POST as {"from": {"token": ..}};
                            with a token what has changed since, each item
                            once, deleted ones as {"id", "deleted": true};
                            start= (ids from there on) goes without a token
                            only, 410 tells that the token has expired;
                            ?each=1: every page has it; ?in=header: in
                            X-Sync-Token, ?in=none: nowhere; ?kind=number,
                            list, other: it is no string; ?etag=1: ETag
    /sync/delta             the same with "@odata.nextLink" and
                            "@odata.deltaLink", which hold all parameters;
                            a deltaLink takes no other parameters
                            (?relative=1, ?other=1: where they lead)
    /sync/asked             [{"target": what was asked for}, ..] of /sync
                            since the last time
"""

import json
from urllib.parse import urlencode

ITEMS = {}
LOG = []
EXPIRED = [-1]
ASKED = []


def reset():
    ITEMS.clear()
    ITEMS.update((n, {"id": n, "name": "item %d" % n, "tags": [n, n + 1]})
                 for n in range(1, 7))
    del LOG[:]
    EXPIRED[0] = -1
    del ASKED[:]


def change(orders):
    if orders.get("reset"):
        reset()
    for item in orders.get("put", []):
        ITEMS[item["id"]] = item
        LOG.append(item["id"])
    for number in orders.get("delete", []):
        ITEMS.pop(number, None)
        LOG.append(number)
    EXPIRED[0] = orders.get("expire", EXPIRED[0])


def since(revision):
    """What has changed, in the order of the last change of each."""
    ids = list(dict.fromkeys(reversed(LOG[revision:])))
    return [ITEMS.get(n, {"id": n, "deleted": True}) for n in reversed(ids)]


class Gone(Exception):
    pass


def read_token(token):
    revision = int(token.lstrip("r"))
    if revision <= EXPIRED[0]:
        raise Gone()
    return revision


def chosen(params):
    """Rows, and the revision that they bring a reader to."""
    if "sync_token" in params:
        return since(read_token(params["sync_token"]))
    return [ITEMS[n] for n in sorted(ITEMS)
            if n >= int(params.get("start", 0))]


def register(api):
    route = api.route
    reset()

    def gone():
        return api.reply_json({"error": {"code": 410, "message": "Sync token "
                               "is no longer valid, a full sync is required."}},
                              410)

    @route("/sync/set")
    def sync_set(request):
        change(request.json)
        return api.reply_json({})

    @route("/sync/asked")
    def sync_asked(request):
        reply = api.reply_json([{"target": t} for t in ASKED])
        del ASKED[:]
        return reply

    def note(request):
        body = " " + request.body.decode() if request.body else ""
        ASKED.append(request.target + body)

    def place_token(params, revision, last, body, headers):
        kind = params.get("kind")
        token = revision if kind == "number" else "r%d" % revision
        if kind == "list":
            token = [token]
        if kind == "other":
            token = True
        if params.get("in") == "header":
            headers["X-Sync-Token"] = token if last else None
        elif params.get("in") != "none" and (last or params.get("each")):
            body["sync"] = {"next": token}

    @route("/sync/items")
    def sync_items(request):
        note(request)
        params = dict(request.query)
        if request.json is not None:
            if set(request.json) - {"from"}:
                raise api.BadRequest("unknown in the body")
            if "from" in request.json:
                params["sync_token"] = request.json["from"]["token"]
        unknown = set(params) - {"limit", "page_token", "sync_token", "start",
                                 "each", "in", "kind", "etag"}
        if unknown or ("start" in params and "sync_token" in params):
            raise api.BadRequest("these do not go together: " +
                                 ", ".join(sorted(params)))
        try:
            if params.get("kind") == "number" and "sync_token" in params:
                if request.json is not None and not isinstance(
                        params["sync_token"], int):
                    raise api.BadRequest("the token is a number")
            if "sync_token" in params:
                params["sync_token"] = str(params["sync_token"])
            rows = chosen(params)
        except Gone:
            return gone()
        limit = int(params.get("limit", 2))
        first = int(params.get("page_token", "p0")[1:])
        body = {"items": rows[first:first + limit]}
        last = first + limit >= len(rows)
        headers = {}
        if not last:
            body["next_page_token"] = "p%d" % (first + limit)
        place_token(params, len(LOG), last, body, headers)
        headers = {k: v for k, v in headers.items() if v is not None}
        if params.get("etag"):
            tag = '"%s"' % abs(hash(json.dumps(body)))
            if request.headers.get("if-none-match") == tag:
                return api.Reply(status=304, headers={"ETag": tag})
            headers["ETag"] = tag
        return api.reply_json(body, headers=headers)

    @route("/sync/delta")
    def sync_delta(request):
        note(request)
        params = dict(request.query)
        delta = params.pop("delta", None)
        if delta is not None and set(params) - {"skip", "relative", "other"}:
            raise api.BadRequest("a deltaLink is complete")
        try:
            rows = chosen({} if delta is None else {"sync_token": delta})
        except Gone:
            return gone()
        first = int(params.get("skip", 0))
        body = {"value": rows[first:first + 2]}
        origin = (request.other_origin if params.get("other") else
                  "" if params.get("relative") else request.origin)
        kept = {k: v for k, v in params.items() if k in ("relative", "other")}
        if first + 2 < len(rows):
            kept["skip"] = first + 2
            if delta is not None:
                kept["delta"] = delta
            body["@odata.nextLink"] = "%s/sync/delta?%s" % (request.origin,
                                                            urlencode(kept))
        else:
            kept["delta"] = "r%d" % len(LOG)
            body["@odata.deltaLink"] = "%s/sync/delta?%s#end" % (
                origin, urlencode(kept))
        return api.reply_json(body)
