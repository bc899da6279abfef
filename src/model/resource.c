/*-------------------------------------------------------------------------
 *
 * resource.c
 *	  Merging options of server, user mapping, table and columns into one
 *	  description.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/option.h"
#include "model/resource.h"
#include "model/validate.h"

#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_user_mapping.h"
#include "commands/extension.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

static char *
copy_text(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);

	return text ? pstrdup(text) : NULL;
}

/* A JSON path option; a stored value that no longer parses is raised. */
static DloadPath *
read_path(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);
	DloadError	err = {0};
	DloadPath  *path;

	if (text == NULL)
		return NULL;
	/* keys are compared with those of responses, which are UTF-8 */
	path = dload_path_parse(pg_server_to_any(text, strlen(text), PG_UTF8),
							&err);
	if (path == NULL)
		dload_error_raise(&err);
	return path;
}

static DloadJson *
read_json(const DloadOptionSet *set, const char *name)
{
	const char *text = dload_option_text(set, name);
	DloadError	err = {0};
	DloadJson  *doc;

	if (text == NULL)
		return NULL;
	doc = dload_json_parse(text, name, &err);
	if (doc == NULL)
		dload_error_raise(&err);
	return doc;
}

static void
collect_header(const char *key, const char *value, void *arg)
{
	List	  **headers = arg;

	*headers = lappend(*headers, psprintf("%s: %s", key, value));
}

static bool
same_header(const char *a, const char *b)
{
	size_t		len = strcspn(a, ":");

	return len == strcspn(b, ":") && pg_strncasecmp(a, b, len) == 0;
}

/* The headers of one object. */
static List *
read_headers(List *options)
{
	DloadOptionSet set = {1, {options}};
	DloadJson  *doc = read_json(&set, "headers");
	List	   *headers = NIL;
	DloadError	err = {0};

	if (doc != NULL && !dload_json_each(doc, collect_header, &headers, &err))
		dload_error_raise(&err);
	return headers;
}

/* The server's headers that the table does not replace, then the table's. */
static List *
merge_headers(List *server, List *table)
{
	List	   *merged = NIL;
	ListCell   *lc;

	foreach(lc, server)
	{
		bool		replaced = false;
		ListCell   *other;

		foreach(other, table)
		{
			if (same_header(lfirst(lc), lfirst(other)))
				replaced = true;
		}
		if (!replaced)
			merged = lappend(merged, lfirst(lc));
	}
	return list_concat(merged, table);
}

static void
read_server(DloadResource *res, const DloadOptionSet *set)
{
	const char *text;
	DloadError	err = {0};
	ListCell   *lc;

	res->base_url = copy_text(set, "base_url");
	if (res->base_url == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_DYNAMIC_PARAMETER_VALUE_NEEDED),
				 errmsg("server \"%s\" has no option \"base_url\"",
						res->servername)));
	res->auth = dload_option_enum(set, "auth");
	res->api_key_name = copy_text(set, "api_key_name");
	res->api_key_in_query = dload_option_enum(set, "api_key_in") == 1;
	text = dload_option_text(set, "rate_limit");
	if (text != NULL && !dload_rate_parse(text, &res->rates, &err))
		dload_error_raise(&err);
	res->max_concurrency = dload_option_number(set, "max_concurrency");
	res->connect_timeout = dload_option_number(set, "connect_timeout");
	res->request_timeout = dload_option_number(set, "request_timeout");
	res->idle_timeout = dload_option_number(set, "idle_timeout");
	res->max_retries = dload_option_number(set, "max_retries");
	res->max_response_bytes = dload_option_number(set, "max_response_bytes");

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

static void
read_table(DloadResource *res, const DloadOptionSet *set)
{
	res->path = copy_text(set, "path");
	res->method = copy_text(set, "method");
	res->query_params = read_json(set, "query_params");
	res->body = copy_text(set, "body");
	res->records_path = read_path(set, "records_path");
	res->paginate = dload_option_enum(set, "paginate");
	res->next_path = read_path(set, "next_path");
	res->token_path = read_path(set, "token_path");
	res->total_path = read_path(set, "total_path");
	res->token_param = copy_text(set, "token_param");
	res->page_param = copy_text(set, "page_param");
	res->offset_param = copy_text(set, "offset_param");
	res->page_size_param = copy_text(set, "page_size_param");
	res->first_page = dload_option_number(set, "first_page");
	res->page_size = dload_option_number(set, "page_size");
	res->max_pages = dload_option_number(set, "max_pages");
}

