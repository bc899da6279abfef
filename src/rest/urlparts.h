/*-------------------------------------------------------------------------
 *
 * urlparts.h
 *	  The five parts of a URI reference.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_URLPARTS_H
#define DLOAD_URLPARTS_H

#include "base/dload.h"

#include "lib/stringinfo.h"

/* Absent parts have data NULL; the path is never absent, but may be empty. */
typedef struct DloadUrlParts
{
	DloadSpan	scheme;
	DloadSpan	authority;
	DloadSpan	path;
	DloadSpan	query;
	DloadSpan	fragment;
} DloadUrlParts;

/* Always succeeds: every text is some reference. */
extern void dload_url_split(const char *url, DloadUrlParts *parts);

/* Append the URL that the parts make, without user information. */
extern void dload_url_join(StringInfo buf, const DloadUrlParts *parts);

/* The host and port of an authority: what follows its last "@". */
extern DloadSpan dload_url_bare_host(DloadSpan authority);

/*
 * A copy that can stand in a request line: bytes above ASCII encoded.  NULL
 * for a URL with a blank or a control character.
 */
extern char *dload_url_clean(const char *url);

/* Percent-decoded, "+" as blank: for comparing names of parameters only. */
extern char *dload_url_decode_name(DloadSpan s);

extern bool dload_is_alpha(unsigned char c);
extern void dload_append_span(StringInfo buf, DloadSpan s);
extern void dload_append_percent(StringInfo buf, unsigned char c);

#endif							/* DLOAD_URLPARTS_H */
