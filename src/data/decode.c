/*-------------------------------------------------------------------------
 *
 * decode.c
 *	  Values in JSON that hold something else: base64, JSON, gzip, times.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/decode.h"

#include "data/gunzip.h"
#include "data/number.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include <time.h>

bool
dload_coding_parse(const char *word, DloadCoding *coding)
{
	static const char *const words[] = {
		"base64", "json", "base64json", "gzip", "gzipjson", "epoch",
		"epoch_ms"
	};

	for (int i = 0; i < lengthof(words); i++)
	{
		if (strcmp(words[i], word) == 0)
		{
			*coding = i;
			return true;
		}
	}
	return false;
}

static bool
is_time(DloadCoding coding)
{
	return coding == DLOAD_CODING_EPOCH || coding == DLOAD_CODING_EPOCH_MS;
}

bool
dload_coding_is_bytes(DloadCoding coding)
{
	return coding == DLOAD_CODING_BASE64 || coding == DLOAD_CODING_GZIP;
}

const char *
dload_coding_type(DloadCoding coding)
{
	return is_time(coding) ? "timestamp with time zone" :
		dload_coding_is_bytes(coding) ? "bytea" : "jsonb";
}

bool
dload_coding_takes(DloadCoding coding, DloadTokenType type)
{
	return type == DLOAD_TOKEN_STRING ||
		(type == DLOAD_TOKEN_NUMBER && is_time(coding));
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	if (c == '/' || c == '_')
		return 63;
	return -1;
}

/*
 * The server's own decoder knows one alphabet and insists on padding, which
 * tokens and many APIs leave out.
 */
static bool
append_base64(const char *text, size_t len, StringInfo out)
{
	uint32		bits = 0;
	int			nbits = 0;
	int			padding = 0;

	enlargeStringInfo(out, (int) (len / 4 * 3 + 3));
	for (size_t i = 0; i < len; i++)
	{
		int			value;

		if (strchr(" \t\r\n", text[i]) != NULL && text[i] != '\0')
			continue;
		if (text[i] == '=')
		{
			padding++;
			continue;
		}
		value = base64_value(text[i]);
		if (value < 0 || padding > 0)
			return false;
		bits = bits << 6 | value;
		nbits += 6;
		if (nbits >= 8)
		{
			nbits -= 8;
			out->data[out->len++] = (char) (bits >> nbits);
			bits &= (1 << nbits) - 1;
		}
	}
	out->data[out->len] = '\0';
	/* six bits alone are no byte, and what is left over must be zeros */
	return padding <= 2 && nbits < 6 && bits == 0;
}

typedef struct GunzipSink
{
	StringInfo	out;
	size_t		max;
} GunzipSink;

static bool
take_gunzipped(void *arg, const char *data, size_t len)
{
	GunzipSink *sink = arg;

	if (len > sink->max)
		return false;
	sink->max -= len;
	appendBinaryStringInfo(sink->out, data, (int) len);
	return true;
}

static bool
append_gunzipped(const char *data, size_t len, size_t max, StringInfo out)
{
	DloadGunzip *gunzip = dload_gunzip_start();
	GunzipSink	sink = {out, max};
	bool		good;

	if (gunzip == NULL)
		return false;
	good = dload_gunzip_feed(gunzip, data, len, take_gunzipped,
							 &sink) == DLOAD_GUNZIP_OK &&
		dload_gunzip_complete(gunzip);
	dload_gunzip_end(gunzip);
	return good;
}

/*
 * A number of seconds or milliseconds as "2026-01-01T00:00:00.5Z".  What
 * microseconds cannot hold exactly, or lies beyond the years 1 to 9999, is not
 * taken for a time.
 */
