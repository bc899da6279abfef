/*-------------------------------------------------------------------------
 *
 * scalar.c
 *	  JSON scalars -> texts, numbers, booleans, dates and times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/scalar.h"

#include <ctype.h>
#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "data/number.h"
#include "mb/pg_wchar.h"
#include "parser/scansup.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* How much of a value an error message quotes. */
#define QUOTED_BYTES	64

/* Dates and times longer than this are not handed to core. */
#define MAX_DATETIME_CHARS	128

/*
 * Text
 */

char *
dload_utf8_to_server(const char *s, size_t len, size_t *outlen)
{
	int			encoding = GetDatabaseEncoding();
	bool		ascii = true;
	char	   *out;
	Oid			proc;
	size_t		size;

	if (encoding != PG_UTF8 && encoding != PG_SQL_ASCII)
	{
		for (size_t i = 0; i < len && ascii; i++)
			ascii = !IS_HIGHBIT_SET(s[i]);
	}
	if (ascii)
	{
		if (outlen)
			*outlen = len;
		return pnstrdup(s, len);
	}
	proc = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(proc) || len >= MaxAllocSize / MAX_CONVERSION_GROWTH)
		return NULL;
	size = (len + 1) * MAX_CONVERSION_GROWTH;
	out = palloc(size);
	/* told not to raise, it stops before what it cannot convert */
	if (pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding,
									  (unsigned char *) unconstify(char *, s),
									  (int) len, (unsigned char *) out,
									  (int) size, true) != (int) len)
	{
		pfree(out);
		return NULL;
	}
	if (outlen)
		*outlen = strlen(out);
	return out;
}

/* The start of a value for a message. */
static char *
quote_token(const DloadToken *token)
{
	const char *s = token->text.data;
	int			len = (int) Min(token->text.len, QUOTED_BYTES);
	char	   *quoted;

	switch (token->type)
	{
		case DLOAD_TOKEN_TRUE:
			return pstrdup("true");
		case DLOAD_TOKEN_FALSE:
			return pstrdup("false");
		default:
			break;
	}
	if (len == (int) token->text.len)
		quoted = dload_utf8_to_server(s, len, NULL);
	else
	{
		len = pg_encoding_mbcliplen(PG_UTF8, s, len, len);
		quoted = dload_utf8_to_server(s, len, NULL);
		if (quoted)
			quoted = psprintf("%s...", quoted);
	}
	return quoted ? quoted : pstrdup("...");
}

static char *
type_name(const DloadConverter *conv)
{
	return format_type_with_typemod(conv->typid, conv->typmod);
}

bool
dload_scalar_invalid(DloadConverter *conv, const DloadToken *token,
					 int sqlstate, DloadError *err)
{
	if (sqlstate == ERRCODE_DATETIME_FIELD_OVERFLOW)
		return dload_error_set(err, sqlstate,
							   "date/time field value out of range: \"%s\"",
							   quote_token(token));
	return dload_error_set(err, sqlstate,
						   "invalid input syntax for type %s: \"%s\"",
						   type_name(conv), quote_token(token));
}

static bool
bad_syntax(DloadConverter *conv, const DloadToken *token, DloadError *err)
{
	return dload_scalar_invalid(conv, token,
								ERRCODE_INVALID_TEXT_REPRESENTATION, err);
}

bool
dload_scalar_out_of_range(DloadConverter *conv, const DloadToken *token,
						  DloadError *err)
{
	return dload_error_set(err, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
						   "value \"%s\" is out of range for type %s",
						   quote_token(token), type_name(conv));
}

bool
dload_scalar_wrong_kind(DloadConverter *conv, const DloadToken *token,
						DloadError *err)
{
	const char *kind = "value";

	switch (token->type)
	{
		case DLOAD_TOKEN_OBJECT_START:
			kind = "object";
			break;
		case DLOAD_TOKEN_ARRAY_START:
			kind = "list";
			break;
		case DLOAD_TOKEN_STRING:
		case DLOAD_TOKEN_KEY:
			kind = "string";
			break;
		case DLOAD_TOKEN_NUMBER:
			kind = "number";
			break;
		case DLOAD_TOKEN_TRUE:
		case DLOAD_TOKEN_FALSE:
			kind = "boolean";
			break;
		default:
			break;
	}
	return dload_error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
						   "cannot convert a JSON %s to type %s",
						   kind, type_name(conv));
}

