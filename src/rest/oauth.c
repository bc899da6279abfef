/*-------------------------------------------------------------------------
 *
 * oauth.c
 *	  Asking a token endpoint, and auth by what it gives.
 *
 * What is sent and what comes back are secrets: of a reply that is no error
 * nothing is ever shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/oauth.h"

#include "data/record.h"
#include "data/type.h"
#include "rest/authkind.h"
#include "rest/crypto.h"
#include "rest/fetch.h"
#include "rest/guard.h"
#include "rest/jwt.h"
#include "rest/permit.h"
#include "rest/retry.h"
#include "rest/url.h"
#include "utils/timestamp.h"

/* A token reply.  Real ones have a few kilobytes. */
#define MAX_REPLY_BYTES (1024 * 1024)

/* Attempts at a token endpoint that is busy or cannot be reached. */
#define MAX_ATTEMPTS 3

#define JWT_BEARER "urn:ietf:params:oauth:grant-type:jwt-bearer"
#define JWT_CLIENT "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

typedef struct Asking
{
	const DloadResource *res;
	StringInfoData body;
	List	   *headers;
} Asking;

static void
add_param(Asking *a, const char *name, const char *value)
{
	if (value == NULL)
		return;
	if (a->body.len > 0)
		appendStringInfoChar(&a->body, '&');
	dload_url_encode(&a->body, name);
	appendStringInfoChar(&a->body, '=');
	dload_url_encode(&a->body, value);
}

static void
add_given_param(const char *key, const char *value, void *arg)
{
	add_param(arg, key, value);
}

static const char *
assertion_audience(const DloadAuthSpec *auth)
{
	return auth->jwt_audience ? auth->jwt_audience : auth->token_url;
}

/* RFC 6749, 2.3.1: both are form-encoded before they are joined. */
static char *
basic_credentials(const DloadAuthSpec *auth)
{
	StringInfoData pair;

	initStringInfo(&pair);
	dload_url_encode(&pair, auth->client_id);
	appendStringInfoChar(&pair, ':');
	dload_url_encode(&pair, auth->client_secret);
	return dload_base64(dload_span(pair.data, pair.len));
}

static bool
add_client(Asking *a, TimestampTz now, DloadError *err)
{
	const DloadAuthSpec *auth = &a->res->auth;
	char	   *assertion;
	char	   *basic;

	/* service accounts are known by their assertion alone */
	if (auth->client_id == NULL)
		return true;
	if (auth->client_auth == DLOAD_CLIENT_AUTH_JWT)
	{
		assertion = dload_jwt_create(a->res, auth->client_id, auth->client_id,
									 assertion_audience(auth), false, now,
									 err);
		if (assertion == NULL)
			return false;
		add_param(a, "client_id", auth->client_id);
		add_param(a, "client_assertion_type", JWT_CLIENT);
		add_param(a, "client_assertion", assertion);
		return true;
	}
	if (auth->client_secret == NULL ||
		auth->client_auth == DLOAD_CLIENT_AUTH_BODY)
	{
		add_param(a, "client_id", auth->client_id);
		add_param(a, "client_secret", auth->client_secret);
		return true;
	}
	basic = basic_credentials(auth);
	dload_access_mask(auth->access, basic);
	a->headers = lappend(a->headers, psprintf("Authorization: Basic %s",
											  basic));
	return true;
}

/* A JWT that says who asks, in the words of the server's options. */
static char *
sign_jwt(const DloadResource *res, TimestampTz now, DloadError *err)
{
	const DloadAuthSpec *auth = &res->auth;

	return dload_jwt_create(res, auth->jwt_issuer ? auth->jwt_issuer :
							auth->client_id, auth->jwt_subject,
							assertion_audience(auth), true, now, err);
}

