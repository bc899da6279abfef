/*-------------------------------------------------------------------------
 *
 * type.c
 *	  Which column type a JSON value needs, and the lattice of joins.
 *
 * Everything here is pure: no catalog, no setting, no memory.  The parsers
 * read spans of the response directly, so that most values are judged by
 * their length and first bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/type.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "data/number.h"
#include "datatype/timestamp.h"
#include "utils/date.h"

/* Longest date and time that is looked at; core stops at 128 bytes too. */
#define MAX_TIMESTAMP_CHARS	64

/* Largest offset from UTC that core accepts, in hours. */
#define MAX_ZONE_HOUR		15

/* How a date and time was written, as far as the lattice cares. */
typedef enum TimeShape
{
	SHAPE_NONE,					/* not one, or not exact */
	SHAPE_DATE,
	SHAPE_TIMESTAMP
} TimeShape;

static const char *const type_names[] = {
	[DLOAD_TYPE_UNKNOWN] = "unknown",
	[DLOAD_TYPE_BOOLEAN] = "boolean",
	[DLOAD_TYPE_BIGINT] = "bigint",
	[DLOAD_TYPE_NUMERIC] = "numeric",
	[DLOAD_TYPE_DOUBLE] = "double precision",
	[DLOAD_TYPE_DATE] = "date",
	[DLOAD_TYPE_TIMESTAMPTZ] = "timestamp with time zone",
	[DLOAD_TYPE_TEXT] = "text",
	[DLOAD_TYPE_JSONB] = "jsonb",
	[DLOAD_TYPE_OTHER] = "other",
};

#define is_digit(c) ((unsigned char) ((c) - '0') < 10)

static DloadType
number_type(const DloadToken *token)
{
	DloadNumber n;
	int64		value;

	/* nearly every number: up to 18 characters without '.' and 'e' */
	if (token->integral && token->text.len <= 18)
		return DLOAD_TYPE_BIGINT;
	if (!dload_number_read(token->text.data, token->text.len, &n))
		return DLOAD_TYPE_TEXT;
	if (dload_number_to_bigint(&n, &value))
		return DLOAD_TYPE_BIGINT;
	return dload_number_is_numeric(&n) ? DLOAD_TYPE_NUMERIC : DLOAD_TYPE_TEXT;
}

/* Optional minus sign and digits: what a fast path may take for int8in. */
bool
dload_parse_bigint(const char *s, size_t len, int64 *value)
{
	const char *p = s;
	const char *end = s + len;
	bool		negative = false;
	uint64		magnitude = 0;

	if (p < end && *p == '-')
	{
		negative = true;
		p++;
	}
	if (p == end)
		return false;
	for (; p < end; p++)
	{
		unsigned int digit = (unsigned char) (*p - '0');

		if (digit > 9)
			return false;
		if (magnitude > (PG_UINT64_MAX - 9) / 10)
			return false;
		magnitude = magnitude * 10 + digit;
	}
	if (magnitude > (uint64) PG_INT64_MAX + (negative ? 1 : 0))
		return false;
	*value = negative ? (int64) (0 - magnitude) : (int64) magnitude;
	return true;
}

/*
 * Dates and times
 */

/* Two digits as a number; -1 if they are not. */
static inline int
two_digits(const char *s)
{
	if (!is_digit(s[0]) || !is_digit(s[1]))
		return -1;
	return (s[0] - '0') * 10 + (s[1] - '0');
}

