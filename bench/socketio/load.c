// The load generator: one thread, epoll, no allocation per message, so that it needs less of its core than any server of its own.
// Client frames are masked with the key 0, which is legal and leaves the payload as it is.
//
//   load connect … --conns 2000            joins all, waits, prints joins/s, CPU and memory per connection
//   load saturate … --window 2000          keeps that many deliveries on their way
//   load rate … --rate 400                 sends at a fixed rate, whatever comes back
// common: --kind sio|signalr|yjs|hocuspocus|codechill --port P --pids 1,2 --conns N --rooms R --senders S (a room; 0 = all)
//         --warm seconds --seconds seconds --echo (the sender gets its own event back) --accounts file (lines "token room")
// Prints one line of JSON.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum kind { SIO, SIGNALR, YJS, HOCUSPOCUS, CODECHILL };
enum state { CONNECTING, UPGRADING, JOINING, JOINED, DEAD };

typedef struct {
  int fd, room, id;
  enum state state;
  int sender, joined_ns;
  uint64_t clock;      // Yjs clock of the client
  char *part; int part_len, part_cap;   // the beginning of a frame
  char *out; int out_len, out_cap;      // what the kernel didn't take
  int attachments;     // binary frames that belong to the last text frame
} conn;

static enum kind kind;
static conn *conns;
static char **tokens, **room_names;
static int n_conns = 200, n_rooms = 20, n_senders, port, ep, echo_back, joined, dead, in_progress, next_dial;
static int pids[32], n_pids;
static uint64_t delivered, sent_events, measured_from;
static uint64_t client_base;
static uint32_t *histogram;   // microseconds
#define BUCKETS 4000000
static char buf[1 << 20];
static char frame[1 << 16];

static uint64_t now_us(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000ull + t.tv_nsec / 1000; }
static double own_cpu(void) { struct rusage r; getrusage(RUSAGE_SELF, &r); return r.ru_utime.tv_sec + r.ru_stime.tv_sec + (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6; }

static double server_cpu(void) {
  double total = 0;
  for (int i = 0; i < n_pids; i++) {
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/stat", pids[i]);
    FILE *f = fopen(path, "r");
    if (!f) continue;
    size_t n = fread(text, 1, sizeof text - 1, f); text[n] = 0; fclose(f);
    char *p = strrchr(text, ')');
    unsigned long u = 0, s = 0;
    if (p) sscanf(p + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &u, &s);
    total += (u + s) / (double)sysconf(_SC_CLK_TCK);
  }
  return total;
}

static long server_rss(void) {
  long total = 0;
  for (int i = 0; i < n_pids; i++) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pids[i]);
    FILE *f = fopen(path, "r");
    if (!f) continue;
    long kb;
    while (fgets(line, sizeof line, f)) if (sscanf(line, "VmRSS: %ld kB", &kb) == 1) total += kb;
    fclose(f);
  }
  return total;
}

static void fail(const char *what) { fprintf(stderr, "%s: %s\n", what, strerror(errno)); exit(1); }

static void kill_conn(conn *c) {
  if (c->state == DEAD) return;
  if (c->state < JOINED) in_progress--;
  close(c->fd); c->state = DEAD; dead++;
}

static void watch(conn *c, int write) {
  struct epoll_event e = { .events = EPOLLIN | (write ? EPOLLOUT : 0), .data.ptr = c };
  epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}

static void send_raw(conn *c, const char *data, int len) {
  if (c->state == DEAD) return;
  if (!c->out_len) {
    int n = send(c->fd, data, len, MSG_NOSIGNAL);
    if (n == len) return;
    if (n < 0) { if (errno != EAGAIN) { kill_conn(c); return; } n = 0; }
    data += n; len -= n;
  }
  if (c->out_len + len > c->out_cap) c->out = realloc(c->out, c->out_cap = (c->out_len + len) * 2);
  memcpy(c->out + c->out_len, data, len); c->out_len += len;
  watch(c, 1);
}