static bool
decode_failed(DloadDecode result, DloadError *err)
{
	if (result == DLOAD_DECODE_NUL)
	{
		dload_error_set(err, ERRCODE_UNTRANSLATABLE_CHARACTER,
						"unsupported Unicode escape sequence");
		return dload_error_detail(err,
								  "\\u0000 cannot be converted to text.");
	}
	dload_error_set(err, ERRCODE_INVALID_TEXT_REPRESENTATION,
					"invalid Unicode escape sequence");
	return dload_error_detail(err, "A Unicode surrogate has no partner.");
}

/*
 * The characters a value stands for, in UTF-8: a span of the input, or of the
 * converter's buffer, good until the next value.
 */
static bool
utf8_text(DloadConverter *conv, const DloadToken *token, DloadSpan *text,
		  DloadError *err)
{
	DloadDecode result;

	switch (token->type)
	{
		case DLOAD_TOKEN_TRUE:
			*text = dload_span("true", 4);
			return true;
		case DLOAD_TOKEN_FALSE:
			*text = dload_span("false", 5);
			return true;
		default:
			*text = token->text;
	}
	if (!dload_is_string(token) || !token->escaped)
		return true;
	resetStringInfo(&conv->scratch);
	result = dload_token_decode(token, &conv->scratch);
	if (result != DLOAD_DECODE_OK)
		return decode_failed(result, err);
	*text = dload_span(conv->scratch.data, conv->scratch.len);
	return true;
}

/*
 * The same in the database encoding.  In UTF8 databases nothing is copied,
 * so it is not NUL-terminated.
 */
bool
dload_scalar_text(DloadConverter *conv, const DloadToken *token,
				  DloadSpan *text, DloadError *err)
{
	if (!utf8_text(conv, token, text, err))
		return false;
	if (GetDatabaseEncoding() != PG_UTF8)
	{
		size_t		len = text->len;
		char	   *converted = dload_utf8_to_server(text->data, len, &len);

		if (converted == NULL)
			return dload_error_set(err, ERRCODE_UNTRANSLATABLE_CHARACTER,
								   "value has a character with no equivalent "
								   "in encoding \"%s\"",
								   GetDatabaseEncodingName());
		*text = dload_span(converted, len);
	}
	return true;
}

/* Through the type's input function: the only place that may raise. */
Datum
dload_scalar_input(DloadConverter *conv, DloadSpan text)
{
	char	   *copy = pnstrdup(text.data, text.len);
	Datum		value = InputFunctionCall(&conv->infunc, copy, conv->ioparam,
										  conv->typmod);

	/* a cstring-like type may have kept the pointer; few have */
	if (DatumGetPointer(value) != copy)
		pfree(copy);
	return value;
}

/*
 * Numbers
 */

/*
 * The text of a number, or of a string that should be one, without the blanks
 * around it that core's input functions take as well.
 */
static bool
number_text(DloadConverter *conv, const DloadToken *token, DloadSpan *span,
			DloadError *err)
{
	if (token->type == DLOAD_TOKEN_NUMBER)
	{
		*span = token->text;
		return true;
	}
	if (!dload_is_string(token))
		return dload_scalar_wrong_kind(conv, token, err);
	if (!utf8_text(conv, token, span, err))
		return false;
	while (span->len > 0 && scanner_isspace(span->data[0]))
	{
		span->data++;
		span->len--;
	}
	while (span->len > 0 && scanner_isspace(span->data[span->len - 1]))
		span->len--;
	if (span->len > 1 && span->data[0] == '+' && span->data[1] != '-')
	{
		span->data++;
		span->len--;
	}
	return true;
}

