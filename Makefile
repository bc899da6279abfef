# dload - query REST APIs as foreign tables, and load them into local tables

MODULE_big = dload
EXTENSION = dload
EXTVERSION := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" dload.control)

OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
DATA_built = dload--$(EXTVERSION).sql

PG_CPPFLAGS = -I$(srcdir)/src -DDLOAD_VERSION='"$(EXTVERSION)"'
PG_CFLAGS = -fvisibility=hidden
SHLIB_LINK = -lcurl -ljansson -lcrypto -lz

# mock_start starts the mock API for the tests between it and mock_stop.
REGRESS = mock_start types naming json url schedule option scan pushdown formats shapes strict paging normalize fastpath append merge probe firstload evolve replace cursor pipeline guard limits children auth condition rules ahead slices paginators request conditional mock_stop
REGRESS_OPTS = --inputdir=. --load-extension=dload

# Specs cannot start the mock API: they find one by a setting, with
# current_setting('dload_test.mock_url').  It ends by itself when idle.
ISOLATION = $(patsubst specs/%.spec,%,$(sort $(wildcard specs/*.spec)))
ISOLATION_OPTS = --inputdir=. --outputdir=output_iso --load-extension=dload
ifneq ($(strip $(ISOLATION)),)
REGRESS_PREP = results/specs.url
export PGOPTIONS = $(patsubst %,-c dload_test.mock_url=%,$(shell cat results/specs.url 2>/dev/null))
else
undefine ISOLATION
endif

TAP_TESTS = 1
EXTRA_CLEAN = dload--$(EXTVERSION).sql results output_iso tmp_check \
	regression.diffs regression.out

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

# sql/dload.sql is the whole current install script.
dload--$(EXTVERSION).sql: sql/dload.sql dload.control
	cp $< $@

.PHONY: results/specs.url
results/specs.url:
	mkdir -p results
	python3 $(srcdir)/t/mock_api.py --stop results/specs.pid
	python3 $(srcdir)/t/mock_api.py --daemon --quiet --url-file $@ --pid-file results/specs.pid

# PGXS tracks no headers: every object depends on all of them.
$(OBJS): $(wildcard src/*/*.h)
