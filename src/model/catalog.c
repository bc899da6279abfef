/*-------------------------------------------------------------------------
 *
 * catalog.c
 *	  The tables of pipelines: what they are, where they stand, what they ran.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/catalog.h"

#include "model/catalogsql.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

static ArrayType *
result_array(uint64 row, int column, MemoryContext context)
{
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row],
									  SPI_tuptable->tupdesc, column, &isnull);
	MemoryContext old = MemoryContextSwitchTo(context);
	ArrayType  *result = isnull ? NULL : DatumGetArrayTypePCopy(value);

	MemoryContextSwitchTo(old);
	return result;
}

/* The text form of a text[] / bigint[] argument. */
static char *
array_text(ArrayType *array, Oid type)
{
	Oid			outfunc;
	bool		varlena;

	getTypeOutputInfo(type, &outfunc, &varlena);
	return OidOutputFunctionCall(outfunc, PointerGetDatum(array));
}

static char *
name_list_text(List *names)
{
	Datum	   *values = palloc(sizeof(Datum) * (list_length(names) + 1));
	int			n = 0;
	ListCell   *lc;

	foreach(lc, names)
		values[n++] = CStringGetTextDatum(lfirst(lc));
	return array_text(construct_array(values, n, TEXTOID, -1, false,
									  TYPALIGN_INT), TEXTARRAYOID);
}

static List *
array_strings(ArrayType *array)
{
	Datum	   *values;
	int			n;
	List	   *result = NIL;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, NULL,
					  &n);
	for (int i = 0; i < n; i++)
		result = lappend(result, TextDatumGetCString(values[i]));
	return result;
}

/*
 * Pipelines
 */

DloadPipeline *
dload_catalog_pipeline(const char *name)
{
	MemoryContext caller = CurrentMemoryContext;
	DloadPipeline *p = palloc0(sizeof(DloadPipeline));
	const char *args[] = {name};
	ArrayType  *keys;
	char	   *nesting;

	dload_catalog_execute("SELECT pipeline_id, owner::oid, source::oid,"
						  " target_schema, target_name, params, write_disposition,"
						  " primary_key, cursor_path, cursor_param, cursor_order,"
						  " initial_value, lag, max_nesting, columns, name"
						  " FROM dload.pipeline WHERE name = $1", 1, args);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("pipeline \"%s\" does not exist", name)));
	p->id = dload_result_int64(0, 1);
	p->owner = dload_result_oid(0, 2);
	p->source = dload_result_oid(0, 3);
	p->target_schema = dload_result_text(0, 4, caller);
	p->target_name = dload_result_text(0, 5, caller);
	p->params = dload_result_text(0, 6, caller);
	p->disposition = dload_result_text(0, 7, caller);
	keys = result_array(0, 8, caller);
	p->cursor_path = dload_result_text(0, 9, caller);
	p->cursor_param = dload_result_text(0, 10, caller);
	p->cursor_order = dload_result_text(0, 11, caller);
	p->initial_value = dload_result_text(0, 12, caller);
	p->lag = dload_result_text(0, 13, caller);
	nesting = dload_result_text(0, 14, caller);
	p->max_nesting = nesting ? atoi(nesting) : -1;
	p->columns = dload_result_text(0, 15, caller);
	p->name = dload_result_text(0, 16, caller);
	dload_catalog_done();
	p->primary_key = array_strings(keys);
	return p;
}

/*
 * The columns of dload.pipeline that a user sets, as arguments $2 ... $13.
 * $1 is for the caller.
 */
static void
definition_args(const DloadPipeline *p, const char **args)
{
	args[1] = p->params;
	args[2] = p->disposition;
	args[3] = name_list_text(p->primary_key);
	args[4] = p->cursor_path;
	args[5] = p->cursor_param;
	args[6] = p->cursor_order;
	args[7] = p->initial_value;
	args[8] = p->lag;
	args[9] = p->max_nesting >= 0 ? psprintf("%d", p->max_nesting) : NULL;
	args[10] = p->columns;
}

