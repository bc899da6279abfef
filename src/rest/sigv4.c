/*-------------------------------------------------------------------------
 *
 * sigv4.c
 *	  AWS Signature Version 4.
 *
 * Ours and not libcurl's: that of 7.88 sorts no query, encodes the path once
 * for every service and signs no session token.  The URL that is sent is
 * brought to the canonical spelling first, so that what the service reads is
 * what was signed.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <time.h>

#include "pgtime.h"
#include "rest/authkind.h"
#include "rest/crypto.h"
#include "rest/url.h"
#include "rest/urlparts.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

/* A header in its canonical form, or a query parameter. */
typedef struct Pair
{
	char	   *name;
	char	   *value;
} Pair;

static int
compare_pairs(const ListCell *a, const ListCell *b)
{
	const Pair *x = lfirst(a);
	const Pair *y = lfirst(b);
	int			order = strcmp(x->name, y->name);

	return order != 0 ? order : strcmp(x->value, y->value);
}

static Pair *
make_pair(char *name, char *value)
{
	Pair	   *pair = palloc(sizeof(Pair));

	pair->name = name;
	pair->value = value;
	return pair;
}

/* Append a byte as signatures write it; those of "keep" stay as they are. */
static void
append_byte(StringInfo buf, unsigned char c, const char *keep)
{
	if (dload_is_alpha(c) || (c >= '0' && c <= '9') ||
		(c != '\0' && (strchr("-_.~", c) != NULL ||
					   strchr(keep, c) != NULL)))
		appendStringInfoChar(buf, c);
	else
		appendStringInfo(buf, "%%%02X", c);
}

/* A part of a URL in the one spelling that signatures know. */
static char *
respell(DloadSpan text, bool plus_is_blank, const char *keep)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (size_t i = 0; i < text.len; i++)
	{
		char		c = text.data[i];
		DloadSpan	byte;

		if (c == '%' && i + 2 < text.len &&
			dload_unhex(pnstrdup(text.data + i + 1, 2), &byte))
		{
			/* an encoded slash is no separator */
			append_byte(&buf, byte.data[0], "");
			i += 2;
		}
		else
			append_byte(&buf, c == '+' && plus_is_blank ? ' ' : c, keep);
	}
	return buf.data;
}

/* The same without decoding: escapes are escaped once more. */
static char *
encode_again(const char *path)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (; *path; path++)
		append_byte(&buf, *path, "/");
	return buf.data;
}

/* The query sorted, by name and then by value. */
static char *
canonical_query(DloadSpan query)
{
	List	   *pairs = NIL;
	const char *p = query.data;
	const char *end = query.data + query.len;
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	while (p != NULL && p < end)
	{
		const char *stop = memchr(p, '&', end - p);
		const char *equals;
		DloadSpan	name;
		DloadSpan	value;

		if (stop == NULL)
			stop = end;
		equals = memchr(p, '=', stop - p);
		if (equals == NULL)
			equals = stop;
		name = dload_span(p, equals - p);
		value = dload_span(equals, stop - equals);
		if (value.len > 0)
			value = dload_span(value.data + 1, value.len - 1);
		if (stop > p)
			pairs = lappend(pairs, make_pair(respell(name, true, ""),
											 respell(value, true, "")));
		p = stop + 1;
	}
	list_sort(pairs, compare_pairs);
	foreach(lc, pairs)
	{
		Pair	   *pair = lfirst(lc);

		appendStringInfo(&buf, "%s%s=%s", buf.len > 0 ? "&" : "", pair->name,
						 pair->value);
	}
	return buf.data;
}

/* White space inside a value counts once. */
static char *
squeeze(const char *value)
{
	StringInfoData buf;

	initStringInfo(&buf);
	while (*value == ' ' || *value == '\t')
		value++;
	for (; *value; value++)
	{
		bool		blank = *value == ' ' || *value == '\t';

		if (blank && (value[1] == ' ' || value[1] == '\t' ||
					  value[1] == '\0'))
			continue;
		appendStringInfoChar(&buf, blank ? ' ' : *value);
	}
	return buf.data;
}

/* Host, the type of the body, and all that are AWS's own. */
static List *
headers_to_sign(const DloadHttpRequest *request, const char *host)
{
	List	   *pairs = list_make1(make_pair("host", pstrdup(host)));
	ListCell   *lc;

	foreach(lc, request->headers)
	{
		const char *header = lfirst(lc);
		size_t		len = strcspn(header, ":");
		char	   *name = pnstrdup(header, len);

		for (char *p = name; *p; p++)
			*p = pg_ascii_tolower((unsigned char) *p);
		if (strncmp(name, "x-amz-", 6) == 0 ||
			strcmp(name, "content-type") == 0)
			pairs = lappend(pairs, make_pair(name, squeeze(header + len + 1)));
	}
	list_sort(pairs, compare_pairs);
	return pairs;
}

