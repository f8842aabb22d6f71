/*
 * calls - offers whole calls to a SIP server on the loopback at a fixed rate, whatever the server does.
 *
 * Plays callers and callees over UDP. Every request is retransmitted as RFC 3261 section 17.1 says (T1 500 ms, T2 4 s,
 * 64*T1 = 32 s), and so is every 2xx of a callee until its ACK arrives: an overloaded server sees what real clients
 * would send. A 503 ends a call; the caller does not try again.
 *
 * One run: register the callees, set up the old calls (answered, and ringing), then --seconds of --rate new calls a
 * second, during which the old calls end by BYE and CANCEL; then --after seconds without new calls. A REGISTER of one
 * registered user is sent every 100 ms from before the load until the end.
 *
 * Prints one JSON object. Build: gcc -O2 -Wall -o calls calls.c
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define MSG 2048
#define CALLERS 16
#define CALLEES 8
#define PORTS (CALLERS + CALLEES)
#define SLOTS (1 << 19)
#define MAXSECONDS 400
#define MAXPROBES 4000

static int port = 5060, users = 1000, seconds = 60, after = 40, old_calls = 600, ringing = 100, base_port = 27000;
static int warmup;
static double rate = 1000, window;
static const char *domain = "example.test";

static const uint64_t T1 = 500000, T2 = 4000000, GIVE_UP = 32000000;

enum kind { NEW, OLD, RINGING, PROBE, USER };
enum step { FREE, INVITE, PROCEEDING, ANSWERED, BYE, CANCEL, REGISTER, OVER };

struct call {
    uint8_t kind, step, callee, final, sent, cancel_ok;
    uint16_t second;
    uint32_t generation, user;
    uint64_t begun, first;             /* the call, the current request */
    uint64_t interval, due, give_up;   /* the caller's timer */
    uint64_t callee_interval, callee_due, callee_end;
    char *route, *target, *to_tag;     /* after a 2xx */
    char *answer;                      /* what the callee retransmits */
    int answer_length;
};

static struct call *calls;
static uint32_t *free_slots, free_count;
static int sockets[PORTS];
static uint64_t start_us;

/* ------------------------------------------------------------ statistics */
static struct second {
    unsigned offered, completed, refused, failed, expired, goodput;
} per_second[MAXSECONDS];
static unsigned old_up, ring_up, byes_sent, byes_ok, byes_failed, cancels_sent, cancels_ok, cancels_failed, probes;
static unsigned late_2xx, no_slot, registered;
static uint64_t sent, received, retransmissions, dropped;
static struct probe { uint64_t at; int64_t latency; int status; } probe_log[MAXPROBES];
static uint32_t setup_hist[40000]; /* ms */

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static void die(const char *why)
{
    perror(why);
    exit(2);
}

static unsigned second_of(uint64_t t)
{
    uint64_t s = (t - start_us) / 1000000;
    return s < MAXSECONDS ? (unsigned)s : MAXSECONDS - 1;
}

/* ------------------------------------------------------------ wheel: two timers for each call */
#define TICK 5000
#define WHEEL 8192
static uint32_t wheel[WHEEL], *next_timer, *previous_timer;
static int32_t *in_bucket;
static uint64_t wheel_tick;
#define NONE 0xffffffffu

static void unschedule(uint32_t timer)
{
    if (in_bucket[timer] < 0) return;
    uint32_t n = next_timer[timer], p = previous_timer[timer];
    if (p == NONE) wheel[in_bucket[timer]] = n; else next_timer[p] = n;
    if (n != NONE) previous_timer[n] = p;
    in_bucket[timer] = -1;
}

static void schedule(uint32_t timer, uint64_t at)
{
    unschedule(timer);
    uint64_t tick = at / TICK;
    if (tick <= wheel_tick) tick = wheel_tick + 1;
    if (tick >= wheel_tick + WHEEL) tick = wheel_tick + WHEEL - 1;
    uint32_t bucket = tick % WHEEL;
    next_timer[timer] = wheel[bucket];
    previous_timer[timer] = NONE;
    if (wheel[bucket] != NONE) previous_timer[wheel[bucket]] = timer;
    wheel[bucket] = timer;
    in_bucket[timer] = (int32_t)bucket;
}