/* The error for a mapping that is not there or lacks an option. */
static void
missing_secret(const DloadResource *res, const char *auth, const char *option)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("user \"%s\" has no %s for server \"%s\"",
					GetUserNameFromId(res->userid, true), option,
					res->servername),
			 errdetail("The server's option \"auth\" is \"%s\".", auth),
			 errhint("Use CREATE USER MAPPING or ALTER USER MAPPING FOR %s "
					 "SERVER %s OPTIONS (%s ...).",
					 quote_identifier(GetUserNameFromId(res->userid, true)),
					 quote_identifier(res->servername), option)));
}

/*
 * The user's own mapping, else that of PUBLIC.  It is looked at only when
 * auth needs it, so that open APIs work without one.
 */
static void
read_mapping(DloadResource *res)
{
	DloadOptionSet set = {0};

	if (res->auth == DLOAD_AUTH_NONE)
		return;
	if (SearchSysCacheExists2(USERMAPPINGUSERSERVER,
							  ObjectIdGetDatum(res->userid),
							  ObjectIdGetDatum(res->serverid)) ||
		SearchSysCacheExists2(USERMAPPINGUSERSERVER,
							  ObjectIdGetDatum(InvalidOid),
							  ObjectIdGetDatum(res->serverid)))
	{
		set.nlists = 1;
		set.lists[0] = GetUserMapping(res->userid, res->serverid)->options;
	}
	res->token = copy_text(&set, "token");
	res->username = copy_text(&set, "username");
	res->password = copy_text(&set, "password");
	res->api_key = copy_text(&set, "api_key");

	if (res->auth == DLOAD_AUTH_BEARER && res->token == NULL)
		missing_secret(res, "bearer", "token");
	if (res->auth == DLOAD_AUTH_BASIC && res->username == NULL)
		missing_secret(res, "basic", "username");
	if (res->auth == DLOAD_AUTH_API_KEY && res->api_key == NULL)
		missing_secret(res, "api_key", "api_key");
	/* services that take a token as user name expect an empty password */
	if (res->auth == DLOAD_AUTH_BASIC && res->password == NULL)
		res->password = pstrdup("");
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

		if (att->attisdropped)
			continue;
		col = &res->columns[res->ncolumns++];
		set.lists[0] = GetForeignColumnOptions(res->relid, att->attnum);
		col->attnum = att->attnum;
		col->name = pstrdup(NameStr(att->attname));
		col->typid = att->atttypid;
		col->typmod = att->atttypmod;
		col->collation = att->attcollation;
		col->path = read_path(&set, "json_path");
		col->param = copy_text(&set, "param");
		col->in = dload_option_enum(&set, "in");
		col->required = col->param != NULL && col->in == DLOAD_IN_PATH;
		/* an API does not repeat the path in its records */
		col->echo = dload_option_bool(&set, "echo") ||
			(col->required && col->path == NULL);
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
	read_table(res, &set);
	res->headers = merge_headers(read_headers(server->options),
								 read_headers(table->options));
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
	return res->auth == DLOAD_AUTH_API_KEY &&
		res->api_key_in_query == in_query &&
		(in_query ? strcmp(name, res->api_key_name) :
		 pg_strcasecmp(name, res->api_key_name)) == 0;
}

static bool
check_column(const DloadResource *res, const DloadResourceColumn *col,
			 DloadError *err)
{
	if (col->param == NULL)
		return true;
	if (col->in == DLOAD_IN_PATH)
	{
		if (strstr(res->path, psprintf("{%s}", col->param)) == NULL)
		{
			dload_error_set(err, BAD_COMBINATION,
							"column \"%s\" of foreign table \"%s\" fills "
							"\"{%s}\", which the path does not contain",
							col->name, res->relname, col->param);
			return dload_error_detail(err, "The path is \"%s\".", res->path);
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
	const char *lacking = NULL;
	ListCell   *lc;

	if (res->paginate == DLOAD_PAGINATE_NEXT_URL && res->next_path == NULL)
		lacking = "next_path";
	if (res->paginate == DLOAD_PAGINATE_TOKEN && res->token_path == NULL)
		lacking = "token_path";
	if (res->paginate == DLOAD_PAGINATE_TOKEN && res->token_param == NULL)
		lacking = "token_param";
	if (lacking != NULL)
		return dload_error_set(err, BAD_COMBINATION,
							   "foreign table \"%s\" needs the option \"%s\" "
							   "for its paginator",
							   res->relname, lacking);

	foreach(lc, res->headers)
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
