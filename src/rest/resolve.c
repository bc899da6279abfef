/*-------------------------------------------------------------------------
 *
 * resolve.c
 *	  Where a reference leads, and to whom (RFC 3986, section 5).
 *
 * Two rules are stricter than the RFC, because what comes out is sent with
 * credentials: a blank or a control character anywhere makes a URL invalid,
 * and user information in a reference is dropped, since credentials come from
 * the user mapping only.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/url.h"

#include "data/bytes.h"
#include "rest/urlparts.h"

/* RFC 3986, section 5.2.4, on a path of its own. */
static char *
remove_dot_segments(DloadSpan path)
{
	char	   *out = palloc(path.len + 1);
	size_t		len = 0;
	const char *p = path.data;
	const char *end = path.data + path.len;

	while (p < end)
	{
		const char *start = p;
		const char *segment = (*p == '/') ? p + 1 : p;
		const char *stop = segment;
		size_t		n;

		while (stop < end && *stop != '/')
			stop++;
		n = stop - segment;
		p = stop;
		if (n == 1 && segment[0] == '.')
		{
			/* "/." leaves its slash when nothing follows */
			if (*start == '/' && p == end)
				out[len++] = '/';
			else if (*start != '/' && p < end)
				p++;
		}
		else if (n == 2 && segment[0] == '.' && segment[1] == '.')
		{
			if (*start == '/')
			{
				while (len > 0 && out[--len] != '/')
					;
				if (p == end)
					out[len++] = '/';
			}
			else if (p < end)
				p++;
		}
		else
		{
			memcpy(out + len, start, p - start);
			len += p - start;
		}
	}
	out[len] = '\0';
	return out;
}

/* The base's path up to its last slash, followed by the reference's path. */
static DloadSpan
merge_paths(const DloadUrlParts *base, DloadSpan path)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (base->authority.data != NULL && base->path.len == 0)
		appendStringInfoChar(&buf, '/');
	else
	{
		size_t		n = base->path.len;

		while (n > 0 && base->path.data[n - 1] != '/')
			n--;
		appendBinaryStringInfo(&buf, base->path.data, (int) n);
	}
	dload_append_span(&buf, path);
	return dload_span(buf.data, buf.len);
}

char *
dload_url_resolve(const char *base, const char *reference, DloadError *err)
{
	char	   *clean = dload_url_clean(reference);
	DloadUrlParts b;
	DloadUrlParts r;
	StringInfoData buf;

	if (clean == NULL)
	{
		dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
						"URL contains a blank or a control character");
		return NULL;
	}
	dload_url_split(base, &b);
	dload_url_split(clean, &r);
	if (r.scheme.data == NULL)
	{
		r.scheme = b.scheme;
		if (r.authority.data == NULL)
		{
			r.authority = b.authority;
			if (r.path.len == 0)
			{
				r.path = b.path;
				if (r.query.data == NULL)
					r.query = b.query;
			}
			else
			{
				if (r.path.data[0] != '/')
					r.path = merge_paths(&b, r.path);
				r.path.data = remove_dot_segments(r.path);
				r.path.len = strlen(r.path.data);
			}
		}
		else
		{
			r.path.data = remove_dot_segments(r.path);
			r.path.len = strlen(r.path.data);
		}
	}
	else
	{
		r.path.data = remove_dot_segments(r.path);
		r.path.len = strlen(r.path.data);
	}
	initStringInfo(&buf);
	dload_url_join(&buf, &r);
	return buf.data;
}

/*
 * Append the host in lower case.  False for characters that a host cannot
 * have: two parsers that disagree about where a host ends are a way to send
 * credentials elsewhere.
 */
static bool
append_host(StringInfo buf, DloadSpan host)
{
	bool		literal = host.len > 2 && host.data[0] == '[' &&
	host.data[host.len - 1] == ']';

	if (host.len == 0)
		return false;
	for (size_t i = 0; i < host.len; i++)
	{
		unsigned char c = host.data[i];
		bool		ok;

		if (literal)
			ok = i == 0 || i == host.len - 1 ||
				hex_value(c) >= 0 || c == ':' || c == '.';
		else
			ok = dload_is_alpha(c) || is_digit(c) ||
				c == '-' || c == '.' || c == '_';
		if (!ok)
			return false;
		appendStringInfoChar(buf, pg_ascii_tolower(c));
	}
	return true;
}

char *
dload_url_origin(const char *url)
{
	DloadUrlParts parts;
	DloadSpan	host;
	size_t		n;
	long		port;
	StringInfoData buf;

	if (dload_url_clean(url) == NULL)
		return NULL;
	dload_url_split(url, &parts);
	if (parts.scheme.data == NULL || parts.authority.data == NULL)
		return NULL;
	initStringInfo(&buf);
	if (parts.scheme.len == 4 &&
		pg_strncasecmp(parts.scheme.data, "http", 4) == 0)
		port = 80;
	else if (parts.scheme.len == 5 &&
			 pg_strncasecmp(parts.scheme.data, "https", 5) == 0)
		port = 443;
	else
		return NULL;
	appendStringInfoString(&buf, port == 80 ? "http://" : "https://");

	host = dload_url_bare_host(parts.authority);
	n = host.len;
	while (n > 0 && is_digit(host.data[n - 1]))
		n--;
	if (n > 0 && host.data[n - 1] == ':' &&
		(host.data[0] != '[' || (n > 1 && host.data[n - 2] == ']')))
	{
		/* "host:" without digits means the default port */
		if (n < host.len)
		{
			if (host.len - n > 5)
				return NULL;
			port = 0;
			for (size_t i = n; i < host.len; i++)
				port = port * 10 + (host.data[i] - '0');
			if (port < 1 || port > 65535)
				return NULL;
		}
		host.len = n - 1;
	}
	if (!append_host(&buf, host))
		return NULL;
	appendStringInfo(&buf, ":%ld", port);
	return buf.data;
}
