/*-------------------------------------------------------------------------
 *
 * datum.c
 *	  One JSON value -> one Datum.
 *
 * The types that inference uses, their narrower relatives and arrays of
 * anything are converted here and in scalar.c, without an intermediate text,
 * and report what does not fit as an error value.  Every other type gets the
 * value's text through its input function, which may raise.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/datum.h"

#include "catalog/pg_type.h"
#include "data/number.h"
#include "data/scalar.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

/* A list being read into an SQL array. */
typedef struct ArrayBuild
{
	DloadConverter *conv;
	DloadScanner scanner;
	bool		nests;			/* inner lists are dimensions, not values */
	int			leaf_depth;		/* where the scalars are; -1 = none seen */
	int			dims[MAXDIM];	/* -1 = not known */
	Datum	   *values;
	bool	   *nulls;
	int			nvalues;
	int			maxvalues;
} ArrayBuild;

/* The plain form that values of a type have, if any. */
static DloadPlain
plain_form(Oid typid, int32 typmod)
{
	switch (typid)
	{
		case TEXTOID:
			return GetDatabaseEncoding() == PG_UTF8 ?
				DLOAD_PLAIN_TEXT : DLOAD_PLAIN_NONE;
		case INT8OID:
			return DLOAD_PLAIN_BIGINT;
		case BOOLOID:
			return DLOAD_PLAIN_BOOLEAN;
		case TIMESTAMPTZOID:
			return typmod < 0 ? DLOAD_PLAIN_TIMESTAMPTZ : DLOAD_PLAIN_NONE;
		default:
			return DLOAD_PLAIN_NONE;
	}
}

static bool convert_value(DloadConverter *conv, const DloadToken *token,
						  Datum *value, bool *isnull, DloadError *err);

DloadConverter *
dload_converter_create(Oid typid, int32 typmod)
{
	DloadConverter *conv = palloc0(sizeof(DloadConverter));
	Oid			infunc;
	int32		basemod = typmod;
	Oid			basetype = getBaseTypeAndTypmod(typid, &basemod);

	conv->typid = typid;
	conv->typmod = typmod;
	conv->kind = dload_type_from_oid(typid);
	conv->plain = plain_form(typid, typmod);
	conv->cxt = CurrentMemoryContext;
	initStringInfo(&conv->scratch);
	if (basetype != typid)
	{
		conv->is_domain = true;
		conv->element = dload_converter_create(basetype, basemod);
		return conv;
	}
	getTypeInputInfo(typid, &infunc, &conv->ioparam);
	fmgr_info(infunc, &conv->infunc);
	if (typid == JSONBOID)
		conv->temp = AllocSetContextCreate(conv->cxt, "dload jsonb",
										   ALLOCSET_DEFAULT_SIZES);
	conv->elemtype = get_element_type(typid);
	if (OidIsValid(conv->elemtype))
	{
		get_typlenbyvalalign(conv->elemtype, &conv->elemlen,
							 &conv->elembyval, &conv->elemalign);
		conv->element = dload_converter_create(conv->elemtype, typmod);
	}
	return conv;
}

/*
 * Texts
 */

/* varchar(n) and char(n): would the input function find it too long? */
static bool
fits_typmod(DloadConverter *conv, DloadSpan text)
{
	size_t		max = conv->typmod - VARHDRSZ;
	int			keep;

	if (text.len <= max)
		return true;
	keep = pg_mbcharcliplen(text.data, text.len, max);
	for (size_t i = keep; i < text.len; i++)
	{
		/* blanks beyond the end are cut off by the standard's rule */
		if (text.data[i] != ' ')
			return false;
	}
	return true;
}

/*
 * Decoded where it stays.  It has no more bytes than as it is written, where
 * each escape sequence takes at least as many.
 */
