/*-------------------------------------------------------------------------
 *
 * requestspec.h
 *	  What a request for the resource looks like.
 *
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_REQUESTSPEC_H
#define DLOAD_REQUESTSPEC_H

#include "model/spec.h"

typedef struct DloadRequestSpec
{
	char	   *path;			/* template with {name} placeholders */
	char	   *method;			/* GET or POST */
	DloadJson  *query_params;	/* or NULL */
	char	   *body;			/* or NULL */
	bool		conditional;	/* runs ask only for what has changed */
	List	   *headers;		/* of char * "Name: value"; server's, then
								 * table's */
} DloadRequestSpec;

/* server and table: the options of each, for what the table replaces. */
extern void dload_requestspec_read(DloadRequestSpec *spec,
								   const DloadOptionSet *set,
								   List *server, List *table);

/* Combinations of a table's options. */
extern bool dload_requestspec_check(List *options, DloadError *err);

#endif							/* DLOAD_REQUESTSPEC_H */
