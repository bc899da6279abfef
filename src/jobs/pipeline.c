/*-------------------------------------------------------------------------
 *
 * pipeline.c
 *	  Definitions of pipelines, and their lock.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "jobs/pipeline.h"

#include "base/setting.h"
#include "data/json.h"
#include "jobs/launcher.h"
#include "jobs/plan.h"
#include "data/path.h"
#include "load/cursor.h"
#include "load/evolve.h"
#include "rest/paginator.h"
#include "rest/extract.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "parser/parse_type.h"
#include "storage/lock.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

/* objsubid of our advisory locks; SQL's own are 1 and 2. */
#define PIPELINE_LOCK_CLASS	209

/*
 * Lock
 */

static void
set_lock_tag(LOCKTAG *tag, int64 pipeline_id)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (pipeline_id >> 32),
						 (uint32) pipeline_id, PIPELINE_LOCK_CLASS);
}

bool
dload_pipeline_lock(int64 pipeline_id, bool session, bool under_way)
{
	LOCKTAG		tag;
	LockAcquireResult result;

	set_lock_tag(&tag, pipeline_id);
	result = LockAcquire(&tag, ExclusiveLock, session, true);
	if (result == LOCKACQUIRE_NOT_AVAIL)
		return false;

	/*
	 * Held already: by an earlier run of this transaction, or by one that is
	 * under way and whose table has a trigger that runs it again.  The
	 * transaction's own lock ends with its first commit, so a session takes
	 * one beside it.
	 */
	if (result != LOCKACQUIRE_ALREADY_HELD || !under_way)
		return true;
	LockRelease(&tag, ExclusiveLock, session);
	return false;
}

void
dload_pipeline_unlock(int64 pipeline_id)
{
	LOCKTAG		tag;

	set_lock_tag(&tag, pipeline_id);
	LockRelease(&tag, ExclusiveLock, true);
}

int
dload_pipeline_runner(int64 pipeline_id)
{
	LOCKTAG		tag;
	LockData   *locks = GetLockStatusData();

	set_lock_tag(&tag, pipeline_id);
	for (int i = 0; i < locks->nelements; i++)
		if (memcmp(&locks->locks[i].locktag, &tag, sizeof(tag)) == 0 &&
			locks->locks[i].holdMask != 0)
			return locks->locks[i].pid;
	return 0;
}

bool
dload_pipeline_is_locked(int64 pipeline_id)
{
	return dload_pipeline_runner(pipeline_id) != 0;
}

/*
 * Looking at one
 */

DloadPipeline *
dload_pipeline_open(const char *name)
{
	DloadPipeline *p = dload_catalog_pipeline(name);

	if (!has_privs_of_role(GetUserId(), p->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of pipeline \"%s\"", name)));
	return p;
}

void
dload_pipeline_check_names(const DloadPipeline *p)
{
	char	   *source = get_rel_name(p->source);

	if (GetUserNameFromId(p->owner, true) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("owner of pipeline \"%s\" was dropped", p->name),
				 errhint("Drop the pipeline and create it as another role.")));
	if (source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("source of pipeline \"%s\" was dropped", p->name),
				 errhint("Drop the pipeline and create it from another foreign table.")));
	if (pg_class_aclcheck(p->source, p->owner, ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, source);
}

bool
dload_pipeline_has_bookmark(const DloadPipeline *p, const DloadResource *res)
{
	return dload_requestspec_has_bookmark(&res->request) &&
		strcmp(p->disposition, "replace") != 0;
}

bool
dload_pipeline_is_keyed(const DloadPipeline *p)
{
	return p->primary_key != NIL;
}

List *
dload_pipeline_params(const char *params, const DloadResource *res)
{
	DloadError	err = {0};
	DloadJson  *doc = dload_json_parse(params, "params", &err);
	List	   *result = NIL;

	if (doc == NULL || !dload_params_from_json(res, doc, &result, &err))
		dload_error_raise(&err);
	return result;
}

static List *
add_cursor_param(List *params, const char *name, char *value, DloadParamIn in,
				 bool bare)
{
	DloadParam *param = palloc0(sizeof(DloadParam));

	param->name = pstrdup(name);
	param->value = value;
	param->in = in;
	param->bare = bare;
	param->cursor = true;
	return lappend(params, param);
}

List *
dload_pipeline_cursor_params(const DloadPipeline *p,
							 const DloadResource *res, List *params,
							 char *start, bool bare)
{
	const char *name = p->cursor_param ? p->cursor_param :
	res->slice.window_from;

	if (start == NULL)
		return params;
	if (res->request.cursor_in == DLOAD_IN_URL)
		return add_cursor_param(params, "", start, DLOAD_IN_URL, false);
	if (name != NULL)
		params = add_cursor_param(params, name, start, res->request.cursor_in,
								  bare);
	if (dload_requestspec_has_place(&res->request, "cursor") &&
		(name == NULL || strcmp(name, "cursor") != 0))
		params = add_cursor_param(params, "cursor", start,
								  DLOAD_IN_TEMPLATE, bare);
	return params;
}

