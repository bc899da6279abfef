/*-------------------------------------------------------------------------
 *
 * resource.c
 *	  Merging options of server, user mapping, table and columns into one
 *	  description.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/template.h"
#include "model/option.h"
#include "model/resource.h"
#include "model/tokenstore.h"
#include "model/validate.h"

#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_user_mapping.h"
#include "commands/extension.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

static void
read_server(DloadResource *res, const DloadOptionSet *set)
{
	const char *text;
	DloadError	err = {0};
	ListCell   *lc;

	res->base_url = dload_spec_text(set, "base_url");
	if (res->base_url == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
				 errmsg("server \"%s\" has no option \"base_url\"",
						res->servername)));
	dload_authspec_read(&res->auth, set);
	dload_limitspec_read(&res->limits, set);

	res->proxy = dload_spec_text(set, "proxy");
	text = dload_option_text(set, "allowed_origins");
	if (text == NULL)
		return;
	foreach(lc, dload_option_split(text))
	{
		char	   *origin = dload_option_origin(lfirst(lc), true, &err);

		if (origin == NULL)
			dload_error_raise(&err);
		res->allowed_origins = lappend(res->allowed_origins, origin);
	}
}

/* The error for a mapping that is not there or lacks an option. */
static void
missing_secret(const DloadResource *res, const char *option)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("user \"%s\" has no %s for server \"%s\"",
					GetUserNameFromId(res->userid, true), option,
					res->servername),
			 errdetail("The server's option \"auth\" is \"%s\".",
					   res->auth.word),
			 errhint("Use CREATE USER MAPPING or ALTER USER MAPPING FOR %s "
					 "SERVER %s OPTIONS (%s ...).",
					 quote_identifier(GetUserNameFromId(res->userid, true)),
					 quote_identifier(res->servername), option)));
}

bool
dload_resource_may_be_at(const DloadResource *res, const char *url)
{
	DloadError	err = {0};
	char	   *origin = dload_option_origin(url, false, &err);
	char	   *own = dload_option_origin(res->base_url, false, &err);
	ListCell   *lc;

	if (origin == NULL)
		return false;
	if (own != NULL && strcmp(origin, own) == 0)
		return true;
	foreach(lc, res->allowed_origins)
	{
		if (strcmp(origin, lfirst(lc)) == 0)
			return true;
	}
	return strncmp(origin, "https:", 6) == 0 &&
		pg_strncasecmp(res->auth.token_url, "https:", 6) == 0;
}

bool
dload_resource_adopt(const DloadResource *res, const DloadStoredToken *token)
{
	DloadAccess *access = res->auth.access;
	bool		moves = res->auth.base_url_path != NULL;

	if (token == NULL || token->access_token == NULL ||
		(moves && (token->base_url == NULL ||
				   !dload_resource_may_be_at(res, token->base_url))))
		return false;
	dload_access_adopt(access, token->access_token,
					   moves ? token->base_url : NULL, token->issued_at,
					   token->expires_at);
	if (token->refresh_token != NULL)
		dload_access_mask(access, token->refresh_token);
	return true;
}

/*
 * The user's own mapping, else that of PUBLIC.  Open APIs work without one.
 */
static void
read_mapping(DloadResource *res)
{
	DloadOptionSet set = {0};
	const char *missing;

	if (SearchSysCacheExists2(USERMAPPINGUSERSERVER,
							  ObjectIdGetDatum(res->userid),
							  ObjectIdGetDatum(res->serverid)) ||
		SearchSysCacheExists2(USERMAPPINGUSERSERVER,
							  ObjectIdGetDatum(InvalidOid),
							  ObjectIdGetDatum(res->serverid)))
	{
		UserMapping *mapping = GetUserMapping(res->userid, res->serverid);

		res->auth.mapping = mapping->umid;
		set.nlists = 1;
		set.lists[0] = mapping->options;
	}
	dload_authspec_read_secrets(&res->auth, &set, res->userid, &missing);
	if (missing != NULL)
		missing_secret(res, missing);
	/* the token that an earlier read was given */
	if (res->auth.kind == DLOAD_AUTH_OAUTH2)
	{
		uint64		fingerprint = dload_authspec_fingerprint(&res->auth);

		(void) dload_resource_adopt(res,
									dload_tokenstore_read(res->auth.mapping,
														  fingerprint));
	}
}

