/*-------------------------------------------------------------------------
 *
 * evolve.c
 *	  DDL for what the records need.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/evolve.h"
#include "load/ids.h"
#include "load/keys.h"
#include "load/shape.h"
#include "load/widen.h"

#include "data/naming.h"

#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

char *
dload_relation_name(Oid relid)
{
	char	   *name = get_rel_name(relid);
	Oid			nspid;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("a table of the pipeline was dropped")));
	nspid = get_rel_namespace(relid);
	return quote_qualified_identifier(get_namespace_name(nspid), name);
}

/* Run a statement, or only note it. */
void
dload_evolve_execute(DloadEvolution *ev, const char *sql)
{
	int			rc;

	if (ev->dry)
	{
		ev->statements = lappend(ev->statements, pstrdup(sql));
		return;
	}
	SPI_connect();
	rc = SPI_execute(sql, false, 0);
	if (rc < 0)
		elog(ERROR, "could not execute \"%s\": %s", sql,
			 SPI_result_code_string(rc));
	SPI_finish();
}

void
dload_evolve_log(DloadEvolution *ev, DloadTable *table, const char *column,
		   const char *path, const char *change, const char *old_type,
		   const char *new_type, const char *reason)
{
	if (!ev->dry)
		dload_catalog_log_change(ev->run_id, ev->pipeline->id,
								 psprintf("%s.%s",
										  ev->pipeline->target_schema,
										  table->name),
								 column, path, change, old_type, new_type,
								 reason);
}

/* A column of this type holds containers whole. */
static bool
type_holds_containers(Oid typid)
{
	return typid == JSONBOID || typid == JSONOID ||
		OidIsValid(get_element_type(typid));
}

/*
 * Read the columns of the table's relation, and bind those that paths lead
 * to already.
 */
void
dload_evolve_refresh(DloadTable *table, Oid relid)
{
	MemoryContext old = MemoryContextSwitchTo(table->shape->context);
	Relation	rel = relation_open(relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);

	/* it may be another relation than before */
	for (int c = 0; c < table->ncolumns; c++)
	{
		table->columns[c]->attnum = table->columns[c]->variant_attnum = 0;
		table->columns[c]->type = DLOAD_TYPE_UNKNOWN;
		table->columns[c]->whole = false;
	}
	table->existing = NIL;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		DloadExisting *e;

		if (att->attisdropped)
			continue;
		e = palloc0(sizeof(DloadExisting));
		e->computed = att->attgenerated != '\0' ||
			att->attidentity == ATTRIBUTE_IDENTITY_ALWAYS;
		e->name = pstrdup(NameStr(att->attname));
		e->type = dload_type_from_oid(att->atttypid);
		e->whole = type_holds_containers(att->atttypid);
		e->attnum = att->attnum;
		table->existing = lappend(table->existing, e);
		if (e->computed)
			continue;

		for (int c = 0; c < table->ncolumns; c++)
		{
			DloadColumn *column = table->columns[c];

			if (strcmp(column->name, e->name) == 0)
			{
				DloadType	wanted = column->wanted;

				dload_shape_bind(column, e);
				/* what was seen since must not be forgotten */
				if (wanted != DLOAD_TYPE_UNKNOWN && !column->hint &&
					!column->fixed)
					column->wanted = dload_type_join(wanted, e->type);
			}
			if (column->variant_name &&
				strcmp(column->variant_name, e->name) == 0)
				column->variant_attnum = e->attnum;
		}
	}
	relation_close(rel, AccessShareLock);
	MemoryContextSwitchTo(old);
}

/* Only what holds rows of its own can be loaded into. */
void
dload_evolve_check_target(Oid relid)
{
	char		relkind = get_rel_relkind(relid);

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("target \"%s\" is not a table",
						get_rel_name(relid))));
}

/* The relation that the table's rows go to; InvalidOid if not made yet. */
static Oid
find_relation(DloadEvolution *ev, const char *name)
{
	Oid			nspid = get_namespace_oid(ev->pipeline->target_schema, true);

	return OidIsValid(nspid) ? get_relname_relid(name, nspid) : InvalidOid;
}

