/*-------------------------------------------------------------------------
 *
 * auth.c
 *	  Credentials on requests: the table of kinds, and who is trusted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/authkind.h"

#include "rest/url.h"

/* Shorter ones may be the value of anything. */
#define MIN_LINKED_SECRET 8

static bool
apply_none(const DloadResource *res, DloadHttpRequest *request,
		   DloadError *err)
{
	return true;
}

static const DloadAuthStrategy none = {apply_none};

static const DloadAuthStrategy *const strategies[] = {
	[DLOAD_AUTH_NONE] = &none,
	[DLOAD_AUTH_BEARER] = &dload_auth_bearer,
	[DLOAD_AUTH_BASIC] = &dload_auth_basic,
	[DLOAD_AUTH_API_KEY] = &dload_auth_api_key,
	[DLOAD_AUTH_OAUTH2] = &dload_auth_oauth2,
	[DLOAD_AUTH_JWT] = &dload_auth_jwt,
	[DLOAD_AUTH_SIGV4] = &dload_auth_sigv4,
	[DLOAD_AUTH_HMAC] = &dload_auth_hmac,
};

DloadRenewer dload_auth_renewer = NULL;

void
dload_auth_set_renewer(DloadRenewer renewer)
{
	dload_auth_renewer = renewer;
}

static const DloadAuthStrategy *
strategy(const DloadResource *res)
{
	return strategies[res->auth.kind];
}

/* May this URL be asked, and be given the credentials? */
bool
dload_auth_trusts(const DloadResource *res, const char *url)
{
	char	   *origin = dload_url_origin(url);
	char	   *own = dload_url_origin(res->base_url);
	ListCell   *lc;

	if (origin == NULL)
		return false;
	if (own != NULL && strcmp(origin, own) == 0)
		return true;
	if (res->auth.access->base_url != NULL)
	{
		own = dload_url_origin(res->auth.access->base_url);
		if (own != NULL && strcmp(origin, own) == 0)
			return true;
	}
	foreach(lc, res->allowed_origins)
	{
		char	   *allowed = dload_url_origin(lfirst(lc));

		if (allowed != NULL && strcmp(origin, allowed) == 0)
			return true;
	}
	return false;
}

bool
dload_auth_apply(const DloadResource *res, DloadHttpRequest *request,
				 DloadError *err)
{
	if (!dload_auth_trusts(res, request->url))
		return true;
	dload_auth_secure(res, request);
	return strategy(res)->apply(res, request, err);
}

void
dload_auth_secure(const DloadResource *res, DloadHttpRequest *request)
{
	request->ca = res->auth.ca;
	request->client_cert = res->auth.client_cert;
	request->client_key = res->auth.client_key;
}

bool
dload_auth_apply_access(const DloadResource *res, DloadHttpRequest *request,
						DloadError *err)
{
	dload_auth_set_header(request, "Authorization",
						  psprintf("Bearer %s", res->auth.access->token));
	return true;
}

char *
dload_auth_host(const DloadUrlParts *parts)
{
	const char *usual = parts->scheme.len == 5 ? ":443" : ":80";
	DloadSpan	host = dload_url_bare_host(parts->authority);
	size_t		len = strlen(usual);

	if (host.len > len &&
		strncmp(host.data + host.len - len, usual, len) == 0)
		host.len -= len;
	return pnstrdup(host.data, host.len);
}

/* -------------------------------------------------------------------------
 * Access that must be asked for.
 * -------------------------------------------------------------------------
 */

bool
dload_auth_ready(const DloadResource *res)
{
	return strategy(res)->obtain == NULL ||
		dload_access_fresh(res->auth.access, res->auth.early);
}

bool
dload_auth_obtain(const DloadResource *res, DloadError *err)
{
	return dload_auth_ready(res) || strategy(res)->obtain(res, err);
}

uint64
dload_auth_serial(const DloadResource *res)
{
	return res->auth.access->serial;
}

bool
dload_auth_reject(const DloadResource *res, uint64 serial)
{
	if (strategy(res)->obtain == NULL)
		return false;
	/* unless another request has seen to it meanwhile */
	if (serial == res->auth.access->serial)
		res->auth.access->rejected = true;
	return true;
}

/*
 * RFC 6750 says 401, and invalid_token where the token is the reason; some
 * say the latter with another status.
 */
bool
dload_auth_recovers(const DloadResource *res, uint64 serial,
					const DloadExchange *ex, const char *body)
{
	int			status = dload_http_status(ex);
	char	   *challenge;

	if (status != 401)
	{
		challenge = dload_http_header(ex, "WWW-Authenticate");
		if ((status != 400 && status != 403) ||
			(strstr(body, "invalid_token") == NULL &&
			 (challenge == NULL ||
			  strstr(challenge, "invalid_token") == NULL)))
			return false;
	}
	return dload_auth_reject(res, serial);
}

char *
dload_auth_rebase(const DloadResource *res, const char *url)
{
	const char *base = res->auth.access->base_url;
	size_t		own = strlen(res->base_url);
	DloadUrlParts from;
	DloadUrlParts to;
	StringInfoData buf;

	if (base == NULL ||
		strcmp(dload_url_origin(url), dload_url_origin(res->base_url)) != 0)
		return pstrdup(url);
	while (own > 0 && res->base_url[own - 1] == '/')
		own--;
	initStringInfo(&buf);
	if (strncmp(url, res->base_url, own) == 0 &&
		strchr("/?", url[own]) != NULL)
	{
		appendStringInfoString(&buf, base);
		while (buf.len > 0 && buf.data[buf.len - 1] == '/')
			buf.data[--buf.len] = '\0';
		appendStringInfoString(&buf, url + own);
		return buf.data;
	}
	/* a link to another path of the same host */
	dload_url_split(url, &from);
	dload_url_split(base, &to);
	from.scheme = to.scheme;
	from.authority = to.authority;
	dload_url_join(&buf, &from);
	return buf.data;
}

char *
dload_auth_strip_url(const DloadResource *res, const char *url)
{
	const DloadAuthStrategy *kind = strategy(res);
	char	   *stripped = pstrdup(url);
	ListCell   *lc;

	if (kind->parameters == NULL)
		return stripped;
	foreach(lc, kind->parameters(res))
		stripped = dload_url_drop_query(stripped, lfirst(lc));
	return stripped;
}

/* What each request carries as it is; NULL if nothing, or too short. */
static const char *
sent_secret(const DloadResource *res)
{
	const char *secret = NULL;

	switch (res->auth.kind)
	{
		case DLOAD_AUTH_BEARER:
			secret = res->auth.token;
			break;
		case DLOAD_AUTH_API_KEY:
			secret = res->auth.api_key;
			break;
		case DLOAD_AUTH_OAUTH2:
		case DLOAD_AUTH_JWT:
			secret = res->auth.access->token;
			break;
		default:
			break;
	}
	return secret != NULL && strlen(secret) >= MIN_LINKED_SECRET ? secret :
		NULL;
}

char *
dload_auth_strip_link(const DloadResource *res, const char *url)
{
	char	   *stripped = dload_auth_strip_url(res, url);
	const char *secret = sent_secret(res);

	return secret ? dload_url_drop_value(stripped, secret) : stripped;
}
