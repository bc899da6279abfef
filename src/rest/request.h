/*-------------------------------------------------------------------------
 *
 * request.h
 *	  Requests for pages as values: making, changing, copying them and
 *	  telling them apart.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_REQUEST_H
#define DLOAD_REQUEST_H

#include "rest/paginator.h"
#include "rest/url.h"

/* A copy in the current memory context. */
extern DloadRequest *dload_request_copy(const DloadRequest *request);

/* Equal requests have equal hashes. */
extern uint64 dload_request_hash(const DloadRequest *request);

/* All headers that a request is sent with but those of auth; has_body: a body
 * goes with it. */
extern void dload_request_headers(const DloadResource *res,
								  const DloadRequest *request, bool has_body,
								  List **headers);

/*
 * The headers with this one in the place of all of its name.  A list of its
 * own: the one given may be the resource's.
 */
extern List *dload_headers_set(List *headers, const char *name,
							   const char *value);

/* Can these headers be sent?  False and *err for one that cannot. */
extern bool dload_headers_are_clean(List *headers, DloadError *err);

/*
 * For people: method and URL, then the headers that the request alone has, and
 * after an empty line the beginning of the body.  Without secrets.
 */
extern char *dload_request_show(const DloadResource *res,
								const DloadRequest *request);

/* Is this the first of the parameters of its name that go to its place? */
extern bool dload_param_is_first(List *params, const DloadParam *param);

/*
 * A body made from a template (NULL: none) and the parameters that go into
 * it; *body is NULL when there is none.
 */
extern bool dload_request_body(const DloadResource *res, const char *template,
							   List *params, char **body, DloadError *err);

/* The parameters as a request keeps them for later ones; NULL where none is
 * made from them. */
extern char *dload_request_given(const DloadResource *res, List *params);

/* And back: list of DloadParam. */
extern bool dload_request_params(const DloadRequest *request, List **params,
								 DloadError *err);

/*
 * For paginators whose later requests differ from the first: what a request
 * becomes.  NULL: as it was.
 */
typedef struct DloadRequestForm
{
	const char *method;
	const char *path;			/* template; has a query of its own */
	const char *body;			/* template */
} DloadRequestForm;

/*
 * Fill a form from the parameters that "from" was made of and from "more"
 * (list of DloadParam; in is set here), for example {token}.
 */
extern bool dload_request_fill(const DloadResource *res,
							   const DloadRequestForm *form,
							   const DloadRequest *from, List *more,
							   DloadRequest *next, DloadError *err);

/* The URL that a run goes on from, if that is what the cursor is; or NULL. */
extern const char *dload_request_cursor_url(List *params);

/* Where there is a cursor, drop what only a read from the start has. */
extern void dload_request_drop_first(const DloadResource *res, List *params,
									 DloadRequest *request);

/* Do requests after the first have a form of their own (follow_...)? */
extern bool dload_request_follows(const DloadResource *res);

/*
 * The form that the options follow_method, follow_path and follow_body give
 * to the requests after the first, with {token} filled.  *used: the form has
 * a place for the token; else it goes where it goes otherwise.
 */
extern bool dload_request_follow(const DloadResource *res,
								 const DloadRequest *from, const char *token,
								 bool bare, DloadRequest *next, bool *used,
								 DloadError *err);

#endif							/* DLOAD_REQUEST_H */
