/*-------------------------------------------------------------------------
 *
 * template.h
 *	  Texts with {placeholders}.
 *
 * A *placeholder* is a name in braces, perhaps followed by "|" and a filter:
 * {name}, {since|sql}.  A name begins with a letter, "_", "$" or "@", and goes
 * on with these, digits, ".", "-", "[" and "]".  All other braces stand for
 * themselves, so that JSON needs no care; {{name}} is the text "{name}".
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_TEMPLATE_H
#define DLOAD_TEMPLATE_H

#include "base/dload.h"

typedef enum DloadFilter
{
	DLOAD_FILTER_NONE,
	DLOAD_FILTER_JSON,			/* a JSON value, strings with their quotes */
	DLOAD_FILTER_URL,			/* percent-encoded */
	DLOAD_FILTER_SQL,			/* single quotes doubled */
	DLOAD_FILTER_ESCAPE,		/* backslash before quotes and backslashes */
	DLOAD_FILTER_XML			/* character entities */
} DloadFilter;

/* A stretch of a template. */
typedef struct DloadPiece
{
	char	   *text;			/* to be copied; NULL for a placeholder */
	char	   *name;
	DloadFilter filter;
	bool		quoted;			/* stands inside a JSON string */
} DloadPiece;

/*
 * The pieces of a template, in order.  False and *err for a filter that does
 * not exist; "what" names the template.
 */
extern bool dload_template_parse(const char *text, const char *what,
								 List **pieces, DloadError *err);

/* Append the names of a template's placeholders to a list of char *. */
extern List *dload_template_names(List *names, const char *text);

/* Is the template, once filled, valid JSON? */
extern bool dload_template_is_json(const char *text);

#endif							/* DLOAD_TEMPLATE_H */
