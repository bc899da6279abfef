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
#include "model/authspec.h"
#include "model/limitspec.h"
#include "model/pagespec.h"
#include "model/recordspec.h"
#include "model/requestspec.h"
#include "model/rulespec.h"
#include "model/slicespec.h"
#include "model/tokenstore.h"

#include "access/attnum.h"

/* A column of the foreign table. */
typedef struct DloadResourceColumn
{
	AttrNumber	attnum;
	char	   *name;
	Oid			typid;
	int32		typmod;
	Oid			collation;
	DloadPath  *path;			/* json_path, or NULL: found by naming */
	bool		coded;			/* strings hold something else: ... */
	DloadCoding coding;			/* ... this */
	char	   *param;			/* request parameter it fills, or NULL */
	DloadParamIn in;			/* where that parameter goes */
	bool		echo;			/* value comes from the request */
	bool		required;		/* in a template: needs a value */
} DloadResourceColumn;

typedef struct DloadResource
{
	Oid			relid;			/* the foreign table */
	Oid			serverid;
	Oid			userid;			/* whose user mapping */
	bool		superuser;		/* that user is one */
	char	   *relname;		/* qualified, for messages */
	char	   *servername;

	char	   *base_url;
	List	   *allowed_origins;	/* of char *, normalised */
	char	   *proxy;			/* or NULL */
	DloadAuthSpec auth;
	DloadLimitSpec limits;
	DloadRequestSpec request;
	DloadRecordSpec records;
	DloadPageSpec page;
	DloadRuleSpec rules;
	DloadSliceSpec slice;

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
 * The parts that server and user mapping have: without a table, no pages can
 * be read, but tokens asked for.
 */
extern DloadResource *dload_resource_of_server(Oid serverid, Oid userid);

/*
 * A token endpoint says where the API is.  It gives the token, so over TLS it
 * may also say where to bring it; in the clear anybody could have said it,
 * and only base_url and allowed_origins count.
 */
extern bool dload_resource_may_be_at(const DloadResource *res,
									 const char *url);

/* Use this token from now on; false if it is none that can be used. */
extern bool dload_resource_adopt(const DloadResource *res,
								 const DloadStoredToken *token);

/*
 * The description without a user: no secrets, for planning and EXPLAIN.  No
 * request can be made from it.
 */
extern DloadResource *dload_resource_describe(Oid relid);

/*
 * The checks across options of one table with its server: a paginator without
 * the paths or parameters it needs, a path placeholder, and so on.  Used by
 * dload_resource_create; false and *err.
 */
extern bool dload_resource_check(const DloadResource *res, DloadError *err);

#endif							/* DLOAD_RESOURCE_H */