/* Neither a name nor a table may belong to two pipelines. */
static void
raise_taken(const DloadPipeline *p)
{
	const char *args[1] = {p->name};
	bool		named;

	dload_catalog_execute("SELECT FROM dload.pipeline"
						  " WHERE name = $1", 1, args);
	named = SPI_processed > 0;
	dload_catalog_done();
	if (named)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("pipeline \"%s\" already exists", p->name)));
	ereport(ERROR,
			(errcode(ERRCODE_DUPLICATE_OBJECT),
			 errmsg("table \"%s.%s\" belongs to another pipeline",
					p->target_schema, p->target_name),
			 errhint("Load into a table of its own; a view can show both.")));
}

/* Insert a definition and its cursor row; sets the id. */
void
dload_catalog_insert_pipeline(DloadPipeline *p)
{
	const char *args[15];
	const char *cursor_args[1];
	bool		inserted;

	args[0] = p->name;
	definition_args(p, args);
	args[11] = psprintf("%u", p->owner);
	args[12] = psprintf("%u", p->source);
	args[13] = p->target_schema;
	args[14] = p->target_name;
	dload_catalog_execute("INSERT INTO dload.pipeline (name, params,"
						  " write_disposition, primary_key, cursor_path,"
						  " cursor_param, cursor_order, initial_value, lag,"
						  " max_nesting, columns, owner, source, target_schema,"
						  " target_name) SELECT $1, $2::jsonb, $3, $4::text[], $5,"
						  " $6, $7, $8, $9, $10::int, $11::jsonb,"
						  " $12::oid::regrole, $13::oid::regclass, $14, $15"
						  " WHERE NOT EXISTS (SELECT FROM dload.pipeline_table WHERE"
						  " relation = to_regclass(format('%I.%I', $14, $15)))"
						  " ON CONFLICT DO NOTHING RETURNING pipeline_id",
						  15, args);
	inserted = SPI_processed > 0;
	if (inserted)
		p->id = dload_result_int64(0, 1);
	dload_catalog_done();
	if (!inserted)
		raise_taken(p);
	cursor_args[0] = dload_int64_text(p->id);
	dload_catalog_run("INSERT INTO dload.pipeline_cursor (pipeline_id)"
					  " VALUES ($1::bigint)", 1, cursor_args);
	dload_catalog_run("INSERT INTO dload.pipeline_schedule (pipeline_id)"
					  " VALUES ($1::bigint)", 1, cursor_args);
}

/* Update what alter_pipeline may change; ends a run under way. */
void
dload_catalog_update_pipeline(const DloadPipeline *p)
{
	const char *args[11];

	args[0] = dload_int64_text(p->id);
	definition_args(p, args);
	/* an unfinished read of other requests cannot be continued */
	dload_catalog_run("UPDATE dload.pipeline_cursor AS c"
					  " SET generation = generation + 1,"
					  " checkpoint = CASE WHEN same THEN checkpoint END,"
					  " pending_value = CASE WHEN same THEN pending_value END,"
					  " pending_boundary = CASE WHEN same THEN pending_boundary"
					  " ELSE '{}' END,"
					  " window_start = CASE WHEN same THEN window_start END,"
					  " window_clock = CASE WHEN same THEN window_clock END,"
					  " cursor_value = CASE WHEN same_cursor THEN cursor_value END,"
					  " boundary = CASE WHEN same_cursor THEN boundary ELSE '{}' END"
					  " FROM (SELECT pipeline_id, (params, write_disposition,"
					  " cursor_path, cursor_param, cursor_order)"
					  " IS NOT DISTINCT FROM ($2::jsonb, $3, $5, $6, $7) AS same,"
					  " cursor_path IS NOT DISTINCT FROM $5 AND (cursor_path IS NOT NULL OR params = $2::jsonb) AS same_cursor,"
					  " $4 || $8 || $9 || $10 || $11 AS unused"
					  " FROM dload.pipeline) AS p"
					  " WHERE c.pipeline_id = p.pipeline_id"
					  " AND p.pipeline_id = $1::bigint", 11, args);
	dload_catalog_run("UPDATE dload.pipeline SET params = $2::jsonb,"
					  " write_disposition = $3, primary_key = $4::text[],"
					  " cursor_path = $5, cursor_param = $6, cursor_order = $7,"
					  " initial_value = $8, lag = $9, max_nesting = $10::int,"
					  " columns = $11::jsonb WHERE pipeline_id = $1::bigint",
					  11, args);
}