List *
dload_pipeline_read_params(const DloadPipeline *p, const DloadResource *res,
						   const DloadCursor *cursor,
						   const DloadBookmark *mark)
{
	List	   *params = dload_pipeline_params(p->params, res);
	bool		bare = false;
	char	   *start = NULL;

	/* bounds of windows are written in a format of their own */
	if (cursor != NULL && res->page.kind == DLOAD_PAGINATE_WINDOW)
		start = unconstify(char *, dload_cursor_start(cursor));
	else if (cursor != NULL)
		start = dload_cursor_start_text(cursor, &res->request, &bare);
	else if (mark->text != NULL)
		start = dload_cursor_text(mark->text, mark->string, &res->request,
								  &bare);
	return dload_pipeline_cursor_params(p, res, params, start, bare);
}

/*
 * Checks
 */

static void
invalid(const char *message, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s", message),
			 hint ? errhint("%s", hint) : 0));
}

static void
check_path(const char *path, const char *what)
{
	DloadError	err = {0};
	DloadPath  *parsed = dload_path_parse(path, &err);

	if (parsed == NULL)
		dload_error_raise(&err);
	for (int i = 0; i < parsed->nsteps; i++)
		if (parsed->steps[i].kind != DLOAD_STEP_KEY)
			invalid(psprintf("%s \"%s\" must consist of keys only", what,
							 path), NULL);
	if (parsed->nsteps == 0)
		invalid(psprintf("%s \"%s\" names no field", what, path), NULL);
}

static void
check_hint(const char *path, const char *type, void *arg)
{
	DloadError	err = {0};
	Oid			typid;
	int32		typmod;
	int			level;
	DloadCoding coding;

	if (type == NULL)
		invalid(psprintf("column \"%s\" has no type", path),
				"Give columns as {\"path\": \"type\"}.");
	if (dload_path_parse(path, &err) == NULL)
		dload_error_raise(&err);
	if (dload_hint_is_coding(type, &coding))
		return;
	/* a run sees pg_catalog only */
	level = NewGUCNestLevel();
	dload_setting_pin_search_path();
	parseTypeString(type, &typid, &typmod, false);
	AtEOXact_GUC(true, level);
	if (get_typtype(typid) == TYPTYPE_PSEUDO)
		invalid(psprintf("column \"%s\" cannot have pseudo-type %s", path,
						 type), NULL);
}

static void
check_columns(const char *columns)
{
	DloadError	err = {0};
	DloadJson  *doc = dload_json_parse(columns, "columns", &err);

	if (doc == NULL)
		dload_error_raise(&err);
	if (!dload_json_is_object(doc))
		invalid("columns must be a JSON object",
				"Give columns as {\"path\": \"type\"}.");
	if (!dload_json_each(doc, check_hint, NULL, &err))
		dload_error_raise(&err);
}

static void
check_distinct(List *paths)
{
	DloadError	err = {0};
	List	   *seen = NIL;
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, paths)
	{
		char	   *path = dload_path_text(dload_path_parse(lfirst(lc), &err));

		foreach(other, seen)
			if (strcmp(path, lfirst(other)) == 0)
				invalid(psprintf("primary key \"%s\" is named twice", path),
						NULL);
		seen = lappend(seen, path);
	}
}

static void
check_disposition(const DloadPipeline *p)
{
	bool		append = strcmp(p->disposition, "append") == 0;
	bool		merge = strcmp(p->disposition, "merge") == 0;
	ListCell   *lc;

	if (!append && !merge && strcmp(p->disposition, "replace") != 0)
		invalid(psprintf("invalid write disposition \"%s\"", p->disposition),
				"Valid write dispositions are append, merge and replace.");
	if (merge && p->primary_key == NIL)
		invalid("write disposition \"merge\" needs a primary key",
				"Give primary_key => ARRAY['id'].");
	if (append && p->primary_key != NIL)
		invalid("write disposition \"append\" takes no primary key",
				"Use write disposition \"merge\".");
	foreach(lc, p->primary_key)
		check_path(lfirst(lc), "primary key");
	check_distinct(p->primary_key);
}

/* How the value that the next run begins with is sent. */
static void
check_bookmark(const DloadPipeline *p, const DloadResource *res)
{
	if (p->cursor_path != NULL)
		invalid("cursor_path cannot be used with the foreign table's options"
				" \"envelope_cursor\" and \"cursor_header\"",
				"A run begins with a value of the records or of the replies,"
				" not with both.");
	if (p->cursor_param == NULL && res->request.cursor_in != DLOAD_IN_URL &&
		!dload_requestspec_has_place(&res->request, "cursor"))
		invalid("the foreign table's option \"envelope_cursor\" or"
				" \"cursor_header\" needs a place for the cursor",
				"Give cursor_param, or the foreign table a placeholder"
				" {cursor} or cursor_in 'url'.");
}

