/*-------------------------------------------------------------------------
 *
 * naming.c
 *	  JSON keys -> identifiers.
 *
 * A key is cut into words where its letters' case or a character that no
 * identifier needs says so; the words are lower-cased and joined with "_".
 * A "_" that begins the key is kept (_id, _links).  What cannot be told by
 * the letters alone is decided by a few rules below and never changed again:
 * columns are found by these names in every later run.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/naming.h"

#include "data/datum.h"
#include "data/lowercase.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

/* Characters of a tag: 30 bits of hash in base 32. */
#define TAG_LEN			6

/*
 * Longest part of a key that is looked at.  What is longer would be cut
 * anyway; it always gets a tag.
 */
#define MAX_KEY_BYTES	1024

/* Longest identifier. */
#define MAX_NAME		(NAMEDATALEN - 1)

typedef enum CharClass
{
	CLASS_OTHER,				/* becomes a separator, "_" included */
	CLASS_LOWER,				/* also letters without case */
	CLASS_UPPER,
	CLASS_DIGIT
} CharClass;

/* A key, character by character. */
typedef struct KeyChars
{
	int			n;
	pg_wchar	ch[MAX_KEY_BYTES];
	uint8		class[MAX_KEY_BYTES];
} KeyChars;

/*
 * Code points from U+0080 on that are no letters: spaces, punctuation,
 * symbols, pictures.  All others are taken for letters, so that a script
 * unknown today needs no change.
 */
static const struct
{
	pg_wchar	first;
	pg_wchar	last;
}			non_letters[] =
{
	{0x0080, 0x00A9}, {0x00AB, 0x00B4}, {0x00B6, 0x00B9}, {0x00BB, 0x00BF},
	{0x00D7, 0x00D7}, {0x00F7, 0x00F7}, {0x2000, 0x206F}, {0x2190, 0x2BFF},
	{0x3000, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030}, {0x303D, 0x303F},
	{0xE000, 0xF8FF}, {0xFE00, 0xFE0F}, {0xFEFF, 0xFEFF}, {0xFF00, 0xFF0F},
	{0xFF1A, 0xFF20}, {0xFF3B, 0xFF40}, {0xFF5B, 0xFF65}, {0xFFE0, 0xFFFF},
	{0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF}
};

/* No table can have columns of these names. */
static const char *const system_columns[] =
{"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"};

static pg_wchar
lower_char(pg_wchar c)
{
	int			low = 0;
	int			high = lengthof(lower_ranges) - 1;

	while (low <= high)
	{
		int			mid = (low + high) / 2;
		const LowerRange *range = &lower_ranges[mid];

		if (c < range->first)
			high = mid - 1;
		else if (c > range->last)
			low = mid + 1;
		else if ((c - range->first) % range->step == 0)
			return c + range->delta;
		else
			break;
	}
	return c;
}

static CharClass
classify_wide(pg_wchar c)
{
	for (int i = 0; i < lengthof(non_letters); i++)
	{
		if (c >= non_letters[i].first && c <= non_letters[i].last)
			return CLASS_OTHER;
	}
	return lower_char(c) == c ? CLASS_LOWER : CLASS_UPPER;
}

static CharClass
classify_ascii(unsigned char c)
{
	if (c >= 'a' && c <= 'z')
		return CLASS_LOWER;
	if (c >= 'A' && c <= 'Z')
		return CLASS_UPPER;
	if (c >= '0' && c <= '9')
		return CLASS_DIGIT;
	return CLASS_OTHER;
}

/* An accent that is a character of its own; it goes with its letter. */
static inline bool
is_mark(pg_wchar c)
{
	return c >= 0x0300 && c <= 0x036F;
}

static void
split_chars(DloadSpan key, KeyChars *k)
{
	const unsigned char *p = (const unsigned char *) key.data;
	const unsigned char *end = p + Min(key.len, MAX_KEY_BYTES);

	k->n = 0;
	while (p < end)
	{
		pg_wchar	c = *p;
		int			len = 1;
		CharClass	class;

		if (c < 0x80)
			class = classify_ascii(c);
		else
		{
			len = pg_utf_mblen(p);
			if (len > end - p)
				break;			/* cut inside a character */
			c = utf8_to_unicode(p);
			class = classify_wide(c);
			if (is_mark(c) && k->n > 0)
				class = k->class[k->n - 1];
		}
		k->ch[k->n] = c;
		k->class[k->n++] = class;
		p += len;
	}
}

static inline CharClass
class_at(const KeyChars *k, int i)
{
	return (i >= 0 && i < k->n) ? k->class[i] : CLASS_OTHER;
}

static inline pg_wchar
char_at(const KeyChars *k, int i)
{
	return (i >= 0 && i < k->n) ? k->ch[i] : 0;
}

/* The place of the next character that is no accent. */
static inline int
next_char(const KeyChars *k, int i)
{
	do
		i++;
	while (is_mark(char_at(k, i)));
	return i;
}

/*
 * In a run of capitals, does the one at i begin a new word, because small
 * letters follow (HTTPResponse)?  Not for a plural (IDs, URLsFound), a
 * version (IPv4), a unit (GHz) and OAuth.
 */
