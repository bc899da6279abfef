/*-------------------------------------------------------------------------
 *
 * json.c
 *	  Small JSON documents that dload builds or keeps.
 *
 * The only user of jansson.  jansson allocates by malloc and never throws, so
 * a document is owned by a callback of its memory context, registered before
 * the document exists.  Two things jansson cannot do are done here: texts are
 * printed by our own writer, with the shortest digits that give the same
 * number, and strings are converted between UTF-8 and the database encoding.
 *
 * json_object() must not be called from here: the name resolves to the
 * server's SQL function.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "data/json.h"

#include "data/record.h"

#include <jansson.h>

#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/json.h"

struct DloadJson
{
	json_t	   *root;
	char	   *text;			/* that was parsed, in UTF-8; or NULL */
	MemoryContextCallback callback;
};

static void
release(void *arg)
{
	DloadJson  *doc = arg;

	json_decref(doc->root);		/* NULL is allowed */
	doc->root = NULL;
}

/* A document without content, whose content will be freed. */
static DloadJson *
new_document(void)
{
	DloadJson  *doc = palloc0(sizeof(DloadJson));

	doc->callback.func = release;
	doc->callback.arg = doc;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &doc->callback);
	return doc;
}

static void
out_of_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory")));
}

static char *
to_utf8(const char *s)
{
	return pg_server_to_any(s, strlen(s), PG_UTF8);
}

static char *
from_utf8(const char *s)
{
	char	   *converted = pg_any_to_server(s, strlen(s), PG_UTF8);

	return converted == s ? pstrdup(s) : converted;
}

DloadJson *
dload_json_parse(const char *text, const char *what, DloadError *err)
{
	DloadJson  *doc = new_document();
	json_error_t error;
	char	   *near;

	doc->text = pstrdup(to_utf8(text));
	doc->root = json_loads(doc->text,
						   JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (doc->root != NULL)
		return doc;

	/* jansson quotes the input, which may hold anything */
	near = strstr(error.text, " near ");
	if (near)
		*near = '\0';
	dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
					"invalid JSON in %s", what);
	switch (json_error_code(&error))
	{
		case json_error_numeric_overflow:
			dload_error_detail(err, "A number is out of range at line %d, "
							   "column %d.", error.line, error.column);
			dload_error_hint(err, "Write it as a string.");
			break;
		case json_error_duplicate_key:
			dload_error_detail(err, "A key is given twice at line %d, "
							   "column %d.", error.line, error.column);
			break;
		case json_error_out_of_memory:
			out_of_memory();
			break;
		default:
			dload_error_detail(err, "At line %d, column %d: %s.",
							   error.line, error.column, error.text);
			break;
	}
	return NULL;
}

DloadJson *
dload_json_new_object(void)
{
	DloadJson  *doc = new_document();

	doc->root = json_pack("{}");
	if (doc->root == NULL)
		out_of_memory();
	return doc;
}

bool
dload_json_is_object(const DloadJson *doc)
{
	return json_is_object(doc->root);
}

char *
dload_json_get_string(const DloadJson *doc, const char *key)
{
	const char *value = json_string_value(json_object_get(doc->root,
														  to_utf8(key)));

	return value ? from_utf8(value) : NULL;
}

bool
dload_json_get_int(const DloadJson *doc, const char *key, int64 *value)
{
	json_t	   *member = json_object_get(doc->root, to_utf8(key));

	if (!json_is_integer(member))
		return false;
	*value = json_integer_value(member);
	return true;
}

/* NULL stores a null, so that a member can be emptied. */
void
dload_json_set_string(DloadJson *doc, const char *key, const char *value)
{
	char	   *name = to_utf8(key);
	char	   *text = value ? to_utf8(value) : NULL;

	if (json_object_set_new(doc->root, name,
							text ? json_string(text) : json_null()) != 0)
		out_of_memory();
}

void
dload_json_set_int(DloadJson *doc, const char *key, int64 value)
{
	if (json_object_set_new(doc->root, to_utf8(key), json_integer(value)) != 0)
		out_of_memory();
}

/*
 * A number with a fraction or exponent: the shortest digits that give the
 * same double, and still such a number when read again.
 */
static void
append_real(StringInfo buf, double value)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, digits);
	appendStringInfoString(buf, digits);
	if (strpbrk(digits, ".e") == NULL)
		appendStringInfoString(buf, ".0");
}

/* The text of a scalar; NULL for null and for containers. */
static char *
scalar_text(json_t *value)
{
	StringInfoData buf;

	switch (json_typeof(value))
	{
		case JSON_STRING:
			return from_utf8(json_string_value(value));
		case JSON_INTEGER:
			return psprintf(INT64_FORMAT, (int64) json_integer_value(value));
		case JSON_REAL:
			initStringInfo(&buf);
			append_real(&buf, json_real_value(value));
			return buf.data;
		case JSON_TRUE:
			return pstrdup("true");
		case JSON_FALSE:
			return pstrdup("false");
		default:
			return NULL;
	}
}

