/*-------------------------------------------------------------------------
 *
 * url.c
 *	  URLs: building them and their queries.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/url.h"

#include "access/xact.h"
#include "data/bytes.h"
#include "mb/pg_wchar.h"
#include "model/resource.h"
#include "rest/urlparts.h"

static bool
is_unreserved(unsigned char c)
{
	return dload_is_alpha(c) || is_digit(c) ||
		c == '-' || c == '.' || c == '_' || c == '~';
}

/*
 * Percent-encoding is defined on UTF-8 bytes.  Conversion needs a transaction
 * in a database of another encoding; without one the bytes go as they are.
 */
const char *
dload_url_utf8(const char *s)
{
	if (GetDatabaseEncoding() == PG_UTF8 || !IsTransactionState())
		return s;
	return pg_server_to_any(s, (int) strlen(s), PG_UTF8);
}

void
dload_url_encode(StringInfo buf, const char *s)
{
	const unsigned char *p = (const unsigned char *) dload_url_utf8(s);

	for (; *p; p++)
	{
		if (is_unreserved(*p))
			appendStringInfoChar(buf, *p);
		else
			dload_append_percent(buf, *p);
	}
}

/* A parameter's name: only what would end it or the query is encoded. */
static void
append_query_name(StringInfo buf, const char *name)
{
	const unsigned char *p = (const unsigned char *) dload_url_utf8(name);

	for (; *p; p++)
	{
		if (*p <= ' ' || *p >= 0x7f || strchr("\"#%&+'\\^`{|}", *p) != NULL)
			dload_append_percent(buf, *p);
		else
			appendStringInfoChar(buf, *p);
	}
}

/* "DateSent>=" brings the equals sign with it. */
static void
append_pair(StringInfo buf, const char *name, const char *value)
{
	append_query_name(buf, name);
	if (buf->data[buf->len - 1] != '=')
		appendStringInfoChar(buf, '=');
	dload_url_encode(buf, value);
}

void
dload_url_add_query(StringInfo url, const char *name, const char *value)
{
	char	   *question = strchr(url->data, '?');

	if (question == NULL)
		appendStringInfoChar(url, '?');
	else if (question[1] != '\0' && url->data[url->len - 1] != '&')
		appendStringInfoChar(url, '&');
	append_pair(url, name, value);
}

/* One "name=value" piece of a query.  The name sought may end in "=". */
static bool
piece_has_name(DloadSpan piece, const char *name)
{
	size_t		namelen = strlen(name);
	const char *equals = memchr(piece.data, '=', piece.len);
	DloadSpan	found = {piece.data, equals ? equals - piece.data : piece.len};
	char	   *decoded = dload_url_decode_name(found);

	if (namelen > 0 && name[namelen - 1] == '=')
		namelen--;
	return strlen(decoded) == namelen &&
		strncmp(decoded, name, namelen) == 0;
}

/*
 * Rewrite the query: pieces named "name" are dropped, the first one replaced
 * by value if that is not NULL; without one, the value is appended.
 */
static char *
rewrite_query(const char *url, const char *name, const char *value)
{
	DloadUrlParts parts;
	StringInfoData buf;
	const char *p;
	const char *end;
	char		separator = '?';

	dload_url_split(url, &parts);
	initStringInfo(&buf);
	p = parts.query.data;
	end = (p != NULL) ? p + parts.query.len : NULL;
	appendBinaryStringInfo(&buf, url, (int) (parts.path.data +
											 parts.path.len - url));
	while (p != NULL && p < end)
	{
		const char *stop = memchr(p, '&', end - p);
		DloadSpan	piece;

		if (stop == NULL)
			stop = end;
		piece = dload_span(p, stop - p);
		p = stop + 1;
		if (piece_has_name(piece, name))
		{
			if (value == NULL)
				continue;
			appendStringInfoChar(&buf, separator);
			append_pair(&buf, name, value);
			value = NULL;
		}
		else
		{
			appendStringInfoChar(&buf, separator);
			dload_append_span(&buf, piece);
		}
		separator = '&';
	}
	if (value != NULL)
		dload_url_add_query(&buf, name, value);
	if (parts.fragment.data != NULL)
	{
		appendStringInfoChar(&buf, '#');
		dload_append_span(&buf, parts.fragment);
	}
	return buf.data;
}

