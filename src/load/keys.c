/*-------------------------------------------------------------------------
 *
 * keys.c
 *	  The keys of keyed tables.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/keys.h"

#include "base/setting.h"
#include "base/subxact.h"
#include "data/naming.h"

#include "access/table.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "optimizer/paths.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/typcache.h"

/*
 * Memory for the sort of an index, for each process that takes part: of what a
 * run may use.  Runs on disk cost next to nothing.
 */
#define BUILD_MEMORY_KB	2048

/* A key of this length fits into a third of a page, whatever its type. */
#define MAX_KEY_BYTES	2000

char *
dload_key_clause(const DloadTable *table)
{
	StringInfoData buf;

	if (!table->shape->keyed)
		return NULL;
	if (table->parent != NULL)
		return "PRIMARY KEY (_dload_parent_id, _dload_list_idx)";
	initStringInfo(&buf);
	appendStringInfoString(&buf, "PRIMARY KEY (");
	for (int i = 0; i < table->shape->nkeys; i++)
		appendStringInfo(&buf, "%s%s", i ? ", " : "",
						 quote_identifier(table->shape->keys[i]->name));
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

void
dload_key_append_equal(StringInfo sql, const char *left, const char *right,
					   Oid type)
{
	Oid			equals = lookup_type_cache(type, TYPECACHE_EQ_OPR)->eq_opr;

	generate_operator_clause(sql, left, type, equals, right, type);
}

bool
dload_key_exists(const DloadTable *table)
{
	bool		found;
	StringInfoData names;

	initStringInfo(&names);
	if (table->parent != NULL)
		appendStringInfo(&names, "%d,%d",
						 get_attnum(table->relid, "_dload_parent_id"),
						 get_attnum(table->relid, "_dload_list_idx"));
	else
		for (int i = 0; i < table->shape->nkeys; i++)
			appendStringInfo(&names, "%s%d", i ? "," : "",
							 get_attnum(table->relid,
										table->shape->keys[i]->name));
	SPI_connect();
	SPI_execute(psprintf("SELECT 1 FROM pg_catalog.pg_index WHERE indrelid = %u"
						 " AND indisunique AND indisvalid AND indimmediate"
						 " AND indpred IS NULL AND indexprs IS NULL"
						 " AND (SELECT pg_catalog.array_agg(k ORDER BY k) FROM"
						 " pg_catalog.unnest(indkey[0:indnkeyatts-1]) AS k)"
						 " = (SELECT pg_catalog.array_agg(k ORDER BY k) FROM"
						 " pg_catalog.unnest('{%s}'::int2[]) AS k)",
						 table->relid, names.data), false, 1);
	found = SPI_processed > 0;
	SPI_finish();
	return found;
}

/* A table that has another primary key gets a unique one. */
static void
add_key(DloadEvolution *ev, DloadTable *table)
{
	char	   *relation = dload_relation_name(table->relid);
	char	   *key = dload_key_clause(table);
	Relation	rel = table_open(table->relid, AccessShareLock);
	List	   *indexes = RelationGetIndexList(rel);
	bool		has_key = OidIsValid(rel->rd_pkindex);

	list_free(indexes);
	table_close(rel, AccessShareLock);
	if (has_key)
		key = psprintf("UNIQUE %s", strchr(key, '('));
	dload_evolve_execute(ev, psprintf("ALTER TABLE %s ADD %s", relation, key));
}

/*
 * A keyed load finds rows by its keys, so the table needs a unique index on
 * exactly these columns.
 */
void
dload_key_ensure(DloadEvolution *ev, DloadTable *table)
{
	if (table->shape->keyed && !dload_key_exists(table))
		add_key(ev, table);
}

/*
 * Keys of tables that were made without
 */

typedef struct Building
{
	DloadEvolution *ev;
	DloadTable *table;
} Building;

/*
 * Workers for the index of a table: one for so much of it that starting a
 * process, which loads all libraries again, is paid for.  Of itself core has
 * none where it cannot give each 32 MB of memory.
 */
static int
count_workers(BlockNumber nblocks)
{
	int64		enough = (int64) 4 * min_parallel_table_scan_size;
	int			nworkers = 0;

	while (nworkers < max_parallel_maintenance_workers &&
		   nblocks >= (nworkers + 1) * enough)
		nworkers++;
	return nworkers;
}

/*
 * Have an index built by several processes.  A storage parameter of the table
 * says how many; unless the user has set it, it is there just for that.
 */
static void
create_index(DloadEvolution *ev, Oid relid, const char *statement)
{
	char	   *relation = dload_relation_name(relid);
	Relation	rel = table_open(relid, AccessShareLock);
	int			nworkers = RelationGetParallelWorkers(rel, -1);
	bool		ask = false;

	if (nworkers < 0)
	{
		nworkers = count_workers(RelationGetNumberOfBlocks(rel));
		ask = nworkers > 0;
	}
	table_close(rel, AccessShareLock);
	dload_setting_change("maintenance_work_mem",
						 psprintf("%dkB", BUILD_MEMORY_KB * (1 + nworkers)));
	if (ask)
		dload_evolve_execute(ev, psprintf("ALTER TABLE %s SET"
										  " (parallel_workers = %d)",
										  relation, nworkers));
	dload_evolve_execute(ev, statement);
	if (ask)
		dload_evolve_execute(ev, psprintf("ALTER TABLE %s RESET"
										  " (parallel_workers)", relation));
}

/*
 * The index first, beside which the table can be read; that it becomes the
 * primary key then takes a moment.
 */
static bool
build_key(void *arg)
{
	Building   *building = arg;
	DloadTable *table = building->table;
	char	   *relation = dload_relation_name(table->relid);
	char	   *name = dload_name_join(table->name, "pkey");
	char	   *clause = dload_key_clause(table);

	/* somebody else's */
	if (OidIsValid(get_relname_relid(name, get_rel_namespace(table->relid))))
		name = dload_name_tagged(name, table->path);
	create_index(building->ev, table->relid,
				 psprintf("CREATE UNIQUE INDEX %s ON %s %s",
						  quote_identifier(name), relation,
						  strchr(clause, '(')));
	dload_evolve_execute(building->ev,
						 psprintf("ALTER TABLE %s ADD CONSTRAINT %s"
								  " PRIMARY KEY USING INDEX %s", relation,
								  quote_identifier(name),
								  quote_identifier(name)));
	return true;
}

/* Names of the key's columns, as a list. */
static char *
key_columns(const DloadTable *root)
{
	char	   *list = pstrdup(strchr(dload_key_clause(root), '(') + 1);

	list[strlen(list) - 1] = '\0';
	return list;
}

/*
 * Ids ascend in the order of arrival, so the highest is that of the last
 * record.
 */
static int64
drop_overridden(DloadShape *shape)
{
	DloadTable *root = shape->tables[0];
	char	   *relation = dload_relation_name(root->relid);
	StringInfoData sql;
	int64		ngone;
	bool		isnull;

	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH gone AS (DELETE FROM %s WHERE _dload_id IN"
					 " (SELECT _dload_id FROM (SELECT _dload_id,"
					 " pg_catalog.row_number() OVER (PARTITION BY %s"
					 " ORDER BY _dload_id DESC) AS n FROM %s) AS r WHERE n > 1)"
					 " RETURNING _dload_id)",
					 relation, key_columns(root), relation);
	for (int t = 1; t < shape->ntables; t++)
		if (OidIsValid(shape->tables[t]->relid))
			appendStringInfo(&sql, ", gone%d AS (DELETE FROM %s AS c USING gone"
							 " WHERE c._dload_root_id = gone._dload_id)", t,
							 dload_relation_name(shape->tables[t]->relid));
	appendStringInfoString(&sql, " SELECT pg_catalog.count(*) FROM gone");
	SPI_connect();
	if (SPI_execute(sql.data, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not delete overridden rows");
	ngone = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return ngone;
}

int64
dload_keys_build(DloadEvolution *ev, DloadShape *shape)
{
	int64		ngone = 0;

	for (int t = 0; t < shape->ntables; t++)
	{
		Building	building = {ev, shape->tables[t]};
		ErrorData  *error;

		if (!OidIsValid(building.table->relid) ||
			dload_key_exists(building.table))
			continue;
		error = dload_subxact(build_key, &building);
		if (error == NULL)
			continue;
		/* most APIs say each thing once, so look for what is twice only now */
		if (t > 0 || error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
			ReThrowError(error);
		ngone = drop_overridden(shape);
		build_key(&building);
	}
	return ngone;
}

bool
dload_keys_are_plain(const DloadShape *shape)
{
	for (int k = 0; k < shape->nkeys; k++)
	{
		const DloadColumn *column = shape->keys[k];

		if (column->hint != NULL || column->wanted == DLOAD_TYPE_UNKNOWN ||
			column->wanted == DLOAD_TYPE_JSONB ||
			column->wanted == DLOAD_TYPE_OTHER)
			return false;
	}
	return shape->nkeys > 0;
}

bool
dload_keys_are_known(const DloadShape *shape)
{
	for (int k = 0; k < shape->nkeys; k++)
		if (shape->keys[k]->wanted == DLOAD_TYPE_UNKNOWN)
			return false;
	return true;
}

bool
dload_keys_are_long(const DloadBatch *batch)
{
	for (int i = 0; i < batch->nroots; i++)
	{
		const DloadRow *row = batch->roots[i];
		size_t		len = 0;

		if (row->record.len <= MAX_KEY_BYTES)
			continue;
		for (int c = 0; c < row->ncells; c++)
			if (row->table->columns[row->cells[c].column]->key)
				len += row->cells[c].len;
		if (len > MAX_KEY_BYTES)
			return true;
	}
	return false;
}