/* Days from 2000-01-01 of YYYY-MM-DD in the first 10 bytes of s. */
static bool
read_date(const char *s, int32 *date)
{
	static const uint8 month_days[] =
	{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int			century = two_digits(s);
	int			year = two_digits(s + 2);
	int			month = two_digits(s + 5);
	int			day = two_digits(s + 8);
	int			era_year;
	bool		leap;

	if (s[4] != '-' || s[7] != '-' || century < 0 || year < 0)
		return false;
	year += century * 100;
	if (year == 0 || month < 1 || month > 12 || day < 1)
		return false;
	leap = (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
	if (day > month_days[month] + (leap && month == 2 ? 1 : 0))
		return false;

	/*
	 * Count from 1 March of year 0, so that the leap day is a year's last;
	 * 730425 days later is 2000-01-01.
	 */
	era_year = year - (month <= 2 ? 1 : 0);
	*date = era_year * 365 + era_year / 4 - era_year / 100 + era_year / 400
		+ (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1 - 730425;
	return true;
}

/*
 * The fraction of a second, from the "." on: microseconds, and the bytes
 * read.  With "rounded" digits beyond the sixth are rounded as core does it,
 * else they must be zeros.
 */
static int
read_fraction(const char *s, const char *end, bool rounded, int64 *usec)
{
	const char *p = s + 1;
	int			digits = 0;
	bool		inexact = false;

	*usec = 0;
	for (; p < end && is_digit(*p); p++)
	{
		if (digits < 6)
		{
			*usec = *usec * 10 + (*p - '0');
			digits++;
		}
		else if (*p != '0')
			inexact = true;
	}
	if (digits == 0)
		return 0;
	for (; digits < 6; digits++)
		*usec *= 10;
	if (inexact)
	{
		char		copy[MAX_TIMESTAMP_CHARS + 1];

		if (!rounded)
			return 0;
		memcpy(copy, s, p - s);
		copy[p - s] = '\0';
		*usec = (int64) rint(strtod(copy, NULL) * 1000000);
	}
	return p - s;
}

/* Z, +HH, +HHMM, +HH:MM or nothing, up to the end: seconds east of UTC. */
static bool
read_zone(const char *s, const char *end, int *seconds)
{
	size_t		len = end - s;
	int			hours;
	int			minutes = 0;

	*seconds = 0;
	if (len == 0 || (len == 1 && *s == 'Z'))
		return true;
	if ((len != 3 && len != 5 && len != 6) || (*s != '+' && *s != '-'))
		return false;
	hours = two_digits(s + 1);
	if (len == 5)
		minutes = two_digits(s + 3);
	else if (len == 6)
		minutes = (s[3] == ':') ? two_digits(s + 4) : -1;
	if (hours < 0 || hours > MAX_ZONE_HOUR || minutes < 0 || minutes > 59)
		return false;
	*seconds = (hours * 60 + minutes) * 60;
	if (*s == '-')
		*seconds = -*seconds;
	return true;
}

static TimeShape
read_timestamp(const char *s, size_t len, bool rounded, int64 *timestamp)
{
	const char *end = s + len;
	const char *p;
	int32		date;
	int			hour;
	int			minute;
	int			second = 0;
	int			zone;
	int64		usec = 0;

	if (len < 10 || len > MAX_TIMESTAMP_CHARS || !read_date(s, &date))
		return SHAPE_NONE;
	if (len == 10)
	{
		*timestamp = date * USECS_PER_DAY;
		return SHAPE_DATE;
	}
	if (len < 16 || (s[10] != 'T' && s[10] != ' ') || s[13] != ':')
		return SHAPE_NONE;
	hour = two_digits(s + 11);
	minute = two_digits(s + 14);
	p = s + 16;
	if (end - p >= 3 && *p == ':')
	{
		second = two_digits(p + 1);
		p += 3;
		if (p < end && *p == '.')
		{
			int			taken = read_fraction(p, end, rounded, &usec);

			if (taken == 0)
				return SHAPE_NONE;
			p += taken;
		}
	}
	/* no leap second and no 24:00: they would come back as another text */
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
		second < 0 || second > 59 || !read_zone(p, end, &zone))
		return SHAPE_NONE;
	*timestamp = date * USECS_PER_DAY + usec +
		((hour * 60 + minute) * 60 + second - zone) * USECS_PER_SEC;
	return SHAPE_TIMESTAMP;
}

bool
dload_parse_date(const char *s, size_t len, int32 *date)
{
	return len == 10 && read_date(s, date);
}

bool
dload_parse_timestamp(const char *s, size_t len, int64 *timestamp)
{
	return read_timestamp(s, len, false, timestamp) != SHAPE_NONE;
}

bool
dload_parse_timestamp_rounded(const char *s, size_t len, int64 *timestamp)
{
	return read_timestamp(s, len, true, timestamp) != SHAPE_NONE;
}

/*
 * A date and time as mail has it (RFC 5322): "Fri, 24 May 2019 17:18:27
 * +0000", perhaps without the day of the week, perhaps with GMT.  It is
 * written anew as read_timestamp() wants it.
 */
static bool
read_mail_date(const char *s, size_t len, int64 *timestamp)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May",
	"Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	char		copy[MAX_TIMESTAMP_CHARS + 1];
	char		text[MAX_TIMESTAMP_CHARS + 1];
	char		name[4];
	char		zone[6];
	int			number[5];
	int			used = 0;
	int			month = 0;
	char	   *p = copy;

	if (len < 20 || len > MAX_TIMESTAMP_CHARS)
		return false;
	memcpy(copy, s, len);
	copy[len] = '\0';
	if (copy[3] == ',')
		p += 4;
	if (sscanf(p, " %2d %3[A-Za-z] %4d %2d:%2d:%2d %5[-+0-9A-Z]%n",
			   &number[0], name, &number[1], &number[2], &number[3],
			   &number[4], zone, &used) != 7 || p + used != copy + len)
		return false;
	while (month < lengthof(months) && strcmp(months[month], name) != 0)
		month++;
	if (strcmp(zone, "GMT") == 0 || strcmp(zone, "UTC") == 0)
		strcpy(zone, "Z");
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d%s", number[1],
			 month + 1, number[0], number[2], number[3], number[4], zone);
	return read_timestamp(text, strlen(text), false,
						  timestamp) == SHAPE_TIMESTAMP;
}

