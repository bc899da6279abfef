/*-------------------------------------------------------------------------
 *
 * path.c
 *	  JSON paths: text -> steps -> a place in a document.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/path.h"

#include "lib/stringinfo.h"

/* Where parsing stands, and the path made so far. */
typedef struct PathParser
{
	const char *text;			/* for messages */
	const char *p;
	DloadPath  *path;
	DloadError *err;
} PathParser;

static bool
malformed(PathParser *parser, const char *why)
{
	dload_error_set(parser->err, ERRCODE_INVALID_PARAMETER_VALUE,
					"invalid JSON path \"%s\"", parser->text);
	dload_error_detail(parser->err, "%s, at character %d.", why,
					   (int) (parser->p - parser->text) + 1);
	return dload_error_hint(parser->err,
							"A path looks like data.items[*].name; keys with "
							"other characters than letters, digits, \"_\" and "
							"\"-\" are written in double quotes.");
}

/* Bytes of a key that the text of a path shows without quotes. */
static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == '-' || IS_HIGHBIT_SET(c);
}

/* Bytes of a key that may be typed without quotes. */
static bool
is_bare(char c)
{
	return is_plain(c) || (c != '\0' && strchr("@:/~+%", c) != NULL);
}

static DloadStep *
add_step(PathParser *parser, DloadStepKind kind)
{
	DloadStep  *step;

	if (parser->path->nsteps >= DLOAD_MAX_PATH_STEPS)
	{
		malformed(parser, "The path has too many steps");
		return NULL;
	}
	step = &parser->path->steps[parser->path->nsteps++];
	memset(step, 0, sizeof(DloadStep));
	step->kind = kind;
	return step;
}

static bool
add_key(PathParser *parser, StringInfo key)
{
	DloadStep  *step = add_step(parser, DLOAD_STEP_KEY);

	if (step == NULL)
		return false;
	step->key = key->data;
	step->keylen = key->len;
	return true;
}

static bool
add_index(PathParser *parser, int index)
{
	DloadStep  *step = add_step(parser, DLOAD_STEP_INDEX);

	if (step == NULL)
		return false;
	step->index = index;
	return true;
}

/* A key in quotes; parser->p is at the opening one. */
static bool
parse_quoted_key(PathParser *parser, StringInfo key)
{
	char		quote = *parser->p++;

	while (*parser->p != quote)
	{
		if (*parser->p == '\\')
		{
			parser->p++;
			if (*parser->p != quote && *parser->p != '\\')
				return malformed(parser,
								 "Only the quote and \\ can be escaped");
		}
		if (*parser->p == '\0')
			return malformed(parser, "A quoted key is not closed");
		appendStringInfoChar(key, *parser->p++);
	}
	parser->p++;
	return true;
}

static bool
parse_key(PathParser *parser)
{
	StringInfoData key;

	initStringInfo(&key);
	if (*parser->p == '"')
	{
		if (!parse_quoted_key(parser, &key))
			return false;
	}
	else
	{
		while (is_bare(*parser->p))
			appendStringInfoChar(&key, *parser->p++);
		if (key.len == 0)
			return malformed(parser, "A key is missing");
	}
	return add_key(parser, &key);
}

/* ["key"] or ['key'], as RFC 9535 has it; parser->p is at the bracket. */
static bool
parse_bracketed_key(PathParser *parser)
{
	StringInfoData key;

	initStringInfo(&key);
	parser->p++;
	if (!parse_quoted_key(parser, &key))
		return false;
	if (*parser->p != ']')
		return malformed(parser, "A bracket is not closed");
	parser->p++;
	return add_key(parser, &key);
}

