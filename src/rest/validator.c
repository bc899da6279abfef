/*-------------------------------------------------------------------------
 *
 * validator.c
 *	  What a response gives to recognise its page by (RFC 9110, sections 8.8
 *	  and 13).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/validator.h"

#include "rest/limiter.h"

/* Real ones have some dozens of bytes. */
#define MAX_VALIDATOR_BYTES 1024

/* Is the directive among those of a header that lists them? */
static bool
lists(const char *header, const char *word)
{
	size_t		len = strlen(word);

	while (header != NULL && *header != '\0')
	{
		header += strspn(header, " \t,");
		if (pg_strncasecmp(header, word, len) == 0 &&
			strchr(" \t,;=", header[len]) != NULL)
			return true;
		header += strcspn(header, ",");
	}
	return false;
}

static char *
short_header(const DloadExchange *ex, const char *name)
{
	char	   *value = dload_http_header(ex, name);

	return value != NULL && value[0] != '\0' &&
		strlen(value) <= MAX_VALIDATOR_BYTES ? value : NULL;
}

/*
 * A time of last change has whole seconds: what changes later in the same one
 * would not be noticed, so that second must be over.
 */
static char *
last_modified(const DloadExchange *ex)
{
	char	   *value = short_header(ex, "Last-Modified");
	char	   *date = short_header(ex, "Date");
	int64		changed;
	int64		sent;

	return value != NULL && date != NULL && dload_http_date(value, &changed) &&
		dload_http_date(date, &sent) && sent > changed ? value : NULL;
}

static bool
is_etag(const char *etag)
{
	if (strncmp(etag, "W/", 2) == 0)
		etag += 2;
	return etag[0] == '"' && strlen(etag) >= 2 &&
		strchr(etag + 1, '"') == etag + strlen(etag) - 1;
}

bool
dload_validator_read(const DloadRequest *request, const DloadExchange *ex,
					 DloadValidator *validator)
{
	memset(validator, 0, sizeof(*validator));
	if (strcmp(request->method, "GET") != 0 || dload_http_status(ex) != 200 ||
		lists(dload_http_header(ex, "Cache-Control"), "no-store") ||
		lists(dload_http_header(ex, "Vary"), "*"))
		return false;
	validator->etag = short_header(ex, "ETag");
	if (validator->etag != NULL && !is_etag(validator->etag))
		validator->etag = NULL;
	validator->last_modified = last_modified(ex);
	return validator->etag != NULL || validator->last_modified != NULL;
}

/* A server that knows If-None-Match has to ignore the other one. */
char *
dload_validator_header(const DloadValidator *validator)
{
	if (validator->etag != NULL)
		return psprintf("If-None-Match: %s", validator->etag);
	return psprintf("If-Modified-Since: %s", validator->last_modified);
}
