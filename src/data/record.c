/*-------------------------------------------------------------------------
 *
 * record.c
 *	  The scanner: bytes -> tokens.
 *
 * One grammar, scan(), is compiled twice: for next, which returns at each
 * token, and for skip, which runs to the end of a value and writes no token
 * on its way.  Most bytes of a document stand inside strings or are white
 * space, so those two are crossed 16 bytes at a time.
 *
 * When the bytes end inside a token the scanner stays on its first byte and
 * remembers in "resume" how far it has looked, so that a long string which
 * comes in many pieces is read once and not once per piece.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/record.h"

#include "data/quick.h"

#include "mb/pg_wchar.h"

/* The state that follows a value read in this state. */
static const uint8 state_after[] = {
	[STATE_START] = STATE_DONE,
	[STATE_ROOT] = STATE_DONE,
	[STATE_ELEMENT_OR_END] = STATE_AFTER_ELEMENT,
	[STATE_ELEMENT] = STATE_AFTER_ELEMENT,
	[STATE_MEMBER] = STATE_AFTER_MEMBER
};

/* How far a number has come.  It may end in those marked "complete". */
enum
{
	NUMBER_START,
	NUMBER_FIRST_DIGIT,			/* after the sign */
	NUMBER_ZERO,				/* complete */
	NUMBER_INTEGER,				/* complete */
	NUMBER_POINT,
	NUMBER_FRACTION,			/* complete */
	NUMBER_E,
	NUMBER_E_SIGN,
	NUMBER_EXPONENT				/* complete */
};

static const char byte_order_mark[3] = {'\xef', '\xbb', '\xbf'};

/* Put the scanner at ERROR.  Always returns NULL. */
static const char *
fail(DloadScanner *s, const char *at, const char *error)
{
	s->error = error;
	s->error_at = at;
	return NULL;
}

/* The bytes ended at "p" inside the token that begins at s->cur. */
static const char *
run_out(DloadScanner *s, const char *p, int part, const char *error)
{
	if (s->final)
		return fail(s, p, error);
	s->resume = p - s->cur;
	s->part = part;
	return NULL;
}

/*
 * Length of the escape sequence, or of the non-ASCII character, at "p".  0 if
 * it is not a valid one, and then *error says why; -1 if the bytes end in it.
 */
static int
special_length(const char *p, const char *end, const char **error)
{
	ptrdiff_t	room = end - p;
	int			len;

	if (*p != '\\')
	{
		*error = "invalid UTF-8 in a string";
		len = pg_utf_mblen((const unsigned char *) p);
		if (room < len)
			return -1;
		return pg_utf8_islegal((const unsigned char *) p, len) ? len : 0;
	}

	*error = "invalid escape sequence in a string";
	if (room < 2)
		return -1;
	switch (p[1])
	{
		case '"':
		case '\\':
		case '/':
		case 'b':
		case 'f':
		case 'n':
		case 'r':
		case 't':
			return 2;
		case 'u':
			break;
		default:
			return 0;
	}
	for (int i = 2; i < 6; i++)
	{
		if (i >= room)
			return -1;
		if (hex_value(p[i]) < 0)
			return 0;
	}
	return 6;
}

/*
 * The closing quote of the string whose opening quote is at s->cur, reading
 * on from "p".  NULL when the bytes end before it or it is wrong.
 */
static const char *
string_rest(DloadScanner *s, const char *p, bool *escaped)
{
	const char *end = s->end;
	const char *error;

	for (;;)
	{
		int			len;

		p = plain_run(dload_quick_string(p, end, escaped), end);
		if (p == end)
			break;
		if (*p == '"')
			return p;
		if ((unsigned char) *p < ' ')
			return fail(s, p, "control character in a string");
		if (*p == '\\')
			*escaped = true;
		len = special_length(p, end, &error);
		if (len == 0)
			return fail(s, p, error);
		if (len < 0)
			break;
		p += len;
	}
	return run_out(s, p, *escaped, "unterminated string");
}

static pg_attribute_always_inline const char *
scan_string(DloadScanner *s, bool *escaped)
{
	const char *p = s->cur + 1;

	*escaped = false;
	if (unlikely(s->resume > 0))
	{
		p = s->cur + s->resume;
		*escaped = s->part;
		s->resume = 0;
	}
	p = plain_run(p, s->end);
	if (likely(p < s->end && *p == '"'))
		return p;
	return string_rest(s, p, escaped);
}

/*
 * A key and its colon: the byte after the colon, and in *close the closing
 * quote.
 */