/* [n], [-n] or [*]; parser->p is at the opening bracket. */
static bool
parse_subscript(PathParser *parser)
{
	const char *p = parser->p + 1;
	bool		negative = *p == '-';
	int64		n = 0;

	if (p[0] == '*' && p[1] == ']')
	{
		parser->p += 3;
		return add_step(parser, DLOAD_STEP_ANY) != NULL;
	}
	if (*p == '"' || *p == '\'')
		return parse_bracketed_key(parser);

	if (negative)
		p++;
	if (*p < '0' || *p > '9')
		return malformed(parser, "A subscript is a number or \"*\"");
	for (; *p >= '0' && *p <= '9'; p++)
	{
		n = n * 10 + (*p - '0');
		if (n > PG_INT32_MAX)
			return malformed(parser, "The subscript is out of range");
	}
	if (*p != ']')
		return malformed(parser, "A subscript is a number or \"*\"");
	if (negative && n == 0)
		return malformed(parser, "The last element is [-1]");

	parser->p = p + 1;
	return add_index(parser, negative ? -n : n);
}

/* The key of a pointer, without its escapes; parser->p is behind the slash. */
static bool
parse_pointer_key(PathParser *parser, StringInfo key)
{
	for (; *parser->p != '\0' && *parser->p != '/'; parser->p++)
	{
		char		c = *parser->p;

		if (c == '~')
		{
			c = *++parser->p;
			if (c != '0' && c != '1')
				return malformed(parser, "After \"~\" comes 0 or 1");
			c = c == '0' ? '~' : '/';
		}
		appendStringInfoChar(key, c);
	}
	return true;
}

/*
 * A JSON Pointer (RFC 6901), which begins with a slash.  What reads as the
 * number of an element is one: the document is not known here.
 */
static bool
parse_pointer(PathParser *parser)
{
	while (*parser->p == '/')
	{
		StringInfoData key;
		size_t		digits;
		bool		number;

		parser->p++;
		initStringInfo(&key);
		if (!parse_pointer_key(parser, &key))
			return false;
		digits = strspn(key.data, "0123456789");
		number = digits > 0 && digits == key.len && digits < 10 &&
			(digits == 1 || key.data[0] != '0');
		if (number ? !add_index(parser, atoi(key.data)) :
			!add_key(parser, &key))
			return false;
	}
	return true;
}

static bool
parse_steps(PathParser *parser)
{
	bool		first = true;

	if (*parser->p == '\0')
		return malformed(parser, "The path is empty");
	if (*parser->p == '/')
		return parse_pointer(parser);
	if (*parser->p == '$')
	{
		parser->p++;
		first = false;
	}
	for (; *parser->p != '\0'; first = false)
	{
		if (*parser->p == '[')
		{
			if (!parse_subscript(parser))
				return false;
			continue;
		}
		if (!first)
		{
			if (*parser->p != '.')
				return malformed(parser, "\".\" or \"[\" must come");
			parser->p++;
		}
		if (!parse_key(parser))
			return false;
	}
	return true;
}

DloadPath *
dload_path_parse(const char *text, DloadError *err)
{
	PathParser	parser;

	parser.text = text;
	parser.p = text;
	parser.err = err;
	parser.path = palloc(offsetof(DloadPath, steps) +
						 DLOAD_MAX_PATH_STEPS * sizeof(DloadStep));
	parser.path->nsteps = 0;
	return parse_steps(&parser) ? parser.path : NULL;
}

static void
append_key(StringInfo out, const char *key, size_t len)
{
	bool		plain = len > 0;

	if (out->len > 0)
		appendStringInfoChar(out, '.');
	for (size_t i = 0; i < len && plain; i++)
		plain = is_plain(key[i]);
	if (plain)
	{
		appendBinaryStringInfo(out, key, len);
		return;
	}

	appendStringInfoChar(out, '"');
	for (size_t i = 0; i < len; i++)
	{
		if (key[i] == '"' || key[i] == '\\')
			appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, key[i]);
	}
	appendStringInfoChar(out, '"');
}

char *
dload_path_text(const DloadPath *path)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < path->nsteps; i++)
	{
		const DloadStep *step = &path->steps[i];

		switch (step->kind)
		{
			case DLOAD_STEP_KEY:
				append_key(&out, step->key, step->keylen);
				break;
			case DLOAD_STEP_INDEX:
				appendStringInfo(&out, "[%d]", step->index);
				break;
			case DLOAD_STEP_ANY:
				appendStringInfoString(&out, "[*]");
				break;
		}
	}
	if (out.len == 0)
		appendStringInfoChar(&out, '$');
	return out.data;
}