static void
bind_table(DloadEvolution *ev, DloadTable *table, const DloadTableRow *row)
{
	table->target = row->relation;
	if (OidIsValid(row->shadow) && !ev->resuming)
	{
		/* what an unfinished replace left behind */
		dload_evolve_execute(ev, psprintf("DROP TABLE %s",
										  dload_relation_name(row->shadow)));
		table->relid = ev->replacing ? InvalidOid : row->relation;
	}
	else
		table->relid = ev->replacing ? row->shadow : row->relation;
	pfree(table->name);
	table->name = MemoryContextStrdup(table->shape->context, row->name);
	table->saved = true;
}

void
dload_evolve_bind(DloadEvolution *ev, DloadShape *shape)
{
	DloadError	err = {0};
	DloadTable *root = shape->tables[0];
	ListCell   *lc;

	foreach(lc, dload_catalog_tables(ev->pipeline->id))
	{
		DloadTableRow *row = lfirst(lc);
		DloadTable *table = dload_shape_table(shape, row->path, &err);

		if (table == NULL)
			dload_error_raise(&err);
		bind_table(ev, table, row);
	}
	foreach(lc, dload_catalog_columns(ev->pipeline->id))
	{
		DloadColumnRow *row = lfirst(lc);
		DloadTable *table = dload_shape_table(shape, row->table_path, &err);
		DloadColumn *column = table == NULL ? NULL :
		dload_shape_column(table, row->path, &err);

		if (column == NULL)
			dload_error_raise(&err);
		column->name = MemoryContextStrdup(shape->context, row->column);
		if (row->variant)
		{
			column->variant_name = MemoryContextStrdup(shape->context,
													   row->variant);
			column->fixed = true;
		}
		column->saved = true;
	}

	/* a target that was there before the pipeline */
	if (!OidIsValid(root->target))
	{
		root->target = find_relation(ev, root->name);
		root->saved = false;
	}
	if (!ev->replacing)
		root->relid = root->target;
	for (int i = 0; i < shape->ntables; i++)
	{
		DloadTable *table = shape->tables[i];

		if (OidIsValid(table->target))
			dload_evolve_check_target(table->target);
		if (OidIsValid(table->relid))
			dload_evolve_refresh(table, table->relid);
		else if (OidIsValid(table->target))
			dload_evolve_refresh(table, table->target);
	}
	shape->dirty = true;
}

/*
 * Tables
 */

static void
ensure_schema(DloadEvolution *ev)
{
	const char *schema = ev->pipeline->target_schema;

	if (OidIsValid(get_namespace_oid(schema, true)) ||
		(ev->dry && ev->statements != NIL))
		return;
	/* another pipeline's first run may be making it */
	if (!ev->dry)
		LockDatabaseObject(NamespaceRelationId, InvalidOid, 0, ExclusiveLock);
	if (!OidIsValid(get_namespace_oid(schema, true)))
		dload_evolve_execute(ev, psprintf("CREATE SCHEMA %s",
										  quote_identifier(schema)));
}

static const char *
column_type(const DloadColumn *column)
{
	return column->hint ? column->hint : dload_type_name(column->wanted);
}

/* Has anything been seen that makes this path a column? */
static bool
is_wanted(const DloadColumn *column)
{
	return column->hint || column->wanted != DLOAD_TYPE_UNKNOWN;
}

/* The system columns that a table of this pipeline has. */
static List *
system_columns(const DloadTable *table)
{
	List	   *names = list_make1("_dload_id");

	if (table->parent == NULL)
	{
		names = lappend(names, "_dload_run_id");
		if (table->shape->keyed)
			names = lappend(names, "_dload_hash");
	}
	else
		names = list_concat(names, list_make3("_dload_parent_id",
											  "_dload_root_id",
											  "_dload_list_idx"));
	return names;
}

/* The sequence is owned by the root's id, so it goes with the table. */
static void
create_sequence(DloadEvolution *ev, const DloadTable *root, const char *name)
{
	char	   *schema = ev->pipeline->target_schema;
	char	   *seq = dload_name_join(root->name, "dload_id_seq");

	dload_evolve_execute(ev,
						 psprintf("CREATE SEQUENCE %s INCREMENT %d OWNED BY %s._dload_id",
								  quote_qualified_identifier(schema, seq),
								  DLOAD_ID_BLOCK,
								  quote_qualified_identifier(schema, name)));
}

