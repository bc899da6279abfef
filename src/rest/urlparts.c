/*-------------------------------------------------------------------------
 *
 * urlparts.c
 *	  Taking URLs apart and putting them together (RFC 3986, section 3).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/bytes.h"
#include "rest/urlparts.h"

void
dload_append_percent(StringInfo buf, unsigned char c)
{
	static const char hex[] = "0123456789ABCDEF";

	appendStringInfoChar(buf, '%');
	appendStringInfoChar(buf, hex[c >> 4]);
	appendStringInfoChar(buf, hex[c & 0x0f]);
}

bool
dload_is_alpha(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void
dload_append_span(StringInfo buf, DloadSpan s)
{
	appendBinaryStringInfo(buf, s.data, (int) s.len);
}

void
dload_url_split(const char *url, DloadUrlParts *parts)
{
	const char *p = url;
	size_t		n;

	memset(parts, 0, sizeof(*parts));
	if (dload_is_alpha(*p))
	{
		n = 1;
		while (dload_is_alpha(p[n]) || is_digit(p[n]) ||
			   (p[n] != '\0' && strchr("+-.", p[n]) != NULL))
			n++;
		if (p[n] == ':')
		{
			parts->scheme = dload_span(p, n);
			p += n + 1;
		}
	}
	if (p[0] == '/' && p[1] == '/')
	{
		p += 2;
		n = strcspn(p, "/?#");
		parts->authority = dload_span(p, n);
		p += n;
	}
	n = strcspn(p, "?#");
	parts->path = dload_span(p, n);
	p += n;
	if (*p == '?')
	{
		p++;
		n = strcspn(p, "#");
		parts->query = dload_span(p, n);
		p += n;
	}
	if (*p == '#')
	{
		p++;
		parts->fragment = dload_span(p, strlen(p));
	}
}

/* What follows the last "@" of an authority. */
DloadSpan
dload_url_bare_host(DloadSpan authority)
{
	for (size_t i = authority.len; i > 0; i--)
	{
		if (authority.data[i - 1] == '@')
			return dload_span(authority.data + i, authority.len - i);
	}
	return authority;
}

void
dload_url_join(StringInfo buf, const DloadUrlParts *parts)
{
	if (parts->scheme.data != NULL)
	{
		dload_append_span(buf, parts->scheme);
		appendStringInfoChar(buf, ':');
	}
	if (parts->authority.data != NULL)
	{
		appendStringInfoString(buf, "//");
		dload_append_span(buf, dload_url_bare_host(parts->authority));
	}
	dload_append_span(buf, parts->path);
	if (parts->query.data != NULL)
	{
		appendStringInfoChar(buf, '?');
		dload_append_span(buf, parts->query);
	}
	if (parts->fragment.data != NULL)
	{
		appendStringInfoChar(buf, '#');
		dload_append_span(buf, parts->fragment);
	}
}

/*
 * A copy that can stand in a request line: blanks and control characters are
 * refused, bytes above ASCII encoded.  NULL if refused.
 */
char *
dload_url_clean(const char *url)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (const unsigned char *p = (const unsigned char *) url; *p; p++)
	{
		if (*p <= ' ' || *p == 0x7f)
			return NULL;
		if (*p >= 0x80)
			dload_append_percent(&buf, *p);
		else
			appendStringInfoChar(&buf, *p);
	}
	return buf.data;
}

/* Percent-decoded, "+" as blank: for comparing names only. */
char *
dload_url_decode_name(DloadSpan s)
{
	char	   *out = palloc(s.len + 1);
	size_t		len = 0;

	for (size_t i = 0; i < s.len; i++)
	{
		if (s.data[i] == '%' && i + 2 < s.len &&
			hex_value(s.data[i + 1]) >= 0 &&
			hex_value(s.data[i + 2]) >= 0)
		{
			out[len++] = (char) (hex_value(s.data[i + 1]) * 16 +
								 hex_value(s.data[i + 2]));
			i += 2;
		}
		else
			out[len++] = (s.data[i] == '+') ? ' ' : s.data[i];
	}
	out[len] = '\0';
	return out;
}