/* ------------------------------------------------------------ sending, in batches */
static struct out { int count; char data[BATCH][MSG]; struct iovec iov[BATCH]; struct mmsghdr hdr[BATCH]; } outs[PORTS];

static void flush(int s)
{
    struct out *o = &outs[s];
    int done = 0;
    while (done < o->count) {
        int n = sendmmsg(sockets[s], o->hdr + done, (unsigned)(o->count - done), 0);
        if (n > 0) { done += n; continue; }
        if (errno == EINTR) continue;
        dropped++;   /* ECONNREFUSED, ENOBUFS: as if lost on the network */
        done++;
    }
    sent += (uint64_t)o->count;
    o->count = 0;
}

static void transmit(int s, const char *text, int length)
{
    struct out *o = &outs[s];
    if (length >= MSG) return;
    if (o->count == BATCH) flush(s);
    int i = o->count++;
    memcpy(o->data[i], text, (size_t)length);
    o->iov[i] = (struct iovec){o->data[i], (size_t)length};
    memset(&o->hdr[i], 0, sizeof o->hdr[i]);
    o->hdr[i].msg_hdr.msg_iov = &o->iov[i];
    o->hdr[i].msg_hdr.msg_iovlen = 1;
}

static int caller_socket(uint32_t i) { return (int)(i % CALLERS); }
static int port_of(int s) { return base_port + s; }

static const char *SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n";

/* ------------------------------------------------------------ what a caller sends */
static void send_request(uint32_t i, const char *method)
{
    struct call *c = &calls[i];
    char m[MSG];
    int s = caller_socket(i), n, is_invite = !strcmp(method, "INVITE");
    int is_ack = !strcmp(method, "ACK"), is_bye = !strcmp(method, "BYE");
    int in_dialog = is_bye || (is_ack && c->final / 100 == 2);
    char user[48];
    snprintf(user, sizeof user, "user%u", c->user);
    if (c->kind == PROBE || c->kind == USER) {
        const char *name = c->kind == PROBE ? "user0" : user;
        int to = c->kind == PROBE ? CALLERS : CALLERS + (int)c->user % CALLEES;
        n = snprintf(m, MSG,
            "REGISTER sip:%s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKr%u.%u;rport\r\nMax-Forwards: 70\r\n"
            "From: <sip:%s@%s>;tag=r%u\r\nTo: <sip:%s@%s>\r\nCall-ID: %u.%u@load\r\nCSeq: %u REGISTER\r\n"
            "Contact: <sip:%s@127.0.0.1:%d>\r\nExpires: 3600\r\nContent-Length: 0\r\n\r\n",
            domain, port_of(s), i, c->generation, name, domain, i, name, domain, i, c->generation, c->generation + 1,
            name, port_of(to));
        transmit(s, m, n);
        return;
    }
    char uri[400];
    if (in_dialog) snprintf(uri, sizeof uri, "%s", c->target);
    else snprintf(uri, sizeof uri, "sip:%s@%s", user, domain);
    n = snprintf(m, MSG,
        "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%c%u.%u;rport\r\nMax-Forwards: 70\r\n%s"
        "From: <sip:caller@%s>;tag=f%u\r\nTo: <sip:%s@%s>%s%s\r\nCall-ID: %u.%u@load\r\nCSeq: %d %s\r\n",
        method, uri, port_of(s), is_bye ? 'b' : in_dialog ? 'a' : 'i', i, c->generation,
        in_dialog && c->route ? c->route : "", domain, i, user, domain,
        (is_ack || is_bye) && c->to_tag ? ";tag=" : "", (is_ack || is_bye) && c->to_tag ? c->to_tag : "",
        i, c->generation, is_bye ? 2 : 1, method);
    if (is_invite)
        n += snprintf(m + n, MSG - (size_t)n,
            "Contact: <sip:caller@127.0.0.1:%d>\r\n%sContent-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s",
            port_of(s), c->kind == RINGING ? "X-Ring: yes\r\n" : "", strlen(SDP), SDP);
    else
        n += snprintf(m + n, MSG - (size_t)n, "Content-Length: 0\r\n\r\n");
    transmit(s, m, n);
}