DloadResource *
dload_resource_of_server(Oid serverid, Oid userid)
{
	DloadResource *res = palloc0(sizeof(DloadResource));
	ForeignServer *server = GetForeignServer(serverid);
	DloadOptionSet set = {1, {server->options}};

	res->serverid = serverid;
	res->userid = userid;
	res->superuser = superuser_arg(userid);
	res->servername = pstrdup(server->servername);
	read_server(res, &set);
	read_mapping(res);
	return res;
}

static void
read_columns(DloadResource *res, Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);

	res->columns = palloc0(sizeof(DloadResourceColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		DloadResourceColumn *col;
		DloadOptionSet set = {1};
		const char *coding;

		if (att->attisdropped)
			continue;
		col = &res->columns[res->ncolumns++];
		set.lists[0] = GetForeignColumnOptions(res->relid, att->attnum);
		col->attnum = att->attnum;
		col->name = pstrdup(NameStr(att->attname));
		col->typid = att->atttypid;
		col->typmod = att->atttypmod;
		col->collation = att->attcollation;
		col->path = dload_spec_path(&set, "json_path");
		coding = dload_option_text(&set, "decode");
		col->coded = coding != NULL &&
			dload_coding_parse(coding, &col->coding);
		col->param = dload_spec_text(&set, "param");
		col->in = dload_option_enum(&set, "in");
		/* without an upper bound a window ends now */
		col->required = col->param != NULL &&
			(col->in == DLOAD_IN_PATH ||
			 dload_requestspec_has_place(&res->request, col->param)) &&
			(res->slice.window_to == NULL ||
			 strcmp(col->param, res->slice.window_to) != 0);
		/* an API does not repeat the path in its records */
		col->echo = dload_option_bool(&set, "echo") ||
			(col->param != NULL && col->in == DLOAD_IN_PATH &&
			 col->path == NULL);
	}
}

static bool
is_dload_wrapper(Oid fdwid)
{
	ForeignDataWrapper *fdw = GetForeignDataWrapper(fdwid);
	Oid			extension;
	char	   *name;

	if (!OidIsValid(fdw->fdwhandler))
		return false;
	extension = getExtensionOfObject(ProcedureRelationId, fdw->fdwhandler);
	name = OidIsValid(extension) ? get_extension_name(extension) : NULL;
	return name != NULL && strcmp(name, "dload") == 0;
}

static DloadResource *
create_resource(Oid relid, Oid userid, bool secrets)
{
	DloadResource *res = palloc0(sizeof(DloadResource));
	Relation	rel = table_open(relid, AccessShareLock);
	ForeignTable *table;
	ForeignServer *server;
	char	   *schema;
	DloadOptionSet set = {0};
	DloadError	err = {0};

	res->relid = relid;
	res->userid = userid;
	res->superuser = OidIsValid(userid) && superuser_arg(userid);
	schema = get_namespace_name(RelationGetNamespace(rel));
	res->relname = quote_qualified_identifier(schema,
											  RelationGetRelationName(rel));
	if (rel->rd_rel->relkind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a foreign table",
						RelationGetRelationName(rel))));
	table = GetForeignTable(relid);
	server = GetForeignServer(table->serverid);
	if (!is_dload_wrapper(server->fdwid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("foreign table \"%s\" does not belong to dload",
						RelationGetRelationName(rel))));
	res->serverid = server->serverid;
	res->servername = pstrdup(server->servername);

	set.nlists = 2;
	set.lists[0] = table->options;
	set.lists[1] = server->options;
	read_server(res, &set);
	dload_requestspec_read(&res->request, &set, server->options,
						   table->options);
	dload_recordspec_read(&res->records, &set);
	dload_pagespec_read(&res->page, &set);
	dload_rulespec_read(&res->rules, &set, server->options, table->options);
	dload_slicespec_read(&res->slice, &set);
	if (secrets)
		read_mapping(res);
	read_columns(res, rel);
	/* the definition must not change while it is in use */
	table_close(rel, NoLock);

	if (!dload_resource_check(res, &err))
		dload_error_raise(&err);
	return res;
}

DloadResource *
dload_resource_create(Oid relid, Oid userid)
{
	return create_resource(relid, userid, true);
}

