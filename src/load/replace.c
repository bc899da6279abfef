/*-------------------------------------------------------------------------
 *
 * replace.c
 *	  Shadow tables take the place of the old rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "load/replace.h"

#include "base/compat.h"
#include "load/keys.h"
#include "load/widen.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_publication.h"
#include "commands/cluster.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"

/* How long the swap waits for readers before the run fails, resumable. */
#define SWAP_LOCK_TIMEOUT	"30s"

/* Same columns at the same places, dropped ones included? */
static bool
same_layout(Relation a, Relation b)
{
	TupleDesc	da = RelationGetDescr(a);
	TupleDesc	db = RelationGetDescr(b);

	if (da->natts != db->natts || a->rd_rel->relam != b->rd_rel->relam ||
		a->rd_rel->relpersistence != b->rd_rel->relpersistence)
		return false;
	for (int i = 0; i < da->natts; i++)
	{
		Form_pg_attribute x = TupleDescAttr(da, i);
		Form_pg_attribute y = TupleDescAttr(db, i);

		if (x->attisdropped || y->attisdropped || x->atthasmissing ||
			x->atttypid != y->atttypid || x->atttypmod != y->atttypmod ||
			x->attcollation != y->attcollation ||
			x->attnotnull != y->attnotnull || x->attidentity ||
			x->attgenerated != y->attgenerated ||
			strcmp(NameStr(x->attname), NameStr(y->attname)) != 0)
			return false;
	}
	return true;
}

/* The same CHECK constraints, by name and text? */
static bool
same_checks(Relation a, Relation b)
{
	TupleConstr *ca = RelationGetDescr(a)->constr;
	TupleConstr *cb = RelationGetDescr(b)->constr;
	int			n = ca ? ca->num_check : 0;

	if (n != (cb ? cb->num_check : 0))
		return false;
	for (int i = 0; i < n; i++)
		if (strcmp(ca->check[i].ccname, cb->check[i].ccname) != 0 ||
			strcmp(ca->check[i].ccbin, cb->check[i].ccbin) != 0)
			return false;
	return true;
}

static bool
query_is_true(const char *sql)
{
	bool		isnull;
	bool		result;

	SPI_connect();
	if (SPI_execute(sql, false, 1) < 0 || SPI_processed != 1)
		elog(ERROR, "could not execute \"%s\"", sql);
	result = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
										SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return result && !isnull;
}

/*
 * Exchanging storage is invisible to triggers, foreign keys of other tables
 * and publications, so where there are any it must not be done.
 */
static bool
may_swap_storage(Oid target, Oid shadow)
{
	Relation	t = table_open(target, NoLock);
	Relation	s = table_open(shadow, AccessExclusiveLock);
	bool		ok = t->rd_rel->relkind == RELKIND_RELATION &&
	!t->rd_rel->relispartition && t->trigdesc == NULL &&
	!t->rd_rel->relhasrules && !t->rd_rel->relrowsecurity &&
	!t->rd_rel->relhassubclass && same_layout(t, s) && same_checks(t, s);

	table_close(s, NoLock);
	table_close(t, NoLock);
	/* whoever may not truncate it goes the long way, and is told */
	if (!ok || !object_ownercheck_relation(target, GetUserId()))
		return false;
	return !query_is_true(psprintf("SELECT EXISTS (SELECT FROM"
								   " pg_catalog.pg_constraint WHERE contype ="
								   " 'f' AND %u IN (conrelid, confrelid)) OR"
								   " EXISTS (SELECT FROM"
								   " pg_catalog.pg_publication_tables p WHERE"
								   " (p.schemaname, p.tablename) = (SELECT"
								   " n.nspname, c.relname FROM"
								   " pg_catalog.pg_class c JOIN"
								   " pg_catalog.pg_namespace n ON n.oid ="
								   " c.relnamespace WHERE c.oid = %u))",
								   target, target));
}

