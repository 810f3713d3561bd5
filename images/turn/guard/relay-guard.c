/*
 * Keeps relays to the gateway's media ports. coturn admits peers by address alone, and on the machine's own network the
 * gateway's addresses are the machine's: whoever has a credential could send to every UDP service there, from within.
 *
 * Preloaded into turnserver. What leaves a socket that is bound to a relay's port goes to a port of the gateway's media,
 * or is dropped, as UDP may be.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct range {
	unsigned first, last;
};
static struct range relays, peers;

static const char configuration[] = "/config/current/relay-guard";

__attribute__((constructor)) static void configure(void)
{
	FILE *file = fopen(configuration, "r");
	if(file == NULL || fscanf(file, "relays %u-%u peers %u-%u", &relays.first, &relays.last, &peers.first, &peers.last) != 4) {
		fprintf(stderr, "relay-guard: %s cannot be read; accepted: relays FIRST-LAST peers FIRST-LAST\n", configuration);
		_exit(1);
	}
	fclose(file);
}

/* Of an IPv4 or IPv6 address, which have it at the same place; 0 of others */
static unsigned port_of(const struct sockaddr *address)
{
	if(address->sa_family != AF_INET && address->sa_family != AF_INET6)
		return 0;
	return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

static int within(struct range range, unsigned port)
{
	return port >= range.first && port <= range.last;
}

static int is_relay(int socket)
{
	struct sockaddr_storage address;
	socklen_t size = sizeof(address);
	return getsockname(socket, (struct sockaddr *)&address, &size) == 0
		&& within(relays, port_of((struct sockaddr *)&address));
}

ssize_t sendto(int socket, const void *data, size_t size, int flags, const struct sockaddr *to, socklen_t to_size)
{
	if(to != NULL && !within(peers, port_of(to)) && is_relay(socket))
		return (ssize_t)size;
	return syscall(SYS_sendto, socket, data, size, flags, to, to_size);
}
