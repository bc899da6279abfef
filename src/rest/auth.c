/*-------------------------------------------------------------------------
 *
 * auth.c
 *	  Credentials on requests, and none of them in messages.
 *
 * A server may send back what it was sent: in an error body, in a redirect,
 * in a next link.  So redaction works on values, not on places: every form
 * in which a secret can travel is looked for in every text that is shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/auth.h"

#include "common/base64.h"
#include "rest/url.h"

#define MASK "***"

/* Below this a secret is masked only where it is a whole value. */
#define MIN_FREE_SECRET 4

/* One kind of auth. */
typedef struct AuthStrategy
{
	void		(*apply) (const DloadResource *res, DloadHttpRequest *request);
	/* the query parameter it adds, or NULL */
	const char *(*parameter) (const DloadResource *res);
} AuthStrategy;

static void
apply_none(const DloadResource *res, DloadHttpRequest *request)
{
}

static const char *
parameter_none(const DloadResource *res)
{
	return NULL;
}

static void
apply_bearer(const DloadResource *res, DloadHttpRequest *request)
{
	if (res->auth.token != NULL)
		request->headers = lappend(request->headers,
								   psprintf("Authorization: Bearer %s",
											res->auth.token));
}

static void
apply_basic(const DloadResource *res, DloadHttpRequest *request)
{
	request->username = res->auth.username ? res->auth.username : "";
	request->password = res->auth.password ? res->auth.password : "";
}

static void
apply_api_key(const DloadResource *res, DloadHttpRequest *request)
{
	if (res->auth.api_key == NULL || res->auth.api_key_name == NULL)
		return;
	if (res->auth.api_key_in_query)
		request->url = dload_url_set_query(request->url,
										   res->auth.api_key_name,
										   res->auth.api_key);
	else
		request->headers = lappend(request->headers,
								   psprintf("%s: %s", res->auth.api_key_name,
											res->auth.api_key));
}

static const char *
parameter_api_key(const DloadResource *res)
{
	return res->auth.api_key_in_query ? res->auth.api_key_name : NULL;
}

static const AuthStrategy strategies[] = {
	[DLOAD_AUTH_NONE] = {apply_none, parameter_none},
	[DLOAD_AUTH_BEARER] = {apply_bearer, parameter_none},
	[DLOAD_AUTH_BASIC] = {apply_basic, parameter_none},
	[DLOAD_AUTH_API_KEY] = {apply_api_key, parameter_api_key},
};

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
	foreach(lc, res->allowed_origins)
	{
		char	   *allowed = dload_url_origin(lfirst(lc));

		if (allowed != NULL && strcmp(origin, allowed) == 0)
			return true;
	}
	return false;
}

void
dload_auth_apply(const DloadResource *res, DloadHttpRequest *request)
{
	if (dload_auth_trusts(res, request->url))
		strategies[res->auth.kind].apply(res, request);
}

char *
dload_auth_strip_url(const DloadResource *res, const char *url)
{
	const char *name = strategies[res->auth.kind].parameter(res);

	if (name == NULL)
		return pstrdup(url);
	return dload_url_drop_query(url, name);
}

/*
 * Base64 without the padding, which some leave out; with "-" and "_" if that
 * is wanted, as in tokens.
 */
static char *
base64(const char *text, bool url_safe)
{
	int			len = (int) strlen(text);
	int			max = pg_b64_enc_len(len);
	char	   *encoded = palloc(max + 1);
	/* it takes a char * up to 17, and a uint8 * since */
	int			n = pg_b64_encode((const void *) text, len, encoded, max);

	encoded[Max(n, 0)] = '\0';
	encoded[strcspn(encoded, "=")] = '\0';
	for (char *p = encoded; url_safe && *p; p++)
	{
		if (*p == '+' || *p == '/')
			*p = *p == '+' ? '-' : '_';
	}
	return encoded;
}

/*
 * Add a secret as it may come back, but for the escapes that
 * dload_secret_length() sees through.
 */
static List *
add_secret(List *secrets, const char *secret)
{
	const char *utf8;

	if (secret == NULL || secret[0] == '\0')
		return secrets;
	utf8 = dload_url_utf8(secret);
	secrets = lappend(secrets, unconstify(char *, secret));
	if (utf8 != secret)
		secrets = lappend(secrets, unconstify(char *, utf8));
	secrets = lappend(secrets, base64(utf8, false));
	return lappend(secrets, base64(utf8, true));
}

static List *
collect_secrets(const DloadResource *res)
{
	List	   *secrets = NIL;

	secrets = add_secret(secrets, res->auth.token);
	secrets = add_secret(secrets, res->auth.password);
	secrets = add_secret(secrets, res->auth.api_key);
	if (res->auth.password != NULL && res->auth.password[0] != '\0')
	{
		char	   *plain = psprintf("%s:%s",
									   res->auth.username ?
									   res->auth.username : "",
									 res->auth.password);

		secrets = lappend(secrets, base64(plain, false));
		secrets = lappend(secrets, base64(plain, true));
	}
	return secrets;
}

/*
 * Is the text at p (inside "text") a value of its own: after "=", ":", a
 * quote or the word Bearer, and up to something that ends a value?
 */
static bool
is_whole_value(const char *text, const char *p, size_t len)
{
	const char *before = p;
	char		after = p[len];

	while (before > text && before[-1] == ' ')
		before--;
	if (before > text && strchr("=:\"'", before[-1]) == NULL &&
		!(before - text >= 6 && pg_strncasecmp(before - 6, "bearer", 6) == 0))
		return false;
	if (before == text && before != p)
		return false;
	return after == '\0' || strchr("&\"',; \r\n}", after) != NULL;
}

char *
dload_auth_redact(const DloadResource *res, const char *text)
{
	List	   *secrets = collect_secrets(res);
	StringInfoData buf;

	if (secrets == NIL)
		return pstrdup(text);
	initStringInfo(&buf);
	for (const char *p = text; *p;)
	{
		size_t		longest = 0;
		ListCell   *lc;

		foreach(lc, secrets)
		{
			size_t		len = dload_secret_length(p, lfirst(lc));

			if (len > longest &&
				(len >= MIN_FREE_SECRET || is_whole_value(text, p, len)))
				longest = len;
		}
		if (longest > 0)
		{
			appendStringInfoString(&buf, MASK);
			p += longest;
		}
		else
			appendStringInfoChar(&buf, *p++);
	}
	return buf.data;
}