static bool
decode_text(const DloadToken *token, Datum *value)
{
	StringInfoData buf;

	buf.maxlen = token->text.len + VARHDRSZ + 1;
	buf.data = palloc(buf.maxlen);
	buf.len = VARHDRSZ;
	buf.cursor = 0;
	if (dload_token_decode(token, &buf) != DLOAD_DECODE_OK)
	{
		pfree(buf.data);
		return false;
	}
	SET_VARSIZE(buf.data, buf.len);
	*value = PointerGetDatum(buf.data);
	return true;
}

static bool
convert_text(DloadConverter *conv, const DloadToken *token, Datum *value,
			 DloadError *err)
{
	DloadSpan	text;
	bool		limited = (conv->typmod >= (int32) VARHDRSZ);

	/* what cannot be decoded goes on, for the message */
	if (conv->plain == DLOAD_PLAIN_TEXT && token->escaped &&
		token->text.len < MaxAllocSize - VARHDRSZ &&
		decode_text(token, value))
		return true;
	if (!dload_scalar_text(conv, token, &text, err))
		return false;
	if (conv->typid == NAMEOID ? text.len >= NAMEDATALEN :
		limited && !fits_typmod(conv, text))
		return dload_error_set(err, ERRCODE_STRING_DATA_RIGHT_TRUNCATION,
							   "value too long for type %s",
							   format_type_with_typemod(conv->typid,
														conv->typmod));
	if (conv->typid == NAMEOID || limited)
		*value = dload_scalar_input(conv, text);
	else
		*value = PointerGetDatum(cstring_to_text_with_len(text.data,
														  text.len));
	return true;
}

/*
 * Documents
 */

/*
 * In a SQL_ASCII database jsonb_in takes no escapes beyond ASCII: does a
 * string have such, that is, more of those bytes decoded than written?
 */
static bool
escapes_beyond_ascii(DloadSpan written, DloadSpan decoded)
{
	int64		surplus = 0;

	for (size_t i = 0; i < decoded.len; i++)
		surplus += IS_HIGHBIT_SET(decoded.data[i]) ? 1 : 0;
	for (size_t i = 0; i < written.len; i++)
		surplus -= IS_HIGHBIT_SET(written.data[i]) ? 1 : 0;
	return surplus > 0;
}

/*
 * Does jsonb take everything inside the value?  It minds three things that
 * JSON text may have: \u0000, unpaired surrogates, and numbers beyond numeric.
 */
static bool
check_jsonb(DloadConverter *conv, DloadSpan json, DloadError *err)
{
	DloadScanner scanner;
	DloadToken	token;
	DloadSpan	text;
	DloadNumber n;

	dload_scanner_init(&scanner, json.data, json.len, true);
	for (;;)
	{
		switch (dload_scanner_next(&scanner, &token))
		{
			case DLOAD_TOKEN_KEY:
			case DLOAD_TOKEN_STRING:
				if (token.escaped &&
					!dload_scalar_text(conv, &token, &text, err))
					return false;
				if (token.escaped && GetDatabaseEncoding() == PG_SQL_ASCII &&
					escapes_beyond_ascii(token.text, text))
					return dload_error_set(err,
										   ERRCODE_UNTRANSLATABLE_CHARACTER,
										   "unsupported Unicode escape "
										   "sequence");
				break;
			case DLOAD_TOKEN_NUMBER:
				if (token.integral && token.text.len < 1000)
					break;
				if (!dload_number_read(token.text.data, token.text.len, &n) ||
					!dload_number_is_numeric(&n))
					return dload_scalar_out_of_range(conv, &token, err);
				break;
			case DLOAD_TOKEN_END:
				return true;
			case DLOAD_TOKEN_MORE:
			case DLOAD_TOKEN_ERROR:
				return dload_scanner_error(&scanner, 0, err);
			default:
				break;
		}
	}
}