static void
create_table(DloadEvolution *ev, DloadTable *table, const char *name)
{
	StringInfoData sql;
	const char *sep = "";
	char	   *key = ev->keyless ? NULL : dload_key_clause(table);
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE TABLE %s (",
					 quote_qualified_identifier(ev->pipeline->target_schema,
												name));
	for (int i = 0; i < table->ncolumns; i++)
	{
		DloadColumn *column = table->columns[i];

		if (!is_wanted(column))
			continue;
		appendStringInfo(&sql, "%s\n\t%s %s%s", sep,
						 quote_identifier(column->name), column_type(column),
						 ev->keyless && column->key ? " NOT NULL" : "");
		sep = ",";
	}
	foreach(lc, system_columns(table))
	{
		appendStringInfo(&sql, "%s\n\t%s bigint NOT NULL", sep,
						 (char *) lfirst(lc));
		sep = ",";
	}
	if (key)
		appendStringInfo(&sql, ",\n\tCONSTRAINT %s %s",
						 quote_identifier(dload_name_join(table->name,
														  "pkey")), key);
	appendStringInfoChar(&sql, ')');

	ensure_schema(ev);
	dload_evolve_execute(ev, sql.data);
	if (table->parent == NULL)
		create_sequence(ev, table, name);
	dload_evolve_log(ev, table, NULL, table->path, "create table", NULL, NULL,
					 NULL);
	if (ev->dry)
		return;
	table->relid = find_relation(ev, name);
	/* the map may know one that was dropped */
	table->saved = false;
	dload_evolve_refresh(table, table->relid);
}

/*
 * The shadow of a replace: like its target, or like new when there is none.
 */
static void
create_shadow(DloadEvolution *ev, DloadTable *table)
{
	char	   *name = dload_name_join(table->name, "dload_new");
	char	   *shadow;

	/* somebody else's */
	if (OidIsValid(find_relation(ev, name)))
		name = dload_name_tagged(name, psprintf(INT64_FORMAT, ev->run_id));
	shadow = quote_qualified_identifier(ev->pipeline->target_schema, name);
	if (!OidIsValid(table->target))
		create_table(ev, table, name);
	else
	{
		dload_evolve_execute(ev,
							 psprintf("CREATE TABLE %s (LIKE %s INCLUDING ALL)",
									  shadow,
									  dload_relation_name(table->target)));
		table->relid = find_relation(ev, name);
		dload_evolve_refresh(table, table->relid);
	}
	table->saved = false;
}

/* A new child table must not take over a table that is somebody else's. */
static void
avoid_strangers(DloadEvolution *ev, DloadTable *table)
{
	if (table->saved || table->parent == NULL)
		return;
	if (OidIsValid(find_relation(ev, table->name)))
		table->name = MemoryContextStrdup(table->shape->context,
										  dload_name_tagged(table->name,
															table->path));
}

/* Columns that dload needs in a table made by somebody else. */
static void
complete_system_columns(DloadEvolution *ev, DloadTable *table)
{
	bool		added = false;
	ListCell   *lc;

	foreach(lc, system_columns(table))
	{
		char	   *name = lfirst(lc);

		if (get_attnum(table->relid, name) != InvalidAttrNumber)
			continue;
		dload_evolve_execute(ev, psprintf("ALTER TABLE %s ADD COLUMN %s bigint",
										  dload_relation_name(table->relid),
										  name));
		added = true;
	}
	if (added)
		dload_evolve_log(ev, table, NULL, table->path, "adopt table", NULL,
						 NULL, NULL);
	if (table->parent == NULL &&
		!OidIsValid(dload_evolve_sequence(table->shape)))
		create_sequence(ev, table, get_rel_name(table->relid));
}

/*
 * Columns
 */

void
dload_evolve_add_column(DloadEvolution *ev, DloadTable *table,
						DloadColumn *column, const char *name,
						const char *type, const char *change,
						const char *reason)
{
	dload_evolve_execute(ev, psprintf("ALTER TABLE %s ADD COLUMN %s %s",
									  dload_relation_name(table->relid),
									  quote_identifier(name), type));
	dload_evolve_log(ev, table, name, column->path, change, NULL, type,
					 reason);
}

static bool
evolve_columns(DloadEvolution *ev, DloadTable *table)
{
	bool		changed = false;

	for (int i = 0; i < table->ncolumns; i++)
	{
		DloadColumn *column = table->columns[i];

		if (column->attnum == 0 && is_wanted(column))
		{
			dload_evolve_add_column(ev, table, column, column->name,
									column_type(column), "add column", NULL);
			changed = true;
		}
		else if (column->attnum != 0 && !column->hint &&
				 column->type != DLOAD_TYPE_OTHER &&
				 column->wanted != column->type)
		{
			dload_widen(ev, table, column);
			changed = true;
		}
	}
	return changed;
}

