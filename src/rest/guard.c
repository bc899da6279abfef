/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  Which addresses a request may be sent to.
 *
 * The list of dload.allowed_hosts is parsed when the setting is set, into one
 * block of memory that PostgreSQL keeps with the value.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "rest/guard.h"

#include "base/compat.h"
#include "rest/url.h"
#include "rest/urlparts.h"

#include "utils/guc.h"
#include "utils/varlena.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longest name of a host, with its end (RFC 1035). */
#define MAX_HOST_LEN	256

/* An address of either family: IPv4 ones as ::ffff:a.b.c.d */
typedef struct Address
{
	unsigned char bytes[16];
} Address;

/* The addresses that begin with the same bits. */
typedef struct Network
{
	Address		base;
	int			bits;
} Network;

typedef struct Allowed
{
	bool		all;			/* "*" */
	int			count;
	struct AllowedHost
	{
		char		name[MAX_HOST_LEN]; /* '': it is a network; '.x.org':
										 * any host below x.org */
		Network		network;
	}			hosts[FLEXIBLE_ARRAY_MEMBER];
} Allowed;

static char *allowed_hosts;
static Allowed *allowed;

/* -------------------------------------------------------------------------
 * Addresses.
 * -------------------------------------------------------------------------
 */

static void
from_ipv4(const void *in, Address *address)
{
	memset(address->bytes, 0, 10);
	memset(address->bytes + 10, 0xff, 2);
	memcpy(address->bytes + 12, in, 4);
}

static bool
from_sockaddr(const struct sockaddr *in, Address *address)
{
	if (in->sa_family == AF_INET)
		from_ipv4(&((const struct sockaddr_in *) in)->sin_addr, address);
	else if (in->sa_family == AF_INET6)
		memcpy(address->bytes, &((const struct sockaddr_in6 *) in)->sin6_addr,
			   16);
	else
		return false;
	return true;
}

static bool
from_text(const char *text, Address *address, int *bits)
{
	unsigned char buf[16];

	if (inet_pton(AF_INET, text, buf) == 1)
	{
		from_ipv4(buf, address);
		*bits = 32;
		return true;
	}
	*bits = 128;
	return inet_pton(AF_INET6, text, address->bytes) == 1;
}

static bool
is_within(const Address *address, const Network *network)
{
	int			whole = network->bits / 8;
	int			rest = network->bits % 8;
	int			mask = 0xff00 >> rest & 0xff;

	return memcmp(address->bytes, network->base.bytes, whole) == 0 &&
		(rest == 0 || ((address->bytes[whole] ^ network->base.bytes[whole]) &
					   mask) == 0);
}

/*
 * "10.0.0.0/8", "fd00::/8", or an address alone.
 */
static bool
parse_network(const char *text, Network *network)
{
	char		buf[INET6_ADDRSTRLEN];
	size_t		len = strcspn(text, "/");
	int			most;
	char	   *end;
	long		bits;

	if (len >= sizeof(buf))
		return false;
	memcpy(buf, text, len);
	buf[len] = '\0';
	if (!from_text(buf, &network->base, &most))
		return false;
	bits = most;
	if (text[len] == '/')
	{
		bits = strtol(text + len + 1, &end, 10);
		if (end == text + len + 1 || *end != '\0' || bits < 0 || bits > most)
			return false;
	}
	/* an IPv4 address stands after 96 bits that all of them share */
	network->bits = (int) bits + 128 - most;
	return true;
}

/*
 * Not on the public Internet: what IANA's registries of special-purpose
 * addresses say is not globally reachable, multicast, and the address at which
 * each machine in Azure's cloud finds the platform's own services.
 */
static const char *const private_texts[] = {
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
	"168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
	"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
	"198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"::/96", "64:ff9b:1::/48", "100::/64", "100:0:0:1::/64", "2001::/32",
	"2001:2::/48", "2001:10::/28", "2001:db8::/32", "3fff::/20", "5f00::/16",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8"
};

static Network private_networks[lengthof(private_texts)];

/*
 * An address of IPv6 that stands for one of IPv4 is judged as that: NAT64
 * (64:ff9b::/96), 6to4 (2002::/16), IPv4-compatible (::/96), IPv4-translated
 * (::ffff:0:0:0/96).
 */
static void
unwrap(Address *address)
{
	static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b};
	static const unsigned char compatible[12] = {0};
	static const unsigned char translated[12] = {[8] = 0xff, 0xff};
	const unsigned char *b = address->bytes;
	unsigned char inner[4];

	if (memcmp(b, nat64, 12) == 0 || memcmp(b, translated, 12) == 0 ||
		(memcmp(b, compatible, 12) == 0 && (b[12] != 0 || b[13] != 0)))
		memcpy(inner, b + 12, 4);
	else if (b[0] == 0x20 && b[1] == 0x02)
		memcpy(inner, b + 2, 4);
	else
		return;
	from_ipv4(inner, address);
}

static bool
is_private(Address address)
{
	unwrap(&address);
	for (int i = 0; i < lengthof(private_networks); i++)
	{
		if (is_within(&address, &private_networks[i]))
			return true;
	}
	return false;
}

/*
 * Does the machine itself have the address?  What listens there may be meant
 * for the machine alone, with a firewall before it that does not see what the
 * machine sends to itself.  The system's routing knows: to an address of its
 * own it would send from that address.  Nothing is sent.
 */