static const char *method_of(enum step step)
{
    return step == INVITE ? "INVITE" : step == BYE ? "BYE" : step == CANCEL ? "CANCEL" : "REGISTER";
}

static void request(uint32_t i, enum step step, uint64_t now)
{
    struct call *c = &calls[i];
    c->step = (uint8_t)step;
    c->first = now;
    c->interval = T1;
    c->give_up = now + GIVE_UP;
    c->due = now + T1;
    send_request(i, method_of(step));
    schedule(2 * i, c->due);
}

static void release(uint32_t i)
{
    struct call *c = &calls[i];
    unschedule(2 * i);
    unschedule(2 * i + 1);
    free(c->route); free(c->target); free(c->to_tag); free(c->answer);
    uint32_t generation = c->generation + 1;
    memset(c, 0, sizeof *c);
    c->generation = generation;
    free_slots[free_count++] = i;
}

static uint32_t next_user;

static uint32_t begin(enum kind kind, uint64_t now)
{
    if (!free_count) { no_slot++; return NONE; }
    uint32_t i = free_slots[--free_count];
    struct call *c = &calls[i];
    c->kind = (uint8_t)kind;
    c->user = next_user++ % (unsigned)users;
    c->begun = now;
    c->second = (uint16_t)second_of(now);
    request(i, kind == PROBE || kind == USER ? REGISTER : INVITE, now);
    return i;
}

/* The end of what the caller wanted; the callee's side may go on for a moment, so the slot rests until its timers end. */
static uint32_t outstanding, new_outstanding;

static void over(uint32_t i, int good, uint64_t now, int status)
{
    struct call *c = &calls[i];
    struct second *s = &per_second[c->second];
    switch (c->kind) {
    case NEW:
        new_outstanding--;
        if (good) {
            s->completed++;
            per_second[second_of(now)].goodput++;
        } else if (status == 503) s->refused++;
        else if (status) s->failed++;
        else s->expired++;
        break;
    case OLD:
        if (c->step == BYE) { if (good) byes_ok++; else byes_failed++; }
        break;
    case RINGING:
        if (c->step == CANCEL) { if (good) cancels_ok++; else cancels_failed++; }
        break;
    case PROBE: {
        struct probe *p = &probe_log[c->second]; /* the probe's number, see below */
        p->latency = good ? (int64_t)(now - c->begun) : -1;
        p->status = status;
        break;
    }
    case USER: if (good) registered++; break;
    }
    outstanding--;
    c->step = OVER;
    if (c->kind == PROBE || c->kind == USER) { release(i); return; }
    schedule(2 * i, now + 5000000); /* absorbs what is late, then releases */
}

/* ------------------------------------------------------------ messages */
static const char *find(const char *m, const char *name) /* value of the first header, "\r\nName: " */
{
    const char *p = strcasestr(m, name);
    return p ? p + strlen(name) : NULL;
}

static int copy_line(char *to, int room, const char *from)
{
    const char *e = strstr(from, "\r\n");
    int n = e ? (int)(e - from) : 0;
    if (n >= room) n = room - 1;
    memcpy(to, from, (size_t)n);
    to[n] = 0;
    return n;
}

