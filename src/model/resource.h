/*-------------------------------------------------------------------------
 *
 * resource.h
 *	  A resource: one endpoint and how to read it, as one immutable
 *	  description merged from the options of wrapper, server, user mapping,
 *	  foreign table and columns.
 *
 * It is built once per scan or run, in one memory context, with catalog
 * access; after that nothing of rest/ reads a catalog.  Secrets are resolved
 * here and live only here and in the requests made from it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_RESOURCE_H
#define DLOAD_RESOURCE_H

#include "base/dload.h"
#include "data/json.h"
#include "data/path.h"

#include "access/attnum.h"

typedef enum DloadAuthKind		/* order of the option's values */
{
	DLOAD_AUTH_NONE,
	DLOAD_AUTH_BEARER,
	DLOAD_AUTH_BASIC,
	DLOAD_AUTH_API_KEY
} DloadAuthKind;

typedef enum DloadPaginateKind	/* order of the option's values */
{
	DLOAD_PAGINATE_NONE,
	DLOAD_PAGINATE_LINK,
	DLOAD_PAGINATE_NEXT_URL,
	DLOAD_PAGINATE_PAGE,
	DLOAD_PAGINATE_OFFSET,
	DLOAD_PAGINATE_TOKEN
} DloadPaginateKind;

typedef enum DloadParamIn		/* order of the option's values */
{
	DLOAD_IN_QUERY,
	DLOAD_IN_PATH,
	DLOAD_IN_HEADER
} DloadParamIn;

/* A column of the foreign table. */
typedef struct DloadResourceColumn
{
	AttrNumber	attnum;
	char	   *name;
	Oid			typid;
	int32		typmod;
	Oid			collation;
	DloadPath  *path;			/* json_path, or NULL: found by naming */
	char	   *param;			/* request parameter it fills, or NULL */
	DloadParamIn in;			/* where that parameter goes */
	bool		echo;			/* value comes from the request */
	bool		required;		/* in the path template: needs a value */
} DloadResourceColumn;

typedef struct DloadResource
{
	Oid			relid;			/* the foreign table */
	Oid			serverid;
	Oid			userid;			/* whose user mapping */
	char	   *relname;		/* qualified, for messages */
	char	   *servername;

	/* server */
	char	   *base_url;
	DloadAuthKind auth;
	char	   *api_key_name;
	bool		api_key_in_query;	/* else in a header */
	List	   *headers;		/* of char * "Name: value"; server's, then
								 * table's */
	List	   *rates;			/* of DloadRate */
	int			max_concurrency;
	int64		connect_timeout;	/* ms */
	int64		request_timeout;	/* ms, to the first byte */
	int64		idle_timeout;	/* ms without a byte */
	int			max_retries;
	int64		max_response_bytes;
	List	   *allowed_origins;	/* of char *, normalised */

	/* user mapping */
	char	   *token;
	char	   *username;
	char	   *password;
	char	   *api_key;

	/* table */
	char	   *path;			/* template with {name} placeholders */
	char	   *method;			/* GET or POST */
	DloadJson  *query_params;	/* or NULL */
	char	   *body;			/* or NULL */
	DloadPath  *records_path;	/* or NULL: detect */
	DloadPaginateKind paginate;
	DloadPath  *next_path;
	DloadPath  *token_path;
	DloadPath  *total_path;
	char	   *token_param;
	char	   *page_param;
	char	   *offset_param;
	char	   *page_size_param;
	int64		first_page;
	int64		page_size;		/* 0 = not given */
	int64		max_pages;		/* 0 = no cap */

	int			ncolumns;
	DloadResourceColumn *columns;	/* without dropped columns */
} DloadResource;

/*
 * Build the description of a foreign table for a user.  Raises (this room
 * reads catalogs) when the table is not dload's, when the user mapping lacks
 * what "auth" needs (28000 with a hint), or when options that were altered
 * one by one no longer fit together.
 */
extern DloadResource *dload_resource_create(Oid relid, Oid userid);

/*
 * The same without a user: no secrets, for planning and EXPLAIN.  No request
 * can be made from it.
 */
extern DloadResource *dload_resource_describe(Oid relid);

/*
 * The checks across options of one table with its server: a paginator without
 * the paths or parameters it needs, a path placeholder, and so on.  Used by
 * dload_resource_create; false and *err.
 */
extern bool dload_resource_check(const DloadResource *res, DloadError *err);

#endif							/* DLOAD_RESOURCE_H */
