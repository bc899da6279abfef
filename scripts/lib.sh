# lib.sh - shell functions shared by the scripts of this folder.  Sourced.
#
# It needs bash and nothing else; a script that sources it runs under
# "set -u".

# The system packages that building and testing need.  Server and headers
# must be of the same minor release.
PG_MAJOR=${PG_MAJOR:-15}
PG_PACKAGES="postgresql-$PG_MAJOR postgresql-server-dev-$PG_MAJOR"
BUILD_PACKAGES="gcc libc6-dev make libcurl4-openssl-dev libjansson-dev
	libssl-dev zlib1g-dev"
TEST_PACKAGES="python3 perl libipc-run-perl openssl procps iproute2 cppcheck
	rabbitmq-server docker-registry etcd-server prometheus
	mediawiki php-cli php-sqlite3 postgresql-$PG_MAJOR-cron"

say()
{
	printf '%s\n' "$*"
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# Run a command as root: as it is, or by sudo where that asks for nothing.
as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
		sudo -n "$@"
	else
		return 126
	fi
}

package_version()
{
	dpkg-query -W -f '${db:Status-Abbrev}${Version}\n' "$1" 2>/dev/null |
		sed -n 's/^ii *//p'
}

# Print those of the packages that are not installed.
missing_packages()
{
	local package

	for package in "$@"; do
		[ -n "$(package_version "$package")" ] || printf '%s ' "$package"
	done
}

# Install packages, and upgrade those that are there.  No service is started
# by it: the tests start their own, and those of the machine are not theirs.
apt_install()
{
	local policy=/usr/sbin/policy-rc.d made=no status=0
	local apt="apt-get -q -y -o DPkg::Lock::Timeout=300
		-o Acquire::Retries=3 -o Dpkg::Options::=--force-confold"

	say "installing: $*"
	as_root true ||
		die "cannot install packages without root or sudo; missing: $*"
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null &&
			as_root chmod 755 $policy && made=yes
	fi
	as_root env DEBIAN_FRONTEND=noninteractive $apt update >/dev/null 2>&1 ||
		say "apt-get update failed; trying with what is known"
	as_root env DEBIAN_FRONTEND=noninteractive $apt install \
		--no-install-recommends "$@" >"${APT_LOG:-/dev/null}" 2>&1 ||
		status=$?
	[ $made = no ] || as_root rm -f $policy
	if [ $status -ne 0 ]; then
		[ -z "${APT_LOG:-}" ] || tail -n 30 "$APT_LOG"
		die "could not install: $*"
	fi
}

# Install what is missing, and set PG_CONFIG.  A PG_CONFIG from the
# environment is taken as it is.
need_packages()
{
	local missing server headers

	missing=$(missing_packages $BUILD_PACKAGES $TEST_PACKAGES)
	if [ -z "${PG_CONFIG:-}" ]; then
		missing="$missing$(missing_packages $PG_PACKAGES)"
		server=$(package_version "postgresql-$PG_MAJOR")
		headers=$(package_version "postgresql-server-dev-$PG_MAJOR")
		[ "$server" = "$headers" ] || missing="$missing$PG_PACKAGES"
		PG_CONFIG=/usr/lib/postgresql/$PG_MAJOR/bin/pg_config
	fi
	[ -z "${missing// /}" ] || apt_install $missing
	[ -x "$PG_CONFIG" ] || die "there is no $PG_CONFIG"
}

# A copy of the PostgreSQL of PG_CONFIG under a directory, for whoever may not
# write to the system's; PG_CONFIG is then that of the copy.
private_postgres()
{
	local lib share version

	version=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
	lib=/usr/lib/postgresql/$version
	share=/usr/share/postgresql/$version
	[ "$("$PG_CONFIG" --bindir)" = "$lib/bin" ] ||
		die "cannot write to $("$PG_CONFIG" --pkglibdir)"
	mkdir -p "$1$lib" "$1$share" &&
		cp -a "$lib/." "$1$lib" && cp -aL "$share/." "$1$share" &&
		ln -s /usr/include "$1/usr/include" ||
		die "could not copy $lib"
	PG_CONFIG=$1$lib/bin/pg_config
}

# Print a TCP port of the loopback that nobody uses now.
free_port()
{
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