static bool
append_time(DloadSpan text, bool milliseconds, StringInfo out)
{
	int			places = milliseconds ? 3 : 6;
	DloadNumber number;
	int64		us;
	time_t		seconds;
	int			fraction;
	struct tm	tm;

	if (!dload_number_read(text.data, text.len, &number))
		return false;
	number.scale -= places;
	number.int_digits += places;
	if (!dload_number_to_bigint(&number, &us))
		return false;
	fraction = (int) (us % 1000000);
	if (fraction < 0)
		fraction += 1000000;
	seconds = (time_t) ((us - fraction) / 1000000);
	if (gmtime_r(&seconds, &tm) == NULL || tm.tm_year < -1899 ||
		tm.tm_year > 8099)
		return false;
	appendStringInfo(out, "\"%04d-%02d-%02dT%02d:%02d:%02d",
					 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
					 tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (fraction != 0)
		appendStringInfo(out, ".%06d", fraction);
	appendStringInfoString(out, "Z\"");
	return true;
}

bool
dload_coding_bytes(DloadCoding coding, const DloadToken *token, size_t max,
				   StringInfo out)
{
	StringInfoData text;
	StringInfoData packed;
	bool		good;

	/* gunzip calls back with memory in hand that an error would lose */
	max = Min(max, (size_t) (MaxAllocSize / 4));
	if (token->type != DLOAD_TOKEN_STRING || token->text.len > max)
		return false;
	if (coding == DLOAD_CODING_JSON)
		return dload_token_decode(token, out) == DLOAD_DECODE_OK;
	initStringInfo(&text);
	good = dload_token_decode(token, &text) == DLOAD_DECODE_OK;
	if (good && (coding == DLOAD_CODING_BASE64 ||
				 coding == DLOAD_CODING_BASE64JSON))
		good = append_base64(text.data, text.len, out);
	else if (good)
	{
		initStringInfo(&packed);
		good = append_base64(text.data, text.len, &packed) &&
			append_gunzipped(packed.data, packed.len, max, out);
		pfree(packed.data);
	}
	pfree(text.data);
	return good;
}

bool
dload_coding_value(DloadCoding coding, const DloadToken *token, size_t max,
				   StringInfo out)
{
	StringInfoData bytes;
	bool		is_json = coding == DLOAD_CODING_JSON ||
		coding == DLOAD_CODING_BASE64JSON || coding == DLOAD_CODING_GZIPJSON;
	bool		good;

	if (is_time(coding))
		return dload_coding_takes(coding, token->type) &&
			append_time(token->text, coding == DLOAD_CODING_EPOCH_MS, out);
	initStringInfo(&bytes);
	good = dload_coding_bytes(coding, token, max, &bytes);
	if (good && is_json)
	{
		DloadScanner s;
		DloadToken	value = {0};
		DloadTokenType type;

		/* without a byte order mark and white space around it */
		dload_scanner_init(&s, bytes.data, bytes.len, true);
		type = dload_scanner_value(&s, &value);
		good = type != DLOAD_TOKEN_ERROR;
		if (good)
		{
			DloadSpan	span = value.text;

			if (type == DLOAD_TOKEN_STRING)
				span = dload_span(span.data - 1, span.len + 2);
			good = dload_scanner_next(&s, &value) == DLOAD_TOKEN_END;
			if (good)
				appendBinaryStringInfo(out, span.data, (int) span.len);
		}
	}
	else if (good)
	{
		good = pg_encoding_verifymbstr(PG_UTF8, bytes.data,
									   bytes.len) == bytes.len;
		if (good)
			dload_quote(out, bytes.data, bytes.len);
	}
	pfree(bytes.data);
	return good;
}

void
dload_escape(StringInfo out, const char *text, size_t len)
{
	const char *p = text;
	const char *end = text + len;

	while (p < end)
	{
		const char *q = p;

		while (q < end && (unsigned char) *q >= ' ' && *q != '"' &&
			   *q != '\\')
			q++;
		appendBinaryStringInfo(out, p, (int) (q - p));
		if (q == end)
			return;
		switch (*q)
		{
			case '"':
			case '\\':
				appendStringInfoChar(out, '\\');
				appendStringInfoChar(out, *q);
				break;
			case '\n':
				appendStringInfoString(out, "\\n");
				break;
			case '\r':
				appendStringInfoString(out, "\\r");
				break;
			case '\t':
				appendStringInfoString(out, "\\t");
				break;
			default:
				appendStringInfo(out, "\\u%04x", (unsigned char) *q);
		}
		p = q + 1;
	}
}

void
dload_quote(StringInfo out, const char *text, size_t len)
{
	appendStringInfoChar(out, '"');
	dload_escape(out, text, len);
	appendStringInfoChar(out, '"');
}
