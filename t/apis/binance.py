"""Binance: candles by time, trades by id, signed queries, weights."""

import base64
import hashlib
import hmac
import time

from urllib.parse import unquote, urlsplit

import mock_auth
from mock_hosts import Host, reply_json

binance = Host("api.binance.com")
KEY = "vmPUZE6mv9SD5VNHk4HlbGAxSFPEfmnT"
SECRET = b"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP"
START = 1767225600000           # 2026-01-01
HOUR = 3600000
KLINES = 2000
TRADES = 1230
CEILING = 6000


def kline(number):
    price = "%d.%08d" % (90000 + number, number)
    return [START + number * HOUR, price, price, price, price, "12.34500000",
            START + (number + 1) * HOUR - 1, "1.0", number, "1.0", "1.0", "0"]


def trade(number):
    return {"symbol": "BTCEUR", "id": 28457 + number,
            "price": "4.00000100", "qty": "12.00000000",
            "time": START + number * 1000, "isBuyer": number % 2 == 0}


def wrong(code, message, status=400):
    return reply_json({"code": code, "msg": message}, status)


def check(request, known):
    names = [name for name, _ in request.pairs]
    if set(names) - set(known) or len(names) != len(set(names)):
        return wrong(-1104, "Not all sent parameters were read")
    if request.query.get("symbol", "BTCEUR") != "BTCEUR":
        return wrong(-1121, "Invalid symbol.")
    if int(request.query.get("limit", "500")) > 1000:
        return wrong(-1130, "Data sent for parameter 'limit' is not valid.")
    return None


def weigh(request, weight, value):
    used = request.data["used"] = request.data.get("used", 0) + weight
    headers = {"X-MBX-USED-WEIGHT": str(used),
               "X-MBX-USED-WEIGHT-1M": str(used)}
    if used > CEILING:
        return reply_json({"code": -1003, "msg": "Too much request weight "
                           "used"}, 429, dict(headers, **{"Retry-After": "1"}))
    return reply_json(value, 200, headers)


@binance.route("/api/v3/klines", methods=("GET",))
def klines(request):
    refusal = check(request, ("symbol", "interval", "startTime", "endTime",
                              "limit"))
    if refusal:
        return refusal
    if request.query.get("interval") != "1h" or "symbol" not in request.query:
        return wrong(-1102, "Mandatory parameter was not sent")
    first = int(request.query.get("startTime", START))
    last = int(request.query.get("endTime", "9" * 13))
    size = int(request.query.get("limit", "500"))
    rows = [k for k in map(kline, range(KLINES)) if first <= k[0] <= last]
    return weigh(request, 2, rows[:size])


@binance.route("/api/v3/exchangeInfo")
def exchange_info(request):
    return weigh(request, 20, {"timezone": "UTC", "rateLimits": [
        {"rateLimitType": "REQUEST_WEIGHT", "interval": "MINUTE",
         "intervalNum": 1, "limit": CEILING},
        {"rateLimitType": "RAW_REQUESTS", "interval": "MINUTE",
         "intervalNum": 5, "limit": 61000}], "symbols": []})


def signed_well(data, signature):
    """By the secret in hexadecimal, or by a key in base64."""
    if signature == hmac.new(SECRET, data, hashlib.sha256).hexdigest():
        return True
    try:
        signature = base64.b64decode(signature, validate=True)
    except ValueError:
        return False
    return mock_auth.rsa_verifies(data, signature) or \
        mock_auth.ed_verifies(data, signature)


@binance.route("/api/v3/myTrades", methods=("GET",))
def my_trades(request):
    refusal = check(request, ("symbol", "fromId", "limit", "recvWindow",
                              "timestamp", "signature"))
    if refusal:
        return refusal
    if request.headers.get("x-mbx-apikey") != KEY:
        return wrong(-2015, "Invalid API-key, IP, or permissions for action.",
                     401)
    signed, _, signature = urlsplit(request.target).query.partition(
        "&signature=")
    if not signed_well(signed.encode(), unquote(signature)):
        return wrong(-1022, "Signature for this request is not valid.")
    when = int(request.query.get("timestamp", "0"))
    seen = request.data.setdefault("times", set())
    late = request.data.pop("late", None) or when in seen
    if late or abs(time.time() * 1000 - when) > int(
            request.query.get("recvWindow", "5000")):
        seen.add(when)
        return wrong(-1021, "Timestamp for this request is outside of the "
                     "recvWindow.")
    first = int(request.query.get("fromId", 28457 + TRADES - 500))
    rows = [t for t in map(trade, range(TRADES)) if t["id"] >= first]
    return weigh(request, 20, rows[:int(request.query.get("limit", "500"))])


@binance.route("/fault/used/{used}")
def set_used(request, used):
    request.data["used"] = int(used)
    return reply_json({})


@binance.route("/fault/late")
def set_late(request):
    request.data["late"] = True
    return reply_json({})