void
dload_catalog_delete_pipeline(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};

	dload_catalog_run("DELETE FROM dload.pipeline WHERE pipeline_id = $1::bigint",
					  1, args);
}

/*
 * Cursor
 */

DloadCursorRow *
dload_catalog_cursor(int64 pipeline_id)
{
	MemoryContext caller = CurrentMemoryContext;
	DloadCursorRow *c = palloc0(sizeof(DloadCursorRow));
	const char *args[] = {dload_int64_text(pipeline_id)};
	static SPIPlanPtr plan = NULL;

	dload_catalog_repeat(&plan, "SELECT generation, cursor_value, boundary,"
						 " pending_value, pending_boundary, window_start,"
						 " window_clock, checkpoint, cursor_string"
						 " FROM dload.pipeline_cursor"
						 " WHERE pipeline_id = $1::bigint FOR UPDATE",
						 1, args);
	if (SPI_processed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the pipeline was dropped")));
	c->generation = dload_result_int64(0, 1);
	c->value = dload_result_text(0, 2, caller);
	c->boundary = result_array(0, 3, caller);
	c->pending = dload_result_text(0, 4, caller);
	c->pending_boundary = result_array(0, 5, caller);
	c->window_start = dload_result_text(0, 6, caller);
	c->window_clock = dload_result_text(0, 7, caller);
	c->checkpoint = dload_result_text(0, 8, caller);
	c->string = strcmp(dload_result_text(0, 9, caller), "t") == 0;
	dload_catalog_done();
	return c;
}

void
dload_catalog_set_cursor(int64 pipeline_id, const DloadCursorRow *c)
{
	const char *args[10];
	static SPIPlanPtr plan = NULL;

	args[0] = dload_int64_text(pipeline_id);
	args[1] = dload_int64_text(c->generation);
	args[2] = c->value;
	args[3] = array_text(c->boundary, INT8ARRAYOID);
	args[4] = c->pending;
	args[5] = array_text(c->pending_boundary, INT8ARRAYOID);
	args[6] = c->window_start;
	args[7] = c->window_clock;
	args[8] = c->checkpoint;
	args[9] = c->string ? "t" : "f";
	dload_catalog_repeat(&plan, "UPDATE dload.pipeline_cursor SET"
						 " generation = $2::bigint, cursor_value = $3,"
						 " boundary = $4::bigint[], pending_value = $5,"
						 " pending_boundary = $6::bigint[], window_start = $7,"
						 " window_clock = $8, checkpoint = $9,"
						 " cursor_string = $10::boolean,"
						 " committed_at = clock_timestamp()"
						 " WHERE pipeline_id = $1::bigint", 10, args);
	dload_catalog_done();
}

/*
 * Maps
 */

List *
dload_catalog_tables(int64 pipeline_id)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *args[] = {dload_int64_text(pipeline_id)};
	List	   *result = NIL;

	/* a relation dropped meanwhile counts as not made */
	dload_catalog_execute("SELECT table_path, table_name,"
						  " (SELECT c.oid FROM pg_catalog.pg_class c"
						  " WHERE c.oid = relation),"
						  " (SELECT c.oid FROM pg_catalog.pg_class c"
						  " WHERE c.oid = shadow)"
						  " FROM dload.pipeline_table"
						  " WHERE pipeline_id = $1::bigint"
						  " ORDER BY pg_catalog.length(table_path), table_path",
						  1, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);
		DloadTableRow *t = palloc0(sizeof(DloadTableRow));

		t->path = dload_result_text(i, 1, caller);
		t->name = dload_result_text(i, 2, caller);
		t->relation = dload_result_oid(i, 3);
		t->shadow = dload_result_oid(i, 4);
		result = lappend(result, t);
		MemoryContextSwitchTo(old);
	}
	dload_catalog_done();
	return result;
}