static bool
is_scalar(json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

bool
dload_json_each(const DloadJson *doc, DloadJsonVisitor fn, void *arg,
				DloadError *err)
{
	const char *key;
	json_t	   *value;
	json_t	   *element;
	size_t		index;

	if (!json_is_object(doc->root))
		return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
							   "JSON value is not an object");
	json_object_foreach(doc->root, key, value)
	{
		char	   *name = from_utf8(key);

		if (is_scalar(value))
		{
			fn(name, scalar_text(value), arg);
			continue;
		}
		if (json_is_object(value))
			return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
								   "value of \"%s\" is an object", name);
		json_array_foreach(value, index, element)
		{
			if (!is_scalar(element))
				return dload_error_set(err, ERRCODE_INVALID_PARAMETER_VALUE,
									   "list \"%s\" contains an object or a "
									   "list", name);
			fn(name, scalar_text(element), arg);
		}
	}
	return true;
}

bool
dload_json_elements(const DloadJson *doc, List **elements)
{
	json_t	   *element;
	size_t		index;

	*elements = NIL;
	if (!json_is_array(doc->root))
		return false;
	json_array_foreach(doc->root, index, element)
	{
		DloadJson  *part = new_document();

		part->root = json_incref(element);
		*elements = lappend(*elements, part);
	}
	return true;
}

/* Append a value's text in UTF-8; escape_json touches only ASCII. */
static void
append_value(StringInfo buf, json_t *value)
{
	const char *key;
	json_t	   *member;
	size_t		index;
	bool		first = true;

	check_stack_depth();
	switch (json_typeof(value))
	{
		case JSON_OBJECT:
			appendStringInfoChar(buf, '{');
			json_object_foreach(value, key, member)
			{
				if (!first)
					appendStringInfoString(buf, ", ");
				first = false;
				escape_json(buf, key);
				appendStringInfoString(buf, ": ");
				append_value(buf, member);
			}
			appendStringInfoChar(buf, '}');
			break;
		case JSON_ARRAY:
			appendStringInfoChar(buf, '[');
			json_array_foreach(value, index, member)
			{
				if (index > 0)
					appendStringInfoString(buf, ", ");
				append_value(buf, member);
			}
			appendStringInfoChar(buf, ']');
			break;
		case JSON_STRING:
			escape_json(buf, json_string_value(value));
			break;
		case JSON_INTEGER:
			appendStringInfo(buf, INT64_FORMAT,
							 (int64) json_integer_value(value));
			break;
		case JSON_REAL:
			append_real(buf, json_real_value(value));
			break;
		case JSON_TRUE:
			appendStringInfoString(buf, "true");
			break;
		case JSON_FALSE:
			appendStringInfoString(buf, "false");
			break;
		case JSON_NULL:
			appendStringInfoString(buf, "null");
			break;
	}
}

/* A value as it is written, numbers to the last digit. */
static void
visit_item(const char *key, const DloadToken *value, bool list,
		   DloadJsonItemVisitor fn, void *arg)
{
	DloadJsonItem item = {key, NULL, false, false, list};

	item.nested = dload_is_container(value);
	item.bare = value->type != DLOAD_TOKEN_STRING;
	if (item.nested)
		item.value = from_utf8(pnstrdup(value->text.data, value->text.len));
	else if (value->type != DLOAD_TOKEN_NULL)
		item.value = from_utf8(dload_token_cstring(value));
	fn(&item, arg);
}

static void
visit_list(const char *key, DloadSpan list, DloadJsonItemVisitor fn, void *arg)
{
	DloadScanner s;
	DloadToken	value;
	bool		any = false;

	dload_scanner_init(&s, list.data, list.len, true);
	(void) dload_scanner_next(&s, &value);
	while (dload_scanner_value(&s, &value) != DLOAD_TOKEN_ARRAY_END &&
		   value.type != DLOAD_TOKEN_ERROR)
	{
		visit_item(key, &value, true, fn, arg);
		any = true;
	}
	if (!any)
	{
		DloadJsonItem empty = {key, NULL, false, false, true};

		fn(&empty, arg);
	}
}

bool
dload_json_items(const DloadJson *doc, DloadJsonItemVisitor fn, void *arg)
{
	DloadScanner s;
	DloadToken	token;

	if (!json_is_object(doc->root))
		return false;
	Assert(doc->text != NULL);
	dload_scanner_init(&s, doc->text, strlen(doc->text), true);
	(void) dload_scanner_next(&s, &token);
	while (dload_scanner_next(&s, &token) == DLOAD_TOKEN_KEY)
	{
		char	   *name = from_utf8(dload_token_cstring(&token));

		if (dload_scanner_value(&s, &token) == DLOAD_TOKEN_ARRAY_START)
			visit_list(name, token.text, fn, arg);
		else
			visit_item(name, &token, false, fn, arg);
	}
	return true;
}

char *
dload_json_text(const DloadJson *doc)
{
	StringInfoData buf;

	initStringInfo(&buf);
	append_value(&buf, doc->root);
	return from_utf8(buf.data);
}
