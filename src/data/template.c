/*-------------------------------------------------------------------------
 *
 * template.c
 *	  Texts with {placeholders}: taking them apart.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/template.h"

#include "data/record.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

static const struct
{
	const char *name;
	DloadFilter filter;
}			filters[] =
{
	{"json", DLOAD_FILTER_JSON},
	{"url", DLOAD_FILTER_URL},
	{"sql", DLOAD_FILTER_SQL},
	{"escape", DLOAD_FILTER_ESCAPE},
	{"xml", DLOAD_FILTER_XML},
};

static bool
begins_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		c == '$' || c == '@' || IS_HIGHBIT_SET(c);
}

static bool
continues_name(char c)
{
	return begins_name(c) || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr(".-[]", c) != NULL);
}

/*
 * The length of the placeholder that begins at "p" with its brace, or 0; its
 * name and the filter's (length 0: none).
 */
static size_t
placeholder_at(const char *p, DloadSpan *name, DloadSpan *filter)
{
	const char *end = p + 1;

	*filter = dload_span(NULL, 0);
	if (*p != '{' || !begins_name(*end))
		return 0;
	while (continues_name(*end))
		end++;
	*name = dload_span(p + 1, end - p - 1);
	if (*end == '|')
	{
		size_t		len = strspn(end + 1, "abcdefghijklmnopqrstuvwxyz_");

		*filter = dload_span(end + 1, len);
		if (len == 0)
			return 0;
		end += len + 1;
	}
	return *end == '}' ? end + 1 - p : 0;
}

static bool
find_filter(DloadSpan word, const char *what, DloadFilter *filter,
			DloadError *err)
{
	*filter = DLOAD_FILTER_NONE;
	if (word.len == 0)
		return true;
	for (int i = 0; i < lengthof(filters); i++)
	{
		if (strlen(filters[i].name) == word.len &&
			memcmp(filters[i].name, word.data, word.len) == 0)
		{
			*filter = filters[i].filter;
			return true;
		}
	}
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"unknown filter \"%s\" in %s",
					pnstrdup(word.data, word.len), what);
	return dload_error_hint(err, "Filters are: json, url, sql, escape, xml.");
}

static List *
add_text(List *pieces, StringInfo text)
{
	DloadPiece *piece;

	if (text->len == 0)
		return pieces;
	piece = palloc0(sizeof(DloadPiece));
	piece->text = pnstrdup(text->data, text->len);
	resetStringInfo(text);
	return lappend(pieces, piece);
}

bool
dload_template_parse(const char *text, const char *what, List **pieces,
					 DloadError *err)
{
	StringInfoData buf;
	bool		quoted = false;
	const char *p = text;

	*pieces = NIL;
	initStringInfo(&buf);
	while (*p != '\0')
	{
		DloadSpan	name;
		DloadSpan	filter;
		DloadPiece *piece;
		size_t		len;

		if (*p == '{' && (len = placeholder_at(p + 1, &name, &filter)) > 0 &&
			p[len + 1] == '}')
		{
			/* one pair of braces less */
			appendBinaryStringInfo(&buf, p + 1, (int) len);
			p += len + 2;
			continue;
		}
		len = placeholder_at(p, &name, &filter);
		if (len == 0)
		{
			if (*p == '"')
				quoted = !quoted;
			else if (*p == '\\' && quoted && p[1] != '\0')
				appendStringInfoChar(&buf, *p++);
			appendStringInfoChar(&buf, *p++);
			continue;
		}
		*pieces = add_text(*pieces, &buf);
		piece = palloc0(sizeof(DloadPiece));
		piece->name = pnstrdup(name.data, name.len);
		piece->quoted = quoted;
		if (!find_filter(filter, what, &piece->filter, err))
			return false;
		*pieces = lappend(*pieces, piece);
		p += len;
	}
	*pieces = add_text(*pieces, &buf);
	return true;
}

List *
dload_template_names(List *names, const char *text)
{
	List	   *pieces;
	DloadError	ignored = {0};
	ListCell   *lc;

	if (text == NULL)
		return names;
	(void) dload_template_parse(text, "", &pieces, &ignored);
	foreach(lc, pieces)
	{
		DloadPiece *piece = lfirst(lc);

		if (piece->name != NULL)
			names = lappend(names, piece->name);
	}
	return names;
}

bool
dload_template_is_json(const char *text)
{
	List	   *pieces;
	DloadError	ignored = {0};
	StringInfoData buf;
	ListCell   *lc;
	char	   *utf8;

	if (!dload_template_parse(text, "", &pieces, &ignored))
		return false;
	initStringInfo(&buf);
	foreach(lc, pieces)
	{
		DloadPiece *piece = lfirst(lc);

		if (piece->text != NULL)
			appendStringInfoString(&buf, piece->text);
		/* a value of its own: it makes a number of nothing beside it */
		else if (!piece->quoted)
			appendStringInfoString(&buf, "null");
	}
	utf8 = pg_server_to_any(buf.data, buf.len, PG_UTF8);
	return dload_json_validate(dload_span(utf8, strlen(utf8)), &ignored);
}
