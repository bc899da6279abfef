/*-------------------------------------------------------------------------
 *
 * requesttext.c
 *	  Requests for pages: as they are sent, changed, kept and shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/request.h"

#include "data/json.h"
#include "mb/pg_wchar.h"
#include "rest/auth.h"
#include "rest/extract.h"
#include "rest/fetch.h"
#include "rest/stamp.h"
#include "rest/url.h"

/* How much of a body is shown. */
#define MAX_SHOWN_BODY_BYTES	4000

static const char *
find_header(List *headers, const char *name)
{
	size_t		len = strlen(name);
	ListCell   *lc;

	foreach(lc, headers)
	{
		const char *header = lfirst(lc);

		if (pg_strncasecmp(header, name, len) == 0 && header[len] == ':')
			return header;
	}
	return NULL;
}

/* A line break in a header would let a value write headers of its own. */
bool
dload_headers_are_clean(List *headers, DloadError *err)
{
	ListCell   *lc;

	foreach(lc, headers)
	{
		const char *header = lfirst(lc);

		for (const unsigned char *p = (const unsigned char *) header; *p; p++)
		{
			if ((*p < ' ' && *p != '\t') || *p == 0x7f)
				return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
									   "value of request header \"%s\" "
									   "contains a control character",
									   pnstrdup(header, strcspn(header, ":")));
		}
	}
	return true;
}

static const char *
content_type(DloadBodyType type)
{
	switch (type)
	{
		case DLOAD_BODY_FORM:
			return "application/x-www-form-urlencoded";
		case DLOAD_BODY_RAW:
			return "text/plain; charset=utf-8";
		default:
			return "application/json";
	}
}

List *
dload_headers_set(List *headers, const char *name, const char *value)
{
	size_t		len = strlen(name);
	List	   *others = NIL;
	ListCell   *lc;

	foreach(lc, headers)
	{
		const char *header = lfirst(lc);

		if (pg_strncasecmp(header, name, len) != 0 || header[len] != ':')
			others = lappend(others, lfirst(lc));
	}
	return lappend(others, psprintf("%s: %s", name, value));
}

/* A request's own header takes the place of the resource's of that name. */
void
dload_request_headers(const DloadResource *res, const DloadRequest *request,
					  bool has_body, List **headers)
{
	ListCell   *lc;

	*headers = NIL;
	foreach(lc, res->request.headers)
	{
		char	   *header = lfirst(lc);
		char	   *name = pnstrdup(header, strcspn(header, ":"));

		if (find_header(request->headers, name) == NULL)
			*headers = lappend(*headers, header);
	}
	*headers = list_concat(*headers, request->headers);
	if (find_header(*headers, "Accept") == NULL)
		*headers = lappend(*headers, res->request.accept ?
						   psprintf("Accept: %s", res->request.accept) :
						   dload_accept_header(res));
	if (has_body && find_header(*headers, "Content-Type") == NULL)
		*headers = lappend(*headers,
						   psprintf("Content-Type: %s",
									content_type(res->request.body_type)));
}

/*
 * What is shown to people: method, URL, the headers that the request alone
 * has, and the beginning of the body; without secrets.
 */
char *
dload_request_show(const DloadResource *res, const DloadRequest *request)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	appendStringInfo(&buf, "%s %s", request->method,
					 dload_url_redact(request->url, NULL));
	foreach(lc, request->headers)
		appendStringInfo(&buf, "\n%s", (char *) lfirst(lc));
	if (request->body != NULL)
	{
		int			len = strlen(request->body);
		int			shown = pg_mbcliplen(request->body, len,
										 MAX_SHOWN_BODY_BYTES);

		appendStringInfo(&buf, "\n\n%.*s%s", shown, request->body,
						 shown < len ? "..." : "");
	}
	return dload_auth_redact(res, dload_stamp_fill(buf.data, "{"
												   DLOAD_STAMP_NAME "}"));
}

DloadRequest *
dload_request_copy(const DloadRequest *request)
{
	DloadRequest *copy = palloc0(sizeof(DloadRequest));
	ListCell   *lc;

	copy->method = pstrdup(request->method);
	copy->url = pstrdup(request->url);
	copy->position = request->position;
	if (request->body != NULL)
		copy->body = pstrdup(request->body);
	if (request->state != NULL)
		copy->state = pstrdup(request->state);
	if (request->names != NULL)
		copy->names = pstrdup(request->names);
	if (request->given != NULL)
		copy->given = pstrdup(request->given);
	foreach(lc, request->headers)
		copy->headers = lappend(copy->headers, pstrdup(lfirst(lc)));
	return copy;
}

static uint64
hash_text(const char *text, uint64 seed)
{
	return dload_hash_bytes(text, strlen(text), seed);
}

uint64
dload_request_hash(const DloadRequest *request)
{
	uint64		hash = hash_text(request->url, 0);
	ListCell   *lc;

	hash = hash_text(request->method, hash);
	if (request->body != NULL)
		hash = hash_text(request->body, hash);
	foreach(lc, request->headers)
		hash = hash_text(lfirst(lc), hash);
	return hash;
}

char *
dload_request_text(const DloadRequest *request)
{
	DloadJson  *doc = dload_json_new_object();
	StringInfoData headers;
	ListCell   *lc;

	dload_json_set_string(doc, "method", request->method);
	dload_json_set_string(doc, "url", request->url);
	if (request->body != NULL)
		dload_json_set_string(doc, "body", request->body);
	if (request->state != NULL)
		dload_json_set_string(doc, "state", request->state);
	if (request->names != NULL)
		dload_json_set_string(doc, "names", request->names);
	if (request->given != NULL)
		dload_json_set_string(doc, "given", request->given);
	initStringInfo(&headers);
	foreach(lc, request->headers)
		appendStringInfo(&headers, "%s\n", (char *) lfirst(lc));
	if (headers.len > 0)
		dload_json_set_string(doc, "headers", headers.data);
	dload_json_set_int(doc, "position", request->position);
	return dload_json_text(doc);
}

DloadRequest *
dload_request_parse(const char *text, DloadError *err)
{
	DloadJson  *doc = dload_json_parse(text, "saved request", err);
	DloadRequest *request = palloc0(sizeof(DloadRequest));
	char	   *headers;

	if (doc == NULL)
		return NULL;
	request->url = dload_json_get_string(doc, "url");
	if (request->url == NULL || dload_url_origin(request->url) == NULL)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"saved request has no valid URL");
		return NULL;
	}
	request->method = dload_json_get_string(doc, "method");
	if (request->method == NULL)
		request->method = pstrdup("GET");
	request->body = dload_json_get_string(doc, "body");
	request->state = dload_json_get_string(doc, "state");
	request->names = dload_json_get_string(doc, "names");
	request->given = dload_json_get_string(doc, "given");
	(void) dload_json_get_int(doc, "position", &request->position);
	headers = dload_json_get_string(doc, "headers");
	while (headers != NULL && *headers != '\0')
	{
		size_t		len = strcspn(headers, "\n");

		request->headers = lappend(request->headers,
								   pnstrdup(headers, len));
		headers += len + (headers[len] == '\n');
	}
	return request;
}
