/*-------------------------------------------------------------------------
 *
 * validator.c
 *	  SQL's doors to the option table: the validator of the wrapper, and the
 *	  list of options.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/compat.h"
#include "model/option.h"

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "funcapi.h"
#include "utils/builtins.h"

DLOAD_FUNCTION(dload_fdw_validator);
DLOAD_FUNCTION(dload_option_list);

/* dload.fdw_validator(text[], oid): raises for the first thing wrong */
Datum
dload_fdw_validator(PG_FUNCTION_ARGS)
{
	List	   *options = untransformRelOptions(PG_GETARG_DATUM(0));
	DloadError	err = {0};
	int			context;

	switch (PG_GETARG_OID(1))
	{
		case ForeignDataWrapperRelationId:
			context = DLOAD_CTX_WRAPPER;
			break;
		case ForeignServerRelationId:
			context = DLOAD_CTX_SERVER;
			break;
		case UserMappingRelationId:
			context = DLOAD_CTX_MAPPING;
			break;
		case ForeignTableRelationId:
			context = DLOAD_CTX_TABLE;
			break;
		case AttributeRelationId:
			context = DLOAD_CTX_COLUMN;
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("catalog %u has no options of dload",
							PG_GETARG_OID(1))));
	}
	if (!dload_options_validate(options, context, &err))
		dload_error_raise(&err);
	PG_RETURN_VOID();
}

static const char *
type_words(const DloadOption *opt)
{
	switch (opt->type)
	{
		case DLOAD_OPT_TEXT:
			return "text";
		case DLOAD_OPT_NAME:
			return "name";
		case DLOAD_OPT_HEADERS:
			return "list of headers";
		case DLOAD_OPT_BOOL:
			return "boolean";
		case DLOAD_OPT_INT:
			return psprintf("integer, %lld to %lld", (long long) opt->min,
							(long long) opt->max);
		case DLOAD_OPT_INTS:
			return psprintf("list of integers, %lld to %lld",
							(long long) opt->min, (long long) opt->max);
		case DLOAD_OPT_DURATION:
			return "duration";
		case DLOAD_OPT_SIZE:
			return "size";
		case DLOAD_OPT_URL:
			return "URL";
		case DLOAD_OPT_ORIGINS:
			return "list of origins";
		case DLOAD_OPT_JSON_OBJECT:
			return "JSON object";
		case DLOAD_OPT_PATH:
			return "JSON path";
		case DLOAD_OPT_RATE:
			return "list of rates";
		case DLOAD_OPT_CONDITION:
			return "condition";
		case DLOAD_OPT_RULES:
			return "JSON list of rules";
		case DLOAD_OPT_BREAKER:
			return "failures/pause";
		case DLOAD_OPT_ENUM:
			return opt->values;
	}
	return NULL;
}

/* dload.option_list(): one row per option and context */
Datum
dload_option_list(PG_FUNCTION_ARGS)
{
	static const struct
	{
		int			context;
		const char *name;
	}			contexts[] = {
		{DLOAD_CTX_WRAPPER, "wrapper"},
		{DLOAD_CTX_SERVER, "server"},
		{DLOAD_CTX_MAPPING, "user mapping"},
		{DLOAD_CTX_TABLE, "foreign table"},
		{DLOAD_CTX_COLUMN, "column"},
	};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (const DloadOption *opt = dload_options; opt->name != NULL; opt++)
	{
		for (int i = 0; i < lengthof(contexts); i++)
		{
			Datum		values[6];
			bool		nulls[6] = {false};

			if ((opt->contexts & contexts[i].context) == 0)
				continue;
			values[0] = CStringGetTextDatum(opt->name);
			values[1] = CStringGetTextDatum(contexts[i].name);
			values[2] = CStringGetTextDatum(type_words(opt));
			nulls[3] = opt->defval == NULL;
			if (!nulls[3])
				values[3] = CStringGetTextDatum(opt->defval);
			values[4] = BoolGetDatum(opt->secret);
			values[5] = CStringGetTextDatum(opt->description);
			tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values,
								 nulls);
		}
	}
	return (Datum) 0;
}