/* Relations and columns are known by numbers, and locked by each package. */
Relation
dload_evolve_open(const DloadTable *table)
{
	Relation	rel = try_table_open(table->relid, RowExclusiveLock);

	if (rel == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" was dropped while it was being loaded",
						table->name)));
	for (int i = 0; i < table->ncolumns; i++)
	{
		const DloadColumn *column = table->columns[i];
		AttrNumber	attnums[] = {column->attnum, column->variant_attnum};

		for (int k = 0; k < lengthof(attnums); k++)
			if (attnums[k] > 0 &&
				TupleDescAttr(RelationGetDescr(rel),
							  attnums[k] - 1)->attisdropped)
				ereport(ERROR,
						(errcode(ERRCODE_UNDEFINED_COLUMN),
						 errmsg("column \"%s\" of table \"%s\" was dropped while it was being loaded",
								k == 0 ? column->name : column->variant_name,
								RelationGetRelationName(rel)),
						 errhint("The next run adds it again if records still have it.")));
	}
	return rel;
}

/* Store what the maps do not have yet. */
static void
save_maps(DloadEvolution *ev, DloadTable *table)
{
	if (!table->saved)
	{
		DloadTableRow row = {table->path, table->name};

		row.relation = ev->replacing ? table->target : table->relid;
		row.shadow = ev->replacing ? table->relid : InvalidOid;
		dload_catalog_put_table(ev->pipeline->id, &row);
		table->saved = true;
	}
	for (int i = 0; i < table->ncolumns; i++)
	{
		DloadColumn *column = table->columns[i];
		DloadColumnRow row = {table->path, column->path, column->name,
		column->variant_name};

		if (column->saved)
			continue;
		dload_catalog_put_column(ev->pipeline->id, &row);
		column->saved = true;
	}
}

/* Has the table anything to hold?  Child tables are made with their rows. */
static bool
has_columns(const DloadTable *table)
{
	for (int i = 0; i < table->ncolumns; i++)
		if (is_wanted(table->columns[i]))
			return true;
	/* rows of lists below need the rows in between */
	for (int i = table->index + 1; i < table->shape->ntables; i++)
		if (table->shape->tables[i]->parent == table &&
			has_columns(table->shape->tables[i]))
			return true;
	return table->parent == NULL;
}

static void
evolve_table(DloadEvolution *ev, DloadTable *table)
{
	if (!OidIsValid(table->relid))
	{
		if (!has_columns(table))
			return;
		avoid_strangers(ev, table);
		if (ev->replacing)
			create_shadow(ev, table);
		else
			create_table(ev, table, table->name);
		if (ev->dry)
			return;
	}
	if (!table->checked)
		complete_system_columns(ev, table);
	if (evolve_columns(ev, table) || !table->saved)
		dload_evolve_refresh(table, table->relid);
	if (!table->checked && !ev->keyless)
		dload_key_ensure(ev, table);
	table->checked = true;
	save_maps(ev, table);
}

void
dload_evolve(DloadEvolution *ev, DloadShape *shape)
{
	if (!shape->dirty)
		return;
	for (int i = 0; i < shape->ntables; i++)
		evolve_table(ev, shape->tables[i]);
	shape->dirty = false;
}

/* The sequence that belongs to a table's _dload_id; InvalidOid if none. */
static Oid
owned_sequence(Oid relid)
{
	Oid			result = InvalidOid;
	bool		isnull;

	if (!OidIsValid(relid) ||
		get_attnum(relid, "_dload_id") == InvalidAttrNumber)
		return InvalidOid;
	SPI_connect();
	SPI_execute(psprintf("SELECT pg_catalog.pg_get_serial_sequence(%s,"
						 " '_dload_id')::pg_catalog.regclass::pg_catalog.oid",
						 quote_literal_cstr(dload_relation_name(relid))),
				false, 1);
	if (SPI_processed == 1)
		result = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0],
												SPI_tuptable->tupdesc, 1,
												&isnull));
	SPI_finish();
	return result;
}

/*
 * The target's sequence outlives a replace; a shadow has one only where there
 * is no target yet, or one that never had ids.
 */
Oid
dload_evolve_sequence(DloadShape *shape)
{
	Oid			result = owned_sequence(shape->tables[0]->target);

	return OidIsValid(result) ? result :
		owned_sequence(shape->tables[0]->relid);
}
