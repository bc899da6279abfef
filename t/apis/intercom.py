"""Intercom: pages.next as object and as string, search by POST, a scroll."""

import time

from mock_hosts import Host, reply_json

intercom = Host("api.intercom.io")
TOKEN = "dG9rOjAxMjM0NTY3X2FiY2RlZg=="
CONTACTS = 330
COMPANIES = 130
DAY = 86400
START = 1767225600                      # 2026-01-01


def error(status, code, message):
    return reply_json({"type": "error.list", "request_id": "000abc",
                       "errors": [{"code": code, "message": message}]},
                      status)


def limits():
    # 166 of every 10 seconds, which end with the clock's
    return {"X-RateLimit-Limit": "166", "X-RateLimit-Remaining": "150",
            "X-RateLimit-Reset": str(int(time.time()) // 10 * 10 + 10)}


def refused(request, known):
    if request.headers.get("authorization") != "Bearer " + TOKEN:
        return error(401, "unauthorized", "Access Token Invalid")
    if request.headers.get("intercom-version") != "2.11":
        return error(400, "intercom_version_invalid",
                     "The requested version could not be found")
    for name, _ in request.pairs:
        if name not in known:
            return error(400, "parameter_invalid", "unknown: " + name)


def contact(request, number):
    at = request.data.get("touched", {}).get(number, START + 3600 * number)
    return {"type": "contact", "id": "%024x" % number, "role": "user",
            "email": "c%d@example.com" % number, "updated_at": at}


@intercom.route("/touch/{number}/{seconds}")
def touch(request, number, seconds):
    """The contact is changed so many seconds after the last one."""
    request.data.setdefault("touched", {})[int(number)] = \
        START + 3600 * (CONTACTS - 1) + int(seconds)
    return reply_json({})


def page(rows, size, after):
    """A list whose next page is an object."""
    first = int(after[2:]) if after else 0
    pages = {"type": "pages", "page": first // size + 1, "per_page": size,
             "total_pages": -(-len(rows) // size)}
    if first + size < len(rows):
        pages["next"] = {"page": first // size + 2,
                         "starting_after": "WA%d" % (first + size)}
    return reply_json({"type": "list", "data": rows[first:first + size],
                       "total_count": len(rows), "pages": pages}, 200,
                      limits())


@intercom.route("/contacts")
def contacts(request):
    wrong = refused(request, {"per_page", "starting_after"})
    if wrong:
        return wrong
    size = int(request.query.get("per_page", "50"))
    if size > 150:
        return error(400, "parameter_invalid", "per_page is too large")
    return page([contact(request, n) for n in range(CONTACTS)], size,
                request.query.get("starting_after"))


@intercom.route("/contacts/search", methods=("POST",))
def search(request):
    wrong = refused(request, ())
    if wrong:
        return wrong
    asked = request.json
    if not isinstance(asked, dict) or set(asked) - {"query", "pagination"}:
        return error(400, "bad_request", "bad body")
    query = asked.get("query", {})
    pagination = asked.get("pagination", {})
    if set(query) != {"field", "operator", "value"} or \
            query["field"] != "updated_at" or query["operator"] != ">" or \
            set(pagination) - {"per_page", "starting_after"}:
        return error(400, "invalid_query", "bad query")
    if type(query["value"]) is not int:
        return error(400, "invalid_value", "value must be a Unix time")
    size = pagination.get("per_page", 50)
    if type(size) is not int or size > 150:
        return error(400, "parameter_invalid", "bad per_page")
    # times are compared by day: what is later than this whole day
    after = query["value"] // DAY * DAY + DAY
    rows = [contact(request, n) for n in range(CONTACTS)]
    return page([r for r in rows if r["updated_at"] >= after], size,
                pagination.get("starting_after"))


def company(number):
    return {"type": "company", "id": "co%d" % number,
            "name": "Company %d" % number}


@intercom.route("/companies")
def companies(request):
    wrong = refused(request, {"per_page", "page"})
    if wrong:
        return wrong
    size = min(int(request.query.get("per_page", "15")), 60)
    number = int(request.query.get("page", "1"))
    last = -(-COMPANIES // size)
    return reply_json({
        "type": "list", "total_count": COMPANIES,
        "data": [company(n) for n in range(
            (number - 1) * size, min(number * size, COMPANIES))],
        "pages": {"type": "pages", "page": number, "per_page": size,
                  "total_pages": last, "next":
                  "%s/companies?per_page=%d&page=%d" % (
                      request.base, size, number + 1)
                  if number < last else None}}, 200, limits())


@intercom.route("/companies/scroll")
def scroll(request):
    wrong = refused(request, {"scroll_param"})
    if wrong:
        return wrong
    sent = request.query.get("scroll_param")
    if sent is None:
        if "scrolled" in request.data:
            return error(400, "scroll_exists",
                         "scroll already exists for this workspace")
        request.data["scrolled"] = 0
    elif sent != "scroll-1" or "scrolled" not in request.data:
        return error(404, "not_found", "scroll parameter not found")
    first = request.data["scrolled"]
    request.data["scrolled"] += 50
    rows = [company(n) for n in range(first, min(first + 50, COMPANIES))]
    if not rows:
        del request.data["scrolled"]
    # the same word each time
    return reply_json({"type": "list", "data": rows, "pages": None,
                       "total_count": None, "scroll_param": "scroll-1"}, 200,
                      limits())


@intercom.route("/forget")
def forget(request):
    """What a minute without a request does to a scroll."""
    request.data.pop("scrolled", None)
    return reply_json({})
