/*
 * tftpd: the TFTP server (RFC 1350, 2347, 2348, 2349, 7440).
 *
 * One process on one loop serves every transfer. A request comes in on a
 * listening endpoint; the transfer it starts lives on one of a few endpoints
 * of the worker's own, whose ports are the server's TIDs, and is found there by
 * the peer's address. So one recvmmsg takes the packets of many transfers, and
 * one sendmmsg sends what they answer; a window of blocks is one message, cut
 * by the kernel (UDP_SEGMENT), whose payload is the mapped file itself. With
 * single_port, transfers live on the listening endpoint.
 *
 *	main.c		the daemon's description
 *	conf.c		keys of tftpd.conf(5)
 *	endpoint.c	sockets: packets in, by the batch
 *	send.c		packets out, by the batch
 *	serve.c		requests: what may start a transfer
 *	transfer.c	transfers: table, timers, what an event makes them do
 *	file.c		files being read, shared by their transfers
 *	ascii.c		files being read as netascii
 *	upload.c	files being written
 * and, pure: packet.c, xfer.c, netascii.c, map.c.
 */
#ifndef TFTPD_H
#define TFTPD_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "commit.h"
#include "daemon.h"
#include "deadline.h"
#include "leasemap.h"
#include "map.h"
#include "netascii.h"
#include "packet.h"
#include "sock.h"
#include "xfer.h"

/* Configuration */

/*
 * RFC 7440 allows up to 65535, but beyond this a block number can no longer
 * tell a packet that is a whole window late from a new one.
 */
#define WINDOWSIZE_MAX 32767

/* One `options` section: what is granted to clients of these networks. */
struct tftpd_options {
	struct conf_prefixes networks; /* none: everyone */
	uint64_t blksize, windowsize;
	uint64_t timeout_min, timeout_max; /* seconds */
	bool clamp_mtu;
	struct conf_list disable;
	unsigned disabled; /* enum packet_option, by conf check */
};

struct tftpd_write {
	bool enable, create, overwrite;
	struct conf_list dirs;
	uint64_t max_size;
};

struct tftpd_conf {
	struct daemon_conf daemon; /* first */
	struct conf_list roots;
	struct conf_range ports;
	uint64_t max_transfers, per_client, retries;
	uint64_t idle_ms; /* under inetd */
	bool single_port;
	char *transfer_log;
	char *lease_map; /* for %m; "": none */
	struct conf_sections options; /* struct tftpd_options */
	struct conf_sections write; /* struct tftpd_write, at most one */
	struct conf_sections maps; /* struct map_rule */
};

extern const struct conf_key tftpd_keys[];

int tftpd_check(void *conf);
void tftpd_forget(void *conf);
/* The first section that fits this client, or the defaults. */
const struct tftpd_options *
conf_options(const struct tftpd_conf *, const union sock_addr *);
/* The rules and roots, for map.h. */
struct map_rules conf_rules(const struct tftpd_conf *);
/* NULL where nothing may be written. */
const struct tftpd_write *conf_write(const struct tftpd_conf *);

/* Counters, in the order of tftpd_counters. */
enum counter {
	C_READS,
	C_WRITES,
	C_ACTIVE,
	C_OK,
	C_FAILED,
	C_ABORTED,
	C_BYTES_OUT,
	C_BYTES_IN,
	C_RESENT,
	C_ERROR, /* .. and one for each code, 0 to 8 */
	C_DROP_BUSY = C_ERROR + 9,
	C_DROP_CLIENT,
	C_DROP_BROADCAST,
	C_DROP_OTHER,
	C_REPEATED,
	C_STRANGERS,
	C_BLOCKED,
};
extern const struct stats_key tftpd_counters[];

/* Sockets */

#define ENDPOINT_PORTS 8 /* of a worker and address family */
#define RECV_BATCH 32
#define PACKET_BUFFER 65536

struct server;
struct transfer;
TAILQ_HEAD(transfer_list, transfer);

struct endpoint {
	struct server *server;
	int family;
	bool listening; /* requests come in here */
	unsigned expect; /* packets to ask for next */
	ev_io readable, writable;
	struct transfer_list blocked; /* wait for room to send */
};

