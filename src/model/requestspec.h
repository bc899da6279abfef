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

/* Where a parameter goes; the first ones in the order of "in" 's values. */
typedef enum DloadParamIn
{
	DLOAD_IN_QUERY,
	DLOAD_IN_PATH,
	DLOAD_IN_HEADER,
	DLOAD_IN_BODY,
	DLOAD_IN_URL,				/* it is the URL itself */
	DLOAD_IN_TEMPLATE			/* into placeholders, and nowhere else */
} DloadParamIn;

typedef enum DloadBodyType		/* order of the option's values */
{
	DLOAD_BODY_JSON,
	DLOAD_BODY_FORM,
	DLOAD_BODY_RAW,
	DLOAD_BODY_GRAPHQL
} DloadBodyType;

typedef enum DloadArrayStyle	/* order of the option's values */
{
	DLOAD_ARRAY_REPEAT,			/* a=1&a=2 */
	DLOAD_ARRAY_COMMA,			/* a=1,2 */
	DLOAD_ARRAY_BRACKETS		/* a[]=1&a[]=2 */
} DloadArrayStyle;

typedef struct DloadRequestSpec
{
	char	   *path;			/* template with {name} placeholders */
	char	   *method;
	DloadJson  *query_params;	/* of templates, or NULL */
	char	   *body;			/* template, GraphQL text, or NULL */
	DloadBodyType body_type;
	char	   *variables;		/* template of a JSON object, or NULL */
	char	   *operation_name; /* GraphQL operation in the body, or NULL */
	char	   *accept;			/* or NULL: as the format has it */
	bool		conditional;	/* runs ask only for what has changed */
	List	   *headers;		/* of char * "Name: value", templates;
								 * server's, then table's */
	DloadArrayStyle array_style;
	bool		retry_given;	/* idempotent is given, */
	bool		retry;			/* and this is it */
	/* of the requests after the first; NULL: like the first's */
	char	   *follow_method;
	char	   *follow_path;
	char	   *follow_body;
	char	   *cursor_format;	/* or NULL: as the API wrote it */
	char	   *cursor_zone;
	DloadParamIn cursor_in;
	List	   *cursor_drop;	/* query parameters that are not sent with a
								 * cursor: of char * */
	bool		cursor_drop_all;	/* all but the cursor's own */
	/* where replies have the value that the next run begins with; or NULL */
	DloadPath  *envelope_cursor;
	char	   *cursor_header;
	List	   *placeholders;	/* of char *: all names in the templates */
} DloadRequestSpec;

/* server and table: the options of each, for what the table replaces. */
extern void dload_requestspec_read(DloadRequestSpec *spec,
								   const DloadOptionSet *set,
								   List *server, List *table);

/* Combinations of a table's options. */
extern bool dload_requestspec_check(List *options, DloadError *err);

/* Does a template ask for this name? */
extern bool dload_requestspec_has_place(const DloadRequestSpec *spec,
										const char *name);

/* Do replies say what the next run begins with? */
extern bool dload_requestspec_has_bookmark(const DloadRequestSpec *spec);

/* Do requests with this method have a body? */
extern bool dload_method_has_body(const char *method);

/*
 * May a request that perhaps was carried out be sent again?  "consumes": it
 * takes away what it brings.
 */
extern bool dload_method_repeatable(const DloadRequestSpec *spec,
									const char *method, bool consumes);

#endif							/* DLOAD_REQUESTSPEC_H */
