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
#include "catalog/namespace.h"
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

DloadStoredToken *
dload_tokenstore_read(Oid mapping, uint64 fingerprint)
{
	Oid			namespace = get_namespace_oid("dload", false);
	Oid			relid = get_relname_relid("token", namespace);
	Oid			index = get_relname_relid("token_pkey", namespace);
	Relation	rel;
	Snapshot	snapshot;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	DloadStoredToken *token = NULL;

	if (!OidIsValid(relid) || !OidIsValid(index))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table dload.token does not exist")));
	rel = table_open(relid, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	ScanKeyInit(&key, TOKEN_MAPPING, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(mapping));
	scan = systable_beginscan(rel, index, true, snapshot, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		token = read_tuple(tuple, rel, fingerprint);
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return token;
}

static const char *
time_text(TimestampTz when)
{
	return when != 0 ? pstrdup(timestamptz_to_str(when)) : NULL;
}

void
dload_tokenstore_write(Oid mapping, uint64 fingerprint,
					   const DloadStoredToken *token)
{
	const char *args[12];

	args[0] = psprintf("%u", mapping);
	args[1] = dload_int64_text((int64) fingerprint);
	args[2] = token->access_token;
	args[3] = token->refresh_token;
	args[4] = token->base_url;
	args[5] = time_text(token->issued_at);
	args[6] = time_text(token->expires_at);
	args[7] = time_text(token->failed_at);
	args[8] = token->failure.sqlstate ?
		psprintf("%d", token->failure.sqlstate) : NULL;
	args[9] = token->failure.message;
	args[10] = token->failure.detail;
	args[11] = token->failure.hint;
	dload_catalog_run("INSERT INTO dload.token VALUES ($1::oid, $2::int8, $3,"
					  " $4, $5, $6::timestamptz, $7::timestamptz,"
					  " $8::timestamptz, $9::int4, $10, $11, $12)"
					  " ON CONFLICT (mapping) DO UPDATE SET"
					  " fingerprint = excluded.fingerprint,"
					  " access_token = excluded.access_token,"
					  " refresh_token = excluded.refresh_token,"
					  " base_url = excluded.base_url,"
					  " issued_at = excluded.issued_at,"
					  " expires_at = excluded.expires_at,"
					  " failed_at = excluded.failed_at,"
					  " sqlstate = excluded.sqlstate,"
					  " message = excluded.message,"
					  " detail = excluded.detail,"
					  " hint = excluded.hint",
					  lengthof(args), args);
	dload_catalog_run("DELETE FROM dload.token WHERE NOT EXISTS"
					  " (SELECT FROM pg_catalog.pg_user_mapping AS m"
					  " WHERE m.oid = mapping)", 0, NULL);
}