static int put_head(char *to, int opcode, int len) {
  to[0] = 0x80 | opcode;
  int at = 2;
  if (len <= 125) to[1] = 0x80 | len;
  else { to[1] = 0x80 | 126; to[2] = len >> 8; to[3] = len; at = 4; }
  memset(to + at, 0, 4);
  return at + 4;
}

static void send_frame(conn *c, int opcode, const char *data, int len) {
  int at = put_head(frame, opcode, len);
  memcpy(frame + at, data, len);
  send_raw(c, frame, at + len);
}
static void send_text(conn *c, const char *text) { send_frame(c, 1, text, strlen(text)); }

static int put_var(uint8_t *to, uint64_t v) { int n = 0; while (v > 127) { to[n++] = 0x80 | (v & 127); v >>= 7; } to[n++] = v; return n; }

// One insert of 38 characters behind the client's last one, the stamp at its front: an update in Yjs' V1 encoding.
static int put_update(conn *c, uint8_t *to, uint64_t stamp) {
  uint64_t client = client_base + c->id;   // a server that was asked before knows the clocks of that run's clients
  char text[64];
  snprintf(text, sizeof text, "v=%016llu some typed text 12345", (unsigned long long)stamp);
  while (strlen(text) < 38) strcat(text, ".");
  int n = 0;
  to[n++] = 1; to[n++] = 1;
  n += put_var(to + n, client); n += put_var(to + n, c->clock);
  if (c->clock) { to[n++] = 0x84; n += put_var(to + n, client); n += put_var(to + n, c->clock - 1); }
  else { to[n++] = 4; to[n++] = 1; to[n++] = 7; memcpy(to + n, "content", 7); n += 7; }
  to[n++] = 38; memcpy(to + n, text, 38); n += 38;
  to[n++] = 0;
  c->clock += 38;
  return n;
}

static const char *room_of(conn *c) {
  static char text[32];
  if (room_names) return room_names[c->id];
  snprintf(text, sizeof text, kind == CODECHILL ? "\"room-%d\"" : "room-%d", c->room);
  return text;
}

static void send_event(conn *c) {
  uint64_t stamp = now_us();
  char text[512];
  uint8_t data[512];
  sent_events++;
  if (kind == SIO) {
    snprintf(text, sizeof text, "42[\"code_change\",{\"room\":\"%s\",\"code\":\"let x = x + 1;\",\"user\":\"u%d\",\"v\":\"v=%016llu\"}]", room_of(c), c->id, (unsigned long long)stamp);
    send_text(c, text);
  } else if (kind == SIGNALR) {
    snprintf(text, sizeof text, "{\"type\":1,\"target\":\"CodeChange\",\"arguments\":[\"%s\",\"let x = x + 1;\",\"v=%016llu\"]}\x1e", room_of(c), (unsigned long long)stamp);
    send_text(c, text);
  } else if (kind == CODECHILL) {
    snprintf(text, sizeof text, "451-[\"doc_update\",{\"room_id\":%s,\"update\":{\"_placeholder\":true,\"num\":0}}]", room_of(c));
    int len = strlen(text), at = put_head(frame, 1, len);
    memcpy(frame + at, text, len);
    at += len;
    int size = put_update(c, data, stamp);
    int head = put_head(frame + at, 2, size);
    memcpy(frame + at + head, data, size);
    send_raw(c, frame, at + head + size);
  } else {
    int n = 0;
    if (kind == HOCUSPOCUS) { const char *name = room_of(c); n += put_var(data, strlen(name)); memcpy(data + n, name, strlen(name)); n += strlen(name); }
    uint8_t update[256];
    int size = put_update(c, update, stamp);
    data[n++] = 0; data[n++] = 2;
    n += put_var(data + n, size);
    memcpy(data + n, update, size);
    send_frame(c, 2, (char *)data, n + size);
  }
}

static void now_joined(conn *c) {
  if (c->state != JOINING) return;
  c->state = JOINED; joined++; in_progress--;
}