bool
dload_parse_instant(const char *s, size_t len, int64 *timestamp)
{
	return dload_parse_timestamp(s, len, timestamp) ||
		read_mail_date(s, len, timestamp);
}

/*
 * Decode a string that may be a date and time although it has escapes: some
 * encoders write "+" as \u002B.  Returns the length, 0 for anything that
 * cannot be one.
 */
static size_t
decode_ascii(const DloadToken *token, char *out, size_t size)
{
	const char *p = token->text.data;
	const char *end = p + token->text.len;
	size_t		n = 0;

	while (p < end)
	{
		char		c = *p++;

		if (n == size)
			return 0;
		if (c == '\\')
		{
			int			code = 0;

			if (end - p < 5 || p[0] != 'u' || p[1] != '0' || p[2] != '0')
				return 0;
			for (int i = 3; i < 5; i++)
			{
				char		h = p[i] | 0x20;

				code = code * 16 +
					(is_digit(p[i]) ? p[i] - '0' : h - 'a' + 10);
			}
			if (code < ' ' || code > '~')
				return 0;
			c = (char) code;
			p += 5;
		}
		out[n++] = c;
	}
	return n;
}

/* What a string would be as a date or time. */
static TimeShape
string_shape(const DloadToken *token)
{
	char		decoded[MAX_TIMESTAMP_CHARS];
	const char *s = token->text.data;
	size_t		len = token->text.len;
	int64		timestamp;

	if (len < 10)
		return SHAPE_NONE;
	if (unlikely(token->escaped))
	{
		if (len > MAX_TIMESTAMP_CHARS * 6 ||
			!(is_digit(s[0]) || s[0] == '\\'))
			return SHAPE_NONE;
		len = decode_ascii(token, decoded, sizeof(decoded));
		if (len < 10)
			return SHAPE_NONE;
		s = decoded;
	}
	if (len > MAX_TIMESTAMP_CHARS || s[4] != '-' || s[7] != '-')
		return SHAPE_NONE;
	return read_timestamp(s, len, false, &timestamp);
}

/*
 * Values and the lattice
 */

DloadType
dload_type_of(const DloadToken *token)
{
	switch (token->type)
	{
		case DLOAD_TOKEN_TRUE:
		case DLOAD_TOKEN_FALSE:
			return DLOAD_TYPE_BOOLEAN;
		case DLOAD_TOKEN_NUMBER:
			return number_type(token);
		case DLOAD_TOKEN_STRING:
		case DLOAD_TOKEN_KEY:
			switch (string_shape(token))
			{
				case SHAPE_DATE:
					return DLOAD_TYPE_DATE;
				case SHAPE_TIMESTAMP:
					return DLOAD_TYPE_TIMESTAMPTZ;
				case SHAPE_NONE:
					break;
			}
			return DLOAD_TYPE_TEXT;
		case DLOAD_TOKEN_OBJECT_START:
		case DLOAD_TOKEN_OBJECT_END:
		case DLOAD_TOKEN_ARRAY_START:
		case DLOAD_TOKEN_ARRAY_END:
			return DLOAD_TYPE_JSONB;
		default:
			return DLOAD_TYPE_UNKNOWN;
	}
}

/* Can a numeric or double column hold this number? */
static bool
number_holds(DloadType type, const DloadToken *token)
{
	DloadNumber n;
	double		value;
	int64		integer;

	if (token->integral && token->text.len <= 300)
		return true;
	if (!dload_number_read(token->text.data, token->text.len, &n))
		return false;
	if (type == DLOAD_TYPE_NUMERIC)
		return dload_number_is_numeric(&n) ||
			dload_number_to_bigint(&n, &integer);
	if (n.first == NULL || (n.int_digits < 300 && n.int_digits > -300))
		return true;
	return dload_number_to_double(token->text.data, token->text.len, &value);
}

