/*-------------------------------------------------------------------------
 *
 * link.c
 *	  The Link header of RFC 8288.
 *
 * A header value is a list of <target>; name=value; name="value", ...  with
 * commas and semicolons also inside targets and quotes, so it is read
 * character by character.  What is malformed is skipped up to the next comma.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/paginator.h"

#include "rest/url.h"

/* What matters of one link. */
typedef struct Link
{
	char	   *target;
	char	   *rel;			/* the first one counts */
	char	   *anchor;
} Link;

static const char *
skip_blanks(const char *p)
{
	while (*p == ' ' || *p == '\t')
		p++;
	return p;
}

/* Read a token or a quoted string; *value is palloc'd. */
static const char *
read_value(const char *p, char **value)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (*p == '"')
	{
		for (p++; *p != '\0' && *p != '"'; p++)
		{
			if (*p == '\\' && p[1] != '\0')
				p++;
			appendStringInfoChar(&buf, *p);
		}
		if (*p == '"')
			p++;
	}
	else
	{
		while (*p != '\0' && strchr(" \t;,", *p) == NULL)
			appendStringInfoChar(&buf, *p++);
	}
	*value = buf.data;
	return p;
}

/* One parameter after its semicolon. */
static const char *
read_parameter(const char *p, Link *link)
{
	const char *name = skip_blanks(p);
	size_t		len;
	char	   *value = NULL;

	p = name;
	while (*p != '\0' && strchr(" \t=;,", *p) == NULL)
		p++;
	len = p - name;
	p = skip_blanks(p);
	if (*p == '=')
		p = read_value(skip_blanks(p + 1), &value);
	if (value == NULL)
		return p;
	if (len == 3 && pg_strncasecmp(name, "rel", 3) == 0)
	{
		if (link->rel == NULL)
			link->rel = value;
	}
	else if (len == 6 && pg_strncasecmp(name, "anchor", 6) == 0)
		link->anchor = value;
	return p;
}

/* The next link of the list; NULL at its end. */
static const char *
read_link(const char *p, Link *link)
{
	const char *end;

	memset(link, 0, sizeof(*link));
	while (*p == ' ' || *p == '\t' || *p == ',')
		p++;
	if (*p == '\0')
		return NULL;
	if (*p == '<' && (end = strchr(p, '>')) != NULL)
	{
		const char *target = skip_blanks(p + 1);
		size_t		len = end - target;

		while (len > 0 && (target[len - 1] == ' ' || target[len - 1] == '\t'))
			len--;
		link->target = pnstrdup(target, len);
		p = end + 1;
	}
	for (;;)
	{
		p = skip_blanks(p);
		if (*p == '\0' || *p == ',')
			return p;
		if (*p == ';')
			p = read_parameter(p + 1, link);
		else
			p++;
	}
}

/* Is "rel" one of the blank-separated relations? */
static bool
names_relation(const char *relations, const char *rel)
{
	size_t		rellen = strlen(rel);

	while (*relations != '\0')
	{
		size_t		len;

		relations = skip_blanks(relations);
		len = strcspn(relations, " \t");
		if (len == rellen && pg_strncasecmp(relations, rel, len) == 0)
			return true;
		relations += len;
	}
	return false;
}

/* An anchor makes the link a statement about the document that it names. */
static bool
is_about(const char *anchor, const char *url)
{
	DloadError	ignored = {0};
	char	   *named;

	if (anchor == NULL || anchor[0] == '\0')
		return true;
	named = dload_url_resolve(url, anchor, &ignored);
	return named != NULL && strcmp(named, url) == 0;
}

char *
dload_link_target(const char *link_header, const char *rel, const char *url)
{
	Link		link;
	const char *p = link_header;

	while ((p = read_link(p, &link)) != NULL)
	{
		if (link.target != NULL && link.rel != NULL &&
			names_relation(link.rel, rel) && is_about(link.anchor, url))
			return link.target;
	}
	return NULL;
}