bool
dload_scalar_integer(DloadConverter *conv, const DloadToken *token,
					 Datum *value, DloadError *err)
{
	DloadSpan	text;
	DloadNumber n;
	int64		integer;

	if (!number_text(conv, token, &text, err))
		return false;
	if (!dload_parse_bigint(text.data, text.len, &integer))
	{
		if (!dload_number_read(text.data, text.len, &n) ||
			(n.first != NULL && n.scale > 0))
			return bad_syntax(conv, token, err);
		if (!dload_number_to_bigint(&n, &integer))
			return dload_scalar_out_of_range(conv, token, err);
	}
	switch (conv->typid)
	{
		case INT2OID:
			if (integer < PG_INT16_MIN || integer > PG_INT16_MAX)
				return dload_scalar_out_of_range(conv, token, err);
			*value = Int16GetDatum((int16) integer);
			return true;
		case INT4OID:
			if (integer < PG_INT32_MIN || integer > PG_INT32_MAX)
				return dload_scalar_out_of_range(conv, token, err);
			*value = Int32GetDatum((int32) integer);
			return true;
		default:
			*value = Int64GetDatum(integer);
			return true;
	}
}

bool
dload_scalar_float(DloadConverter *conv, const DloadToken *token, Datum *value,
				   DloadError *err)
{
	DloadSpan	text;
	DloadNumber n;
	double		number;

	if (!number_text(conv, token, &text, err))
		return false;
	if (!dload_number_read(text.data, text.len, &n))
	{
		static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
		char	   *copy;

		for (int i = 0; i < lengthof(words); i++)
		{
			if (text.len != strlen(words[i]) ||
				pg_strncasecmp(text.data, words[i], text.len) != 0)
				continue;
			copy = pnstrdup(text.data, text.len);
			*value = InputFunctionCall(&conv->infunc, copy, conv->ioparam, -1);
			return true;
		}
		return bad_syntax(conv, token, err);
	}
	if (conv->typid == FLOAT4OID)
	{
		char	   *copy = pnstrdup(text.data, text.len);
		float		single;

		/* not through double: that would round twice */
		errno = 0;
		single = strtof(copy, NULL);
		if (errno == ERANGE && (single == 0 || isinf(single)))
			return dload_scalar_out_of_range(conv, token, err);
		pfree(copy);
		*value = Float4GetDatum(single);
		return true;
	}
	if (!dload_number_to_double(text.data, text.len, &number))
		return dload_scalar_out_of_range(conv, token, err);
	*value = Float8GetDatum(number);
	return true;
}

/*
 * Would the number, rounded to numeric(precision, scale), still have at most
 * precision - scale digits before the point?  In doubt, at the carry, compute.
 */
static bool
fits_precision(const DloadNumber *n, const char *text, int32 typmod)
{
	int			bits = typmod - VARHDRSZ;
	int			precision = (bits >> 16) & 0xffff;
	int			scale = ((bits & 0x7ff) ^ 1024) - 1024;
	int			digits = precision - scale;
	Datum		exact;
	Datum		rounded;
	Datum		limit;

	if (n->first == NULL || n->int_digits < digits)
		return true;
	if (n->int_digits > digits)
		return false;
	exact = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								ObjectIdGetDatum(InvalidOid),
								Int32GetDatum(-1));
	rounded = DirectFunctionCall1(numeric_abs,
								  DirectFunctionCall2(numeric_round, exact,
													  Int32GetDatum(scale)));
	limit = DirectFunctionCall3(numeric_in,
								CStringGetDatum(psprintf("1e%d", digits)),
								ObjectIdGetDatum(InvalidOid),
								Int32GetDatum(-1));
	return DatumGetBool(DirectFunctionCall2(numeric_lt, rounded, limit));
}