List *
dload_catalog_columns(int64 pipeline_id)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *args[] = {dload_int64_text(pipeline_id)};
	List	   *result = NIL;

	dload_catalog_execute("SELECT table_path, json_path, column_name, variant"
						  " FROM dload.pipeline_column"
						  " WHERE pipeline_id = $1::bigint", 1, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(caller);
		DloadColumnRow *c = palloc0(sizeof(DloadColumnRow));

		c->table_path = dload_result_text(i, 1, caller);
		c->path = dload_result_text(i, 2, caller);
		c->column = dload_result_text(i, 3, caller);
		c->variant = dload_result_text(i, 4, caller);
		result = lappend(result, c);
		MemoryContextSwitchTo(old);
	}
	dload_catalog_done();
	return result;
}

static const char *
oid_text(Oid oid)
{
	return OidIsValid(oid) ? psprintf("%u", oid) : NULL;
}

void
dload_catalog_put_table(int64 pipeline_id, const DloadTableRow *t)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), t->path, t->name,
		oid_text(t->relation), oid_text(t->shadow)
	};

	dload_catalog_run("INSERT INTO dload.pipeline_table (pipeline_id, table_path,"
					  " table_name, relation, shadow) VALUES ($1::bigint, $2, $3,"
					  " $4::oid::regclass, $5::oid::regclass)"
					  " ON CONFLICT (pipeline_id, table_path) DO UPDATE"
					  " SET table_name = excluded.table_name,"
					  " relation = excluded.relation, shadow = excluded.shadow",
					  5, args);
}

void
dload_catalog_put_column(int64 pipeline_id, const DloadColumnRow *c)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), c->table_path, c->path, c->column,
		c->variant
	};

	dload_catalog_run("INSERT INTO dload.pipeline_column (pipeline_id, table_path,"
					  " json_path, column_name, variant)"
					  " VALUES ($1::bigint, $2, $3, $4, $5)"
					  " ON CONFLICT (pipeline_id, table_path, json_path) DO UPDATE"
					  " SET column_name = excluded.column_name,"
					  " variant = excluded.variant", 5, args);
}

/*
 * Runs
 */

int64
dload_catalog_start_run(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};
	int64		run_id;

	dload_catalog_execute("INSERT INTO dload.run_log (pipeline_id)"
						  " VALUES ($1::bigint) RETURNING run_id", 1, args);
	run_id = dload_result_int64(0, 1);
	dload_catalog_done();
	return run_id;
}

#define COUNTERS_SET \
	" requests = $2::bigint, pages = $3::bigint, bytes = $4::bigint," \
	" rows_read = $5::bigint, rows_inserted = $6::bigint," \
	" rows_updated = $7::bigint, rows_deleted = $8::bigint," \
	" rows_unchanged = $9::bigint, rows_rejected = $10::bigint," \
	" retries = $11::bigint, waited = $12::bigint * interval '1 us'," \
	" pages_unchanged = $13::bigint"

static void
counter_args(int64 run_id, const DloadCounters *c, const char **args)
{
	args[0] = dload_int64_text(run_id);
	args[1] = dload_int64_text(c->requests);
	args[2] = dload_int64_text(c->pages);
	args[3] = dload_int64_text(c->bytes);
	args[4] = dload_int64_text(c->rows_read);
	args[5] = dload_int64_text(c->rows_inserted);
	args[6] = dload_int64_text(c->rows_updated);
	args[7] = dload_int64_text(c->rows_deleted);
	args[8] = dload_int64_text(c->rows_unchanged);
	args[9] = dload_int64_text(c->rows_rejected);
	args[10] = dload_int64_text(c->retries);
	args[11] = dload_int64_text(c->waited_us);
	args[12] = dload_int64_text(c->pages_unchanged);
}