static pg_attribute_always_inline const char *
scan_key(DloadScanner *s, const char **close, bool *escaped)
{
	const char *p;

	if (*s->cur != '"')
		return fail(s, s->cur, s->state == STATE_KEY ?
					"expected a key" : "expected a key or \"}\"");
	if (unlikely(s->closed > 0))
	{
		*close = s->cur + s->closed - 1;
		*escaped = s->part;
		p = s->cur + s->resume;
		s->resume = 0;
	}
	else
	{
		*close = scan_string(s, escaped);
		if (*close == NULL)
			return NULL;
		p = *close + 1;
	}

	p = skip_space(p, s->end);
	if (unlikely(p == s->end))
	{
		s->closed = *close + 1 - s->cur;
		return run_out(s, p, *escaped, "expected \":\" after a key");
	}
	s->closed = 0;
	if (unlikely(*p != ':'))
		return fail(s, p, "expected \":\" after a key");
	return p + 1;
}

/* The first byte from "p" on that is not a digit. */
static inline const char *
digits(const char *p, const char *end)
{
	while (p < end && is_digit(*p))
		p++;
	return p;
}

/* The byte after the number at s->cur; in *integral, how it is written. */
static const char *
scan_number(DloadScanner *s, bool *integral)
{
	const char *p = s->cur + s->resume;
	const char *end = s->end;
	int			part = s->resume > 0 ? s->part : NUMBER_START;

	if (s->resume == 0 && end - p >= QUICK_ROOM)
	{
		int			len = quick_word(p);

		if (likely(quick_number(p, len, integral) && !is_word(p[len])))
			return p + len;
	}
	s->resume = 0;
	for (; p < end; p++)
	{
		switch (part)
		{
			case NUMBER_START:
				if (*p == '-')
				{
					part = NUMBER_FIRST_DIGIT;
					continue;
				}
				/* FALLTHROUGH */
			case NUMBER_FIRST_DIGIT:
				if (!is_digit(*p))
					return fail(s, p, "invalid number");
				part = *p == '0' ? NUMBER_ZERO : NUMBER_INTEGER;
				continue;
			case NUMBER_INTEGER:
			case NUMBER_FRACTION:
			case NUMBER_EXPONENT:
				p = digits(p, end);
				if (p == end)
					goto out;
				/* FALLTHROUGH */
			case NUMBER_ZERO:
				if (*p == '.' && part <= NUMBER_INTEGER)
					part = NUMBER_POINT;
				else if ((*p == 'e' || *p == 'E') && part <= NUMBER_FRACTION)
					part = NUMBER_E;
				else if (is_word(*p))
					return fail(s, p, "invalid number");
				else
				{
					*integral = part <= NUMBER_INTEGER;
					return p;
				}
				continue;
			case NUMBER_E:
				if (*p == '+' || *p == '-')
				{
					part = NUMBER_E_SIGN;
					continue;
				}
				/* FALLTHROUGH */
			default:			/* a digit must come */
				if (!is_digit(*p))
					return fail(s, p, "invalid number");
				part = part == NUMBER_POINT ?
					NUMBER_FRACTION : NUMBER_EXPONENT;
				continue;
		}
	}

out:
	*integral = part == NUMBER_ZERO || part == NUMBER_INTEGER;
	if (s->final && (*integral || part == NUMBER_FRACTION ||
					 part == NUMBER_EXPONENT))
		return p;
	return run_out(s, p, part, "invalid number");
}

/* The byte after true, false or null at s->cur. */
static const char *
scan_literal(DloadScanner *s, const char *word, size_t len)
{
	size_t		room = s->end - s->cur;

	if (memcmp(s->cur, word, Min(len, room)) != 0 ||
		(room > len && is_word(s->cur[len])) || (room < len && s->final))
		return fail(s, s->cur, "expected a value");

	/* like a number, it is not known to be over before the next byte */
	if (room <= len && !s->final)
		return NULL;
	return s->cur + len;
}

/* The one fault that well-formed input can have. */
static const char too_deep[] = "nested too deeply";
static const char passed_end[] = "unexpected data after the document";

/* Enter the container whose bracket is at s->cur. */
static pg_attribute_always_inline const char *
open_container(DloadScanner *s, bool object)
{
	if (unlikely(s->depth >= DLOAD_MAX_DEPTH))
		return fail(s, s->cur, too_deep);
	s->state = scanner_push(s, object);
	return s->cur + 1;
}

