/*-------------------------------------------------------------------------
 *
 * catalog.h
 *	  The only door to the tables of schema dload.
 *
 * Everything runs as the extension's owner, whoever the user is; the callers
 * have checked what the user may do.  All functions need a transaction and
 * raise on error.  Results are palloc'd in the caller's memory context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DLOAD_CATALOG_H
#define DLOAD_CATALOG_H

#include "base/dload.h"

#include "utils/array.h"

/* A pipeline's definition. */
typedef struct DloadPipeline
{
	int64		id;
	char	   *name;
	Oid			owner;
	Oid			source;			/* the foreign table */
	char	   *target_schema;
	char	   *target_name;
	char	   *params;			/* JSON object */
	char	   *disposition;	/* append, replace or merge */
	List	   *primary_key;	/* of char *, JSON paths */
	char	   *cursor_path;	/* or NULL, like those below */
	char	   *cursor_param;
	char	   *cursor_order;	/* asc, desc */
	char	   *initial_value;
	char	   *lag;
	int			max_nesting;	/* -1 = no limit */
	char	   *columns;		/* JSON object: path -> type */
} DloadPipeline;

/* Where a pipeline stands. */
typedef struct DloadCursorRow
{
	int64		generation;
	char	   *value;			/* committed cursor, NULL at first */
	bool		string;			/* cursor values are JSON strings */
	ArrayType  *boundary;		/* hashes of records at or after it */
	char	   *pending;		/* highest seen in the unfinished window */
	ArrayType  *pending_boundary;
	char	   *window_start;	/* what the unfinished window asked from */
	char	   *window_clock;	/* and when, by the server's clock */
	char	   *checkpoint;		/* JSON: how to go on; NULL: complete */
} DloadCursorRow;

/* One entry of the map from paths to tables. */
typedef struct DloadTableRow
{
	char	   *path;
	char	   *name;
	Oid			relation;		/* InvalidOid when not made yet */
	Oid			shadow;			/* of a replace under way */
} DloadTableRow;

/* One entry of the map from paths to columns. */
typedef struct DloadColumnRow
{
	char	   *table_path;
	char	   *path;
	char	   *column;
	char	   *variant;		/* or NULL */
} DloadColumnRow;

/* What a run counts. */
typedef struct DloadCounters
{
	int64		requests;
	int64		pages;
	int64		pages_unchanged;	/* not sent by the API */
	int64		bytes;
	int64		rows_read;
	int64		rows_inserted;
	int64		rows_updated;
	int64		rows_deleted;
	int64		rows_unchanged;
	int64		rows_rejected;
	int64		retries;
	int64		waited_us;
} DloadCounters;

/* pipelines; lookup raises 42704 when there is none of that name */
extern DloadPipeline *dload_catalog_pipeline(const char *name);
extern void dload_catalog_insert_pipeline(DloadPipeline *pipeline);
extern void dload_catalog_update_pipeline(const DloadPipeline *pipeline);
extern void dload_catalog_delete_pipeline(int64 pipeline_id);

/* The cursor row, locked until the transaction ends. */
extern DloadCursorRow *dload_catalog_cursor(int64 pipeline_id);
extern void dload_catalog_set_cursor(int64 pipeline_id,
									 const DloadCursorRow *cursor);

/* the maps */
extern List *dload_catalog_tables(int64 pipeline_id);
extern List *dload_catalog_columns(int64 pipeline_id);
extern void dload_catalog_put_table(int64 pipeline_id,
									const DloadTableRow *table);
extern void dload_catalog_put_column(int64 pipeline_id,
									 const DloadColumnRow *column);

/* runs */
extern int64 dload_catalog_start_run(int64 pipeline_id);
extern void dload_catalog_update_run(int64 run_id, const DloadCounters *c);
extern void dload_catalog_end_run(int64 run_id, const char *outcome,
								  const char *reason,
								  const DloadCounters *c);

/* Mark runs of the pipeline that ended with their process as failed. */
extern void dload_catalog_reap_runs(int64 pipeline_id);

extern void dload_catalog_log_change(int64 run_id, int64 pipeline_id,
									 const char *relation,
									 const char *column, const char *path,
									 const char *change,
									 const char *old_type,
									 const char *new_type,
									 const char *reason);
extern void dload_catalog_reject(int64 pipeline_id, const char *relation,
								 DloadSpan record, const char *reason);

#endif							/* DLOAD_CATALOG_H */