static void count_delivery(const char *p, int len, uint64_t at) {
  delivered++;
  if (!measured_from) return;
  const char *v = memmem(p, len, "v=", 2);
  if (!v || v + 18 > p + len) return;
  uint64_t stamp = 0;
  for (int i = 2; i < 18; i++) stamp = stamp * 10 + (v[i] - '0');
  if (stamp < measured_from) return;
  uint64_t d = at > stamp ? at - stamp : 0;
  histogram[d < BUCKETS ? d : BUCKETS - 1]++;
}

static void on_frame(conn *c, int opcode, char *p, int len, uint64_t at) {
  if (opcode == 9) { send_frame(c, 10, p, len > 125 ? 125 : len); return; }
  if (opcode == 8) { kill_conn(c); return; }
  char text[2048];
  switch (kind) {
    case SIO:
    case CODECHILL:
      if (opcode == 2) { if (c->state == JOINED && c->attachments > 0) { c->attachments--; count_delivery(p, len, at); } return; }
      if (len > 14 && !memcmp(p, "42[\"code_updat", 14)) { count_delivery(p, len, at); return; }
      if (len == 1 && p[0] == '2') { send_text(c, "3"); return; }
      if (len > 2 && p[0] == '0') {
        if (tokens) snprintf(text, sizeof text, "40{\"token\":\"%s\"}", tokens[c->id]); else strcpy(text, "40");
        send_text(c, text);
        return;
      }
      if (len > 1 && p[0] == '4' && p[1] == '0') {
        if (kind == CODECHILL) snprintf(text, sizeof text, "42[\"join_room\",{\"room_id\":%s}]", room_of(c));
        else snprintf(text, sizeof text, "42[\"join_room\",{\"room\":\"%s\",\"user\":\"u%d\"}]", room_of(c), c->id);
        send_text(c, text);
        return;
      }
      if (len > 15 && memmem(p, len < 40 ? len : 40, "\"room_joined\"", 13)) {
        if (kind == CODECHILL) {
          // From here on the socket is one of a Yjs client: it gets updates, not texts.
          snprintf(text, sizeof text, "451-[\"doc_sync\",{\"room_id\":%s,\"state_vector\":{\"_placeholder\":true,\"num\":0}}]", room_of(c));
          send_text(c, text);
          send_frame(c, 2, "\0", 1);
        }
        now_joined(c);
        return;
      }
      if (kind == CODECHILL && len > 14 && !memcmp(p, "451-[\"doc_upda", 14)) { c->attachments = 1; return; }
      if (len > 2 && p[0] == '4' && p[1] == '4') { fprintf(stderr, "refused: %.*s\n", len > 200 ? 200 : len, p); kill_conn(c); }
      return;
    case SIGNALR:
      for (char *end = p + len; p < end;) {
        char *stop = memchr(p, 0x1e, end - p);
        if (!stop) return;
        int n = stop - p;
        if (n > 30 && memmem(p, 40, "\"CodeUpdated\"", 13)) count_delivery(p, n, at);
        else if (n == 2 && c->state == JOINING) {
          snprintf(text, sizeof text, "{\"type\":1,\"invocationId\":\"1\",\"target\":\"JoinRoom\",\"arguments\":[\"%s\"]}\x1e", room_of(c));
          send_text(c, text);
        } else if (n > 9 && !memcmp(p, "{\"type\":3", 9)) now_joined(c);
        p = stop + 1;
      }
      return;
    default: {
      uint8_t *d = (uint8_t *)p;
      int i = 0;
      if (kind == HOCUSPOCUS) i = 1 + d[0];
      if (i + 1 >= len) return;
      if (d[i] == 0 && d[i + 1] == 2) { if (c->state == JOINED) count_delivery(p, len, at); return; }
      if (d[i] == 0 && d[i + 1] == 1) { now_joined(c); return; }
      if (d[i] == 2) {
        // Hocuspocus: authenticated; now ask for the state.
        if (kind == HOCUSPOCUS && d[i + 1] == 2) {
          int n = 1 + d[0];
          memcpy(text, p, n);
          memcpy(text + n, "\0\0\1\0", 4);
          send_frame(c, 2, text, n + 4);
        } else if (kind != HOCUSPOCUS || d[i + 1] == 1) { fprintf(stderr, "permission denied\n"); kill_conn(c); }
      }
    }
  }
}