/* Everything is new for each attempt: an assertion is good once. */
static bool
build_request(Asking *a, const char *refresh_token, DloadError *err)
{
	const DloadAuthSpec *auth = &a->res->auth;
	TimestampTz now = GetCurrentTimestamp();
	char	   *jwt;
	bool		keyed = true;

	initStringInfo(&a->body);
	a->headers = list_make2("Accept: application/json",
							"Content-Type: application/x-www-form-urlencoded");
	switch (auth->grant)
	{
		case DLOAD_GRANT_CLIENT_CREDENTIALS:
			add_param(a, "grant_type", "client_credentials");
			break;
		case DLOAD_GRANT_REFRESH_TOKEN:
			add_param(a, "grant_type", "refresh_token");
			add_param(a, "refresh_token", refresh_token);
			break;
		case DLOAD_GRANT_JWT_BEARER:
			jwt = sign_jwt(a->res, now, err);
			if (jwt == NULL)
				return false;
			add_param(a, "grant_type", JWT_BEARER);
			add_param(a, "assertion", jwt);
			/* with HS256 the secret is the key, and stays here */
			keyed = auth->client_auth == DLOAD_CLIENT_AUTH_JWT ||
				(auth->client_secret != NULL &&
				 strcmp(auth->jwt_algorithm, "HS256") != 0);
			break;
		case DLOAD_GRANT_JWT_HEADER:
			jwt = sign_jwt(a->res, now, err);
			if (jwt == NULL)
				return false;
			a->headers = lappend(a->headers,
								 psprintf("Authorization: Bearer %s", jwt));
			keyed = false;
			break;
	}
	add_param(a, "scope", auth->scope);
	add_param(a, "audience", auth->audience);
	if (auth->token_params != NULL &&
		!dload_json_each(auth->token_params, add_given_param, a, err))
		return false;
	return !keyed || add_client(a, now, err);
}

/* A scalar member of the reply as text; NULL if it is not there. */
static char *
reply_member(DloadSpan reply, const DloadPath *path)
{
	DloadToken	token;

	if (path == NULL || !dload_path_lookup(path, reply, &token) ||
		(token.type != DLOAD_TOKEN_STRING && token.type != DLOAD_TOKEN_NUMBER))
		return NULL;
	return dload_token_cstring(&token);
}

static char *
reply_text(DloadSpan reply, const char *name)
{
	DloadError	ignored = {0};
	char	   *text = reply_member(reply, dload_path_parse(name, &ignored));

	return text != NULL && *text != '\0' ? text : NULL;
}

/* The error of a token endpoint (RFC 6749, 5.2). */
static bool
refused(const DloadResource *res, int status, DloadSpan reply,
		DloadError *err)
{
	const DloadAuthSpec *auth = &res->auth;
	DloadError	ignored = {0};
	const char *code = NULL;
	const char *shown = "";

	if (dload_json_validate(reply, &ignored))
		code = reply_text(reply, "error");
	if (code == NULL)
		code = "";
	if (strcmp(code, "invalid_grant") == 0 &&
		auth->grant == DLOAD_GRANT_REFRESH_TOKEN)
	{
		dload_error_set(err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
						"refresh token for server \"%s\" is no longer valid",
						res->servername);
		dload_error_hint(err, "Authorize the application again, and give the "
						 "new token with ALTER USER MAPPING ... OPTIONS (SET "
						 "refresh_token '...').");
	}
	else if (strcmp(code, "invalid_client") == 0 || status == 401)
	{
		dload_error_set(err, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
						"token endpoint of server \"%s\" did not accept the "
						"client's credentials", res->servername);
		dload_error_hint(err, "Check \"client_id\", \"client_secret\" and "
						 "\"private_key\" of the user mapping, and the "
						 "server's option \"oauth2_client_auth\".");
	}
	else
	{
		dload_error_set(err, status == 400 ?
						ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION :
						ERRCODE_FDW_ERROR,
						"could not get an access token for server \"%s\" "
						"(status %d)", res->servername, status);
		dload_error_hint(err, "Check the server's options that begin with "
						 "\"oauth2_\" and \"jwt_\".");
	}
	/* what is no error may hold tokens that nobody knows yet */
	if (status < 200 || status >= 300)
		shown = dload_shown_body(res, reply);
	return dload_error_detail(err, "POST %s returned %d%s%s",
							  dload_url_redact(auth->token_url, NULL), status,
							  *shown ? ": " : ".", shown);
}

static bool
check_base_url(const DloadResource *res, const char *url, DloadError *err)
{
	DloadError	inner = {0};
	char	   *origin = dload_option_origin(url, false, &inner);

	if (dload_resource_may_be_at(res, url))
		return true;
	dload_error_set(err, ERRCODE_FDW_ERROR,
					"token endpoint of server \"%s\" named a base URL that is "
					"not trusted", res->servername);
	if (origin != NULL)
		dload_error_detail(err, "Its origin is %s.", origin);
	else
		dload_error_detail(err, "It is not an HTTP URL.");
	return dload_error_hint(err, "If this origin may have the credentials, "
							"add it to the server's option "
							"\"allowed_origins\".");
}