bool
dload_type_holds(DloadType type, const DloadToken *token)
{
	DloadNumber n;
	int64		value;

	if (token->type == DLOAD_TOKEN_NULL)
		return true;
	switch (type)
	{
		case DLOAD_TYPE_UNKNOWN:
			return false;
		case DLOAD_TYPE_BOOLEAN:
			return token->type == DLOAD_TOKEN_TRUE ||
				token->type == DLOAD_TOKEN_FALSE;
		case DLOAD_TYPE_BIGINT:
			if (token->type != DLOAD_TOKEN_NUMBER)
				return false;
			if (token->integral && token->text.len <= 18)
				return true;
			return dload_number_read(token->text.data, token->text.len, &n) &&
				dload_number_to_bigint(&n, &value);
		case DLOAD_TYPE_NUMERIC:
		case DLOAD_TYPE_DOUBLE:
			return token->type == DLOAD_TOKEN_NUMBER &&
				number_holds(type, token);
		case DLOAD_TYPE_DATE:
			return token->type == DLOAD_TOKEN_STRING &&
				string_shape(token) == SHAPE_DATE;
		case DLOAD_TYPE_TIMESTAMPTZ:
			return token->type == DLOAD_TOKEN_STRING &&
				string_shape(token) != SHAPE_NONE;
		case DLOAD_TYPE_TEXT:
			return token->type == DLOAD_TOKEN_STRING ||
				token->type == DLOAD_TOKEN_KEY ||
				token->type == DLOAD_TOKEN_NUMBER ||
				token->type == DLOAD_TOKEN_TRUE ||
				token->type == DLOAD_TOKEN_FALSE;
		case DLOAD_TYPE_JSONB:
		case DLOAD_TYPE_OTHER:
			return true;
	}
	return false;
}

/* Position in a chain of widening numbers or times; 0 = in none. */
static int
chain_rank(DloadType type, int *chain)
{
	*chain = 0;
	switch (type)
	{
		case DLOAD_TYPE_BIGINT:
		case DLOAD_TYPE_NUMERIC:
		case DLOAD_TYPE_DOUBLE:
			*chain = 1;
			return type;
		case DLOAD_TYPE_DATE:
		case DLOAD_TYPE_TIMESTAMPTZ:
			*chain = 2;
			return type;
		default:
			return 0;
	}
}

/*
 * double precision stands above numeric: it is there only because somebody
 * chose it for all numbers of the column.
 */
DloadType
dload_type_join(DloadType a, DloadType b)
{
	int			chain_a;
	int			chain_b;
	int			rank_a = chain_rank(a, &chain_a);
	int			rank_b = chain_rank(b, &chain_b);

	if (a == b || b == DLOAD_TYPE_UNKNOWN)
		return a;
	if (a == DLOAD_TYPE_UNKNOWN)
		return b;
	if (a == DLOAD_TYPE_OTHER || b == DLOAD_TYPE_OTHER)
		return DLOAD_TYPE_OTHER;
	if (a == DLOAD_TYPE_JSONB || b == DLOAD_TYPE_JSONB)
		return DLOAD_TYPE_JSONB;
	if (chain_a != 0 && chain_a == chain_b)
		return rank_a > rank_b ? a : b;
	return DLOAD_TYPE_TEXT;
}

DloadType
dload_type_from_oid(Oid typid)
{
	switch (typid)
	{
		case BOOLOID:
			return DLOAD_TYPE_BOOLEAN;
		case INT8OID:
			return DLOAD_TYPE_BIGINT;
		case NUMERICOID:
			return DLOAD_TYPE_NUMERIC;
		case FLOAT8OID:
			return DLOAD_TYPE_DOUBLE;
		case DATEOID:
			return DLOAD_TYPE_DATE;
		case TIMESTAMPTZOID:
			return DLOAD_TYPE_TIMESTAMPTZ;
		case TEXTOID:
		case VARCHAROID:
		case BPCHAROID:
			return DLOAD_TYPE_TEXT;
		case JSONOID:
		case JSONBOID:
			return DLOAD_TYPE_JSONB;
		default:
			return DLOAD_TYPE_OTHER;
	}
}

const char *
dload_type_name(DloadType type)
{
	return type_names[type];
}
