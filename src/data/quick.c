/*-------------------------------------------------------------------------
 *
 * quick.c
 *	  The quick way through valid JSON, beside the scanner's careful one.
 *
 * Strings with escapes or with other than ASCII characters are checked 32
 * bytes at a time.  Of each property of a byte there is a word with one bit
 * per byte, and what must hold between neighbours is arithmetic on such
 * words: it costs the same whatever the text is, while a branch per
 * character would mostly be mispredicted.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/quick.h"

#ifdef HAVE_VECTOR

#define BLOCK_BYTES	(2 * VECTOR_BYTES)

/* Bits of the positions before "n", and from it on. */
#define BITS_BEFORE(n)	((UINT64CONST(1) << (n)) - 1)
#define BITS_FROM(n)	(~BITS_BEFORE(n))

typedef struct VectorPair
{
	Vector		a;
	Vector		b;
} VectorPair;

static inline uint64
equal_bits(VectorPair v, char c)
{
	return vector_bits(vector_equal(v.a, c), vector_equal(v.b, c));
}

static inline uint64
below_bits(VectorPair v, signed char c)
{
	return vector_bits(vector_below(v.a, c), vector_below(v.b, c));
}

static inline Vector
short_escape(Vector v)
{
	Vector		x = vector_or(vector_equal(v, 'b'), vector_equal(v, 'f'));
	Vector		y = vector_or(vector_equal(v, 'n'), vector_equal(v, 'r'));
	Vector		z = vector_or(vector_equal(v, '"'), vector_equal(v, '\\'));

	x = vector_or(x, vector_or(vector_equal(v, 't'), vector_equal(v, '/')));
	return vector_or(x, vector_or(y, z));
}

static inline Vector
hex_digit(Vector v)
{
	return vector_or(vector_range(v, '0', 9),
					 vector_range(vector_lower(v), 'a', 5));
}

/*
 * Of the bytes that stand behind a backslash of their own, those that it makes
 * an escape sequence with.  A block begins outside of any sequence.  In a row
 * of backslashes every second is such a byte, which the carries of a
 * subtraction tell.
 */
static inline uint64
escaped_bits(uint64 backslash)
{
	const uint64 odd = UINT64CONST(0xaaaaaaaaaaaaaaaa);

	return (((backslash << 1 | odd) - backslash) ^ odd) ^ backslash;
}

/*
 * Are the escape sequences among the first *n bytes valid?  Shortens *n to
 * end before one of which the block holds only a part.
 */
static inline bool
escapes_valid(VectorPair v, uint64 backslash, uint64 escaped, int *n)
{
	uint64		unicode = escaped & equal_bits(v, 'u');
	uint64		other;

	if ((backslash & ~escaped) >> (BLOCK_BYTES - 1) & 1)
		*n = Min(*n, BLOCK_BYTES - 1);
	if (unicode != 0)
	{
		uint64		hex = vector_bits(hex_digit(v.a), hex_digit(v.b));
		uint64		late = unicode & BITS_FROM(BLOCK_BYTES - 4);

		if (late != 0)
			*n = Min(*n, pg_rightmost_one_pos64(late) - 1);
		hex = hex >> 1 & hex >> 2 & hex >> 3 & hex >> 4;
		if ((unicode & ~hex & BITS_BEFORE(*n)) != 0)
			return false;
	}
	other = escaped & ~unicode & BITS_BEFORE(*n);
	return (other & ~vector_bits(short_escape(v.a),
								 short_escape(v.b))) == 0;
}

/*
 * Are the characters among the first *n bytes valid UTF-8?  Shortens *n to
 * end before one of which the block holds only a part.
 */
static inline bool
characters_valid(VectorPair v, uint64 high, int *n)
{
	/* compared as signed bytes; "lead3": of three bytes or more */
	uint64		next = below_bits(v, -64);
	uint64		lead = high & ~next;
	uint64		lead3 = high & ~below_bits(v, -32);
	uint64		lead4 = high & ~below_bits(v, -16);
	uint64		bad = lead & below_bits(v, -62);
	uint64		expected;
	uint64		late;

	/* a lead byte behind which the block ends too early */
	late = (lead & BITS_FROM(BLOCK_BYTES - 1)) |
		(lead3 & BITS_FROM(BLOCK_BYTES - 2)) |
		(lead4 & BITS_FROM(BLOCK_BYTES - 3));
	if (late != 0)
		*n = Min(*n, pg_rightmost_one_pos64(late));
	lead &= BITS_BEFORE(*n);
	lead3 &= lead;
	lead4 &= lead;

	expected = lead << 1 | lead3 << 2 | lead4 << 3;
	if ((expected & ~next) != 0 ||
		(next & ~expected & BITS_BEFORE(*n)) != 0)
		return false;

	/* overlong forms, surrogates, and beyond U+10FFFF */
	if (lead3 != 0)
	{
		uint64		low = below_bits(v, -96) >> 1;

		bad |= (equal_bits(v, '\xe0') & low) | (equal_bits(v, '\xed') & ~low);
	}
	if (lead4 != 0)
	{
		uint64		low = below_bits(v, -112) >> 1;

		bad |= (equal_bits(v, '\xf0') & low) | (equal_bits(v, '\xf4') & ~low);
		bad |= lead4 & ~below_bits(v, -11);
	}
	return (bad & lead) == 0;
}

