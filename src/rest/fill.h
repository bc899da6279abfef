/*-------------------------------------------------------------------------
 *
 * fill.h
 *	  Texts with {placeholders}: putting values in.
 *
 * A value is written as its place demands, so that it can never become more
 * than a value: one segment of a path, one string or number of a JSON body,
 * one field of a form, the rest of a header's line.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_FILL_H
#define DLOAD_FILL_H

#include "data/template.h"
#include "rest/url.h"

typedef enum DloadFillKind
{
	DLOAD_FILL_PATH,			/* percent-encoded, and no "." or ".." */
	DLOAD_FILL_QUERY,			/* as it is: encoded with the text around it */
	DLOAD_FILL_HEADER,			/* as it is, without control characters */
	DLOAD_FILL_JSON,			/* a JSON value, or characters of a string */
	DLOAD_FILL_FORM,			/* percent-encoded */
	DLOAD_FILL_RAW				/* as its filter says */
} DloadFillKind;

/*
 * Fill the placeholders of "text" from params with in = DLOAD_IN_TEMPLATE.
 * "what" names the text in messages.  NULL and *err for a placeholder without
 * a value, and for a value that cannot stand there.
 */
extern char *dload_fill(const char *text, DloadFillKind kind,
						const char *what, List *params, DloadError *err);

/* Append a parameter's value as JSON. */
extern void dload_append_json_value(StringInfo buf, const DloadParam *param);

#endif							/* DLOAD_FILL_H */