static void on_open(conn *c) {
  c->state = JOINING;
  char text[256];
  if (kind == SIGNALR) send_text(c, "{\"protocol\":\"json\",\"version\":1}\x1e");
  if (kind == YJS) send_frame(c, 2, "\0\0\1\0", 4);
  if (kind == HOCUSPOCUS) {
    const char *name = room_of(c);
    int n = put_var((uint8_t *)text, strlen(name));
    memcpy(text + n, name, strlen(name)); n += strlen(name);
    memcpy(text + n, "\2\0\1x", 4);   // auth, token, "x"
    send_frame(c, 2, text, n + 4);
  }
}

static void on_bytes(conn *c, char *p, int len, uint64_t at) {
  char *joined_up = NULL;
  if (c->part_len) {
    if (c->part_len + len > c->part_cap) c->part = realloc(c->part, c->part_cap = (c->part_len + len) * 2);
    memcpy(c->part + c->part_len, p, len);
    len += c->part_len; c->part_len = 0;
    p = joined_up = c->part; c->part = NULL; c->part_cap = 0;
  }
  if (c->state == UPGRADING) {
    char *end = memmem(p, len, "\r\n\r\n", 4);
    if (end) {
      if (memcmp(p, "HTTP/1.1 101", 12)) { fprintf(stderr, "%.*s\n", len > 300 ? 300 : len, p); kill_conn(c); free(joined_up); return; }
      end += 4; len -= end - p; p = end;
      on_open(c);
    }
  }
  if (c->state >= JOINING) {
    while (len >= 2 && c->state != DEAD) {
      uint8_t *d = (uint8_t *)p;
      int head = 2; uint64_t size = d[1] & 127;
      if (size == 126) { head = 4; if (len < 4) break; size = d[2] << 8 | d[3]; }
      else if (size == 127) { head = 10; if (len < 10) break; size = 0; for (int i = 2; i < 10; i++) size = size << 8 | d[i]; }
      if ((uint64_t)len < head + size) break;
      on_frame(c, d[0] & 15, p + head, size, at);
      p += head + size; len -= head + size;
    }
  }
  if (len > 0 && c->state != DEAD) {
    if (len > c->part_cap) c->part = realloc(c->part, c->part_cap = len * 2);
    memcpy(c->part, p, len); c->part_len = len;
  }
  free(joined_up);
}

static void dial(conn *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) fail("socket");
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
  if (connect(c->fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS) fail("connect");
  struct epoll_event e = { .events = EPOLLIN | EPOLLOUT, .data.ptr = c };
  epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
  c->state = CONNECTING;
  in_progress++;
}

static void on_writable(conn *c) {
  if (c->state == CONNECTING) {
    char text[512], path[256];
    if (kind == SIGNALR) strcpy(path, "/hub");
    else if (kind == YJS && tokens) snprintf(path, sizeof path, "/yjs/%s?token=%s", room_of(c), tokens[c->id]);
    else if (kind == YJS || kind == HOCUSPOCUS) snprintf(path, sizeof path, "/%s", room_of(c));
    else strcpy(path, "/socket.io/?EIO=4&transport=websocket");
    char *big = NULL;
    int len = kind == YJS && tokens
      ? asprintf(&big, "GET /yjs/%s?token=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", room_of(c), tokens[c->id], port)
      : snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", path, port);
    c->state = UPGRADING;
    watch(c, 0);
    send_raw(c, big ? big : text, len);
    free(big);
    return;
  }
  if (c->out_len) {
    int n = send(c->fd, c->out, c->out_len, MSG_NOSIGNAL);
    if (n < 0) { if (errno != EAGAIN) kill_conn(c); return; }
    memmove(c->out, c->out + n, c->out_len -= n);
  }
  if (!c->out_len) watch(c, 0);
}