/* A value's JSON text, NUL-terminated in a buffer of its own; UTF-8. */
static DloadSpan
json_text(const DloadToken *token)
{
	char	   *copy;
	size_t		len = token->text.len;

	switch (token->type)
	{
		case DLOAD_TOKEN_TRUE:
			return dload_span(pstrdup("true"), 4);
		case DLOAD_TOKEN_FALSE:
			return dload_span(pstrdup("false"), 5);
		case DLOAD_TOKEN_STRING:
		case DLOAD_TOKEN_KEY:
			copy = palloc(len + 3);
			copy[0] = '"';
			memcpy(copy + 1, token->text.data, len);
			copy[len + 1] = '"';
			copy[len + 2] = '\0';
			return dload_span(copy, len + 2);
		default:
			return dload_span(pnstrdup(token->text.data, len), len);
	}
}

/*
 * jsonb_in leaves several kilobytes behind for each value, so it works in a
 * context of its own, from which only the result is taken.
 */
static Datum
make_jsonb(DloadConverter *conv, const char *json)
{
	MemoryContext caller = MemoryContextSwitchTo(conv->temp);
	Datum		made = DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
	Size		size = VARSIZE(DatumGetPointer(made));
	void	   *result;

	MemoryContextSwitchTo(caller);
	result = palloc(size);
	memcpy(result, DatumGetPointer(made), size);
	MemoryContextReset(conv->temp);
	return PointerGetDatum(result);
}

static bool
convert_json(DloadConverter *conv, const DloadToken *token, Datum *value,
			 DloadError *err)
{
	DloadSpan	json = json_text(token);
	char	   *str = unconstify(char *, json.data);

	if (conv->typid == JSONBOID && !check_jsonb(conv, json, err))
		return false;
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		str = dload_utf8_to_server(json.data, json.len, &json.len);
		if (str == NULL)
			return dload_error_set(err, ERRCODE_UNTRANSLATABLE_CHARACTER,
								   "value has a character with no equivalent "
								   "in encoding \"%s\"",
								   GetDatabaseEncodingName());
	}
	/* json needs no second look: the scanner accepts what json_in accepts */
	if (conv->typid == JSONOID)
		*value = PointerGetDatum(cstring_to_text_with_len(str, json.len));
	else
		*value = make_jsonb(conv, str);
	pfree(str);
	return true;
}

/*
 * Arrays
 */

static bool
ragged(DloadError *err)
{
	dload_error_set(err, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
					"malformed JSON list for a multidimensional array");
	return dload_error_detail(err, "Inner lists must all have the same "
							  "lengths and depth.");
}

static bool
add_element(ArrayBuild *build, const DloadToken *token, DloadError *err)
{
	if (build->nvalues == build->maxvalues)
	{
		if (build->maxvalues >= MaxArraySize / 2)
			return dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
								   "list has too many elements for an array");
		build->maxvalues *= 2;
		build->values = repalloc_huge(build->values,
									  build->maxvalues * sizeof(Datum));
		build->nulls = repalloc_huge(build->nulls,
									 build->maxvalues * sizeof(bool));
	}
	if (!dload_convert(build->conv->element, token,
					   &build->values[build->nvalues],
					   &build->nulls[build->nvalues], err))
		return false;
	build->nvalues++;
	return true;
}

/* Read one list whose bracket was just scanned. */
static bool
read_list(ArrayBuild *build, int depth, DloadError *err)
{
	int			count = 0;
	DloadToken	token;

	for (;; count++)
	{
		dload_scanner_next(&build->scanner, &token);
		if (token.type == DLOAD_TOKEN_ARRAY_END)
			break;
		if (token.type == DLOAD_TOKEN_ARRAY_START && build->nests)
		{
			if (depth + 1 == MAXDIM)
				return dload_error_set(err, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
									   "number of array dimensions exceeds "
									   "the maximum allowed (%d)", MAXDIM);
			if (build->leaf_depth == depth)
				return ragged(err);
			if (!read_list(build, depth + 1, err))
				return false;
			continue;
		}
		if (dload_is_container(&token))
			dload_scanner_skip(&build->scanner, &token);
		if (token.type == DLOAD_TOKEN_ERROR ||
			token.type == DLOAD_TOKEN_MORE ||
			token.type == DLOAD_TOKEN_END)
			return dload_scanner_error(&build->scanner, 0, err);
		if (build->leaf_depth < 0)
			build->leaf_depth = depth;
		if (build->leaf_depth != depth ||
			(depth + 1 < MAXDIM && build->dims[depth + 1] >= 0))
			return ragged(err);
		if (!add_element(build, &token, err))
			return false;
	}
	if (build->dims[depth] < 0)
		build->dims[depth] = count;
	else if (build->dims[depth] != count)
		return ragged(err);
	return true;
}