/* all header lines with this name, each with "prefix" instead of the name */
static char *lines(const char *m, const char *name, const char *prefix, int reverse)
{
    char buffer[MSG] = "", other[MSG], line[MSG];
    const char *end = strstr(m, "\r\n\r\n");
    size_t length = strlen(name);
    for (const char *p = strstr(m, "\r\n"); p && p < end; p = strstr(p + 2, "\r\n")) {
        if (strncasecmp(p + 2, name, length)) continue;
        copy_line(line, MSG, p + 2 + length);
        if (reverse) {
            snprintf(other, MSG, "%s%s\r\n%s", prefix, line, buffer);
            memcpy(buffer, other, MSG);
        } else {
            size_t at = strlen(buffer), more = strlen(prefix) + strlen(line) + 2;
            if (at + more < MSG) {
                memcpy(stpcpy(stpcpy(buffer + at, prefix), line), "\r\n", 3);
            }
        }
    }
    return strdup(buffer);
}

/* one Record-Route line may hold several values: splits at commas and reverses */
static char *route_set(const char *m)
{
    char *all = lines(m, "Record-Route: ", "", 0), result[MSG] = "", other[MSG];
    for (char *save = NULL, *p = strtok_r(all, "\r\n,", &save); p; p = strtok_r(NULL, "\r\n,", &save)) {
        while (*p == ' ') p++;
        snprintf(other, MSG, "Route: %s\r\n%s", p, result);
        memcpy(result, other, MSG);
    }
    free(all);
    return strdup(result);
}

static struct call *match(const char *m, uint32_t *index)
{
    const char *id = find(m, "\r\nCall-ID: ");
    unsigned i, generation;
    if (!id || sscanf(id, "%u.%u@load", &i, &generation) != 2 || i >= SLOTS) return NULL;
    if (calls[i].generation != generation || calls[i].step == FREE) return NULL;
    *index = i;
    return &calls[i];
}

