/*-------------------------------------------------------------------------
 *
 * token.c
 *	  What a token stands for: escapes undone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/bytes.h"
#include "data/record.h"

#include "mb/pg_wchar.h"

/* The longest character that an escape sequence stands for, in UTF-8. */
#define MAX_ESCAPED	4

static uint32
hex4(const char *p)
{
	return hex_value(p[0]) << 12 | hex_value(p[1]) << 8 |
		hex_value(p[2]) << 4 | hex_value(p[3]);
}

/*
 * The character that the escape sequence at *p stands for, as UTF-8 in "out",
 * its length in *len; *p moves behind it.  The scanner has checked the
 * syntax, but "end" is minded all the same.
 */
static DloadDecode
decode_escape(const char **p, const char *end, char *out, int *len)
{
	const char *s = *p + 1;
	uint32		code;

	*len = 1;
	*p = Min(s + 1, end);
	switch (*s)
	{
		case 'b':
			*out = '\b';
			return DLOAD_DECODE_OK;
		case 'f':
			*out = '\f';
			return DLOAD_DECODE_OK;
		case 'n':
			*out = '\n';
			return DLOAD_DECODE_OK;
		case 'r':
			*out = '\r';
			return DLOAD_DECODE_OK;
		case 't':
			*out = '\t';
			return DLOAD_DECODE_OK;
		case 'u':
			break;
		default:
			*out = *s;
			return DLOAD_DECODE_OK;
	}

	if (end - s < 5)
		return DLOAD_DECODE_SURROGATE;
	code = hex4(s + 1);
	s += 5;
	if (code == 0)
		return DLOAD_DECODE_NUL;
	if (is_utf16_surrogate_second(code))
		return DLOAD_DECODE_SURROGATE;
	if (is_utf16_surrogate_first(code))
	{
		uint32		second;

		if (end - s < 6 || s[0] != '\\' || s[1] != 'u')
			return DLOAD_DECODE_SURROGATE;
		second = hex4(s + 2);
		if (!is_utf16_surrogate_second(second))
			return DLOAD_DECODE_SURROGATE;
		code = surrogate_pair_to_codepoint(code, second);
		s += 6;
	}
	unicode_to_utf8(code, (unsigned char *) out);
	*len = pg_utf_mblen((unsigned char *) out);
	*p = s;
	return DLOAD_DECODE_OK;
}

DloadDecode
dload_token_decode(const DloadToken *token, StringInfo out)
{
	const char *p = token->text.data;
	const char *end = p + token->text.len;

	if (!token->escaped)
	{
		appendBinaryStringInfo(out, p, end - p);
		return DLOAD_DECODE_OK;
	}
	while (p < end)
	{
		const char *escape = memchr(p, '\\', end - p);
		char		c[MAX_ESCAPED];
		int			len;
		DloadDecode result;

		if (escape == NULL)
			escape = end;
		appendBinaryStringInfo(out, p, escape - p);
		p = escape;
		if (end - p < 2)
			break;
		result = decode_escape(&p, end, c, &len);
		if (result != DLOAD_DECODE_OK)
			return result;
		appendBinaryStringInfo(out, c, len);
	}
	return DLOAD_DECODE_OK;
}

bool
dload_token_equals(const DloadToken *token, const char *s, size_t len)
{
	const char *p = token->text.data;
	const char *end = p + token->text.len;

	if (!token->escaped)
		return token->text.len == len && memcmp(p, s, len) == 0;
	while (p < end)
	{
		char		c[MAX_ESCAPED];
		int			n = 1;

		c[0] = *p;
		if (*p != '\\' || end - p < 2)
			p++;
		else if (decode_escape(&p, end, c, &n) != DLOAD_DECODE_OK)
			return false;
		if (n > len || memcmp(s, c, n) != 0)
			return false;
		s += n;
		len -= n;
	}
	return len == 0;
}

char *
dload_token_cstring(const DloadToken *token)
{
	if (token->escaped && (token->type == DLOAD_TOKEN_STRING ||
						   token->type == DLOAD_TOKEN_KEY))
	{
		StringInfoData buf;

		initStringInfo(&buf);
		if (dload_token_decode(token, &buf) == DLOAD_DECODE_OK)
			return buf.data;
		pfree(buf.data);
	}
	return pnstrdup(token->text.data, token->text.len);
}