char *
dload_path_append_key(const char *base, DloadSpan key)
{
	StringInfoData out;

	initStringInfo(&out);
	if (base != NULL && strcmp(base, "$") != 0)
		appendStringInfoString(&out, base);
	append_key(&out, key.data, key.len);
	return out.data;
}

/* The member "step" names of the object "value", which it replaces. */
static bool
lookup_member(const DloadStep *step, DloadToken *value)
{
	DloadScanner s;
	DloadToken	token;
	bool		found = false;

	dload_scanner_init(&s, value->text.data, value->text.len, true);
	dload_scanner_next(&s, &token);
	while (dload_scanner_next(&s, &token) == DLOAD_TOKEN_KEY)
	{
		bool		match = dload_token_equals(&token, step->key,
											   step->keylen);

		if (dload_scanner_value(&s, &token) == DLOAD_TOKEN_ERROR)
			return false;
		if (match)
		{
			*value = token;
			found = true;
		}
	}
	return found;
}

/* Move on to the next element.  False at the array's end. */
static bool
next_element(DloadScanner *s, DloadToken *token)
{
	DloadTokenType type = dload_scanner_value(s, token);

	return type != DLOAD_TOKEN_ARRAY_END && type != DLOAD_TOKEN_ERROR;
}

static void
open_array(DloadScanner *s, DloadSpan array)
{
	DloadToken	token;

	dload_scanner_init(s, array.data, array.len, true);
	dload_scanner_next(s, &token);
}

/* The element with this index of the array "value", which it replaces. */
static bool
lookup_element(int64 index, DloadToken *value)
{
	DloadScanner s;
	DloadToken	token;

	if (index < 0)
	{
		open_array(&s, value->text);
		while (next_element(&s, &token))
			index++;
		if (index < 0)
			return false;
	}
	open_array(&s, value->text);
	while (next_element(&s, &token))
	{
		if (index-- == 0)
		{
			*value = token;
			return true;
		}
	}
	return false;
}

/*
 * Follow the steps from number "first" on, starting at "here"; true when they
 * lead to a value that passes the test.  Recurses at [*] only, so as deep as
 * the path has steps at most.
 */
static bool
follow(const DloadPath *path, int first, DloadToken here,
	   DloadPathTest test, void *arg)
{
	for (int i = first; i < path->nsteps; i++)
	{
		const DloadStep *step = &path->steps[i];

		if (here.type != (step->kind == DLOAD_STEP_KEY ?
						  DLOAD_TOKEN_OBJECT_START : DLOAD_TOKEN_ARRAY_START))
			return false;
		if (step->kind == DLOAD_STEP_ANY)
		{
			DloadScanner s;
			DloadToken	token;

			open_array(&s, here.text);
			while (next_element(&s, &token))
			{
				if (follow(path, i + 1, token, test, arg))
					return true;
			}
			return false;
		}
		if (step->kind == DLOAD_STEP_KEY ?
			!lookup_member(step, &here) : !lookup_element(step->index, &here))
			return false;
	}
	return test(&here, arg);
}

bool
dload_path_some(const DloadPath *path, DloadSpan json, DloadPathTest test,
				void *arg)
{
	DloadScanner s;
	DloadToken	root;

	dload_scanner_init(&s, json.data, json.len, true);
	if (dload_scanner_value(&s, &root) == DLOAD_TOKEN_ERROR ||
		root.type == DLOAD_TOKEN_ERROR)
		return false;
	return follow(path, 0, root, test, arg);
}

static bool
take_value(const DloadToken *value, void *arg)
{
	*(DloadToken *) arg = *value;
	return true;
}

bool
dload_path_lookup(const DloadPath *path, DloadSpan json, DloadToken *value)
{
	return dload_path_some(path, json, take_value, value);
}
