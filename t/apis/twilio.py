"""Twilio: next_page_uri that is relative, operators inside parameter names."""

import base64
import datetime
import re

from mock_hosts import Host, reply_json

SID = "AC0123456789abcdef0123456789abcdef"
SECRET = "fedcba9876543210fedcba9876543210"
MESSAGES = 1300
SERVICES = 70
START = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.timezone.utc)

twilio = Host("api.twilio.com")
messaging = Host("messaging.twilio.com")


def error(status, code, message):
    return reply_json({"code": code, "message": message, "status": status,
                       "more_info": "https://www.twilio.com/docs/errors/%d"
                       % code}, status)


def refused(request):
    sent = request.headers.get("authorization", "")
    expected = base64.b64encode((SID + ":" + SECRET).encode()).decode()
    if sent != "Basic " + expected:
        return error(401, 20003, "Authenticate")
    if request.data.pop("busy", None):
        return error(429, 20429, "Too Many Requests")


@twilio.route("/busy")
def busy(request):
    request.data["busy"] = True
    return reply_json({})


@twilio.route("/send/{seconds}")
def send(request, seconds):
    """One more message, so many seconds after the last one."""
    request.data.setdefault("sent", []).append(int(seconds))
    return reply_json({})


def messages_of(request):
    times = [START + datetime.timedelta(minutes=10 * n)
             for n in range(MESSAGES)]
    times += [times[-1] + datetime.timedelta(seconds=n)
              for n in request.data.get("sent", [])]
    return list(enumerate(times))


def message(number, at):
    # as mail writes it, not as ISO 8601 has it
    at = at.strftime("%a, %d %b %Y %H:%M:%S +0000")
    return {"sid": "SM%032x" % number, "body": "Message %d" % number,
            "account_sid": SID, "date_sent": at, "date_updated": at,
            "price": "-0.00750", "price_unit": "USD", "num_segments": "1"}


@twilio.route("/2010-04-01/Accounts/{account}/Messages.json")
def messages(request, account):
    wrong = refused(request)
    if wrong:
        return wrong
    if account != SID:
        return error(404, 20404, "The requested resource was not found")
    rows = messages_of(request)
    # parameters it does not know do no harm
    for name, value in request.pairs:
        if not name.startswith("DateSent"):
            continue
        if not re.match(r"\d\d\d\d-\d\d-\d\d\Z", value):
            return error(400, 20001, "Invalid date: " + value)
        operator = name[len("DateSent"):]
        rows = [r for r in rows if
                (operator == ">" and r[1].date().isoformat() >= value) or
                (operator == "<" and r[1].date().isoformat() <= value) or
                (operator == "" and r[1].date().isoformat() == value)]
    rows.reverse()                      # the newest first
    size = min(int(request.query.get("PageSize", "50")), 1000)
    number = int(request.query.get("Page", "0"))
    first = 0
    if number > 0:
        token = request.query.get("PageToken", "")
        places = [i for i, r in enumerate(rows)
                  if "PASM%032x" % r[0] == token]
        if not places:
            return error(400, 20006, "PageToken is missing or wrong")
        first = places[0] + 1
    part = rows[first:first + size]
    # relative to the host; here the host is in the path
    uri = request.target.split("?")[0]
    kept = "".join("%s=%s&" % (n.replace(">", "%3E").replace("<", "%3C"), v)
                   for n, v in request.pairs if n.startswith("DateSent"))
    following = "%s?%sPageSize=%d&Page=%d&PageToken=PASM%032x" % (
        uri, kept, size, number + 1, part[-1][0]) \
        if first + size < len(rows) else None
    return reply_json({
        "first_page_uri": "%s?%sPageSize=%d&Page=0" % (uri, kept, size),
        "previous_page_uri": None, "uri": request.target,
        "next_page_uri": following, "page": number, "page_size": size,
        "start": first, "end": first + len(part) - 1,
        "messages": [message(*r) for r in part]}, 200,
        {"Twilio-Concurrent-Requests": "1"})


@messaging.route("/v1/Services")
def services(request):
    wrong = refused(request)
    if wrong:
        return wrong
    size = int(request.query.get("PageSize", "50"))
    if size > 1000:
        return error(400, 20001, "Page size must be at most 1000")
    number = int(request.query.get("Page", "0"))
    rows = [{"sid": "MG%032x" % n, "friendly_name": "Service %d" % n,
             "date_updated": "2026-01-01T00:00:00Z"} for n in range(SERVICES)]
    url = "%s/v1/Services?PageSize=%d&Page=" % (request.base, size)
    return reply_json({
        "services": rows[number * size:(number + 1) * size],
        "meta": {"page": number, "page_size": size, "key": "services",
                 "first_page_url": url + "0", "previous_page_url": None,
                 "url": url + str(number), "next_page_url":
                 "%s%d&PageToken=PA%d" % (url, number + 1, number)
                 if (number + 1) * size < SERVICES else None}})