static void turn(double timeout_ms) {
  static struct epoll_event events[1024];
  struct timespec wait = { .tv_sec = (time_t)(timeout_ms / 1000), .tv_nsec = (long)(timeout_ms * 1e6) % 1000000000 };
  int n = epoll_pwait2(ep, events, 1024, &wait, NULL);
  uint64_t at = now_us();
  for (int i = 0; i < n; i++) {
    conn *c = events[i].data.ptr;
    if (c->state == DEAD) continue;
    if (events[i].events & (EPOLLERR | EPOLLHUP)) { if (!(events[i].events & EPOLLIN)) { kill_conn(c); continue; } }
    if (events[i].events & EPOLLOUT) on_writable(c);
    if (c->state != DEAD && events[i].events & EPOLLIN) {
      int len = recv(c->fd, buf, sizeof buf, 0);
      if (len > 0) on_bytes(c, buf, len, at);
      else if (len == 0 || errno != EAGAIN) kill_conn(c);
    }
  }
}

static void join_all(int parallel) {
  uint64_t limit = now_us() + 60000000;
  while (joined + dead < n_conns) {
    while (next_dial < n_conns && in_progress < parallel) dial(&conns[next_dial++]);
    turn(100);
    if (now_us() > limit) { fprintf(stderr, "only %d of %d joined\n", joined, n_conns); exit(1); }
  }
}

