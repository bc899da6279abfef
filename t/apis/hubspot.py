"""HubSpot CRM: objects by token, search by a POST."""

from mock_hosts import Host, reply_json

hubspot = Host("api.hubapi.com")
TOKEN = "pat-na1-01234567-89ab-cdef"
CONTACTS = 250


def contact(number, archived=False):
    return {"id": str(number), "archived": archived,
            "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-02-%02dT00:00:00.000Z" % (1 + number % 28),
            "properties": {"email": "c%d@example.com" % number,
                           "hs_object_id": str(number),
                           "lastmodifieddate": None}}


def limits():
    return {"X-HubSpot-RateLimit-Max": "100",
            "X-HubSpot-RateLimit-Remaining": "99",
            "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
            "X-HubSpot-RateLimit-Daily": "250000",
            "X-HubSpot-RateLimit-Daily-Remaining": "249000"}


@hubspot.route("/crm/v3/objects/contacts", methods=("GET",))
def contacts(request):
    if request.headers.get("authorization") != "Bearer " + TOKEN:
        return reply_json({"status": "error", "category":
                           "INVALID_AUTHENTICATION", "message":
                           "Authentication credentials not found."}, 401)
    archived = request.query.get("archived") == "true"
    total = 10 if archived else CONTACTS
    size = min(int(request.query.get("limit", "10")), 100)
    after = int(request.query.get("after", "0"))
    reply = {"results": [contact(n, archived) for n in
                         range(after, min(after + size, total))]}
    if after + size < total:
        reply["paging"] = {"next": {
            "after": str(after + size),
            "link": "%s/crm/v3/objects/contacts?after=%d"
            % (request.base, after + size)}}
    return reply_json(reply, 200, limits())
