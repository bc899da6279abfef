"""PokeAPI: a list of names, and one address per name."""

import hashlib

from mock_hosts import Host, Reply, reply_json

pokeapi = Host("pokeapi.co")
COUNT = 53


def tagged(request, value):
    reply = reply_json(value)
    tag = 'W/"%s"' % hashlib.md5(reply.body).hexdigest()
    if request.headers.get("if-none-match") == tag:
        return Reply(b"", 304, {"ETag": tag})
    reply.headers["ETag"] = tag
    return reply


@pokeapi.route("/api/v2/pokemon")
def listing(request):
    offset = int(request.query.get("offset", "0"))
    limit = int(request.query.get("limit", "20"))
    url = request.base + "/api/v2/pokemon"
    following = offset + limit < COUNT
    return tagged(request, {
        "count": COUNT,
        "next": "%s?offset=%d&limit=%d" % (url, offset + limit, limit)
        if following else None,
        "previous": "%s?offset=%d&limit=%d" % (url, max(offset - limit, 0),
                                               limit) if offset else None,
        "results": [{"name": "poke-%02d" % n, "url": "%s/%d/" % (url, n)}
                    for n in range(offset, min(offset + limit, COUNT))]})


@pokeapi.route("/api/v2/pokemon/{name}")
def one(request, name):
    number = int(name.split("-")[1])
    return tagged(request, {"id": number, "name": name, "height": 3 + number,
                       "types": [{"slot": 1, "type": {"name": "grass"}}]})