/* Columns that both have, each behind a prefix, for INSERT ... SELECT. */
static char *
common_columns(Oid target, Oid shadow, const char *prefix)
{
	StringInfoData buf;
	Relation	rel = table_open(shadow, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);

	initStringInfo(&buf);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (att->attisdropped || att->attgenerated ||
			att->attidentity == ATTRIBUTE_IDENTITY_ALWAYS ||
			get_attnum(target, NameStr(att->attname)) == InvalidAttrNumber)
			continue;
		appendStringInfo(&buf, "%s%s%s", buf.len ? ", " : "", prefix,
						 quote_identifier(NameStr(att->attname)));
	}
	table_close(rel, AccessShareLock);
	return buf.data;
}

static void
execute_format(DloadEvolution *ev, const char *fmt,...)
			pg_attribute_printf(2, 3);

static void
execute_format(DloadEvolution *ev, const char *fmt,...)
{
	char		sql[8192];
	va_list		args;
	int			len;

	va_start(args, fmt);
	len = vsnprintf(sql, sizeof(sql), fmt, args);
	va_end(args);
	if (len < 0 || len >= sizeof(sql))
		elog(ERROR, "statement is too long");
	dload_evolve_execute(ev, sql);
}

/*
 * A shadow has the ids' sequence when its target had none: a table that was
 * not made by dload.  It must not go with the shadow.
 */
static void
keep_sequence(DloadEvolution *ev, DloadTable *table)
{
	Oid			sequence = dload_evolve_sequence(table->shape);

	if (table->parent == NULL &&
		query_is_true(psprintf("SELECT EXISTS (SELECT FROM"
							   " pg_catalog.pg_depend WHERE classid ="
							   " 'pg_catalog.pg_class'::pg_catalog.regclass"
							   " AND objid = %u AND refobjid = %u)",
							   sequence, table->relid)))
		execute_format(ev, "ALTER SEQUENCE %s OWNED BY %s._dload_id",
					   dload_relation_name(sequence),
					   dload_relation_name(table->target));
}

/*
 * Give the target the columns that its shadow got.  Where it is empty by now
 * types are changed freely, unless something depends on a column, in which
 * case the shadow kept the old type and has a variant.
 */
static void
align_target(DloadEvolution *ev, DloadTable *table, bool empty)
{
	Relation	rel = table_open(table->relid, AccessShareLock);
	TupleDesc	desc = RelationGetDescr(rel);
	char	   *target = dload_relation_name(table->target);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		const char *name = quote_identifier(NameStr(att->attname));
		char	   *type = format_type_with_typemod(att->atttypid,
													att->atttypmod);
		DloadType	to = dload_type_from_oid(att->atttypid);
		DloadType	from;
		AttrNumber	attnum;
		Oid			old;

		if (att->attisdropped)
			continue;
		attnum = get_attnum(table->target, NameStr(att->attname));
		if (attnum == InvalidAttrNumber)
		{
			execute_format(ev, "ALTER TABLE %s ADD COLUMN %s %s", target, name,
						   type);
			continue;
		}
		old = get_atttype(table->target, attnum);
		from = dload_type_from_oid(old);
		if (old != att->atttypid)
			execute_format(ev, "ALTER TABLE %s ALTER COLUMN %s TYPE %s"
						   " USING %s", target, name, type, empty ? "NULL" :
						   dload_widen_using(NameStr(att->attname), from, to));
	}
	table_close(rel, AccessShareLock);
	keep_sequence(ev, table);
}

static int64
count_rows(Oid relid)
{
	int64		n;
	bool		isnull;

	SPI_connect();
	SPI_execute(psprintf("SELECT pg_catalog.count(*) FROM %s",
						 dload_relation_name(relid)), false, 1);
	n = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
									SPI_tuptable->tupdesc, 1, &isnull));
	SPI_finish();
	return n;
}

/*
 * Delete the old rows and bring in the new ones.  DELETE is what foreign keys,
 * triggers and subscribers understand.
 */
static void
copy_rows(DloadEvolution *ev, DloadTable *table)
{
	char	   *columns = common_columns(table->target, table->relid, "");
	char	   *shadow = dload_relation_name(table->relid);
	char	   *target = dload_relation_name(table->target);

	dload_evolve_execute(ev, psprintf("INSERT INTO %s (%s) SELECT %s FROM %s",
									  target, columns, columns, shadow));
	execute_format(ev, "DROP TABLE %s", shadow);
}

/* "key, ..." */
static char *
key_columns(const DloadShape *shape)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int k = 0; k < shape->nkeys; k++)
		appendStringInfo(&buf, "%s%s", k ? ", " : "",
						 quote_identifier(shape->keys[k]->name));
	return buf.data;
}