/* RFC 6750, 2.1, and what others put into a header; never a line break. */
static bool
is_sendable(const char *token)
{
	for (; *token; token++)
	{
		if (*token <= ' ' || *token > '~')
			return false;
	}
	return true;
}

/*
 * When the token ends, by a life in seconds (a number, or the same in quotes)
 * or a time; 0: not said.  One that came is not over: such a time is a mistake
 * or another clock's, and would have each request ask for a new token.
 */
static TimestampTz
read_end(const char *text, TimestampTz issued_at)
{
	TimestampTz end = 0;
	char	   *rest;
	double		life;

	if (text == NULL)
		return 0;
	life = strtod(text, &rest);
	if (*rest != '\0')
		(void) dload_parse_instant(text, strlen(text), &end);
	else if (life > 0)
		end = issued_at + (int64) (Min(life, 1e9) * USECS_PER_SEC);
	return end > issued_at ? end : 0;
}

static bool
read_reply(const DloadResource *res, int status, DloadSpan reply,
		   DloadGrant *grant, DloadError *err)
{
	DloadError	ignored = {0};

	memset(grant, 0, sizeof(*grant));
	if (status < 200 || status >= 300 ||
		!dload_json_validate(reply, &ignored) ||
		(grant->access_token =
		 reply_member(reply, res->auth.token_path)) == NULL ||
		*grant->access_token == '\0')
		return refused(res, status, reply, err);
	if (!is_sendable(grant->access_token))
		return dload_error_set(err, ERRCODE_FDW_ERROR,
							   "token endpoint of server \"%s\" gave a token "
							   "that no header can carry", res->servername);
	grant->refresh_token = reply_text(reply, "refresh_token");
	grant->issued_at = GetCurrentTimestamp();
	grant->expires_at = read_end(reply_member(reply, res->auth.expires_path),
								 grant->issued_at);
	if (res->auth.base_url_path == NULL)
		return true;
	grant->base_url = reply_member(reply, res->auth.base_url_path);
	if (grant->base_url == NULL)
		return dload_error_set(err, ERRCODE_FDW_ERROR,
							   "token endpoint of server \"%s\" did not say "
							   "where the API is: there is no \"%s\" in its "
							   "reply", res->servername,
							   dload_path_text(res->auth.base_url_path));
	return check_base_url(res, grant->base_url, err);
}

/*
 * May the request be sent again?  Where the refresh token changes, only if the
 * endpoint cannot have carried it out.
 */
static bool
may_ask_again(const DloadResource *res, const DloadExchange *ex)
{
	bool		rotates = res->auth.grant == DLOAD_GRANT_REFRESH_TOKEN;
	int			status = dload_http_status(ex);

	switch (dload_http_failure(ex))
	{
		case DLOAD_HTTP_FAIL_NONE:
			return rotates ? status == 429 || status == 503 :
				dload_status_transient(status);
		case DLOAD_HTTP_FAIL_CONNECT:
		case DLOAD_HTTP_FAIL_TIMEOUT:
		case DLOAD_HTTP_FAIL_TRUNCATED:
			return !rotates;
		default:
			return false;
	}
}

static bool
not_reached(const DloadResource *res, const DloadExchange *ex,
			DloadError *err)
{
	int			sqlstate;
	const char *hint = dload_transport_hint(ex, "oauth2_token_url", &sqlstate);

	dload_error_set(err, sqlstate,
					"could not read from the token endpoint of server "
					"\"%s\": %s", res->servername,
					dload_auth_redact(res, dload_http_error(ex)));
	dload_error_detail(err, "POST %s failed.",
					   dload_url_redact(res->auth.token_url, NULL));
	return dload_error_hint(err, "%s", hint);
}