void
dload_pipeline_check_source(const DloadPipeline *p, const DloadResource *res)
{
	if (dload_pipeline_has_bookmark(p, res))
		check_bookmark(p, res);
	if (res->records.deleted_when == NULL || p->primary_key != NIL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("option \"deleted_when\" of foreign table %s needs a pipeline with a primary key",
					res->relname),
			 errdetail("Without a key nobody can tell which row a record means."),
			 errhint("Use write disposition \"merge\" with a primary key, or a foreign table without the option.")));
}

static void
check_cursor(const DloadPipeline *p, const DloadResource *res)
{
	DloadError	err = {0};
	bool		sent = p->cursor_param || p->initial_value;

	if (strcmp(p->disposition, "replace") == 0 && (p->cursor_path ||
		(sent && dload_requestspec_has_bookmark(&res->request))))
		invalid("write disposition \"replace\" takes no cursor",
				"A replace reads the whole resource each time.");
	if (p->cursor_path == NULL)
	{
		if (p->cursor_order || p->lag ||
			(sent && !dload_pipeline_has_bookmark(p, res)))
			invalid(dload_pipeline_has_bookmark(p, res) ?
					"cursor_order and lag need cursor_path" :
					"cursor_param, cursor_order, initial_value and lag need cursor_path",
					NULL);
		return;
	}
	check_path(p->cursor_path, "cursor_path");
	if (p->cursor_order && strcmp(p->cursor_order, "asc") != 0 &&
		strcmp(p->cursor_order, "desc") != 0)
		invalid(psprintf("invalid cursor_order \"%s\"", p->cursor_order),
				"Valid values are asc and desc.");
	if (p->lag && strcmp(p->disposition, "append") == 0)
		invalid("lag cannot be used with write disposition \"append\"",
				"Records read again would be appended again; use write"
				" disposition \"merge\".");
	if (p->lag && !dload_cursor_check_lag(p->lag, &err))
		dload_error_raise(&err);
}

static void
check_definition(const DloadPipeline *p)
{
	DloadResource *res = dload_resource_create(p->source, p->owner);
	List	   *params = dload_pipeline_params(p->params, res);
	DloadError	err = {0};
	DloadRequest request;
	char	   *start = NULL;
	bool		bare = false;
	bool		ok;

	check_disposition(p);
	dload_pipeline_check_source(p, res);
	check_cursor(p, res);
	check_columns(p->columns);
	if (res->page.kind == DLOAD_PAGINATE_DRAIN &&
		strcmp(p->disposition, "replace") == 0)
		invalid("write disposition \"replace\" cannot be used with paginate 'drain'",
				"Each read brings other records; use append or merge.");
	if (p->initial_value != NULL && res->page.kind != DLOAD_PAGINATE_WINDOW)
		start = dload_cursor_text(p->initial_value, false, &res->request,
								  &bare);
	params = dload_pipeline_cursor_params(p, res, params, start, bare);
	/* where a window begins may be for the cursor to say */
	if (res->page.kind == DLOAD_PAGINATE_WINDOW && p->initial_value)
		ok = dload_request_base(res, params, &request, &err);
	else
		ok = dload_request_first(res, params, &request, &err);
	if (!ok)
		dload_error_raise(&err);
	if (strcmp(p->disposition, "append") == 0 && p->cursor_path == NULL &&
		!dload_pipeline_has_bookmark(p, res) &&
		dload_paginator_get(res->page.kind)->positional &&
		res->page.kind != DLOAD_PAGINATE_NONE)
		ereport(NOTICE,
				(errmsg("write disposition \"append\" without cursor_path appends the whole resource at each run"),
				 errhint("Records that move between pages while they are read"
						 " can be missed or repeated; write disposition"
						 " \"merge\" with a primary key repeats none.")));
}

/* The parser would cut names that are too long, and two targets be one. */
static void
check_name_lengths(const char *target)
{
	bool		quoted = false;
	int			len = 0;

	for (const char *c = target; *c; c++)
	{
		if (*c == '"')
			quoted = !quoted;
		else if (*c == '.' && !quoted)
			len = 0;
		else if (++len >= NAMEDATALEN)
			ereport(ERROR,
					(errcode(ERRCODE_NAME_TOO_LONG),
					 errmsg("target \"%s\" is too long", target),
					 errdetail("A name must be less than %d bytes.",
							   NAMEDATALEN)));
	}
}

