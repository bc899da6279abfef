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

typedef enum DloadPlace
{
	DLOAD_PLACE_PATH,			/* percent-encoded, and no "." or ".." */
	DLOAD_PLACE_QUERY,			/* as it is: encoded with the text around it */
	DLOAD_PLACE_HEADER,			/* as it is, without control characters */
	DLOAD_PLACE_JSON,			/* a JSON value, or characters of a string */
	DLOAD_PLACE_FORM,			/* percent-encoded */
	DLOAD_PLACE_RAW				/* as its filter says */
} DloadPlace;

/*
 * Fill the placeholders of "text" from params with in = DLOAD_IN_TEMPLATE.
 * "what" names the text in messages.  NULL and *err for a placeholder without
 * a value, and for a value that cannot stand there.
 */
extern char *dload_fill(const char *text, DloadPlace place, const char *what,
						List *params, DloadError *err);

/* Append a parameter's value as JSON. */
extern void dload_append_json_value(StringInfo buf, const DloadParam *param);

#endif							/* DLOAD_FILL_H */
