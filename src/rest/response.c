/*-------------------------------------------------------------------------
 *
 * response.c
 *	  What a response says: transient or final, and the error to show.
 *
 * Every message names the request, redacted, and quotes the start of the
 * body, redacted before it is cut so that no half of a secret is left over.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/fetch.h"

#include "data/record.h"
#include "rest/auth.h"
#include "rest/retry.h"
#include "utils/timestamp.h"

/* Redaction looks at this much of a body; messages show less. */
#define REDACTED_BODY_BYTES (16 * 1024)

bool
dload_status_success(int status)
{
	return status >= 200 && status < 300;
}

bool
dload_status_transient(int status)
{
	return status == 408 || status == 425 || status == 429 ||
		(status >= 500 && status != 501);
}

/*
 * 429 says so; some APIs say it by a 403 with a time to come back or an
 * exhausted budget.
 */
bool
dload_response_limited(const DloadLimitSpec *limits, const DloadExchange *ex)
{
	int			status = dload_http_status(ex);

	return status == 429 ||
		(status == 403 && (dload_retry_after(ex) >= 0 ||
						   dload_limit_exhausted(limits, ex)));
}

TimestampTz
dload_response_date(const DloadExchange *ex)
{
	char	   *text = dload_http_header(ex, "Date");
	int64		us;

	if (text == NULL || !dload_http_date(text, &us))
		return 0;
	return us - (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) *
		USECS_PER_DAY;
}

char *
dload_shown_body(const DloadResource *res, DloadSpan body)
{
	size_t		len = Min(body.len, REDACTED_BODY_BYTES);
	char	   *copy = palloc(len + 1);
	char	   *redacted;

	/* a NUL byte would end the text for the redaction */
	for (size_t i = 0; i < len; i++)
		copy[i] = body.data[i] ? body.data[i] : ' ';
	copy[len] = '\0';
	redacted = dload_auth_redact(res, copy);
	return dload_trim_body(dload_span(redacted, strlen(redacted)));
}

/* A string member of a JSON object, looked up by a path; NULL if none. */
static char *
member_text(DloadSpan json, const char *path_text)
{
	DloadError	err = {0};
	DloadPath  *path = dload_path_parse(path_text, &err);
	DloadToken	token;
	char	   *text;

	if (path == NULL || !dload_path_lookup(path, json, &token) ||
		token.type != DLOAD_TOKEN_STRING)
		return NULL;
	text = dload_token_cstring(&token);
	return text[0] != '\0' ? text : NULL;
}

/* Is that member of a problem said already, or does it say nothing? */
static bool
is_said(const DloadToken *key, const DloadToken *value, int status)
{
	if (dload_token_equals(key, "title", 5) ||
		dload_token_equals(key, "detail", 6))
		return value->type == DLOAD_TOKEN_STRING;
	/* that is no more than the status */
	if (dload_token_equals(key, "type", 4))
		return strcmp(dload_token_cstring(value), "about:blank") == 0;
	return dload_token_equals(key, "status", 6) &&
		strtol(dload_token_cstring(value), NULL, 10) == status;
}

/*
 * What else a problem of RFC 9457 says: by which URIs it is known, and what
 * the API adds of its own; "" for any other body.
 */
static char *
problem_members(const DloadFetch *f, DloadSpan body)
{
	char	   *format = dload_http_header(f->exchange, "Content-Type");
	StringInfoData buf;
	DloadScanner s;
	DloadToken	key;
	DloadToken	value;

	initStringInfo(&buf);
	if (format == NULL || strstr(format, "problem+json") == NULL)
		return buf.data;
	dload_scanner_init(&s, body.data, body.len, true);
	(void) dload_scanner_next(&s, &key);
	while (dload_scanner_next(&s, &key) == DLOAD_TOKEN_KEY)
	{
		(void) dload_scanner_value(&s, &value);
		if (!is_said(&key, &value, dload_http_status(f->exchange)))
			appendStringInfo(&buf, "%s%s %s", buf.len == 0 ? " (" : ", ",
							 dload_token_cstring(&key),
							 dload_token_cstring(&value));
	}
	if (buf.len > 0)
		appendStringInfoChar(&buf, ')');
	return buf.data;
}

/*
 * The words of an error body: title and detail of RFC 9457, else the
 * customary members; NULL where none is found.
 */
static char *
problem_text(const DloadFetch *f, DloadSpan body)
{
	static const char *const places[] = {
		"message", "error.message", "error_description", "description",
		"error", "errors[0].message", "errors[0].detail", "errors[0]",
		"errorMessages[0]", "msg", NULL
	};
	DloadError	err = {0};
	char	   *title;
	char	   *detail;

	if (!dload_json_validate(body, &err))
		return NULL;
	title = member_text(body, "title");
	detail = member_text(body, "detail");
	if (title != NULL || detail != NULL)
		return psprintf("%s%s%s%s", title ? title : "",
						title && detail ? ": " : "", detail ? detail : "",
						problem_members(f, body));
	for (int i = 0; places[i] != NULL; i++)
	{
		char	   *text = member_text(body, places[i]);

		if (text != NULL)
			return text;
	}
	return NULL;
}

