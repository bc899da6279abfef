/*-------------------------------------------------------------------------
 *
 * url.h
 *	  URLs: building, resolving, comparing, redacting.
 *
 * A URL here is text; nothing is fetched.  Percent-encoding received from a
 * server is kept as it came.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_URL_H
#define DLOAD_URL_H

#include "base/dload.h"
#include "lib/stringinfo.h"

/* A named value that fills a place in a request. */
typedef struct DloadParam
{
	char	   *name;
	char	   *value;
	int			in;				/* DloadParamIn */
	bool		bare;			/* is JSON: a number, true, an object; without
								 * value: null */
	bool		nested;			/* and an object or a list in a list */
	bool		list;			/* one of several of this name; neither bare
								 * nor with a value: of none */
	bool		cursor;			/* where a run goes on: what only a read from
								 * the start has is left out */
} DloadParam;

/* "s" itself, or converted from the database encoding. */
extern const char *dload_url_utf8(const char *s);

/* Append "s" percent-encoded: everything but RFC 3986's unreserved. */
extern void dload_url_encode(StringInfo buf, const char *s);

/* Append "?name=value" or "&name=value" (names untouched but for what cannot
 * stand in a query: "page[size]", "$where", "DateSent>=" pass as they are) */
extern void dload_url_add_query(StringInfo url, const char *name,
								const char *value);

/* Replace or append a query parameter; returns a new URL. */
extern char *dload_url_set_query(const char *url, const char *name,
								 const char *value);

/* The URL without a query parameter. */
extern char *dload_url_drop_query(const char *url, const char *name);

/*
 * The URL without these query parameters, or if "all" without any; the "kept"
 * ones stay.  Lists of char *.
 */
extern char *dload_url_drop_params(const char *url, List *names, bool all,
								   List *kept);

/* The URL without the query parameters that have this value. */
extern char *dload_url_drop_value(const char *url, const char *value);

/* The decoded names of a URL's query parameters: list of char *. */
extern List *dload_url_query_names(const char *url);

/*
 * Append a parameter with a list of values, char *, as the style says
 * (DloadArrayStyle).
 */
extern void dload_url_add_list(StringInfo url, const char *name, List *values,
							   int style);

/*
 * base_url joined with a path in which nothing is left to fill.  NULL and
 * *err if that is not a URL that can be asked for.
 */
extern char *dload_url_expand(const char *base_url, const char *path,
							  DloadError *err);

/* Resolve a possibly relative reference (RFC 3986, section 5). */
extern char *dload_url_resolve(const char *base, const char *reference,
							   DloadError *err);

/* "scheme://host:port", lower case, default port filled in; NULL if bad. */
extern char *dload_url_origin(const char *url);

/*
 * For messages: user info removed, and the values of query parameters whose
 * names look like credentials (api_key, token, secret, password, signature,
 * access_token, sig, key ...) or equal "also" (may be NULL) masked.
 */
extern char *dload_url_redact(const char *url, const char *also);

/*
 * For texts: the length of the secret at the start of "text", verbatim or with
 * characters escaped by "%", by "\" or as entities; 0 if it is not there.
 */
extern size_t dload_secret_length(const char *text, const char *secret);

#endif							/* DLOAD_URL_H */