/* "t.key = s.key AND ..." */
static char *
key_condition(const DloadTable *table)
{
	const DloadShape *shape = table->shape;
	StringInfoData buf;

	initStringInfo(&buf);
	for (int k = 0; k < shape->nkeys; k++)
	{
		const char *name = shape->keys[k]->name;
		const char *quoted = quote_identifier(name);

		appendStringInfoString(&buf, k ? " AND " : "");
		dload_key_append_equal(&buf, psprintf("t.%s", quoted),
							   psprintf("s.%s", quoted),
							   get_atttype(table->target,
										   get_attnum(table->target, name)));
	}
	return buf.data;
}

/* Delete the target's rows t of which this holds, all of them. */
static void
delete_rows(DloadEvolution *ev, const DloadTable *table, const char *condition)
{
	char	   *rows = psprintf("FROM %s AS t WHERE %s",
								dload_relation_name(table->target), condition);

	dload_evolve_execute(ev, psprintf("DELETE %s", rows));
	if (query_is_true(psprintf("SELECT EXISTS (SELECT %s)", rows)))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("old rows of table \"%s\" were not deleted",
						get_rel_name(table->target)),
				 errdetail("A trigger, rule or policy keeps them."),
				 errhint("Let the pipeline's owner delete rows, or load into another table.")));
}

/*
 * Rows of other tables refer to the target's, so a row whose key is still
 * there is updated rather than deleted and inserted.
 */
static void
merge_rows(DloadEvolution *ev, DloadTable *table)
{
	char	   *columns = common_columns(table->target, table->relid, "");
	char	   *shadow = dload_relation_name(table->relid);
	char	   *target = dload_relation_name(table->target);
	char	   *excluded = common_columns(table->target, table->relid,
										  "excluded.");

	delete_rows(ev, table, psprintf("NOT EXISTS (SELECT FROM %s AS s WHERE %s)",
									shadow, key_condition(table)));
	dload_evolve_execute(ev, psprintf("INSERT INTO %s (%s) SELECT %s FROM %s"
									  " ON CONFLICT (%s) DO UPDATE SET (%s) ="
									  " ROW (%s)", target, columns, columns,
									  shadow, key_columns(table->shape),
									  columns, excluded));
	execute_format(ev, "DROP TABLE %s", shadow);
}

/* The shadow becomes the table itself, where there was none before. */
static void
rename_shadow(DloadEvolution *ev, DloadTable *table)
{
	execute_format(ev, "ALTER TABLE %s RENAME TO %s",
				   dload_relation_name(table->relid),
				   quote_identifier(table->name));
	table->target = table->relid;
}

/*
 * The storage brings its own horizons along: its rows were written by the
 * transactions of the whole run, not by this one.
 */
static void
swap_storage(DloadTable *table)
{
	char		persistence = get_rel_persistence(table->target);
	Relation	shadow = table_open(table->relid, AccessExclusiveLock);
	TransactionId frozen = shadow->rd_rel->relfrozenxid;
	MultiXactId minmulti = shadow->rd_rel->relminmxid;

	table_close(shadow, NoLock);
	finish_heap_swap(table->target, table->relid, false, false, true, true,
					 frozen, minmulti, persistence);
}

static void
put_map(DloadEvolution *ev, DloadTable *table)
{
	DloadTableRow row = {table->path, table->name};

	row.relation = table->target;
	dload_catalog_put_table(ev->pipeline->id, &row);
	table->relid = table->target;
	table->saved = true;
}

static void
lock_targets(DloadEvolution *ev, DloadShape *shape)
{
	execute_format(ev, "SET LOCAL lock_timeout = '%s'", SWAP_LOCK_TIMEOUT);
	for (int i = 0; i < shape->ntables; i++)
		if (OidIsValid(shape->tables[i]->target))
			execute_format(ev, "LOCK TABLE %s IN ACCESS EXCLUSIVE MODE",
						   dload_relation_name(shape->tables[i]->target));
}

/*
 * Empty a target.  Children first, since they may refer to their parents.
 */
