/*-------------------------------------------------------------------------
 *
 * redact.c
 *	  URLs as they may be shown.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/url.h"

#include "rest/urlparts.h"

/* Query parameters whose values never belong in a message. */
static const char *const secret_names[] = {
	"apikey", "key", "token", "authtoken", "sessiontoken", "authorization",
	"auth", "sig", "pass", "passwd", "pwd", "sessionid", "jwt", "bearer",
	"xamzcredential", "xamzsecuritytoken", "credential", "credentials",
	"subscriptionkey", "appkey", "appid", "accesskey", NULL
};

/* The same for names that only end so: x_client_secret, X-Amz-Signature. */
static const char *const secret_endings[] = {
	"secret", "password", "apikey", "accesstoken", "refreshtoken",
	"signature", "privatekey", "accesskeyid", NULL
};

/* Lower case, without what separates words: API-Key -> apikey. */
static bool
is_secret_name(const char *name)
{
	char	   *plain = palloc(strlen(name) + 1);
	size_t		len = 0;

	for (const char *p = name; *p; p++)
	{
		if (dload_is_alpha(*p) || dload_is_digit(*p))
			plain[len++] = pg_ascii_tolower((unsigned char) *p);
	}
	plain[len] = '\0';
	for (int i = 0; secret_names[i] != NULL; i++)
	{
		if (strcmp(plain, secret_names[i]) == 0)
			return true;
	}
	for (int i = 0; secret_endings[i] != NULL; i++)
	{
		size_t		n = strlen(secret_endings[i]);

		if (len >= n && strcmp(plain + len - n, secret_endings[i]) == 0)
			return true;
	}
	return false;
}

char *
dload_url_redact(const char *url, const char *also)
{
	DloadUrlParts parts;
	StringInfoData buf;
	DloadSpan	query;
	const char *p;

	dload_url_split(url, &parts);
	query = parts.query;
	parts.query.data = NULL;
	parts.fragment.data = NULL;
	initStringInfo(&buf);
	dload_url_join(&buf, &parts);
	if (query.data == NULL)
		return buf.data;
	appendStringInfoChar(&buf, '?');
	p = query.data;
	while (p < query.data + query.len)
	{
		size_t		left = query.data + query.len - p;
		const char *stop = memchr(p, '&', left);
		size_t		n = stop ? stop - p : left;
		const char *equals = memchr(p, '=', n);
		size_t		namelen = equals ? equals - p : n;
		char	   *name = dload_url_decode_name(dload_span(p, namelen));

		appendBinaryStringInfo(&buf, p, (int) namelen);
		if (equals != NULL &&
			(is_secret_name(name) ||
			 (also != NULL && pg_strcasecmp(name, also) == 0)))
			appendStringInfoString(&buf, "=***");
		else
			appendBinaryStringInfo(&buf, p + namelen, (int) (n - namelen));
		if (stop != NULL)
			appendStringInfoChar(&buf, '&');
		p += n + (stop != NULL);
	}
	return buf.data;
}
