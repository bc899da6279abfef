/*-------------------------------------------------------------------------
 *
 * authmask.c
 *	  No credentials in messages.
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

/* A key, without the lines around it; each line is a secret too. */
static List *
add_pem(List *secrets, const char *pem)
{
	while (pem != NULL && *pem)
	{
		size_t		len = strcspn(pem, "\r\n");

		if (len >= MIN_FREE_SECRET && strncmp(pem, "-----", 5) != 0)
			secrets = lappend(secrets, pnstrdup(pem, len));
		pem += len;
		pem += strspn(pem, "\r\n");
	}
	return secrets;
}

static List *
collect_secrets(const DloadResource *res)
{
	const DloadAuthSpec *auth = &res->auth;
	const DloadAccess *access = auth->access;
	List	   *secrets = NIL;

	secrets = add_secret(secrets, auth->token);
	secrets = add_secret(secrets, auth->password);
	secrets = add_secret(secrets, auth->api_key);
	secrets = add_secret(secrets, auth->client_secret);
	secrets = add_secret(secrets, auth->refresh_token);
	secrets = add_secret(secrets, auth->secret_access_key);
	secrets = add_secret(secrets, auth->session_token);
	secrets = add_secret(secrets, auth->hmac_secret);
	secrets = add_secret(secrets, access->token);
	secrets = add_pem(secrets, auth->private_key);
	secrets = add_pem(secrets, auth->client_key);
	for (int i = 0; i < DLOAD_MASKED_VALUES; i++)
	{
		if (access->masked[i] != NULL)
			secrets = lappend(secrets, access->masked[i]);
	}
	if (auth->password != NULL && auth->password[0] != '\0')
	{
		char	   *plain = psprintf("%s:%s",
									 auth->username ? auth->username : "",
									 auth->password);

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