/* From which of our addresses to answer: the one that was asked. */
struct local {
	int ifindex; /* IPv6 link-local: the interface; else 0 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} addr;
};

/* One packet that came in. */
struct packet {
	struct endpoint *ep;
	const union sock_addr *peer;
	struct local local;
	bool broadcast; /* sent to more than us */
	const uint8_t *bytes;
	size_t len;
};

/*
 * Worker as root: bind the ports that transfers live on, for each family that
 * is listened on. 0, or -1 after a message.
 */
int endpoint_prepare(struct server *);
/* Watch them all. */
void endpoint_start(struct server *);
/* Handle what waits on the listening sockets, then read them no more. */
void endpoint_stop_listening(struct server *);
/* Is a packet waiting on a listening socket? */
bool endpoint_waiting(const struct server *);
/* Call again when the endpoint has room: see send_flush. */
void endpoint_block(struct endpoint *, struct transfer *);

/* Sending */

#define SEND_BATCH 64 /* messages */
#define SEND_IOVS 1024
#define SEND_SMALL 512 /* bytes of an ERROR, OACK or ACK */

struct sender;

struct sender *sender_new(struct server *);
/* Queue a small packet (copied). `t` is told of nothing. */
void send_packet(struct sender *, struct endpoint *, const union sock_addr *,
    const struct local *, const uint8_t *, size_t);
/* An ERROR to whoever sent this packet. */
void send_error(struct sender *, const struct packet *, enum packet_error,
    const char *text);
/*
 * Queue blocks next .. end - 1 of a read. The payload is not copied: it stays
 * where it is until send_flush.
 */
void send_window(struct sender *, struct transfer *);
/* Send what is queued. A full socket puts the transfer on its blocked list. */
void send_flush(struct sender *);

/* Files being read */

#define FILE_WHOLE (64 * 1024) /* up to this, read at once; above, mapped */
#define FILE_IDLE_MS 5000 /* kept so long after the last transfer */

struct file {
	LIST_ENTRY(file) link; /* in its hash chain */
	uint64_t dev, ino, size;
	int64_t mtime_ns, ctime_ns;
	int fd; /* for netascii; -1 */
	const uint8_t *data; /* size bytes; never read by us where mapped: a
				file that shrinks would be SIGBUS for us, but
				is only EFAULT for the kernel's copy */
	bool mapped;
	bool settled; /* its times tell of every change */
	unsigned users;
	struct deadline idle;
	struct server *server;
};

int file_start(struct server *);
/*
 * Find the candidate's file below its directory and make its content ready.
 * NULL with *error, and with errno ENOENT where another candidate may be
 * tried.
 */
struct file *file_open(
    struct server *, const struct map_candidate *, enum packet_error *error);
void file_release(struct file *);
/* Does anything stand there, whatever it is? */
bool file_exists(const struct server *, const struct map_candidate *);
/* The directory of a base path, opened at start; -1. */
int file_base(const struct server *, const char *base);

/* Files being written */

struct upload;

/* May anything be written there? */
bool upload_allowed(const struct server *, const struct map_candidate *);
/*
 * Begin to write the candidate's file. NULL with *error and its text. size:
 * the client's word (tsize), or 0.
 */
struct upload *
upload_begin(struct server *, const struct map_candidate *, uint64_t size,
    enum packet_mode, enum packet_error *error, const char **why);
/* The next bytes of the file, in order. 0, or -1 with *error. */
int upload_write(struct upload *, const uint8_t *, size_t,
    enum packet_error *error, const char **why);
/*
 * All is written: make it durable and give it its name. transfer_stored is
 * called when that is done, or has failed.
 */
void upload_finish(struct upload *, struct transfer *);
/* End it; what was not finished leaves nothing. */
void upload_free(struct upload *);
/* Begin to sync. 0, or -1 after a message. */
int upload_start(struct server *);

/* Reading as netascii */

#define ASCII_ROOM (1024 * 1024) /* a window as it goes out */

/* Where in a file the encoded bytes of `block` begin. */
struct ascii_place {
	struct netascii state;
	uint64_t offset, block;
};

void ascii_init(struct ascii_place *);
/*
 * Encode blocks x.acked + 1 .. x.end - 1; where the file ends among them,
 * x.last becomes known and x.end follows. The bytes (good until the next
 * call) and their number; NULL where the file cannot be read.
 */
const uint8_t *ascii_window(struct transfer *, size_t *total);

/* Transfers */

#define LINGER_MS 5000

struct client; /* an address and how many transfers it has */

struct transfer {
	LIST_ENTRY(transfer) link; /* in its hash chain */
	TAILQ_ENTRY(transfer) blocked;
	struct server *server;
	struct endpoint *ep;
	union sock_addr peer;
	struct local local;
	struct client *client;
	struct deadline timer;
	struct xfer x;
	struct packet_request asked, granted;
	struct ascii_place ascii; /* netascii read: where a block begins */
	struct file *file; /* read */
	struct upload *upload; /* write */
	char *name, *path; /* asked for; found */
	uint64_t bytes, started_ms;
	unsigned queued; /* messages in the sender */
	bool no_segments; /* the path refuses UDP_SEGMENT */
	bool broken; /* its file cannot be read: ends at the next event */
	bool is_blocked, lingering;
};

LIST_HEAD(transfer_chain, transfer);

#define PATHS 64
#define PATH_MS 5000

/* The largest block that fits a packet on the way to a host. */
struct path {
	union sock_addr host; /* port 0 */
	uint32_t blksize;
	uint64_t until_ms; /* good until then */
};

#define WAITS 12 /* durations up to 1 s; above, whole seconds */

struct server {
	struct worker *worker;
	const struct tftpd_conf *conf;
	stats_value *counters;
	uint64_t now_ms; /* monotonic, read once a turn */
	struct endpoint *listen, *ports[2]; /* ports: IPv4, IPv6 */
	size_t nlisten, nports[2];
	struct sender *sender;
	struct transfer_chain *table;
	size_t table_mask;
	uint64_t table_seed;
	size_t active, lingering;
	size_t lingering_writes;
	struct deadline_queue waits[WAITS], *seconds[256], linger, file_idle;
	struct conf_list bases; /* directories, and .. */
	int *base_fds; /* .. their descriptors */
	struct map_rules rules;
	struct leasemap_reader *leases; /* NULL: nobody's hardware address is
					   asked for, or known */
	struct commit *commit;
	ev_io committed;
	ev_timer idle; /* under inetd */
	ev_check woken; /* sets now_ms */
	ev_prepare sleeping; /* sends what is queued */
	/* endpoint.c: the socket that woke us and how often in a row, .. */
	const struct endpoint *spin_on;
	unsigned spin_alone, spin_misses; /* looking found nothing, .. */
	unsigned spin_skipped; /* .. and so often it was not tried */
	int mtu_fds[2]; /* to ask the kernel for a path's MTU, .. */
	struct path paths[PATHS]; /* .. and what it said */
	uint64_t batch, idle_batch; /* of requests */
	LIST_HEAD(, file) files[256];
	LIST_HEAD(, client) clients[256];
};

/* A packet of a listening endpoint that is a request, or may be none. */
void serve_request(struct server *, const struct packet *);

int transfer_start(struct server *); /* tables and timers */
/* The transfer of this peer on this endpoint, or NULL. */
struct transfer *transfer_find(
    const struct server *, const struct endpoint *, const union sock_addr *);
/*
 * A new transfer for this request, not yet begun; counted against its
 * client's limit. NULL: no memory or over a limit (counted).
 */
struct transfer *transfer_new(struct server *, const struct packet *);
/* A number for the host of this address; the same as long as we live. */
uint64_t transfer_hash(const struct server *, const union sock_addr *);
/* Choose its endpoint and begin; it may be gone after this. */
void transfer_begin(struct transfer *, const struct packet *);
/* A packet on the transfer's endpoint. */
void transfer_packet(struct transfer *, const struct packet *);
/* The upload is durable (why NULL), or it is not. */
void transfer_stored(struct transfer *, enum packet_error, const char *why);
/* There is room to send again. */
void transfer_resume(struct transfer *);
/* End with an ERROR to the peer. */
void transfer_fail(struct transfer *, enum packet_error, const char *why);
/* Forget it, as it is; used for requests that never began. */
void transfer_free(struct transfer *);
/* One line of the transfer log. */
void transfer_log(const struct transfer *, const char *result);
/* Look for the end: nothing left to do while draining, or idle. */
void transfer_check_end(struct server *);
/* Draining on a single port: what is under way cannot go on. */
void transfer_end_all(struct server *, const char *why);
/*
 * The same request, options included, came before and nothing else since: the
 * first answer will be repeated in its time. Another request from the same
 * port ends what the peer began before and never took up: boot ROMs ask for
 * the size, and then for the file with other options.
 */
bool transfer_repeated(
    struct server *, const struct packet *, const struct packet_request *);

/* `transfers` of the control socket. */
int verb_transfers(void *, int, char **, struct buf *);

#endif
