/*-------------------------------------------------------------------------
 *
 * validatorlog.c
 *	  The validators that runs keep.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "model/validatorlog.h"

#include "model/catalogsql.h"

#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/json.h"

static const char *
hash_as_text(uint64 hash)
{
	return dload_int64_text((int64) hash);
}

void
dload_validators_read(int64 pipeline_id, uint64 definition, int64 generation,
					  void (*fn) (const DloadKeptValidator *kept, void *arg),
					  void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	const char *args[] = {
		dload_int64_text(pipeline_id), hash_as_text(definition),
		dload_int64_text(generation)
	};

	dload_catalog_execute("SELECT request, etag, last_modified, next_request,"
						  " records, fingerprint FROM dload.page_validator"
						  " WHERE pipeline_id = $1::bigint AND complete"
						  " AND definition = $2::bigint"
						  " AND generation = $3::bigint", 3, args);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		DloadKeptValidator kept = {0};
		MemoryContext spi = MemoryContextSwitchTo(caller);

		kept.request = (uint64) dload_result_int64(i, 1);
		kept.etag = dload_result_text(i, 2, caller);
		kept.last_modified = dload_result_text(i, 3, caller);
		kept.next = dload_result_text(i, 4, caller);
		kept.nrecords = dload_result_int64(i, 5);
		kept.fingerprint = (uint64) dload_result_int64(i, 6);
		fn(&kept, arg);
		MemoryContextSwitchTo(spi);
	}
	dload_catalog_done();
}

/* What came over the network may be no text of this database. */
static bool
is_text(const char *s)
{
	return s == NULL || pg_verifymbstr(s, strlen(s), true);
}

static void
append_member(StringInfo out, const char *name, const char *value)
{
	if (value == NULL)
		return;
	appendStringInfo(out, ",\"%s\":", name);
	escape_json(out, value);
}

/* One statement for all: a package may have a thousand pages. */
void
dload_validators_put(int64 pipeline_id, int64 run_id, uint64 definition,
					 int64 generation, List *list)
{
	StringInfoData json;
	const char *args[] = {
		dload_int64_text(pipeline_id), dload_int64_text(run_id),
		hash_as_text(definition), dload_int64_text(generation), NULL
	};
	ListCell   *lc;

	initStringInfo(&json);
	foreach(lc, list)
	{
		const DloadKeptValidator *kept = lfirst(lc);

		if (!is_text(kept->etag) || !is_text(kept->last_modified))
			continue;
		appendStringInfo(&json, "%c{\"request\":" INT64_FORMAT
						 ",\"unchanged\":%s,\"records\":" INT64_FORMAT
						 ",\"fingerprint\":" INT64_FORMAT,
						 json.len == 0 ? '[' : ',', (int64) kept->request,
						 kept->unchanged ? "true" : "false", kept->nrecords,
						 (int64) kept->fingerprint);
		append_member(&json, "etag", kept->etag);
		append_member(&json, "last_modified", kept->last_modified);
		append_member(&json, "next_request", kept->next);
		appendStringInfoChar(&json, '}');
	}
	if (json.len == 0)
		return;
	appendStringInfoChar(&json, ']');
	args[4] = json.data;
	dload_catalog_run("WITH page AS MATERIALIZED (SELECT * FROM"
					  " jsonb_to_recordset($5::jsonb) AS j (request bigint,"
					  " unchanged boolean, etag text, last_modified text,"
					  " next_request text, records bigint, fingerprint bigint)),"
					  " good AS (UPDATE dload.page_validator AS v"
					  " SET run_id = $2::bigint FROM page AS p WHERE p.unchanged"
					  " AND v.pipeline_id = $1::bigint"
					  " AND v.request = p.request)"
					  " INSERT INTO dload.page_validator (pipeline_id, request,"
					  " run_id, definition, generation, etag, last_modified,"
					  " next_request, records, fingerprint)"
					  " SELECT DISTINCT ON (request) $1::bigint, request,"
					  " $2::bigint, $3::bigint, $4::bigint, etag, last_modified,"
					  " next_request, records, fingerprint FROM page"
					  " WHERE NOT unchanged ORDER BY request"
					  " ON CONFLICT (pipeline_id, request) DO UPDATE SET"
					  " run_id = excluded.run_id, complete = false,"
					  " definition = excluded.definition,"
					  " generation = excluded.generation, etag = excluded.etag,"
					  " last_modified = excluded.last_modified,"
					  " next_request = excluded.next_request,"
					  " records = excluded.records,"
					  " fingerprint = excluded.fingerprint", 5, args);
}

void
dload_validators_complete(int64 pipeline_id, int64 run_id, bool all)
{
	const char *args[] = {
		dload_int64_text(pipeline_id), dload_int64_text(run_id)
	};

	/* pages that the list no longer has */
	if (all)
		dload_catalog_run("DELETE FROM dload.page_validator"
						  " WHERE pipeline_id = $1::bigint AND complete"
						  " AND run_id <> $2::bigint", 2, args);
	dload_catalog_run("UPDATE dload.page_validator SET complete = true"
					  " WHERE pipeline_id = $1::bigint AND NOT complete",
					  1, args);
}

void
dload_validators_discard(int64 pipeline_id)
{
	const char *args[] = {dload_int64_text(pipeline_id)};

	dload_catalog_run("DELETE FROM dload.page_validator"
					  " WHERE pipeline_id = $1::bigint AND NOT complete",
					  1, args);
}