/* Amounts to nothing that can fail: the digest is known. */
static char *
sha256_hex(const char *text)
{
	unsigned char digest[DLOAD_MAX_DIGEST];
	size_t		len = 0;

	(void) dload_crypto_digest("sha256", dload_span(text, strlen(text)),
							   digest, &len);
	return dload_hex(dload_span((char *) digest, len));
}

static char *
canonical_request(const DloadHttpRequest *request, const char *path,
				  const char *query, List *headers, const char *names,
				  const char *payload)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	appendStringInfo(&buf, "%s\n%s\n%s\n", request->method, path, query);
	foreach(lc, headers)
	{
		Pair	   *pair = lfirst(lc);

		appendStringInfo(&buf, "%s:%s\n", pair->name, pair->value);
	}
	appendStringInfo(&buf, "\n%s\n%s", names, payload);
	return buf.data;
}

static char *
joined_names(List *headers)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, headers)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ";" : "",
						 ((Pair *) lfirst(lc))->name);
	return buf.data;
}

/* The signature with a key made for this day, region and service. */
static char *
sign(const DloadAuthSpec *auth, const char *day, const char *to_sign)
{
	const char *parts[] = {
		day, auth->sigv4_region, auth->sigv4_service, "aws4_request", to_sign
	};
	char	   *first = psprintf("AWS4%s", auth->secret_access_key);
	unsigned char mac[DLOAD_MAX_DIGEST];
	unsigned char next[DLOAD_MAX_DIGEST];
	size_t		len = 0;
	DloadSpan	key = dload_span(first, strlen(first));

	for (int i = 0; i < lengthof(parts); i++)
	{
		(void) dload_crypto_hmac("sha256", key,
								 dload_span(parts[i], strlen(parts[i])),
								 next, &len);
		memcpy(mac, next, len);
		key = dload_span((char *) mac, len);
	}
	return dload_hex(key);
}

/* Bring the request's URL to the canonical spelling; path and query of it. */
static void
canonical_url(DloadHttpRequest *request, DloadUrlParts *parts, char **path,
			  char **query)
{
	StringInfoData url;

	dload_url_split(request->url, parts);
	*query = canonical_query(parts->query);
	*path = respell(parts->path, false, "/");
	if (**path == '\0')
		*path = pstrdup("/");
	parts->path = dload_span(*path, strlen(*path));
	parts->query = dload_span(**query ? *query : NULL, strlen(*query));
	parts->fragment.data = NULL;
	initStringInfo(&url);
	dload_url_join(&url, parts);
	request->url = url.data;
}

static bool
apply_sigv4(const DloadResource *res, DloadHttpRequest *request,
			DloadError *err)
{
	const DloadAuthSpec *auth = &res->auth;
	bool		s3 = strcmp(auth->sigv4_service, "s3") == 0;
	pg_time_t	now = (pg_time_t) time(NULL);
	struct pg_tm *tm = pg_gmtime(&now);
	const char *body = request->body ? request->body : "";
	char	   *payload = sha256_hex(body);
	char	   *stamp;
	char	   *day;
	char	   *scope;
	char	   *path;
	char	   *query;
	char	   *names;
	char	   *signature;
	List	   *headers;
	DloadUrlParts parts;

	stamp = psprintf("%04d%02d%02dT%02d%02d%02dZ", tm->tm_year + 1900,
					 tm->tm_mon + 1, tm->tm_mday, tm->tm_hour, tm->tm_min,
					 tm->tm_sec);
	day = pnstrdup(stamp, 8);
	canonical_url(request, &parts, &path, &query);

	dload_auth_set_header(request, "X-Amz-Date", stamp);
	if (s3)
		dload_auth_set_header(request, "X-Amz-Content-Sha256", payload);
	if (auth->session_token != NULL)
		dload_auth_set_header(request, "X-Amz-Security-Token",
							  auth->session_token);
	headers = headers_to_sign(request, dload_auth_host(&parts));
	names = joined_names(headers);
	/* for all services but S3, which encodes names only once */
	if (!s3)
		path = encode_again(path);
	scope = psprintf("%s/%s/%s/aws4_request", day, auth->sigv4_region,
					 auth->sigv4_service);
	signature = sign(auth, day,
					 psprintf(ALGORITHM "\n%s\n%s\n%s", stamp, scope,
							  sha256_hex(canonical_request(request, path,
														   query, headers,
														   names, payload))));
	dload_access_mask(auth->access, signature);
	dload_auth_set_header(request, "Authorization",
						  psprintf(ALGORITHM " Credential=%s/%s, "
								   "SignedHeaders=%s, Signature=%s",
								   auth->access_key_id, scope, names,
								   signature));
	return true;
}

const DloadAuthStrategy dload_auth_sigv4 = {apply_sigv4};