static bool
acronym_ends(const KeyChars *k, int i)
{
	int			j = next_char(k, i);
	pg_wchar	next = char_at(k, j);
	CharClass	after = class_at(k, next_char(k, j));

	if (class_at(k, j) != CLASS_LOWER)
		return false;
	if (next == 's' && after != CLASS_LOWER)
		return false;
	if (next == 'v' && after == CLASS_DIGIT)
		return false;
	if (next == 'z' && after != CLASS_LOWER && char_at(k, i) == 'H')
		return false;
	if (next == 'u' && char_at(k, i) == 'A' && char_at(k, i - 1) == 'O' &&
		char_at(k, i + 2) == 't' && char_at(k, i + 3) == 'h' &&
		class_at(k, i - 2) != CLASS_UPPER)
		return false;
	return true;
}

/* Does a word begin at i, by the case of the letters alone? */
static bool
word_begins(const KeyChars *k, int i)
{
	int			j = i - 1;

	if (class_at(k, i) != CLASS_UPPER || is_mark(char_at(k, i)))
		return false;
	switch (class_at(k, j))
	{
		case CLASS_LOWER:
			return true;
		case CLASS_UPPER:
			return acronym_ends(k, i);
		case CLASS_DIGIT:
			/* digits that begin a word belong to it: 2FA, 3DModel */
			while (class_at(k, j) == CLASS_DIGIT)
				j--;
			return class_at(k, j) != CLASS_OTHER;
		case CLASS_OTHER:
			break;
	}
	return false;
}

static void
append_lower(StringInfo buf, pg_wchar c)
{
	unsigned char utf8[4];

	if (c < 0x80)
	{
		appendStringInfoCharMacro(buf, (c >= 'A' && c <= 'Z') ? c + 32 : c);
		return;
	}
	unicode_to_utf8(lower_char(c), utf8);
	appendBinaryStringInfo(buf, (char *) utf8, pg_utf_mblen(utf8));
}

/*
 * "name", cut so that "_" and the tag of the hashed bytes fit behind it.
 */
static char *
with_tag(const char *name, const char *hashed, size_t len)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint64		hash = dload_hash_bytes(hashed, len, 0);
	int			encoding = GetDatabaseEncoding();
	int			keep = strlen(name);
	char		tag[TAG_LEN + 1];

	for (int i = 0; i < TAG_LEN; i++, hash >>= 5)
		tag[i] = alphabet[hash & 31];
	tag[TAG_LEN] = '\0';
	if (keep > MAX_NAME - TAG_LEN - 1)
	{
		/* names are UTF-8 where the database does not say what they are */
		if (encoding == PG_SQL_ASCII)
			encoding = PG_UTF8;
		keep = pg_encoding_mbcliplen(encoding, name, keep,
									 MAX_NAME - TAG_LEN - 1);
	}
	/* "__" only ever joins */
	while (keep > 0 && name[keep - 1] == '_')
		keep--;
	return psprintf("%.*s_%s", keep, name, tag);
}

static char *
shortened(char *name)
{
	size_t		len = strlen(name);

	return len <= MAX_NAME ? name : with_tag(name, name, len);
}

/* Names of dload's own columns; "_dload" would become one when joined. */
static bool
is_reserved(const char *name)
{
	return strncmp(name, "_dload", 6) == 0 &&
		(name[6] == '_' || name[6] == '\0');
}

/*
 * The name in the database encoding.  Where that lacks a letter, all letters
 * beyond ASCII give way to a tag.
 */
static char *
to_server(StringInfo name)
{
	char	   *converted;
	int			n = 0;

	if (GetDatabaseEncoding() == PG_UTF8)
		return name->data;
	converted = dload_utf8_to_server(name->data, name->len, NULL);
	if (converted)
		return converted;
	converted = palloc(name->len + 1);
	for (int i = 0; i < name->len; i++)
	{
		char		c = IS_HIGHBIT_SET(name->data[i]) ? '_' : name->data[i];

		if (c != '_' || n == 0 || converted[n - 1] != '_')
			converted[n++] = c;
	}
	converted[n] = '\0';
	return with_tag(converted, name->data, name->len);
}

/*
 * The identifier of one key.
 */
char *
dload_name_key(DloadSpan key)
{
	KeyChars	k;
	StringInfoData name;
	bool		separate = false;
	bool		empty = true;

	split_chars(key, &k);
	initStringInfo(&name);
	if (char_at(&k, 0) == '_')
		appendStringInfoChar(&name, '_');
	for (int i = 0; i < k.n; i++)
	{
		if (k.class[i] == CLASS_OTHER)
		{
			separate = true;
			continue;
		}
		if (empty && name.len == 0 && k.class[i] == CLASS_DIGIT)
			appendStringInfoChar(&name, '_');
		else if (!empty && (separate || word_begins(&k, i)))
			appendStringInfoChar(&name, '_');
		append_lower(&name, k.ch[i]);
		separate = false;
		empty = false;
	}
	if (empty)
		return with_tag("", key.data, key.len);
	if (key.len > MAX_KEY_BYTES)
		return with_tag(to_server(&name), key.data, key.len);
	/* the leading "_" goes: with any tag the name would still be reserved */
	if (is_reserved(name.data))
		return with_tag(name.data + 1, key.data, key.len);
	return shortened(to_server(&name));
}

/*
 * A single part that is the name of a system column gets a "_" behind it; no
 * other name ends with one.
 */
char *
dload_name_join(const char *prefix, const char *name)
{
	if (prefix != NULL && prefix[0] != '\0')
		return shortened(psprintf("%s__%s", prefix, name));
	for (int i = 0; i < lengthof(system_columns); i++)
	{
		if (strcmp(name, system_columns[i]) == 0)
			return psprintf("%s_", name);
	}
	return shortened(pstrdup(name));
}

char *
dload_name_tagged(const char *name, const char *path)
{
	return with_tag(name, path, strlen(path));
}