static void respond(int s, const char *m, uint32_t i, int status, const char *phrase, int keep)
{
    struct call *c = &calls[i];
    char r[MSG * 2], from[MSG], to[MSG], cseq[128], id[128];
    char *via = lines(m, "Via: ", "Via: ", 0), *rr = lines(m, "Record-Route: ", "Record-Route: ", 0);
    copy_line(from, MSG, find(m, "\r\nFrom: "));
    copy_line(to, MSG, find(m, "\r\nTo: "));
    copy_line(cseq, sizeof cseq, find(m, "\r\nCSeq: "));
    copy_line(id, sizeof id, find(m, "\r\nCall-ID: "));
    int n = snprintf(r, sizeof r, "SIP/2.0 %d %s\r\n%s%sFrom: %s\r\nTo: %s%s\r\nCall-ID: %s\r\nCSeq: %s\r\n", status, phrase, via,
        status == 180 || keep ? rr : "", from, to, strstr(to, ";tag=") ? "" : ";tag=callee", id, cseq);
    if (keep)
        n += snprintf(r + n, sizeof r - (size_t)n, "Contact: <sip:callee@127.0.0.1:%d>\r\n", port_of(s));
    if (keep && status == 200)
        n += snprintf(r + n, sizeof r - (size_t)n, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n%s", strlen(SDP), SDP);
    else
        n += snprintf(r + n, sizeof r - (size_t)n, "Content-Length: 0\r\n\r\n");
    transmit(s, r, n);
    if (keep) {
        free(c->answer);
        c->answer = malloc((size_t)n);
        memcpy(c->answer, r, (size_t)n);
        c->answer_length = n;
    }
    free(via);
    free(rr);
}

static void retransmit_answer(uint32_t i, uint64_t now)
{
    struct call *c = &calls[i];
    c->callee_interval = T1;
    c->callee_due = now + T1;
    c->callee_end = now + GIVE_UP;
    schedule(2 * i + 1, c->callee_due);
}

static void callee_got(int s, const char *m, uint64_t now)
{
    uint32_t i;
    struct call *c = match(m, &i);
    if (!c) return;
    c->callee = (uint8_t)s;
    if (!strncmp(m, "INVITE ", 7)) {
        if (c->answer) { transmit(s, c->answer, c->answer_length); return; }
        respond(s, m, i, 180, "Ringing", 0);
        if (c->kind == RINGING) {
            respond(s, m, i, 180, "Ringing", 1);
            c->sent = 1;
        } else {
            respond(s, m, i, 200, "OK", 1);
            retransmit_answer(i, now);
        }
    } else if (!strncmp(m, "ACK ", 4)) {
        unschedule(2 * i + 1);
    } else if (!strncmp(m, "BYE ", 4)) {
        unschedule(2 * i + 1);
        respond(s, m, i, 200, "OK", 0);
    } else if (!strncmp(m, "CANCEL ", 7)) {
        respond(s, m, i, 200, "OK", 0);
        if (c->answer && c->sent == 1) { /* turn the 180 that was kept into the 487 of the INVITE */
            c->sent = 2;
            char r[MSG * 2];
            const char *rest = memmem(c->answer, (size_t)c->answer_length, "\r\n", 2);
            int left = c->answer_length - (int)(rest - c->answer);
            int n = snprintf(r, 64, "SIP/2.0 487 Request Terminated");
            memcpy(r + n, rest, (size_t)left);
            n += left;
            free(c->answer);
            c->answer = malloc((size_t)n);
            memcpy(c->answer, r, (size_t)n);
            c->answer_length = n;
            transmit(s, c->answer, n);
            retransmit_answer(i, now);
        }
    }
}

static void caller_got(const char *m, uint64_t now)
{
    uint32_t i;
    struct call *c = match(m, &i);
    if (!c) return;
    int status = atoi(m + 8);
    const char *cseq = find(m, "\r\nCSeq: ");
    if (!cseq) return;
    while (*cseq && *cseq != ' ') cseq++;
    cseq++;
    if (!strncmp(cseq, "REGISTER", 8)) {
        if (c->step == REGISTER && status >= 200) over(i, status / 100 == 2, now, status);
        return;
    }
    if (!strncmp(cseq, "BYE", 3)) {
        if (c->step == BYE && status >= 200) over(i, status / 100 == 2, now, status);
        return;
    }
    if (!strncmp(cseq, "CANCEL", 6)) {
        if (c->step == CANCEL && status >= 200) {
            if (status / 100 != 2) over(i, 0, now, status);
            else { c->cancel_ok = 1; unschedule(2 * i); c->give_up = now + GIVE_UP; schedule(2 * i, c->give_up); }
        }
        return;
    }
    if (strncmp(cseq, "INVITE", 6)) return;
    if (status < 200) {
        if (c->step == INVITE) {
            c->step = PROCEEDING;
            unschedule(2 * i); /* a proceeding INVITE is not retransmitted and has no limit here but this: */
            c->give_up = now + (c->kind == RINGING ? 200000000 : 64000000);
            schedule(2 * i, c->give_up);
            if (c->kind == RINGING) ring_up++;
        }
        return;
    }
    if (status >= 300) {
        if (!c->to_tag) {
            char to[512];
            const char *t = find(m, "\r\nTo: ");
            if (t) { copy_line(to, sizeof to, t); char *tag = strstr(to, ";tag="); if (tag) c->to_tag = strdup(tag + 5); }
        }
        if (c->step != OVER || c->final >= 3) { c->final = 3; send_request(i, "ACK"); }
        if (c->step == INVITE || c->step == PROCEEDING) over(i, 0, now, status);
        else if (c->step == CANCEL) over(i, 1, now, status); /* 487: the call is cancelled */
        return;
    }
    if (c->step == INVITE || c->step == PROCEEDING) {
        char line[MSG];
        const char *t = find(m, "\r\nTo: ");
        copy_line(line, MSG, t);
        char *tag = strstr(line, ";tag=");
        c->to_tag = strdup(tag ? tag + 5 : "");
        copy_line(line, MSG, find(m, "\r\nContact: "));
        char *a = strchr(line, '<'), *e = a ? strchr(a, '>') : NULL;
        if (e) *e = 0;
        c->target = strdup(a ? a + 1 : line);
        c->route = route_set(m);
        c->final = 200;
        c->step = ANSWERED;
        unschedule(2 * i);
        uint64_t took = (now - c->begun) / 1000;
        setup_hist[took < 40000 ? took : 39999]++;
        send_request(i, "ACK");
        if (c->kind == NEW) request(i, BYE, now);
        else if (c->kind == OLD) old_up++;
    } else if (c->final == 200 && c->route) {
        late_2xx++;
        send_request(i, "ACK");
    }
}

static void fire(uint32_t timer, uint64_t now)
{
    uint32_t i = timer / 2;
    struct call *c = &calls[i];
    if (timer & 1) { /* the callee's 2xx or 487 */
        if (now >= c->callee_end || !c->answer) return;
        transmit(c->callee, c->answer, c->answer_length);
        retransmissions++;
        c->callee_interval = c->callee_interval * 2 > T2 ? T2 : c->callee_interval * 2;
        schedule(timer, now + c->callee_interval);
        return;
    }
    switch (c->step) {
    case OVER: release(i); return;
    case PROCEEDING: over(i, 0, now, 0); return;
    case CANCEL:
        if (c->cancel_ok) { over(i, 0, now, 0); return; }
        /* fall through */
    case INVITE: case BYE: case REGISTER:
        if (now >= c->give_up) { over(i, 0, now, 0); return; }
        send_request(i, method_of(c->step));
        retransmissions++;
        c->interval *= 2;
        if (c->step != INVITE && c->interval > T2) c->interval = T2;
        uint64_t at = now + c->interval;
        schedule(timer, at < c->give_up ? at : c->give_up);
        return;
    default: return;
    }
}

static void run_timers(uint64_t now)
{
    uint64_t tick = now / TICK;
    while (wheel_tick < tick) {
        wheel_tick++;
        uint32_t bucket = wheel_tick % WHEEL;
        while (wheel[bucket] != NONE) {
            uint32_t t = wheel[bucket];
            unschedule(t);
            fire(t, now);
        }
    }
}

/* ------------------------------------------------------------ the loop */
static struct in { char data[BATCH][MSG]; struct iovec iov[BATCH]; struct mmsghdr hdr[BATCH]; } in;

static void turn(int wait_ms)
{
    struct pollfd fds[PORTS];
    for (int s = 0; s < PORTS; s++) {
        flush(s);
        fds[s] = (struct pollfd){sockets[s], POLLIN, 0};
    }
    poll(fds, PORTS, wait_ms);
    uint64_t now = now_us();
    for (int s = 0; s < PORTS; s++) {
        if (!fds[s].revents) continue;
        for (int b = 0; b < BATCH; b++) in.hdr[b].msg_hdr = (struct msghdr){.msg_iov = &in.iov[b], .msg_iovlen = 1};
        int n = recvmmsg(sockets[s], in.hdr, BATCH, MSG_DONTWAIT, NULL);
        for (int b = 0; b < n; b++) {
            in.data[b][in.hdr[b].msg_len] = 0;
            received++;
            if (!strncmp(in.data[b], "SIP/2.0", 7)) { if (s < CALLERS) caller_got(in.data[b], now); }
            else if (s >= CALLERS) callee_got(s, in.data[b], now);
        }
    }
    run_timers(now_us());
}

static void wait_until(uint64_t t)
{
    while (now_us() < t) turn(1);
}

static void setup(void)
{
    calls = calloc(SLOTS, sizeof *calls);
    free_slots = malloc(SLOTS * sizeof *free_slots);
    next_timer = malloc(2 * SLOTS * sizeof(uint32_t));
    previous_timer = malloc(2 * SLOTS * sizeof(uint32_t));
    in_bucket = malloc(2 * SLOTS * sizeof(int32_t));
    for (uint32_t i = 0; i < 2 * SLOTS; i++) in_bucket[i] = -1;
    for (uint32_t i = 0; i < WHEEL; i++) wheel[i] = NONE;
    uint32_t run = (uint32_t)(time(NULL) & 0xffff) << 12; /* Call-IDs differ from those of an earlier run */
    for (uint32_t i = 0; i < SLOTS; i++) {
        free_slots[i] = SLOTS - 1 - i;
        calls[i].generation = run;
    }
    free_count = SLOTS;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int s = 0; s < PORTS; s++) {
        int size = 8 << 20;
        sockets[s] = socket(AF_INET, SOCK_DGRAM, 0);
        setsockopt(sockets[s], SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port_of(s))};
        own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (bind(sockets[s], (struct sockaddr *)&own, sizeof own)) die("bind");
        if (connect(sockets[s], (struct sockaddr *)&server, sizeof server)) die("connect");
    }
    for (int b = 0; b < BATCH; b++) in.iov[b] = (struct iovec){in.data[b], MSG - 1};
    wheel_tick = now_us() / TICK;
    start_us = now_us();
}

