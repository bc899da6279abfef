# lib.sh - what the scripts of this folder share.  Sourced, under "set -u".
#
# bench_begin makes a working place $work and ends with it all that was
# started; bench_cluster builds dload, installs it and starts a durable private
# cluster; bench_nginx serves a directory.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd) || exit 1
top=$(dirname "$here")
. "$top/scripts/lib.sh"
TEST_PACKAGES="python3 procps nginx-light"
nginx_pids=

usage()
{
	sed -n '3,/^$/s/^# \{0,1\}//p' "$0"
	exit 0
}

bench_end()
{
	local status=$? pid

	trap - EXIT
	for pid in $nginx_pids; do
		kill "$pid" 2>/dev/null
	done
	[ ! -f "$work/data/postmaster.pid" ] ||
		as_user "$bindir/pg_ctl" stop -D "$work/data" -m fast >/dev/null
	rm -rf "$work"
	exit $status
}

bench_begin()
{
	work=$(mktemp -d "${BENCH_DIR:-/tmp}/dload-bench.XXXXXX") || exit 1
	chmod 755 "$work"
	trap bench_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	need_packages
	bindir=$("$PG_CONFIG" --bindir) || die "$PG_CONFIG does not work"
	mkdir "$work/src" "$work/sock" "$work/out"
}

# A server refuses to be root, so root becomes nobody.
as_user()
{
	if [ "$(id -u)" -eq 0 ]; then
		(cd "$work" && runuser -u nobody -- "$@")
	else
		(cd "$work" && "$@")
	fi
}

# Install where PostgreSQL is, as root if need be.
bench_install()
{
	local -a command=(make -s -C "$work/src" install with_llvm=no
		PG_CONFIG="$PG_CONFIG")

	if [ -w "$("$PG_CONFIG" --pkglibdir)" ]; then
		"${command[@]}"
	else
		as_root "${command[@]}"
	fi
}

bench_cluster()
{
	local conf

	say "== build"
	tar -C "$top" -cf - --exclude=./.git --exclude='*.o' --exclude='*.so' \
		--exclude='*.bc' . | tar -C "$work/src" -xf - --no-same-owner
	{
		make -s -C "$work/src" -j2 with_llvm=no PG_CONFIG="$PG_CONFIG" &&
			bench_install
	} >"$work/build.log" 2>&1 ||
		{ tail -n 30 "$work/build.log"; die "could not build and install"; }

	say "== cluster"
	[ "$(id -u)" -ne 0 ] ||
		chown nobody: "$work" "$work/sock" "$work/out"
	pg_port=$(free_port)
	as_user "$bindir/initdb" -A trust -U postgres -E UTF8 --locale=C.UTF-8 \
		-D "$work/data" >"$work/initdb.log" 2>&1 || die "initdb failed"
	conf="port = $pg_port
listen_addresses = '127.0.0.1'
unix_socket_directories = '$work/sock'
shared_buffers = 1GB
max_wal_size = 8GB
checkpoint_timeout = 1h
autovacuum = off"
	printf '%s\n' "$conf" |
		as_user tee -a "$work/data/postgresql.conf" >/dev/null
	as_user "$bindir/pg_ctl" start -w -s -D "$work/data" \
		-l "$work/server.log" ||
		{ cat "$work/server.log"; die "the server did not start"; }
	"$bindir/postgres" --version
	say "fsync, full_page_writes, synchronous_commit on; wal_level replica"
	export PGHOST=$work/sock PGPORT=$pg_port PGUSER=postgres \
		PGDATABASE=postgres PSQL=$bindir/psql PYTHONDONTWRITEBYTECODE=1
}

# bench_nginx DIR CONF: serve, with @PORT@ of CONF filled in; sets web_port.
bench_nginx()
{
	local try=0

	web_port=$(free_port)
	sed "s/@PORT@/$web_port/" "$2" >"$1/nginx.conf"
	nginx -p "$1" -c "$1/nginx.conf" -e nginx.error.log -g 'daemon off;' \
		2>"$work/nginx.log" &
	nginx_pids="$nginx_pids $!"
	until (exec 3<>"/dev/tcp/127.0.0.1/$web_port") 2>/dev/null; do
		try=$((try + 1))
		[ $try -lt 100 ] || { cat "$work/nginx.log"; die "nginx did not start"; }
		sleep 0.1
	done
}