void
dload_response_detail(const DloadFetch *f, int status, DloadSpan body,
					  DloadError *err)
{
	const DloadResource *res = f->channel->res;
	char	   *problem = problem_text(f, body);

	if (problem != NULL)
		body = dload_span(problem, strlen(problem));
	if (body.len > 0)
		dload_error_detail(err, "%s %s returned %d: %s", f->method,
						   f->shown_url, status, dload_shown_body(res, body));
	else
		dload_error_detail(err, "%s %s returned %d%s.", f->method,
						   f->shown_url, status,
						   body.data != NULL ? " with an empty body" : "");
}

static const char *
credential_options(DloadAuthKind auth)
{
	switch (auth)
	{
		case DLOAD_AUTH_BEARER:
			return "option \"token\"";
		case DLOAD_AUTH_BASIC:
			return "options \"username\" and \"password\"";
		case DLOAD_AUTH_API_KEY:
			return "option \"api_key\"";
		case DLOAD_AUTH_OAUTH2:
			return "\"client_id\", \"client_secret\" and \"refresh_token\"";
		case DLOAD_AUTH_JWT:
			return "\"private_key\"";
		case DLOAD_AUTH_SIGV4:
			return "\"access_key_id\" and \"secret_access_key\"";
		case DLOAD_AUTH_HMAC:
			return "\"hmac_secret\"";
		case DLOAD_AUTH_NONE:
			break;
	}
	return NULL;
}

static void
set_credentials_error(const DloadFetch *f, int status, DloadError *err)
{
	const DloadResource *res = f->channel->res;
	const char *options = credential_options(res->auth.kind);

	dload_error_set(err, status == 401 ?
					ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION :
					ERRCODE_INSUFFICIENT_PRIVILEGE,
					status == 401 ?
					"server \"%s\" did not accept the credentials "
					"(status %d)" :
					"server \"%s\" denied access (status %d)",
					res->servername, status);
	if (options != NULL)
		dload_error_hint(err, "Check %s of the user mapping for server "
						 "\"%s\".", options, res->servername);
	else
		dload_error_hint(err, "Set the option \"auth\" of server \"%s\" and "
						 "create a user mapping with the credentials.",
						 res->servername);
}

bool
dload_response_error(const DloadFetch *f, int status, DloadSpan body,
					 DloadError *err)
{
	const DloadResource *res = f->channel->res;

	if (dload_response_limited(&f->channel->res->limits, f->exchange))
	{
		dload_error_set(err, ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
						"rate limit of server \"%s\" is used up (status %d)",
						res->servername, status);
		dload_error_hint(err, "Set the server's option \"rate_limit\" to "
						 "what the API allows, or try again later.");
	}
	else if (status == 401 || status == 403)
		set_credentials_error(f, status, err);
	else if (status == 404 || status == 410)
	{
		dload_error_set(err, ERRCODE_FDW_TABLE_NOT_FOUND,
						"server \"%s\" has no such resource (status %d)",
						res->servername, status);
		dload_error_hint(err, "Check the options \"base_url\" and \"path\" "
						 "and the values of path parameters.");
	}
	else
	{
		dload_error_set(err, ERRCODE_FDW_ERROR,
						"API of server \"%s\" answered with status %d",
						res->servername, status);
		if (dload_retry_words(f) != NULL)
			dload_error_hint(err, "%s", dload_retry_words(f));
	}
	dload_response_detail(f, status, body, err);
	return false;
}

const char *
dload_transport_hint(const DloadExchange *ex, const char *url_option,
					 int *sqlstate)
{
	*sqlstate = ERRCODE_FDW_UNABLE_TO_ESTABLISH_CONNECTION;
	switch (dload_http_failure(ex))
	{
		case DLOAD_HTTP_FAIL_CONNECT:
			return psprintf("Check the option \"%s\" and whether the server "
							"can be reached from the database server.",
							url_option);
		case DLOAD_HTTP_FAIL_TIMEOUT:
			return "The options \"connect_timeout\", \"request_timeout\", "
				"\"idle_timeout\" and \"min_speed\" of the server set the "
				"times allowed.";
		case DLOAD_HTTP_FAIL_TLS_VERIFY:
			return "Give the certificate of the authority that signed the "
				"server's by the option \"ca\", or install it among the "
				"trusted ones of the database server.";
		case DLOAD_HTTP_FAIL_FORBIDDEN:
			*sqlstate = ERRCODE_INSUFFICIENT_PRIVILEGE;
			return "Only superusers' requests go to private addresses, unless "
				"a superuser adds the host or its network to "
				"\"dload.allowed_hosts\".";
		case DLOAD_HTTP_FAIL_TOO_LARGE:
			*sqlstate = ERRCODE_PROGRAM_LIMIT_EXCEEDED;
			return "Ask for smaller pages, or raise the option "
				"\"max_response_bytes\".";
		default:
			*sqlstate = ERRCODE_FDW_ERROR;
			return "Try again later; the option \"max_retries\" sets how "
				"often a request is repeated.";
	}
}

bool
dload_transport_error(const DloadFetch *f, DloadError *err)
{
	const DloadResource *res = f->channel->res;
	const char *words = dload_auth_redact(res, dload_http_error(f->exchange));
	int			sqlstate;
	const char *hint = dload_transport_hint(f->exchange, "base_url",
											&sqlstate);

	dload_error_set(err, sqlstate, "could not read from server \"%s\": %s",
					res->servername, words);
	dload_error_detail(err, "%s %s failed after %d %s.", f->method,
					   f->shown_url, f->retries + 1,
					   f->retries == 0 ? "attempt" : "attempts");
	if (hint != NULL)
		dload_error_hint(err, "%s", hint);
	return false;
}