static bool
is_own(const Address *address)
{
	static const unsigned char mapped[12] = {[10] = 0xff, 0xff};
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(9)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(9)};
	bool		is_v4 = memcmp(address->bytes, mapped, 12) == 0;
	struct sockaddr *to = is_v4 ? (struct sockaddr *) &v4 :
		(struct sockaddr *) &v6;
	socklen_t	size = is_v4 ? sizeof(v4) : sizeof(v6);
	struct sockaddr_storage from;
	socklen_t	from_size = sizeof(from);
	Address		source;
	bool		own;
	int			fd;

	memcpy(&v4.sin_addr, address->bytes + 12, 4);
	memcpy(&v6.sin6_addr, address->bytes, 16);
	fd = socket(to->sa_family, SOCK_DGRAM, 0);
	if (fd < 0)
		return false;
	own = connect(fd, to, size) == 0 &&
		getsockname(fd, (struct sockaddr *) &from, &from_size) == 0 &&
		from_sockaddr((struct sockaddr *) &from, &source) &&
		memcmp(source.bytes, address->bytes, 16) == 0;
	close(fd);
	return own;
}

static bool
is_listed(const Address *address)
{
	for (int i = 0; allowed != NULL && i < allowed->count; i++)
	{
		if (allowed->hosts[i].name[0] == '\0' &&
			is_within(address, &allowed->hosts[i].network))
			return true;
	}
	return false;
}

static bool
permits(const Address *address)
{
	return (allowed != NULL && allowed->all) || is_listed(address) ||
		!(is_private(*address) || is_own(address));
}

bool
dload_guard_permits(const struct sockaddr *address)
{
	Address		bytes;

	return from_sockaddr(address, &bytes) && permits(&bytes);
}

bool
dload_guard_permits_text(const char *address)
{
	Address		bytes;
	int			bits;

	return from_text(address, &bytes, &bits) && permits(&bytes);
}

void
dload_guard_show(const struct sockaddr *address, char *to, size_t size)
{
	const void *bytes = address->sa_family == AF_INET ?
		(const void *) &((const struct sockaddr_in *) address)->sin_addr :
		(const void *) &((const struct sockaddr_in6 *) address)->sin6_addr;

	if ((address->sa_family != AF_INET && address->sa_family != AF_INET6) ||
		inet_ntop(address->sa_family, bytes, to, size) == NULL)
		strlcpy(to, "unknown", size);
}

/* -------------------------------------------------------------------------
 * The list.
 * -------------------------------------------------------------------------
 */

static bool
lists_host(const char *host)
{
	size_t		len = strlen(host);

	for (int i = 0; allowed != NULL && i < allowed->count; i++)
	{
		const char *name = allowed->hosts[i].name;
		size_t		name_len = strlen(name);

		if (name_len == 0)
			continue;
		if (pg_strcasecmp(name, host) == 0 ||
			(name[0] == '.' && len > name_len &&
			 pg_strcasecmp(host + len - name_len, name) == 0))
			return true;
	}
	return false;
}

bool
dload_guard_applies(const DloadResource *res, const char *url)
{
	DloadUrlParts parts;
	DloadSpan	host;
	size_t		len;

	if (res->superuser || res->proxy != NULL)
		return false;
	dload_url_split(url, &parts);
	host = dload_url_bare_host(parts.authority);
	len = host.len;
	for (size_t i = 0; i < host.len; i++)
	{
		if (host.data[i] == ':' && host.data[0] != '[')
		{
			len = i;
			break;
		}
	}
	return !lists_host(pnstrdup(host.data, len));
}

/* One item: "*", a network, "host.example.com" or "*.example.com". */
static bool
parse_item(const char *item, Allowed *list)
{
	struct AllowedHost *host = &list->hosts[list->count];

	if (strcmp(item, "*") == 0)
	{
		list->all = true;
		return true;
	}
	list->count++;
	memset(host, 0, sizeof(*host));
	if (parse_network(item, &host->network))
		return true;
	if (item[0] == '*' && item[1] == '.')
		item++;
	if (*item == '\0' || strlen(item) >= MAX_HOST_LEN ||
		strspn(item, "abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") != strlen(item))
		return false;
	strlcpy(host->name, item, sizeof(host->name));
	return true;
}

static bool
check_allowed_hosts(char **newval, void **extra, GucSource source)
{
	char	   *copy = pstrdup(*newval);
	List	   *items;
	ListCell   *lc;
	Allowed    *list;

	if (!SplitGUCList(copy, ',', &items))
	{
		GUC_check_errdetail("List syntax is invalid.");
		return false;
	}
	list = dload_guc_alloc(offsetof(Allowed, hosts) +
				  sizeof(list->hosts[0]) * Max(list_length(items), 1));
	if (list == NULL)
		return false;
	list->all = false;
	list->count = 0;
	foreach(lc, items)
	{
		if (parse_item(lfirst(lc), list))
			continue;
		GUC_check_errdetail("\"%s\" is neither a host, nor an address, nor "
							"a network.", (char *) lfirst(lc));
		dload_guc_free(list);
		return false;
	}
	*extra = list;
	return true;
}

static void
assign_allowed_hosts(const char *newval, void *extra)
{
	allowed = extra;
}

void
dload_guard_init(void)
{
	for (int i = 0; i < lengthof(private_texts); i++)
	{
		if (!parse_network(private_texts[i], &private_networks[i]))
			elog(ERROR, "invalid network \"%s\"", private_texts[i]);
	}
	DefineCustomStringVariable("dload.allowed_hosts",
							   "Hosts and networks that are not public and "
							   "may be asked all the same.",
							   "Names, \"*.\" and a domain, addresses, "
							   "networks such as 10.0.0.0/8, or \"*\" for "
							   "all. Superusers' requests go anywhere.",
							   &allowed_hosts, "",
							   PGC_SUSET, GUC_LIST_INPUT,
							   check_allowed_hosts, assign_allowed_hosts,
							   NULL);
}