const char *
dload_quick_string(const char *p, const char *end, bool *escaped)
{
	while (end - p >= BLOCK_BYTES)
	{
		VectorPair	v = {vector_load(p), vector_load(p + VECTOR_BYTES)};
		uint64		quote = equal_bits(v, '"');
		uint64		backslash = equal_bits(v, '\\');
		uint64		low = below_bits(v, ' ');
		uint64		high = below_bits(v, 0);
		int			n;

		if (backslash != 0)
		{
			uint64		escape = escaped_bits(backslash);

			quote &= ~escape;
			n = quote != 0 ? pg_rightmost_one_pos64(quote) : BLOCK_BYTES;
			if (!escapes_valid(v, backslash, escape, &n))
				return p;
			backslash &= BITS_BEFORE(n);
		}
		else
			n = quote != 0 ? pg_rightmost_one_pos64(quote) : BLOCK_BYTES;
		if ((high & BITS_BEFORE(n)) != 0 && !characters_valid(v, high, &n))
			return p;
		if ((low & ~high & BITS_BEFORE(n)) != 0)
			return p;
		if ((backslash & BITS_BEFORE(n)) != 0)
			*escaped = true;
		p += n;
		if (n < BLOCK_BYTES && (n == 0 || *p == '"'))
			return p;
	}
	return p;
}

/* The closing quote of the string whose characters begin at "p", or NULL. */
static pg_attribute_always_inline const char *
whole_string(const char *p, const char *end)
{
	bool		escaped;

	p = plain_run(p, end);
	if (likely(p < end && *p == '"'))
		return p;
	p = dload_quick_string(p, end, &escaped);
	return p < end && *p == '"' ? p : NULL;
}

/* The byte after the scalar at "p"; NULL if it is none, or unusual. */
static pg_attribute_always_inline const char *
whole_scalar(const char *p, const char *end)
{
	bool		integral;
	int			len;

	if (*p == '"')
	{
		p = whole_string(p + 1, end);
		return p != NULL ? p + 1 : NULL;
	}
	len = quick_word(p);
	switch (*p)
	{
		case 't':
			if (len != 4 || memcmp(p, "true", 4) != 0)
				return NULL;
			break;
		case 'f':
			if (len != 5 || memcmp(p, "false", 5) != 0)
				return NULL;
			break;
		case 'n':
			if (len != 4 || memcmp(p, "null", 4) != 0)
				return NULL;
			break;
		default:
			if (!quick_number(p, len, &integral))
				return NULL;
			break;
	}
	return IS_HIGHBIT_SET(p[len]) ? NULL : p + len;
}

/* The byte after the colon of the key at "p"; NULL if there is none here. */
static pg_attribute_always_inline const char *
whole_key(const char *p, const char *end)
{
	if (*p != '"')
		return NULL;
	p = whole_string(p + 1, end);
	if (p == NULL)
		return NULL;
	p = skip_space(p + 1, end);
	return p < end && *p == ':' ? p + 1 : NULL;
}

/* To the next token; false if too few bytes are left there. */
static pg_attribute_always_inline bool
to_token(const char **p, const char *end)
{
	*p = skip_space(*p, end);
	return end - *p >= QUICK_ROOM;
}

/*
 * A loop over states would have one branch for all of them, and that one
 * would be mispredicted; here each place of the grammar has its own.  Of the
 * scanner only the stack is kept up to date on the way.
 */
bool
dload_quick_skip(DloadScanner *s, int skip_depth)
{
	const char *end = s->end;
	const char *p = s->cur;
	const char *next;
	uint8		state = s->state;

	if (state <= STATE_ROOT || state == STATE_DONE || !to_token(&p, end))
		return false;
	if (state == STATE_AFTER_MEMBER || state == STATE_AFTER_ELEMENT)
		goto after;
	if (state == STATE_MEMBER || state == STATE_ELEMENT)
		goto value;
	if (state == STATE_KEY)
		goto key;

first:
	if (*p == (state == STATE_KEY_OR_END ? '}' : ']'))
		goto close;
	if (state == STATE_ELEMENT_OR_END)
		goto value;

key:
	if ((next = whole_key(p, end)) == NULL)
		goto out;
	p = next;
	state = STATE_MEMBER;
	if (!to_token(&p, end))
		goto out;

value:
	if (*p == '{' || *p == '[')
	{
		if (s->depth >= DLOAD_MAX_DEPTH)
			goto out;
		state = scanner_push(s, *p++ == '{');
		if (!to_token(&p, end))
			goto out;
		goto first;
	}
	if ((next = whole_scalar(p, end)) == NULL)
		goto out;
	p = next;
	state = state == STATE_MEMBER ? STATE_AFTER_MEMBER : STATE_AFTER_ELEMENT;
	if (!to_token(&p, end))
		goto out;

after:
	if (*p == ',')
	{
		bool		member = state == STATE_AFTER_MEMBER;

		p++;
		state = member ? STATE_KEY : STATE_ELEMENT;
		if (!to_token(&p, end))
			goto out;
		if (member)
			goto key;
		goto value;
	}
	if (*p != (state == STATE_AFTER_MEMBER ? '}' : ']'))
		goto out;

close:
	p++;
	state = scanner_pop(s);
	if (s->depth >= skip_depth && to_token(&p, end))
		goto after;

out:
	s->cur = p;
	s->state = state;
	return s->depth < skip_depth;
}

#endif							/* HAVE_VECTOR */