static int percentile(double p) {
  uint64_t total = 0, seen = 0;
  for (int i = 0; i < BUCKETS; i++) total += histogram[i];
  for (int i = 0; i < BUCKETS; i++) { seen += histogram[i]; if (seen && seen >= total * p) return i; }
  return -1;
}

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  double warm = 2, seconds = 3, rate = 400;
  int window = 2000, parallel = 64;
  const char *accounts = NULL;
  for (int i = 2; i < argc; i++) {
    const char *a = argv[i], *v = i + 1 < argc ? argv[i + 1] : "";
    if (!strcmp(a, "--echo")) { echo_back = 1; continue; }
    i++;
    if (!strcmp(a, "--kind")) kind = !strcmp(v, "sio") ? SIO : !strcmp(v, "signalr") ? SIGNALR : !strcmp(v, "yjs") ? YJS : !strcmp(v, "hocuspocus") ? HOCUSPOCUS : CODECHILL;
    else if (!strcmp(a, "--port")) port = atoi(v);
    else if (!strcmp(a, "--conns")) n_conns = atoi(v);
    else if (!strcmp(a, "--rooms")) n_rooms = atoi(v);
    else if (!strcmp(a, "--senders")) n_senders = atoi(v);
    else if (!strcmp(a, "--window")) window = atoi(v);
    else if (!strcmp(a, "--parallel")) parallel = atoi(v);
    else if (!strcmp(a, "--rate")) rate = atof(v);
    else if (!strcmp(a, "--warm")) warm = atof(v);
    else if (!strcmp(a, "--seconds")) seconds = atof(v);
    else if (!strcmp(a, "--accounts")) accounts = v;
    else if (!strcmp(a, "--pids")) { char *copy = strdup(v); for (char *t = strtok(copy, ","); t && n_pids < 32; t = strtok(NULL, ",")) pids[n_pids++] = atoi(t); }
    else { fprintf(stderr, "unknown option %s\n", a); return 2; }
  }
  ep = epoll_create1(0);
  client_base = 1000000 + (now_us() & 0xffff) * 10000;
  conns = calloc(n_conns, sizeof *conns);
  histogram = calloc(BUCKETS, sizeof *histogram);
  if (accounts) {
    tokens = calloc(n_conns, sizeof *tokens); room_names = calloc(n_conns, sizeof *room_names);
    FILE *f = fopen(accounts, "r");
    if (!f) fail(accounts);
    static char token[8192], room[256];
    for (int i = 0; i < n_conns; i++) { if (fscanf(f, "%8191s %255s", token, room) != 2) fail("accounts"); tokens[i] = strdup(token); room_names[i] = strdup(room); }
    fclose(f);
  }
  int per_room = n_conns / n_rooms;
  for (int i = 0; i < n_conns; i++) { conns[i].id = i; conns[i].room = i % n_rooms; conns[i].sender = !n_senders || i / n_rooms < n_senders; }
  conn **senders = calloc(n_conns, sizeof *senders);
  int n = 0;
  for (int i = 0; i < n_conns; i++) if (conns[i].sender) senders[n++] = &conns[i];

  long rss = server_rss();
  double cpu = server_cpu();
  uint64_t began = now_us();
  join_all(parallel);
  double wall = (now_us() - began) / 1e6;

  if (!strcmp(mode, "connect")) {
    double join_cpu = server_cpu() - cpu;
    double gen = own_cpu() / wall;
    uint64_t until = now_us() + (uint64_t)(seconds * 1e6);
    while (now_us() < until) turn(50);
    printf("{\"joined\":%d,\"dead\":%d,\"joinsPerSecond\":%.1f,\"cpuPerThousand\":%.4f,\"baseMb\":%.1f,\"kbPerConnection\":%.2f,\"generator\":%.3f}\n",
      joined, dead, joined / wall, join_cpu * 1000 / joined, rss / 1024.0, (server_rss() - rss) / (double)joined, gen);
    return 0;
  }

  int saturate = !strcmp(mode, "saturate");
  int per_event = echo_back ? per_room : per_room - 1;
  double interval = 1e6 / rate;
  uint64_t start = now_us(), warm_until = start + (uint64_t)(warm * 1e6), stop = warm_until + (uint64_t)(seconds * 1e6);
  uint64_t events_at = 0, delivered_at = 0, stalls = 0, last_delivered = 0, last_change = start, lost = 0;
  double cpu_at = 0, gen_at = 0, next = start;
  int who = 0;
  for (;;) {
    uint64_t t = now_us();
    if (!measured_from && t >= warm_until) { measured_from = t; events_at = sent_events; delivered_at = delivered; cpu_at = server_cpu(); gen_at = own_cpu(); }
    if (t >= stop) break;
    if (saturate) {
      while ((int64_t)(sent_events * per_event - delivered - lost) + per_event <= window) { send_event(senders[who]); who = (who + 1) % n; }
      if (delivered != last_delivered) { last_delivered = delivered; last_change = t; }
      // Deliveries that never come must not end the load; they are counted.
      else if (t - last_change > 2000000) { uint64_t missing = sent_events * per_event - delivered - lost; lost += missing; stalls++; last_change = t; }
      turn(20);
    } else {
      while (next <= t) { send_event(senders[who]); who = (who + 1) % n; next += interval; }
      double wait = (next - now_us()) / 1000.0;
      turn(wait < 0 ? 0 : wait);
    }
  }
  uint64_t end = now_us();
  double server = server_cpu() - cpu_at, gen = own_cpu() - gen_at, span = (end - measured_from) / 1e6;
  uint64_t got = delivered - delivered_at, events = sent_events - events_at;
  // What is still on its way.
  uint64_t until = end + 1000000;
  while (delivered + lost < sent_events * per_event && now_us() < until) turn(20);
  printf("{\"deliveredPerSecond\":%.1f,\"eventsPerSecond\":%.1f,\"cpuPerMillion\":%.3f,\"serverCore\":%.3f,\"generator\":%.3f,\"p50\":%.3f,\"p99\":%.3f,\"missing\":%lld,\"dead\":%d,\"stalls\":%llu}\n",
    got / span, events / span, got ? server * 1e6 / got : -1, server / span, gen / span, percentile(0.5) / 1000.0, percentile(0.99) / 1000.0,
    (long long)(sent_events * per_event - delivered), dead, (unsigned long long)stalls);
  return 0;
}