/*
 * The value at s->cur, or the bracket that opens it.  Fills *token but for
 * the text of a scalar other than a string, and returns the byte after it;
 * NULL when the bytes end or are wrong.
 */
static pg_attribute_always_inline const char *
scan_value(DloadScanner *s, DloadToken *token)
{
	const char *p;

	switch (*s->cur)
	{
		case '"':
			p = scan_string(s, &token->escaped);
			if (p == NULL)
				return NULL;
			token->type = DLOAD_TOKEN_STRING;
			p++;
			break;
		case '{':
			token->type = DLOAD_TOKEN_OBJECT_START;
			return open_container(s, true);
		case '[':
			token->type = DLOAD_TOKEN_ARRAY_START;
			return open_container(s, false);
		case 't':
			token->type = DLOAD_TOKEN_TRUE;
			p = scan_literal(s, "true", 4);
			break;
		case 'f':
			token->type = DLOAD_TOKEN_FALSE;
			p = scan_literal(s, "false", 5);
			break;
		case 'n':
			token->type = DLOAD_TOKEN_NULL;
			p = scan_literal(s, "null", 4);
			break;
		case '-':
		case '0':
		case '1':
		case '2':
		case '3':
		case '4':
		case '5':
		case '6':
		case '7':
		case '8':
		case '9':
			token->type = DLOAD_TOKEN_NUMBER;
			p = scan_number(s, &token->integral);
			break;
		default:
			return fail(s, s->cur, s->state == STATE_ELEMENT_OR_END ?
						"expected a value or \"]\"" : "expected a value");
	}
	if (p != NULL)
		s->state = state_after[s->state];
	return p;
}

/*
 * The byte order mark that some servers put first.  Returns false if the
 * bytes end inside it.
 */
static bool
skip_byte_order_mark(DloadScanner *s)
{
	size_t		len = Min(s->end - s->cur, sizeof(byte_order_mark));

	if (len > 0 && memcmp(s->cur, byte_order_mark, len) == 0)
	{
		if (len < sizeof(byte_order_mark) && !s->final)
			return false;
		if (len == sizeof(byte_order_mark))
			s->cur += len;
	}
	/* even if nothing follows the mark yet: a second one is an error */
	if (len > 0)
		s->state = STATE_ROOT;
	return true;
}

/* There is no token before s->end: what does that mean? */
static DloadTokenType
at_end(DloadScanner *s)
{
	if (!s->final)
		return DLOAD_TOKEN_MORE;
	if (s->state == STATE_DONE)
		return DLOAD_TOKEN_END;
	fail(s, s->end, s->state <= STATE_ROOT ?
		 "the document is empty" : "unexpected end of the document");
	return DLOAD_TOKEN_ERROR;
}

/*
 * The grammar.  With skip_depth 0 it scans one token; else, all until the
 * depth falls below skip_depth.
 */
static pg_attribute_always_inline DloadTokenType
scan(DloadScanner *s, DloadToken *token, int skip_depth)
{
	if (unlikely(s->error != NULL))
		return DLOAD_TOKEN_ERROR;
	if (unlikely(s->state == STATE_START) && !skip_byte_order_mark(s))
		return DLOAD_TOKEN_MORE;
	for (;;)
	{
		const char *start;
		const char *p;
		const char *close = NULL;

		if (skip_depth > 0 && s->resume == 0 && s->closed == 0 &&
			dload_quick_skip(s, skip_depth))
			return DLOAD_TOKEN_END;
		p = start = skip_space(s->cur, s->end);
		s->cur = start;
		if (unlikely(start == s->end))
			return at_end(s);
		switch (s->state)
		{
			case STATE_AFTER_MEMBER:
			case STATE_AFTER_ELEMENT:
				if (*start == ',')
				{
					s->cur++;
					s->state = s->state == STATE_AFTER_MEMBER ?
						STATE_KEY : STATE_ELEMENT;
					continue;
				}
				/* FALLTHROUGH */
			case STATE_KEY_OR_END:
			case STATE_ELEMENT_OR_END:
				if (*start == '}' && (s->state == STATE_AFTER_MEMBER ||
									  s->state == STATE_KEY_OR_END))
					token->type = DLOAD_TOKEN_OBJECT_END;
				else if (*start == ']' && (s->state == STATE_AFTER_ELEMENT ||
										   s->state == STATE_ELEMENT_OR_END))
					token->type = DLOAD_TOKEN_ARRAY_END;
				else if (s->state == STATE_KEY_OR_END)
					goto key;
				else if (s->state == STATE_ELEMENT_OR_END)
					goto value;
				else
				{
					fail(s, start, s->state == STATE_AFTER_MEMBER ?
						 "expected \",\" or \"}\"" :
						 "expected \",\" or \"]\"");
					return DLOAD_TOKEN_ERROR;
				}
				s->state = scanner_pop(s);
				p = start + 1;
				break;
			case STATE_KEY:
		key:
				p = scan_key(s, &close, &token->escaped);
				if (unlikely(p == NULL))
					return s->error ? DLOAD_TOKEN_ERROR : DLOAD_TOKEN_MORE;
				token->type = DLOAD_TOKEN_KEY;
				s->state = STATE_MEMBER;
				break;
			case STATE_DONE:
				fail(s, start, passed_end);
				return DLOAD_TOKEN_ERROR;
			default:
		value:
				p = scan_value(s, token);
				if (unlikely(p == NULL))
					return s->error ? DLOAD_TOKEN_ERROR : DLOAD_TOKEN_MORE;
				close = p - 1;
				break;
		}
		s->cur = p;
		if (skip_depth == 0)
		{
			bool		quoted = token->type == DLOAD_TOKEN_KEY ||
				token->type == DLOAD_TOKEN_STRING;

			token->text.data = quoted ? start + 1 : start;
			token->text.len = (quoted ? close : p) - token->text.data;
			return token->type;
		}
		if (s->depth < skip_depth)
			return DLOAD_TOKEN_END;
	}
}

