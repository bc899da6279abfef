/*-------------------------------------------------------------------------
 *
 * fill.c
 *	  Texts with {placeholders}: putting values in.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/fill.h"

#include "data/record.h"
#include "mb/pg_wchar.h"
#include "model/resource.h"
#include "rest/stamp.h"
#include "utils/json.h"

/* What is being filled. */
typedef struct Filling
{
	const char *text;
	DloadFillKind kind;
	const char *what;
	List	   *params;
	DloadError *err;
	StringInfoData out;
} Filling;

/* A number such as NaN is none in JSON. */
static bool
is_bare(const DloadParam *param)
{
	DloadError	ignored = {0};

	return param->bare &&
		dload_json_validate(dload_span(param->value, strlen(param->value)),
							&ignored);
}

void
dload_append_json_value(StringInfo buf, const DloadParam *param)
{
	if (param->value == NULL)
		appendStringInfoString(buf, "null");
	else if (is_bare(param))
		appendStringInfoString(buf, param->value);
	else
		escape_json(buf, param->value);
}

static bool
no_value(const Filling *f, const char *name)
{
	if (f->kind == DLOAD_FILL_PATH)
	{
		dload_error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
						"path parameter \"%s\" has no value", name);
		return dload_error_hint(f->err, "The path \"%s\" needs it in every "
								"request.", f->text);
	}
	dload_error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
					"placeholder \"{%s}\" in %s has no value", name, f->what);
	if (strcmp(name, "cursor") == 0)
		return dload_error_hint(f->err, "It is filled by the cursor of a "
								"pipeline; the first run needs an "
								"initial_value.");
	return dload_error_hint(f->err, "Give \"%s\" in the parameters, or in a "
							"condition on a column with param '%s'. Write "
							"{{%s}} for the text itself.", name, name, name);
}

/* The list of its values as a JSON list. */
static void
append_json_list(StringInfo buf, List *values)
{
	ListCell   *lc;

	appendStringInfoChar(buf, '[');
	foreach(lc, values)
	{
		if (foreach_current_index(lc) > 0)
			appendStringInfoString(buf, ", ");
		dload_append_json_value(buf, lfirst(lc));
	}
	appendStringInfoChar(buf, ']');
}

static const char *
xml_entity(char c)
{
	switch (c)
	{
		case '<':
			return "&lt;";
		case '>':
			return "&gt;";
		case '&':
			return "&amp;";
		case '"':
			return "&quot;";
		case '\'':
			return "&apos;";
		default:
			return NULL;
	}
}

/* Each byte of these encodings' ASCII characters stands for itself. */
static void
append_escaped(StringInfo buf, const char *value, DloadFilter filter)
{
	for (const char *p = value; *p != '\0'; p++)
	{
		const char *entity = xml_entity(*p);

		if (filter == DLOAD_FILTER_XML && entity != NULL)
		{
			appendStringInfoString(buf, entity);
			continue;
		}
		if (filter == DLOAD_FILTER_SQL && *p == '\'')
			appendStringInfoChar(buf, '\'');
		if (filter == DLOAD_FILTER_ESCAPE && strchr("\\'\"", *p) != NULL)
			appendStringInfoChar(buf, '\\');
		appendStringInfoChar(buf, *p);
	}
}

/* A value after its filter. */
static char *
filtered(const DloadParam *param, DloadFilter filter)
{
	StringInfoData buf;

	initStringInfo(&buf);
	switch (filter)
	{
		case DLOAD_FILTER_NONE:
			return param->value;
		case DLOAD_FILTER_JSON:
			dload_append_json_value(&buf, param);
			break;
		case DLOAD_FILTER_URL:
			dload_url_encode(&buf, param->value);
			break;
		default:
			append_escaped(&buf, param->value, filter);
	}
	return buf.data;
}

/*
 * The values of a placeholder: list of DloadParam.  Only JSON has a null;
 * elsewhere it is no value.
 */
static List *
find_values(const Filling *f, const DloadPiece *piece, bool *list)
{
	bool		nulls = piece->filter == DLOAD_FILTER_JSON ||
		(f->kind == DLOAD_FILL_JSON && !piece->quoted);
	List	   *values = NIL;
	ListCell   *lc;

	*list = false;
	foreach(lc, f->params)
	{
		DloadParam *param = lfirst(lc);

		if (param->in != DLOAD_IN_TEMPLATE ||
			strcmp(param->name, piece->name) != 0)
			continue;
		*list |= param->list;
		if (param->value != NULL || (param->bare && nulls))
			values = lappend(values, param);
	}
	if (values == NIL && strcmp(piece->name, DLOAD_STAMP_NAME) == 0)
	{
		DloadParam *param = palloc0(sizeof(DloadParam));

		param->value = DLOAD_STAMP;
		values = list_make1(param);
	}
	return values;
}