static DloadExchange *
send_request(const Asking *a)
{
	const DloadResource *res = a->res;
	DloadHttpRequest request = {0};
	DloadExchange *ex;
	int64		bound;			/* the reply is small, so no more for all */

	request.method = "POST";
	request.url = res->auth.token_url;
	request.shown_url = dload_url_redact(res->auth.token_url, NULL);
	request.headers = a->headers;
	request.body = a->body.data;
	request.connect_timeout = res->limits.connect_timeout;
	request.request_timeout = res->limits.request_timeout;
	request.idle_timeout = res->limits.idle_timeout;
	request.max_response_bytes = MAX_REPLY_BYTES;
	request.guarded = dload_guard_applies(res, request.url);
	request.proxy = res->proxy;
	dload_auth_secure(res, &request);
	bound = dload_http_waited() / 1000 + request.connect_timeout +
		request.request_timeout;
	ex = dload_http_start(&request);
	for (;;)
	{
		long		left = (long) (bound - dload_http_waited() / 1000);
		DloadHttpState state = dload_http_wait(ex, Max(left, 0));

		if (state == DLOAD_HTTP_DONE || state == DLOAD_HTTP_FAILED)
			return ex;
		if (left <= 0)
		{
			dload_http_give_up(ex, "reply was not complete within "
							   "\"request_timeout\"");
			return ex;
		}
		(void) dload_http_peek(ex);
	}
}

/* Wait for a start, and take it. */
static bool
take_start(const DloadResource *res, DloadPermit *permit, int64 longest,
		   DloadError *err)
{
	const char *url = res->auth.token_url;
	long		ms;

	while ((ms = dload_permit_acquire(permit, true)) > 0)
	{
		if (ms > longest)
			return dload_later_error(res, "POST", dload_url_redact(url, NULL),
									 true, ms, &res->auth.access->come_back,
									 err);
		dload_http_sleep(ms);
	}
	return true;
}

/*
 * Where the token endpoint is part of the API its requests count like others.
 * They do not wait for those in flight, which may be the ones of a session
 * that waits for this token and reads no answer meanwhile.
 */
bool
dload_oauth_turn(const DloadResource *res, int64 longest, DloadError *err)
{
	DloadPermitBudgets budgets = {0};
	DloadPermit permit;
	bool		ok = false;

	res->auth.access->come_back = 0;
	if (!dload_auth_trusts(res, res->auth.token_url))
		return true;
	dload_permit_open(&permit, &budgets, res, "POST", res->auth.token_url);
	permit.aside = true;
	PG_TRY();
	{
		ok = take_start(res, &permit, longest, err);
	}
	PG_FINALLY();
	{
		dload_permit_release(&permit);
	}
	PG_END_TRY();
	return ok;
}

/* How long to wait before the next attempt; -1 if there is to be none. */
static int64
pause_before(const DloadResource *res, const DloadExchange *ex, int attempt)
{
	const DloadLimitSpec *limits = &res->limits;
	int64		asked;

	if (attempt >= MAX_ATTEMPTS || !may_ask_again(res, ex))
		return -1;
	asked = dload_limit_pause(limits, ex, dload_response_limited(limits, ex));
	if (asked > limits->retry_cap)
		return -1;
	return Max(asked, dload_retry_backoff(limits, attempt));
}

bool
dload_oauth_ask(const DloadResource *res, bool in_turn,
				const char *refresh_token, DloadGrant *grant, DloadError *err)
{
	Asking		a = {res};
	int64		longest = in_turn ? -1 : res->limits.max_wait;

	for (int attempt = 1;; attempt++)
	{
		DloadExchange *ex;
		int64		pause;
		bool		ok = false;

		if (longest >= 0 && !dload_oauth_turn(res, longest, err))
			return false;
		if (!build_request(&a, refresh_token, err))
			return false;
		ex = send_request(&a);
		pause = pause_before(res, ex, attempt);
		if (pause < 0 && dload_http_failure(ex) != DLOAD_HTTP_FAIL_NONE)
			ok = not_reached(res, ex, err);
		else if (pause < 0)
			ok = read_reply(res, dload_http_status(ex), dload_http_peek(ex),
							grant, err);
		dload_http_close(ex);
		if (pause < 0)
			return ok;
		dload_http_sleep((long) pause);
		longest = res->limits.retry_cap;
	}
}

/* Without a renewer the token is this read's own. */
static bool
obtain_token(const DloadResource *res, DloadError *err)
{
	DloadGrant	grant;

	if (dload_auth_renewer != NULL)
		return dload_auth_renewer(res, err);
	if (!dload_oauth_ask(res, false, res->auth.refresh_token, &grant, err))
		return false;
	dload_access_adopt(res->auth.access, grant.access_token, grant.base_url,
					   grant.issued_at, grant.expires_at);
	return true;
}

const DloadAuthStrategy dload_auth_oauth2 = {
	dload_auth_apply_access, NULL, obtain_token
};