bool
dload_scalar_numeric(DloadConverter *conv, const DloadToken *token,
					 Datum *value, DloadError *err)
{
	DloadSpan	text;
	DloadNumber n;
	int64		integer;
	char	   *copy;
	bool		limited = (conv->typmod >= (int32) VARHDRSZ);

	if (!number_text(conv, token, &text, err))
		return false;
	if (!limited && dload_parse_bigint(text.data, text.len, &integer))
	{
		*value = NumericGetDatum(int64_to_numeric(integer));
		return true;
	}
	if (!dload_number_read(text.data, text.len, &n))
	{
		if (text.len != 3 || pg_strncasecmp(text.data, "NaN", 3) != 0)
			return bad_syntax(conv, token, err);
		*value = dload_scalar_input(conv, text);
		return true;
	}
	copy = pnstrdup(text.data, text.len);
	if (!dload_number_is_numeric(&n))
	{
		/* numeric_in minds the written exponent even where it is harmless */
		if (!dload_number_to_bigint(&n, &integer))
			return dload_scalar_out_of_range(conv, token, err);
		copy = psprintf(INT64_FORMAT, integer);
	}
	if (limited && !fits_precision(&n, copy, conv->typmod))
		return dload_scalar_out_of_range(conv, token, err);
	*value = DirectFunctionCall3(numeric_in, CStringGetDatum(copy),
								 ObjectIdGetDatum(InvalidOid),
								 Int32GetDatum(conv->typmod));
	pfree(copy);
	return true;
}

bool
dload_scalar_boolean(DloadConverter *conv, const DloadToken *token,
					 Datum *value, DloadError *err)
{
	DloadSpan	text;
	bool		result;

	if (token->type == DLOAD_TOKEN_TRUE || token->type == DLOAD_TOKEN_FALSE)
	{
		*value = BoolGetDatum(token->type == DLOAD_TOKEN_TRUE);
		return true;
	}
	if (!dload_is_string(token))
		return dload_scalar_wrong_kind(conv, token, err);
	if (!utf8_text(conv, token, &text, err))
		return false;
	if (!parse_bool_with_len(text.data, text.len, &result))
		return bad_syntax(conv, token, err);
	*value = BoolGetDatum(result);
	return true;
}

/*
 * Dates and times
 */

/*
 * A text that core's parser may try: it has a digit (so neither 'now' nor
 * 'today', which an API cannot mean), and what begins like YYYY-MM-DD is a
 * day of the calendar ('0000-00-00' stands for nothing in many databases).
 */
static bool
datetime_plausible(DloadSpan text, int *sqlstate)
{
	bool		digits = false;
	int32		date;

	*sqlstate = ERRCODE_INVALID_DATETIME_FORMAT;
	if (text.len > MAX_DATETIME_CHARS)
		return false;
	for (size_t i = 0; i < text.len; i++)
		digits |= isdigit((unsigned char) text.data[i]) != 0;
	if (!digits)
		return (text.len == 8 &&
				pg_strncasecmp(text.data, "infinity", 8) == 0) ||
			(text.len == 9 && pg_strncasecmp(text.data, "-infinity", 9) == 0);
	if (text.len >= 10 && text.data[4] == '-' && text.data[7] == '-' &&
		(text.len == 10 || text.data[10] == 'T' || text.data[10] == ' ') &&
		!dload_parse_date(text.data, 10, &date))
	{
		*sqlstate = ERRCODE_DATETIME_FIELD_OVERFLOW;
		return false;
	}
	return true;
}

bool
dload_scalar_datetime(DloadConverter *conv, const DloadToken *token,
					  Datum *value, DloadError *err)
{
	DloadSpan	text;
	int			sqlstate;
	int32		date;
	int64		timestamp;

	if (!dload_is_string(token))
	{
		dload_scalar_wrong_kind(conv, token, err);
		if (token->type == DLOAD_TOKEN_NUMBER)
			dload_error_hint(err, "A Unix time is read by \"decode\" 'epoch' "
							 "or 'epoch_ms'.");
		return false;
	}
	if (!utf8_text(conv, token, &text, err))
		return false;
	if (conv->typid == DATEOID &&
		dload_parse_date(text.data, text.len, &date))
	{
		*value = DateADTGetDatum(date);
		return true;
	}
	if (conv->typid == TIMESTAMPTZOID &&
		dload_parse_timestamp_rounded(text.data, text.len, &timestamp))
	{
		*value = TimestampTzGetDatum(timestamp);
		if (conv->typmod >= 0)
			*value = DirectFunctionCall2(timestamptz_scale, *value,
										 Int32GetDatum(conv->typmod));
		return true;
	}
	if (!datetime_plausible(text, &sqlstate))
		return dload_scalar_invalid(conv, token, sqlstate, err);
	*value = dload_scalar_input(conv, text);
	return true;
}
