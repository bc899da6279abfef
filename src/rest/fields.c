/*-------------------------------------------------------------------------
 *
 * fields.c
 *	  Structured header fields: lists of items with parameters.
 *
 * Lenient where old drafts were: a key may have capital letters, and what
 * should be a number may be anything that ends before a separator.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/fields.h"

#include "lib/stringinfo.h"

static const char *
skip_blanks(const char *p)
{
	return p + strspn(p, " \t");
}

/* "text", with \" and \\; NULL if it does not end. */
static char *
read_string(const char **at)
{
	StringInfoData buf;
	const char *p = *at + 1;

	initStringInfo(&buf);
	for (; *p != '"'; p++)
	{
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		if (*p == '\0')
			return NULL;
		appendStringInfoChar(&buf, *p);
	}
	*at = p + 1;
	return buf.data;
}

/* A string, or anything else up to what separates. */
static char *
read_bare(const char **at)
{
	const char *p = skip_blanks(*at);
	size_t		len;

	if (*p == '"')
	{
		*at = p;
		return read_string(at);
	}
	if (*p == '(')
	{
		/* an inner list: what is in it does not matter here */
		len = strcspn(p, ")");
		if (p[len] == '\0')
			return NULL;
		*at = p + len + 1;
		return pnstrdup(p, len + 1);
	}
	len = strcspn(p, ",; \t");
	*at = p + len;
	return pnstrdup(p, len);
}

/* ";name=value" or ";name"; false if there is none. */
static bool
read_parameter(const char **at, DloadFieldItem *item)
{
	const char *p = skip_blanks(*at);
	size_t		len;
	char	   *name;
	char	   *value;

	if (*p != ';')
		return false;
	p = skip_blanks(p + 1);
	len = strcspn(p, "=,; \t");
	name = pnstrdup(p, len);
	p += len;
	if (*p == '=')
	{
		p++;
		value = read_bare(&p);
		if (value == NULL)
			return false;
	}
	else
		value = pstrdup("?1");
	*at = p;
	if (item->nparameters < DLOAD_FIELD_PARAMETERS)
	{
		item->parameters[item->nparameters].name = name;
		item->parameters[item->nparameters].value = value;
		item->nparameters++;
	}
	return true;
}

bool
dload_field_next(const char **at, DloadFieldItem *item)
{
	const char *p = *at;

	memset(item, 0, sizeof(*item));
	p += strspn(p, ", \t");
	if (*p == '\0')
		return false;
	item->value = read_bare(&p);
	if (item->value == NULL)
		return false;
	while (read_parameter(&p, item))
		;
	p = skip_blanks(p);
	if (*p != '\0' && *p != ',')
		return false;
	*at = p;
	return true;
}

const char *
dload_field_parameter(const DloadFieldItem *item, const char *name)
{
	for (int i = 0; i < item->nparameters; i++)
	{
		if (pg_strcasecmp(item->parameters[i].name, name) == 0)
			return item->parameters[i].value;
	}
	return NULL;
}
