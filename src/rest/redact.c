/*-------------------------------------------------------------------------
 *
 * redact.c
 *	  URLs as they may be shown, and secrets where they must not be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/url.h"

#include "data/bytes.h"
#include "mb/pg_wchar.h"
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
	"signature", "privatekey", "accesskeyid", "assertion", NULL
};

/* Lower case, without what separates words: API-Key -> apikey. */
static bool
is_secret_name(const char *name)
{
	char	   *plain = palloc(strlen(name) + 1);
	size_t		len = 0;

	for (const char *p = name; *p; p++)
	{
		if (dload_is_alpha(*p) || is_digit(*p))
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

/* The byte that two hexadecimal digits stand for; -1 if they are none. */
static int
hex_byte(const char *p)
{
	int			high = hex_value(p[0]);
	int			low = high < 0 ? -1 : hex_value(p[1]);

	return low < 0 ? -1 : high * 16 + low;
}

/* %2F, or the same encoded once more: %252F. */
static size_t
percent_length(const char *text, char c, bool twice)
{
	const char *start = twice ? "%25" : "%";
	size_t		len = strlen(start);

	if (strncmp(text, start, len) != 0 ||
		hex_byte(text + len) != (unsigned char) c)
		return 0;
	return len + 2;
}

/* An escape of JSON.  *used are the bytes of the secret that it stands for. */
static size_t
json_length(const char *text, const char *secret, size_t *used)
{
	unsigned char utf8[MAX_MULTIBYTE_CHAR_LEN + 1];
	int			high;
	int			low;

	if (text[0] != '\\')
		return 0;
	if (text[1] == *secret && strchr("\"\\/", text[1]) != NULL)
		return 2;
	if (text[1] != 'u' || (high = hex_byte(text + 2)) < 0 ||
		(low = hex_byte(text + 4)) < 0)
		return 0;
	unicode_to_utf8(high * 256 + low, utf8);
	*used = pg_utf_mblen(utf8);
	return strncmp((char *) utf8, secret, *used) == 0 ? 6 : 0;
}

/* A reference of HTML or XML: by name, or by number. */
static size_t
entity_length(const char *text, char c)
{
	static const struct
	{
		const char *entity;
		char		c;
	}			entities[] = {
		{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'},
		{"&apos;", '\''},
	};
	bool		hex;
	char	   *end;

	if (text[0] != '&')
		return 0;
	for (int i = 0; i < lengthof(entities); i++)
	{
		size_t		len = strlen(entities[i].entity);

		if (entities[i].c == c && strncmp(text, entities[i].entity, len) == 0)
			return len;
	}
	if (text[1] != '#')
		return 0;
	hex = text[2] == 'x' || text[2] == 'X';
	if (strtol(text + (hex ? 3 : 2), &end, hex ? 16 : 10) !=
		(unsigned char) c || *end != ';')
		return 0;
	return end + 1 - text;
}

/* The same as dload_secret_length(), with characters escaped. */
static size_t
escaped_length(const char *text, const char *secret, bool twice)
{
	const char *p = text;

	while (*secret)
	{
		size_t		used = 1;
		size_t		n = percent_length(p, *secret, twice);

		if (n == 0)
			n = json_length(p, secret, &used);
		if (n == 0)
			n = entity_length(p, *secret);
		if (n == 0 && (*p == *secret || (*p == '+' && *secret == ' ')))
			n = used = 1;
		if (n == 0)
			return 0;
		p += n;
		secret += used;
	}
	return p - text;
}

size_t
dload_secret_length(const char *text, const char *secret)
{
	size_t		len = strlen(secret);

	if (strncmp(text, secret, len) == 0)
		return len;
	len = escaped_length(text, secret, false);
	return len > 0 ? len : escaped_length(text, secret, true);
}