static void
empty_target(DloadEvolution *ev, DloadTable *table, bool swappable)
{
	/* storage that is about to be swapped need not be emptied row by row */
	if (swappable)
		execute_format(ev, "TRUNCATE ONLY %s",
					   dload_relation_name(table->target));
	else
		delete_rows(ev, table, "true");
}

bool
dload_replace_has_rows(DloadShape *shape)
{
	DloadTable *root = shape->tables[0];

	return OidIsValid(root->target) &&
		query_is_true(psprintf("SELECT EXISTS (SELECT FROM %s)",
							   dload_relation_name(root->target)));
}

/* Would a target that has rows be left without any? */
bool
dload_replace_would_empty(DloadShape *shape)
{
	DloadTable *root = shape->tables[0];
	char	   *shadow;

	if (!OidIsValid(root->target))
		return false;
	shadow = !OidIsValid(root->relid) ? "" :
		psprintf(" AND NOT EXISTS (SELECT FROM %s)",
				 dload_relation_name(root->relid));
	return query_is_true(psprintf("SELECT EXISTS (SELECT FROM %s)%s",
								  dload_relation_name(root->target), shadow));
}

static bool
has_inbound_references(Oid target)
{
	return query_is_true(psprintf("SELECT EXISTS (SELECT FROM"
								  " pg_catalog.pg_constraint WHERE contype ="
								  " 'f' AND confrelid = %u)", target));
}

/* The ways in which a shadow's rows get into its target. */
typedef enum SwapMethod
{
	SWAP_NOTHING,				/* no rows came: the target is emptied */
	SWAP_RENAME,				/* there is no target */
	SWAP_STORAGE,
	SWAP_COPY,					/* delete, then insert */
	SWAP_MERGE					/* delete, update, insert, by key */
} SwapMethod;

static SwapMethod
swap_method(const DloadTable *table)
{
	if (!OidIsValid(table->relid))
		return SWAP_NOTHING;
	if (!OidIsValid(table->target))
		return SWAP_RENAME;
	if (!has_inbound_references(table->target))
		return may_swap_storage(table->target, table->relid) ?
			SWAP_STORAGE : SWAP_COPY;
	return table->parent == NULL && table->shape->nkeys > 0 ?
		SWAP_MERGE : SWAP_COPY;
}

/* Columns that were added may have made the layouts equal, or unequal. */
static void
swap_table(DloadEvolution *ev, DloadTable *table, SwapMethod method)
{
	if (method == SWAP_RENAME)
	{
		rename_shadow(ev, table);
		return;
	}
	align_target(ev, table, method != SWAP_MERGE);
	if (method == SWAP_MERGE)
		merge_rows(ev, table);
	else if (may_swap_storage(table->target, table->relid))
		swap_storage(table);
	else
		copy_rows(ev, table);
}

int64
dload_replace_swap(DloadEvolution *ev, DloadShape *shape)
{
	int64		deleted = 0;
	DloadTable *root = shape->tables[0];
	SwapMethod *methods = palloc(sizeof(SwapMethod) * shape->ntables);

	lock_targets(ev, shape);
	if (OidIsValid(root->target))
		deleted = count_rows(root->target);
	for (int i = shape->ntables - 1; i >= 0; i--)
	{
		DloadTable *table = shape->tables[i];

		methods[i] = swap_method(table);
		if (OidIsValid(table->target) && methods[i] != SWAP_MERGE)
			empty_target(ev, table, methods[i] == SWAP_STORAGE);
	}
	for (int i = 0; i < shape->ntables; i++)
	{
		DloadTable *table = shape->tables[i];

		if (methods[i] == SWAP_NOTHING)
			continue;
		swap_table(ev, table, methods[i]);
		CommandCounterIncrement();
		put_map(ev, table);
	}
	return deleted;
}

void
dload_replace_discard(DloadEvolution *ev, DloadShape *shape)
{
	for (int i = shape->ntables - 1; i >= 0; i--)
	{
		DloadTable *table = shape->tables[i];

		if (!ev->replacing || !OidIsValid(table->relid) ||
			table->relid == table->target)
			continue;
		execute_format(ev, "DROP TABLE %s", dload_relation_name(table->relid));
		table->relid = InvalidOid;
		table->saved = table->checked = false;
		shape->dirty = true;
	}
}