static bool
convert_array(DloadConverter *conv, const DloadToken *token, Datum *value,
			  DloadError *err)
{
	ArrayBuild	build;
	DloadToken	bracket;
	Oid			elembase = getBaseType(conv->elemtype);
	int			lbs[MAXDIM];

	build.conv = conv;
	build.nests = (elembase != JSONOID && elembase != JSONBOID);
	build.leaf_depth = -1;
	build.nvalues = 0;
	build.maxvalues = 16;
	build.values = palloc(build.maxvalues * sizeof(Datum));
	build.nulls = palloc(build.maxvalues * sizeof(bool));
	for (int i = 0; i < MAXDIM; i++)
	{
		build.dims[i] = -1;
		lbs[i] = 1;
	}
	dload_scanner_init(&build.scanner, token->text.data, token->text.len,
					   true);
	dload_scanner_next(&build.scanner, &bracket);
	if (bracket.type != DLOAD_TOKEN_ARRAY_START)
		return dload_scalar_invalid(conv, token,
									ERRCODE_INVALID_TEXT_REPRESENTATION, err);
	if (!read_list(&build, 0, err))
		return false;
	if (build.nvalues == 0)
		*value = PointerGetDatum(construct_empty_array(conv->elemtype));
	else
		*value = PointerGetDatum(construct_md_array(build.values, build.nulls,
													build.leaf_depth + 1,
													build.dims, lbs,
													conv->elemtype,
													conv->elemlen,
													conv->elembyval,
													conv->elemalign));
	pfree(build.values);
	pfree(build.nulls);
	return true;
}

/*
 * Any type
 */

static bool
convert_value(DloadConverter *conv, const DloadToken *token, Datum *value,
			  bool *isnull, DloadError *err)
{
	DloadSpan	text;

	switch (conv->typid)
	{
		case BOOLOID:
			return dload_scalar_boolean(conv, token, value, err);
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return dload_scalar_integer(conv, token, value, err);
		case FLOAT4OID:
		case FLOAT8OID:
			return dload_scalar_float(conv, token, value, err);
		case NUMERICOID:
			return dload_scalar_numeric(conv, token, value, err);
		case DATEOID:
		case TIMEOID:
		case TIMETZOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return dload_scalar_datetime(conv, token, value, err);
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
		case NAMEOID:
			return convert_text(conv, token, value, err);
		case JSONOID:
		case JSONBOID:
			return convert_json(conv, token, value, err);
		default:
			break;
	}
	if (OidIsValid(conv->elemtype) && !dload_is_string(token))
	{
		if (token->type != DLOAD_TOKEN_ARRAY_START)
			return dload_scalar_wrong_kind(conv, token, err);
		return convert_array(conv, token, value, err);
	}

	/*
	 * Containers go in as they are written: some types, vectors for one, read
	 * JSON; the others say what they miss.
	 */
	if (!dload_scalar_text(conv, token, &text, err))
		return false;
	*value = dload_scalar_input(conv, text);
	return true;
}

bool
dload_convert(DloadConverter *conv, const DloadToken *token, Datum *value,
			  bool *isnull, DloadError *err)
{
	*value = (Datum) 0;
	*isnull = (token->type == DLOAD_TOKEN_NULL);
	if (conv->is_domain)
	{
		if (!dload_convert(conv->element, token, value, isnull, err))
			return false;
		domain_check(*value, *isnull, conv->typid, &conv->domain_state,
					 conv->cxt);
		return true;
	}
	if (*isnull || dload_convert_plain(conv, token, value))
		return true;
	return convert_value(conv, token, value, isnull, err);
}