char *
dload_url_set_query(const char *url, const char *name, const char *value)
{
	return rewrite_query(url, name, value);
}

char *
dload_url_drop_query(const char *url, const char *name)
{
	return rewrite_query(url, name, NULL);
}

char *
dload_url_drop_value(const char *url, const char *value)
{
	DloadUrlParts parts;
	DloadSpan	query;
	StringInfoData buf;
	size_t		n;
	bool		first = true;

	dload_url_split(url, &parts);
	query = parts.query;
	if (query.data == NULL || query.len == 0)
		return pstrdup(url);
	initStringInfo(&buf);
	for (size_t at = 0; at <= query.len; at += n + 1)
	{
		const char *piece = query.data + at;
		const char *stop = memchr(piece, '&', query.len - at);
		const char *equals;

		n = stop ? stop - piece : query.len - at;
		equals = memchr(piece, '=', n);
		if (equals != NULL &&
			strcmp(dload_url_decode_name(dload_span(equals + 1,
													piece + n - equals - 1)),
				   value) == 0)
			continue;
		if (!first)
			appendStringInfoChar(&buf, '&');
		appendBinaryStringInfo(&buf, piece, (int) n);
		first = false;
	}
	parts.query = dload_span(first ? NULL : buf.data, buf.len);
	initStringInfo(&buf);
	dload_url_join(&buf, &parts);
	return buf.data;
}

List *
dload_url_query_names(const char *url)
{
	DloadUrlParts parts;
	List	   *names = NIL;
	const char *p;
	const char *end;

	dload_url_split(url, &parts);
	if (parts.query.data == NULL)
		return NIL;
	end = parts.query.data + parts.query.len;
	for (p = parts.query.data; p < end; p++)
	{
		const char *start = p;
		const char *stop;

		while (p < end && *p != '&')
			p++;
		stop = memchr(start, '=', p - start);
		names = lappend(names,
						dload_url_decode_name(dload_span(start,
														 (stop ? stop : p) -
														 start)));
	}
	return names;
}

void
dload_url_add_list(StringInfo url, const char *name, List *values, int style)
{
	size_t		len = strlen(name);
	bool		bracketed = len > 2 && strcmp(name + len - 2, "[]") == 0;
	ListCell   *lc;

	foreach(lc, values)
	{
		if (style == DLOAD_ARRAY_BRACKETS)
			dload_url_add_query(url, bracketed ? name :
								psprintf("%s[]", name), lfirst(lc));
		else if (style == DLOAD_ARRAY_REPEAT || lc == list_head(values))
			dload_url_add_query(url, name, lfirst(lc));
		else
		{
			appendStringInfoChar(url, ',');
			dload_url_encode(url, lfirst(lc));
		}
	}
}

char *
dload_url_expand(const char *base_url, const char *path, DloadError *err)
{
	DloadUrlParts base;
	StringInfoData buf;
	size_t		n;
	char	   *clean;

	initStringInfo(&buf);
	dload_url_split(base_url, &base);
	n = base.path.data + base.path.len - base_url;
	if (path == NULL)
		path = "";
	if (path[0] != '\0')
	{
		while (n > 0 && base_url[n - 1] == '/')
			n--;
		appendBinaryStringInfo(&buf, base_url, (int) n);
		if (path[0] != '/' && path[0] != '?')
			appendStringInfoChar(&buf, '/');
	}
	else
		appendBinaryStringInfo(&buf, base_url, (int) n);
	appendStringInfoString(&buf, path);
	if (base.query.data != NULL && base.query.len > 0)
	{
		appendStringInfoChar(&buf, strchr(buf.data, '?') ? '&' : '?');
		dload_append_span(&buf, base.query);
	}
	clean = dload_url_clean(buf.data);
	if (clean == NULL)
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"URL contains a blank or a control character");
	return clean;
}

char *
dload_url_drop_params(const char *url, List *names, bool all, List *kept)
{
	char	   *result = pstrdup(url);
	ListCell   *lc;

	foreach(lc, all ? dload_url_query_names(url) : names)
	{
		if (!dload_list_has(kept, lfirst(lc)))
			result = dload_url_drop_query(result, lfirst(lc));
	}
	return result;
}