void
dload_catalog_update_run(int64 run_id, const DloadCounters *c)
{
	const char *args[13];
	static SPIPlanPtr plan = NULL;

	counter_args(run_id, c, args);
	dload_catalog_repeat(&plan, "UPDATE dload.run_log SET" COUNTERS_SET
						 " WHERE run_id = $1::bigint", 13, args);
	dload_catalog_done();
}

void
dload_catalog_end_run(int64 run_id, const char *outcome, const char *reason,
					  const DloadCounters *c)
{
	const char *args[15];

	counter_args(run_id, c, args);
	args[13] = outcome;
	args[14] = reason;
	dload_catalog_run("UPDATE dload.run_log SET" COUNTERS_SET ","
					  " outcome = $14, reason = $15,"
					  " finished_at = clock_timestamp()"
					  " WHERE run_id = $1::bigint", 15, args);
}

void
dload_catalog_reap_runs(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};

	dload_catalog_run("UPDATE dload.run_log SET outcome = 'failed',"
					  " reason = 'the process that ran it ended before the run did'"
					  " WHERE pipeline_id = $1::bigint AND outcome IS NULL"
					  " AND NOT queued", 1, args);
}

void
dload_catalog_log_change(int64 run_id, int64 pipeline_id,
						 const char *relation, const char *column,
						 const char *path, const char *change,
						 const char *old_type, const char *new_type,
						 const char *reason)
{
	const char *args[] = {
		dload_int64_text(run_id), dload_int64_text(pipeline_id), relation,
		column, path, change, old_type, new_type, reason
	};

	dload_catalog_run("WITH c AS (INSERT INTO dload.schema_change (run_id,"
					  " pipeline_id, relation, column_name, json_path, change,"
					  " old_type, new_type, reason) VALUES ($1::bigint, $2::bigint,"
					  " $3, $4, $5, $6, $7, $8, $9) RETURNING *)"
					  " SELECT pg_catalog.pg_notify('dload',"
					  " pg_catalog.json_build_object('event', 'schema_change',"
					  " 'pipeline', p.name, 'run_id', c.run_id, 'relation',"
					  " c.relation, 'column', c.column_name, 'change', c.change"
					  ")::text) FROM c JOIN dload.pipeline AS p"
					  " USING (pipeline_id)", 9, args);
}

/* Keep a record that could not be stored, once per record. */
void
dload_catalog_reject(int64 pipeline_id, const char *relation,
					 DloadSpan record, const char *reason)
{
	bytea	   *bytes = palloc(VARHDRSZ + record.len);
	const char *args[5];

	SET_VARSIZE(bytes, VARHDRSZ + record.len);
	memcpy(VARDATA(bytes), record.data, record.len);

	args[0] = dload_int64_text(pipeline_id);
	args[1] = relation;
	args[2] = dload_int64_text((int64) dload_hash_bytes(record.data,
														record.len, 0));
	args[3] = DatumGetCString(DirectFunctionCall1(byteaout,
												  PointerGetDatum(bytes)));
	args[4] = reason;
	dload_catalog_run("INSERT INTO dload.rejected_record AS r (pipeline_id,"
					  " relation, record_hash, record, reason)"
					  " VALUES ($1::bigint, $2, $3::bigint, $4::bytea, $5)"
					  " ON CONFLICT (pipeline_id, relation, record_hash) DO UPDATE"
					  " SET last_seen = clock_timestamp(), count = r.count + 1,"
					  " reason = excluded.reason", 5, args);
	pfree(bytes);
}