static void print_results(double load_from, double load_to)
{
    printf("{\"load_from\":%.3f,\"load_to\":%.3f,\"old_calls\":%u,\"byes\":%u,\"byes_ok\":%u,\"byes_failed\":%u,"
           "\"ringing\":%u,\"cancels\":%u,\"cancels_ok\":%u,\"cancels_failed\":%u,\"sent\":%" PRIu64 ",\"received\":%" PRIu64
           ",\"retransmissions\":%" PRIu64 ",\"late_2xx\":%u,\"no_slot\":%u,\"not_sent\":%" PRIu64 ",\"registered\":%u",
           load_from, load_to, old_up, byes_sent, byes_ok, byes_failed, ring_up, cancels_sent, cancels_ok, cancels_failed,
           sent, received, retransmissions, late_2xx, no_slot, dropped, registered);
    const char *names[] = {"offered", "completed", "refused", "failed", "expired", "goodput"};
    unsigned last = second_of(now_us());
    for (int k = 0; k < 6; k++) {
        printf(",\"%s\":[", names[k]);
        for (unsigned s = 0; s <= last; s++) printf("%s%u", s ? "," : "", ((unsigned *)&per_second[s])[k]);
        printf("]");
    }
    uint64_t total = 0, sum = 0;
    for (int ms = 0; ms < 40000; ms++) total += setup_hist[ms];
    int p50 = 0, p99 = 0;
    for (int ms = 0; ms < 40000; ms++) {
        sum += setup_hist[ms];
        if (sum * 2 < total) p50 = ms + 1;
        if (sum * 100 < total * 99) p99 = ms + 1;
    }
    printf(",\"setup_p50_ms\":%d,\"setup_p99_ms\":%d,\"probes\":[", p50, p99);
    for (unsigned p = 0; p < probes; p++)
        printf("%s[%.3f,%.3f,%d]", p ? "," : "", (double)(probe_log[p].at - start_us) / 1e6,
               probe_log[p].latency < 0 ? -1 : (double)probe_log[p].latency / 1e3, probe_log[p].status);
    printf("]}\n");
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {{"port", 1, 0, 'p'}, {"rate", 1, 0, 'r'}, {"seconds", 1, 0, 's'},
        {"after", 1, 0, 'a'}, {"users", 1, 0, 'u'}, {"old", 1, 0, 'o'}, {"ringing", 1, 0, 'R'}, {"window", 1, 0, 'w'},
        {"base-port", 1, 0, 'b'}, {"warmup", 1, 0, 'W'}, {0, 0, 0, 0}};
    for (int o; (o = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
        double v = optarg ? atof(optarg) : 0;
        switch (o) {
        case 'p': port = (int)v; break;
        case 'r': rate = v; break;
        case 's': seconds = (int)v; break;
        case 'a': after = (int)v; break;
        case 'u': users = (int)v; break;
        case 'o': old_calls = (int)v; break;
        case 'R': ringing = (int)v; break;
        case 'w': window = v; break;
        case 'b': base_port = (int)v; break;
        case 'W': warmup = (int)v; break;
        default: fprintf(stderr, "usage: calls --port N (--rate CALLS/S | --window N) [--seconds N] [--after N] [--users N] [--old N] [--ringing N] [--base-port N] [--warmup N]\n"); return 2;
        }
    }
    setup();
    for (int u = 0; u < users; u++) {
        if (begin(USER, now_us()) == NONE) return 2;
        outstanding++;
        if (u % 20 == 19) turn(0), wait_until(now_us() + 10000);
    }
    uint64_t limit = now_us() + 33000000;
    while (registered < (unsigned)users && now_us() < limit) turn(5);
    if (registered < (unsigned)users) { fprintf(stderr, "only %u of %d users are registered\n", registered, users); return 3; }

    if (window > 0) { /* closed loop: capacity */
        uint64_t from = 0, end = now_us() + (uint64_t)(warmup + seconds) * 1000000;
        uint64_t measured = now_us() + (uint64_t)warmup * 1000000;
        unsigned before = 0, done = 0;
        for (uint64_t now = now_us(); now < end; now = now_us()) {
            while (new_outstanding < (unsigned)window) {
                if (begin(NEW, now) == NONE) break;
                outstanding++; new_outstanding++;
            }
            turn(1);
            if (!from && now >= measured) {
                from = now;
                for (unsigned s = 0; s < MAXSECONDS; s++) before += per_second[s].goodput;
            }
        }
        for (unsigned s = 0; s < MAXSECONDS; s++) done += per_second[s].goodput;
        printf("{\"capacity\":%.1f,\"retransmissions\":%" PRIu64 "}\n", (done - before) / ((double)(now_us() - from) / 1e6), retransmissions);
        return 0;
    }

    uint32_t *old = malloc((size_t)(old_calls + ringing + 1) * sizeof *old);
    for (int k = 0; k < old_calls + ringing; k++) {
        old[k] = begin(k < old_calls ? OLD : RINGING, now_us());
        outstanding++;
        wait_until(now_us() + 10000);
    }
    limit = now_us() + 10000000;
    while ((old_up < (unsigned)old_calls || ring_up < (unsigned)ringing) && now_us() < limit) turn(5);

    uint64_t lead = 5000000, from = now_us() + lead, to = from + (uint64_t)seconds * 1000000, end = to + (uint64_t)after * 1000000;
    uint64_t next_probe = now_us(), last_probe = end - 33000000 > to ? end - 1000000 : end;
    uint64_t offered = 0;
    int ended = 0, ends = old_calls + ringing, byes = 0, cancels = 0;
    for (uint64_t now = now_us(); now < end; now = now_us()) {
        if (now >= from && now < to) {
            uint64_t due = (uint64_t)((double)(now - from) / 1e6 * rate);
            for (int burst = 0; offered < due && burst < 512; burst++) {
                offered++;
                uint32_t i = begin(NEW, now);
                if (i == NONE) continue;
                per_second[calls[i].second].offered++;
                outstanding++; new_outstanding++;
            }
            int ends_due = (int)((double)(now - from) / (double)(to - from) * ends) + 1;
            for (; ended < ends_due && ended < ends; ended++) {
                /* interleaved, so that both are spread over the whole load */
                int is_cancel = ringing && (int)((int64_t)(ended + 1) * ringing / ends) > cancels;
                uint32_t i = is_cancel ? old[old_calls + cancels++] : old[byes++ % (old_calls ? old_calls : 1)];
                struct call *c = &calls[i];
                if (c->kind == OLD && c->step == ANSWERED) { byes_sent++; request(i, BYE, now); }
                else if (c->kind == RINGING && c->step == PROCEEDING) { cancels_sent++; request(i, CANCEL, now); }
            }
        }
        if (now >= next_probe && now < last_probe && probes < MAXPROBES) {
            next_probe += 100000;
            uint32_t i = begin(PROBE, now);
            if (i != NONE) {
                outstanding++;
                calls[i].second = (uint16_t)probes;
                probe_log[probes++] = (struct probe){.at = now, .latency = -1};
            }
        }
        turn(1);
    }
    print_results((double)(from - start_us) / 1e6, (double)(to - start_us) / 1e6);
    return 0;
}
