/*-------------------------------------------------------------------------
 *
 * error.c
 *	  Errors as values, and the hash that recognises records and requests.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "base/dload.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

static char *format_message(const char *fmt, va_list args)
			pg_attribute_printf(1, 0);

static char *format_message(const char *fmt, va_list args)
			pg_attribute_printf(1, 0);

static char *
format_message(const char *fmt, va_list args)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (;;)
	{
		va_list		copy;
		int			needed;

		va_copy(copy, args);
		needed = appendStringInfoVA(&buf, fmt, copy);
		va_end(copy);
		if (needed == 0)
			return buf.data;
		enlargeStringInfo(&buf, needed);
	}
}

/*
 * Set code and primary message, dropping what was there.  Always returns
 * false, so that a failing function can end with "return dload_error_set".
 */
bool
dload_error_set(DloadError *err, int sqlstate, const char *fmt,...)
{
	va_list		args;

	err->sqlstate = sqlstate;
	va_start(args, fmt);
	err->message = format_message(fmt, args);
	va_end(args);
	err->detail = NULL;
	err->hint = NULL;
	return false;
}

/* Add the detail.  Returns false, like dload_error_set. */
bool
dload_error_detail(DloadError *err, const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	err->detail = format_message(fmt, args);
	va_end(args);
	return false;
}

/* Add the hint.  Returns false, like dload_error_set. */
bool
dload_error_hint(DloadError *err, const char *fmt,...)
{
	va_list		args;

	va_start(args, fmt);
	err->hint = format_message(fmt, args);
	va_end(args);
	return false;
}

/* Report at any level. */
void
dload_error_report(int elevel, const DloadError *err)
{
	ereport(elevel,
			(errcode(err->sqlstate),
			 errmsg_internal("%s", err->message),
			 err->detail ? errdetail_internal("%s", err->detail) : 0,
			 err->hint ? errhint("%s", err->hint) : 0));
}

void
dload_error_raise(const DloadError *err)
{
	dload_error_report(ERROR, err);
	pg_unreachable();
}

/*
 * From UTF-8 to the database encoding, with "?" for what it cannot hold: an
 * error in the making must not give way to one about its own words.
 */
static char *
to_server(char *text, int len)
{
	int			encoding = GetDatabaseEncoding();
	StringInfoData buf;
	Oid			proc;

	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return text;
	initStringInfo(&buf);
	proc = IsTransactionState() ?
		FindDefaultConversionProc(PG_UTF8, encoding) : InvalidOid;
	while (len > 0)
	{
		char		c[MAX_CONVERSION_GROWTH * MAX_MULTIBYTE_CHAR_LEN + 1];
		int			n = pg_utf_mblen((unsigned char *) text);

		if (!IS_HIGHBIT_SET(*text))
			appendStringInfoChar(&buf, *text);
		else if (OidIsValid(proc) &&
				 pg_do_encoding_conversion_buf(proc, PG_UTF8, encoding,
											   (unsigned char *) text, n,
											   (unsigned char *) c, sizeof(c),
											   true) == n)
			appendStringInfoString(&buf, c);
		else
			appendStringInfoChar(&buf, '?');
		text += n;
		len -= n;
	}
	return buf.data;
}

/*
 * The first bytes of a response for a message: one line, valid in the
 * database encoding, control characters as blanks.  palloc'd.
 */
char *
dload_trim_body(DloadSpan body)
{
	size_t		len = Min(body.len, DLOAD_ERROR_BODY_BYTES);
	int			valid;
	StringInfoData buf;

	initStringInfo(&buf);
	valid = pg_encoding_verifymbstr(PG_UTF8, body.data, len);
	for (int i = 0; i < valid; i++)
	{
		unsigned char c = body.data[i];
		bool		blank = (c <= ' ' || c == 0x7f);

		if (!blank)
			appendStringInfoChar(&buf, c);
		else if (buf.len > 0 && buf.data[buf.len - 1] != ' ')
			appendStringInfoChar(&buf, ' ');
	}
	if (body.len > (size_t) valid)
		appendStringInfoString(&buf, "...");
	return to_server(buf.data, buf.len);
}

/* 64-bit hash of some bytes; chain through the seed. */
uint64
dload_hash_bytes(const char *data, size_t len, uint64 seed)
{
	/* core's hash takes an int length; larger input is hashed in pieces */
	while (len > PG_INT32_MAX)
	{
		seed = hash_bytes_extended((const unsigned char *) data, PG_INT32_MAX,
								   seed);
		data += PG_INT32_MAX;
		len -= PG_INT32_MAX;
	}
	return hash_bytes_extended((const unsigned char *) data, (int) len, seed);
}

bool
dload_list_has(const List *texts, const char *text)
{
	ListCell   *lc;

	foreach(lc, texts)
	{
		if (strcmp(lfirst(lc), text) == 0)
			return true;
	}
	return false;
}

/* Copy an error's texts to another context. */
void
dload_error_move(DloadError *err, MemoryContext context)
{
	if (err->message)
		err->message = MemoryContextStrdup(context, err->message);
	if (err->detail)
		err->detail = MemoryContextStrdup(context, err->detail);
	if (err->hint)
		err->hint = MemoryContextStrdup(context, err->hint);
}