DloadResource *
dload_resource_describe(Oid relid)
{
	return create_resource(relid, InvalidOid, false);
}

/* The header or parameter that carries the API key is not for definitions. */
static bool
collides_with_key(const DloadResource *res, const char *name, bool in_query)
{
	return res->auth.kind == DLOAD_AUTH_API_KEY &&
		res->auth.api_key_in == (in_query ? DLOAD_AUTH_IN_QUERY :
								 DLOAD_AUTH_IN_HEADER) &&
		(in_query ? strcmp(name, res->auth.api_key_name) :
		 pg_strcasecmp(name, res->auth.api_key_name)) == 0;
}

/* A parameter of the body: one that can be set there. */
static bool
check_body_column(const DloadResource *res, const DloadResourceColumn *col,
				  DloadError *err)
{
	DloadError	inner = {0};
	DloadPath  *path;

	if (!dload_method_has_body(res->request.method) ||
		res->request.body_type == DLOAD_BODY_RAW)
	{
		dload_error_set(err, BAD_COMBINATION,
						"column \"%s\" of foreign table \"%s\" cannot be "
						"sent in the body", col->name, res->relname);
		return res->request.body_type == DLOAD_BODY_RAW ?
			dload_error_hint(err, "Name the place in the body by {%s} and a "
							 "filter.", col->param) :
			dload_error_hint(err, "Set the table's method to 'POST'.");
	}
	if (res->request.body_type == DLOAD_BODY_FORM ||
		dload_requestspec_has_place(&res->request, col->param))
		return true;
	path = dload_path_parse(col->param, &inner);
	if (path != NULL && path->nsteps > 0)
		return true;
	return dload_error_set(err, BAD_VALUE,
						   "parameter \"%s\" of column \"%s\" is no JSON path "
						   "in the body", col->param, col->name);
}

static bool
check_column(const DloadResource *res, const DloadResourceColumn *col,
			 DloadError *err)
{
	if (col->param == NULL)
		return true;
	if (col->in == DLOAD_IN_BODY)
	{
		if (!check_body_column(res, col, err))
			return false;
	}
	else if (col->in == DLOAD_IN_PATH)
	{
		if (!dload_list_has(dload_template_names(NIL, res->request.path),
							col->param))
		{
			dload_error_set(err, BAD_COMBINATION,
							"column \"%s\" of foreign table \"%s\" fills "
							"\"{%s}\", which the path does not contain",
							col->name, res->relname, col->param);
			return dload_error_detail(err, "The path is \"%s\".",
									  res->request.path);
		}
	}
	else if (collides_with_key(res, col->param, col->in == DLOAD_IN_QUERY))
		return dload_error_set(err, BAD_COMBINATION,
							   "column \"%s\" of foreign table \"%s\" would "
							   "replace the API key",
							   col->name, res->relname);

	for (const DloadResourceColumn *other = res->columns; other < col; other++)
	{
		if (other->param != NULL && other->in == col->in &&
			strcmp(other->param, col->param) == 0)
			return dload_error_set(err, BAD_COMBINATION,
								   "columns \"%s\" and \"%s\" of foreign "
								   "table \"%s\" fill the same parameter",
								   other->name, col->name, res->relname);
	}
	return true;
}

bool
dload_resource_check(const DloadResource *res, DloadError *err)
{
	const char *lacking = dload_pagespec_lacks(&res->page);
	ListCell   *lc;

	if (lacking != NULL)
		return dload_error_set(err, BAD_COMBINATION,
							   "foreign table \"%s\" needs the option \"%s\" "
							   "for its paginator",
							   res->relname, lacking);

	foreach(lc, res->request.headers)
	{
		char	   *name = pnstrdup(lfirst(lc), strcspn(lfirst(lc), ":"));

		if (collides_with_key(res, name, false))
		{
			dload_error_set(err, BAD_COMBINATION,
							"headers of foreign table \"%s\" contain the "
							"credential \"%s\"",
							res->relname, name);
			return dload_error_hint(err, MAPPING_HINT);
		}
	}
	for (int i = 0; i < res->ncolumns; i++)
	{
		if (!check_column(res, &res->columns[i], err))
			return false;
	}
	return true;
}
