/*-------------------------------------------------------------------------
 *
 * tokenstore.c
 *	  The tokens that APIs gave: table dload.token.
 *
 * Read by its index and not by SQL: another process may have renewed the token
 * after this transaction's snapshot was taken, and the old one is no longer
 * good.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/tokenstore.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "model/catalogsql.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

enum							/* columns of dload.token */
{
	TOKEN_MAPPING = 1,
	TOKEN_FINGERPRINT,
	TOKEN_ACCESS,
	TOKEN_REFRESH,
	TOKEN_BASE_URL,
	TOKEN_ISSUED_AT,
	TOKEN_EXPIRES_AT,
	TOKEN_FAILED_AT,
	TOKEN_SQLSTATE,
	TOKEN_MESSAGE,
	TOKEN_DETAIL,
	TOKEN_HINT
};

static Datum
column(HeapTuple tuple, Relation rel, int number, bool *isnull)
{
	return heap_getattr(tuple, number, RelationGetDescr(rel), isnull);
}

static char *
text_column(HeapTuple tuple, Relation rel, int number)
{
	bool		isnull;
	Datum		value = column(tuple, rel, number, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static TimestampTz
time_column(HeapTuple tuple, Relation rel, int number)
{
	bool		isnull;
	Datum		value = column(tuple, rel, number, &isnull);

	return isnull ? 0 : DatumGetTimestampTz(value);
}

static DloadStoredToken *
read_tuple(HeapTuple tuple, Relation rel, uint64 fingerprint)
{
	DloadStoredToken *token = palloc0(sizeof(DloadStoredToken));
	bool		isnull;
	Datum		value = column(tuple, rel, TOKEN_FINGERPRINT, &isnull);

	if (isnull || (uint64) DatumGetInt64(value) != fingerprint)
		return NULL;
	token->access_token = text_column(tuple, rel, TOKEN_ACCESS);
	token->refresh_token = text_column(tuple, rel, TOKEN_REFRESH);
	token->base_url = text_column(tuple, rel, TOKEN_BASE_URL);
	token->issued_at = time_column(tuple, rel, TOKEN_ISSUED_AT);
	token->expires_at = time_column(tuple, rel, TOKEN_EXPIRES_AT);
	token->failed_at = time_column(tuple, rel, TOKEN_FAILED_AT);
	value = column(tuple, rel, TOKEN_SQLSTATE, &isnull);
	if (!isnull)
		token->failure.sqlstate = DatumGetInt32(value);
	token->failure.message = text_column(tuple, rel, TOKEN_MESSAGE);
	token->failure.detail = text_column(tuple, rel, TOKEN_DETAIL);
	token->failure.hint = text_column(tuple, rel, TOKEN_HINT);
	return token;
}

/* The table, or its index. */
static Oid
token_relation(const char *name)
{
	Oid			relid = get_relname_relid(name,
										  get_namespace_oid("dload", false));

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation dload.%s does not exist", name)));
	return relid;
}

DloadStoredToken *
dload_tokenstore_read(Oid mapping, uint64 fingerprint)
{
	Relation	rel;
	Snapshot	snapshot;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	DloadStoredToken *token = NULL;

	rel = table_open(token_relation("token"), AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyInit(&key, TOKEN_MAPPING, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(mapping));
	scan = systable_beginscan(rel, token_relation("token_pkey"), true,
							  snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		token = read_tuple(tuple, rel, fingerprint);
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return token;
}

static void
set_text(Datum *values, bool *isnull, int number, const char *text)
{
	isnull[number - 1] = text == NULL;
	if (text != NULL)
		values[number - 1] = CStringGetTextDatum(text);
}

static void
set_time(Datum *values, bool *isnull, int number, TimestampTz when)
{
	isnull[number - 1] = when == 0;
	values[number - 1] = TimestampTzGetDatum(when);
}

static void
fill_slot(TupleTableSlot *slot, Oid mapping, uint64 fingerprint,
		  const DloadStoredToken *token)
{
	Datum	   *values = slot->tts_values;
	bool	   *isnull = slot->tts_isnull;

	ExecClearTuple(slot);
	memset(isnull, false, sizeof(bool) * TOKEN_HINT);
	values[TOKEN_MAPPING - 1] = ObjectIdGetDatum(mapping);
	values[TOKEN_FINGERPRINT - 1] = Int64GetDatum((int64) fingerprint);
	set_text(values, isnull, TOKEN_ACCESS, token->access_token);
	set_text(values, isnull, TOKEN_REFRESH, token->refresh_token);
	set_text(values, isnull, TOKEN_BASE_URL, token->base_url);
	set_time(values, isnull, TOKEN_ISSUED_AT, token->issued_at);
	set_time(values, isnull, TOKEN_EXPIRES_AT, token->expires_at);
	set_time(values, isnull, TOKEN_FAILED_AT, token->failed_at);
	isnull[TOKEN_SQLSTATE - 1] = token->failure.sqlstate == 0;
	values[TOKEN_SQLSTATE - 1] = Int32GetDatum(token->failure.sqlstate);
	set_text(values, isnull, TOKEN_MESSAGE, token->failure.message);
	set_text(values, isnull, TOKEN_DETAIL, token->failure.detail);
	set_text(values, isnull, TOKEN_HINT, token->failure.hint);
	ExecStoreVirtualTuple(slot);
}

/*
 * Insert a row that logical replication does not see: a publication of all
 * tables would carry the tokens to other servers, and any slot shows them.
 * The row is in the WAL all the same, for a crash and for standbys.
 */
static void
insert_unseen(Relation rel, TupleTableSlot *slot)
{
	Relation	index = index_open(token_relation("token_pkey"),
								   RowExclusiveLock);
	IndexInfo  *info = BuildIndexInfo(index);
	Datum		key = slot->tts_values[TOKEN_MAPPING - 1];
	bool		isnull = false;

	table_tuple_insert(rel, slot, GetCurrentCommandId(true),
					   TABLE_INSERT_NO_LOGICAL, NULL);
	(void) index_insert(index, &key, &isnull, &slot->tts_tid, rel,
						UNIQUE_CHECK_YES, false, info);
	index_close(index, RowExclusiveLock);
}

void
dload_tokenstore_write(Oid mapping, uint64 fingerprint,
					   const DloadStoredToken *token)
{
	const char *args[1];
	Relation	rel;
	TupleTableSlot *slot;

	args[0] = psprintf("%u", mapping);
	dload_catalog_run("DELETE FROM dload.token WHERE mapping = $1::oid"
					  " OR NOT EXISTS"
					  " (SELECT FROM pg_catalog.pg_user_mapping AS m"
					  " WHERE m.oid = mapping)", lengthof(args), args);
	rel = table_open(token_relation("token"), RowExclusiveLock);
	slot = table_slot_create(rel, NULL);
	fill_slot(slot, mapping, fingerprint, token);
	insert_unseen(rel, slot);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, RowExclusiveLock);
}