static bool
has_control(const char *s, bool lines)
{
	for (; *s != '\0'; s++)
	{
		if (((unsigned char) *s < ' ' && *s != '\t' &&
			 !(lines && (*s == '\n' || *s == '\r'))) || *s == 0x7f)
			return true;
	}
	return false;
}

/* The characters of a JSON string, without its quotes. */
static void
append_string_content(StringInfo buf, const char *value)
{
	StringInfoData quoted;

	initStringInfo(&quoted);
	escape_json(&quoted, value);
	appendBinaryStringInfo(buf, quoted.data + 1, quoted.len - 2);
}

/* One value of a placeholder. */
static bool
append_value(Filling *f, const DloadPiece *piece, const DloadParam *param)
{
	const char *value;

	if (param->value == NULL)
	{
		appendStringInfoString(&f->out, "null");
		return true;
	}
	value = filtered(param, piece->filter);
	if (param->nested && f->kind != DLOAD_FILL_JSON &&
		piece->filter != DLOAD_FILTER_JSON)
	{
		dload_error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
						"value of \"%s\" is an object", piece->name);
		return dload_error_hint(f->err, "{%s|json} writes it as JSON.",
								piece->name);
	}
	switch (f->kind)
	{
		case DLOAD_FILL_PATH:
			/* no encoding of dots is left alone by every server */
			if (strcmp(value, ".") == 0 || strcmp(value, "..") == 0)
				return dload_error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
									   "value \"%s\" of path parameter \"%s\" "
									   "would change the path", value,
									   piece->name);
			dload_url_encode(&f->out, value);
			return true;
		case DLOAD_FILL_FORM:
			dload_url_encode(&f->out, value);
			return true;
		case DLOAD_FILL_JSON:
			if (piece->quoted)
				append_string_content(&f->out, value);
			else if (piece->filter == DLOAD_FILTER_NONE ||
					 piece->filter == DLOAD_FILTER_JSON)
				dload_append_json_value(&f->out, param);
			else
				escape_json(&f->out, value);
			return true;
		case DLOAD_FILL_QUERY:
			break;
		case DLOAD_FILL_HEADER:
		case DLOAD_FILL_RAW:
			if (has_control(value, f->kind == DLOAD_FILL_RAW))
				return dload_error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
									   "value for \"{%s}\" in %s contains a "
									   "control character", piece->name,
									   f->what);
			break;
	}
	appendStringInfoString(&f->out, value);
	return true;
}

static bool
append_placeholder(Filling *f, const DloadPiece *piece)
{
	bool		list;
	List	   *values = find_values(f, piece, &list);
	ListCell   *lc;

	if (list && f->kind == DLOAD_FILL_JSON && !piece->quoted)
	{
		append_json_list(&f->out, values);
		return true;
	}
	if (values == NIL ||
		(f->kind == DLOAD_FILL_PATH &&
		 ((DloadParam *) linitial(values))->value[0] == '\0'))
		return no_value(f, piece->name);
	foreach(lc, values)
	{
		if (foreach_current_index(lc) > 0)
			appendStringInfoChar(&f->out, ',');
		if (!append_value(f, piece, lfirst(lc)))
			return false;
	}
	return true;
}

static bool
has_dot_segment(const char *path)
{
	for (;;)
	{
		size_t		len = strcspn(path, "/?");

		if ((len == 1 || len == 2) && strncmp(path, "..", len) == 0)
			return true;
		if (path[len] != '/')
			return false;
		path += len + 1;
	}
}

/* Values that stand side by side must not make up "." or ".." together. */
static bool
check_segments(const Filling *f)
{
	if (!has_dot_segment(f->out.data) || has_dot_segment(f->text))
		return true;
	return dload_error_set(f->err, ERRCODE_INVALID_PARAMETER_VALUE,
						   "values in the path \"%s\" would change it",
						   f->text);
}

char *
dload_fill(const char *text, DloadFillKind kind, const char *what,
		   List *params, DloadError *err)
{
	Filling		f = {text, kind, what, params, err};
	List	   *pieces;
	ListCell   *lc;

	if (!dload_template_parse(text, what, &pieces, err))
		return NULL;
	initStringInfo(&f.out);
	foreach(lc, pieces)
	{
		DloadPiece *piece = lfirst(lc);

		if (piece->text != NULL)
			appendStringInfoString(&f.out, piece->text);
		else if (!append_placeholder(&f, piece))
			return NULL;
	}
	if (kind == DLOAD_FILL_PATH && !check_segments(&f))
		return NULL;
	return f.out.data;
}