/* "schema.table" or "table" */
static void
set_target(DloadPipeline *p, const char *target)
{
	List	   *names = textToQualifiedNameList(cstring_to_text(target));

	check_name_lengths(target);
	if (list_length(names) > 2)
		invalid(psprintf("invalid target \"%s\"", target),
				"Give the target as schema.table.");
	if (list_length(names) == 2)
	{
		p->target_schema = strVal(linitial(names));
		p->target_name = strVal(lsecond(names));
	}
	else
	{
		List	   *path = fetch_search_path(false);

		if (path == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_SCHEMA),
					 errmsg("no schema has been selected to create in")));
		p->target_schema = get_namespace_name(linitial_oid(path));
		p->target_name = strVal(linitial(names));
	}
}

/* What can be known before the first run, which makes a missing table. */
static void
check_target(const DloadPipeline *p)
{
	Oid			nspid = get_namespace_oid(p->target_schema, true);
	Oid			relid = InvalidOid;

	if (OidIsValid(nspid))
		relid = get_relname_relid(p->target_name, nspid);
	if (OidIsValid(relid))
		dload_evolve_check_target(relid);
}

/*
 * Create, alter, drop
 */

void
dload_pipeline_create(const DloadPipelineArgs *args)
{
	DloadPipeline p = {0};

	if (args->name == NULL || args->name[0] == '\0')
		invalid("a pipeline needs a name", NULL);
	/* it is part of notifications and of what processes show of themselves */
	if (strlen(args->name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("pipeline name \"%s\" is too long", args->name),
				 errdetail("A name must be less than %d bytes.",
						   NAMEDATALEN)));
	if (!OidIsValid(args->source) || args->target == NULL)
		invalid("a pipeline needs a source and a target", NULL);
	if (pg_class_aclcheck(args->source, GetUserId(),
						  ACL_SELECT) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE,
					   get_rel_name(args->source));
	p.name = args->name;
	p.owner = GetUserId();
	p.source = args->source;
	set_target(&p, args->target);
	p.params = args->params ? args->params : "{}";
	p.disposition = args->disposition ? args->disposition : "append";
	p.primary_key = args->primary_key;
	p.cursor_path = args->cursor_path;
	p.cursor_param = args->cursor_param;
	p.cursor_order = args->cursor_order;
	p.initial_value = args->initial_value;
	p.lag = args->lag;
	p.max_nesting = args->has_max_nesting ? args->max_nesting : -1;
	p.columns = args->columns ? args->columns : "{}";
	if (args->has_max_nesting && args->max_nesting < 0)
		invalid("max_nesting must not be negative", NULL);
	check_target(&p);
	check_definition(&p);
	dload_catalog_insert_pipeline(&p);
	dload_plan_set(p.id, &args->plan);
}

/* A new value, the old one if none is given, none if it is empty. */
static char *
altered(char *old, char *new)
{
	if (new == NULL)
		return old;
	return new[0] == '\0' ? NULL : new;
}

void
dload_pipeline_alter(const DloadPipelineArgs *args)
{
	DloadPipeline *p = dload_pipeline_open(args->name);

	if (args->params)
		p->params = args->params;
	if (args->disposition)
		p->disposition = args->disposition;
	if (args->has_primary_key)
		p->primary_key = args->primary_key;
	p->cursor_path = altered(p->cursor_path, args->cursor_path);
	p->cursor_param = altered(p->cursor_param, args->cursor_param);
	p->cursor_order = altered(p->cursor_order, args->cursor_order);
	p->initial_value = altered(p->initial_value, args->initial_value);
	p->lag = altered(p->lag, args->lag);
	if (args->has_max_nesting)
		p->max_nesting = Max(args->max_nesting, -1);
	if (args->columns)
		p->columns = args->columns;
	check_definition(p);
	dload_catalog_update_pipeline(p);
	dload_plan_set(p->id, &args->plan);
}

static void
drop_table(const char *relation)
{
	SPI_connect();
	if (SPI_execute(psprintf("DROP TABLE %s", relation), false, 0) < 0)
		elog(ERROR, "could not drop table %s", relation);
	SPI_finish();
}

void
dload_pipeline_drop(const char *name)
{
	DloadPipeline *p = dload_pipeline_open(name);
	ListCell   *lc;

	/* in the order of a run's package, which may be under way */
	(void) dload_catalog_cursor(p->id);
	(void) dload_standing_lock(p->id);
	/* the loaded tables stay, but not what an unfinished replace made */
	foreach(lc, dload_catalog_tables(p->id))
	{
		DloadTableRow *table = lfirst(lc);

		if (OidIsValid(table->shadow))
			drop_table(dload_relation_name(table->shadow));
	}
	dload_catalog_delete_pipeline(p->id);
	dload_launcher_tell_at_commit();
}