void
dload_scanner_init(DloadScanner *s, const char *data, size_t len, bool final)
{
	/* the stack needs no clearing: its bits are set when pushed */
	memset(s, 0, offsetof(DloadScanner, stack));
	dload_scanner_refill(s, data, len, final);
}

void
dload_scanner_refill(DloadScanner *s, const char *data, size_t len, bool final)
{
	s->begin = data;
	s->cur = data;
	s->end = data + len;
	s->final = final;
}

DloadTokenType
dload_scanner_next(DloadScanner *s, DloadToken *token)
{
	DloadToken	found = {0};

	found.type = scan(s, &found, 0);
	*token = found;
	return found.type;
}

DloadTokenType
dload_scanner_skip(DloadScanner *s, DloadToken *token)
{
	DloadToken	scratch;
	DloadTokenType result;

	if (s->skip_depth == 0)
		s->skip_depth = s->depth;
	result = scan(s, &scratch, s->skip_depth);
	if (result != DLOAD_TOKEN_END)
		return result;
	s->skip_depth = 0;
	token->text.len = s->cur - token->text.data;
	return token->type;
}

DloadTokenType
dload_scanner_value(DloadScanner *s, DloadToken *token)
{
	if (s->skip_depth == 0)
		dload_scanner_next(s, token);
	if (dload_is_container(token))
		return dload_scanner_skip(s, token);
	return token->type;
}

bool
dload_scanner_error(const DloadScanner *s, int64 offset, DloadError *err)
{
	/* the text before the fault says more about the place than that after */
	const char *from = s->error_at - Min(s->error_at - s->begin, 60);
	const char *to = s->error_at + Min(s->end - s->error_at, 20);
	DloadSpan	near;

	while (from < s->error_at && ((unsigned char) *from & 0xc0) == 0x80)
		from++;
	near.data = from;
	near.len = to - from;
	dload_error_set(err, s->error == too_deep ?
					ERRCODE_PROGRAM_LIMIT_EXCEEDED :
					ERRCODE_INVALID_TEXT_REPRESENTATION,
					"invalid JSON at byte offset " INT64_FORMAT ": %s",
					offset + (s->error_at - s->begin), s->error);
	if (near.len > 0)
		dload_error_detail(err, "Near \"%s\".", dload_trim_body(near));
	if (s->error == too_deep)
		dload_error_hint(err, "At most %d levels are read.", DLOAD_MAX_DEPTH);
	if (s->error == passed_end)
		dload_error_hint(err, "Where each line is a document of its own, set "
						 "the option \"format\" to 'ndjson'.");
	return false;
}

bool
dload_json_validate(DloadSpan json, DloadError *err)
{
	DloadScanner s;
	DloadToken	token = {0};

	dload_scanner_init(&s, json.data, json.len, true);
	if (dload_scanner_value(&s, &token) != DLOAD_TOKEN_ERROR &&
		dload_scanner_next(&s, &token) == DLOAD_TOKEN_END)
		return true;
	return dload_scanner_error(&s, 0, err);
}
