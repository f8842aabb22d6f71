package org.sipproxy.nat;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.Via;

/**
 * Pinger that visits all flows once per interval, a few at each timer tick, so that pings are sent evenly: 100,000
 * flows in 15 s are 67 per 10 ms. Removes expired bindings on its round. A ping costs one datagram and one array, and
 * no look-up in the location store.
 */
final class NatPinger {

    private static final Duration TICK = Duration.ofMillis(10);
    /** Prevents a burst of a whole round after the machine was suspended. */
    private static final long LONGEST_TICK_MILLIS = 1_000;

    private static final byte[] LINE_ENDS = {'\r', '\n', '\r', '\n'};
    private static final byte[] ZEROS = new byte[4];

    /**
     * Ping settings.
     *
     * @param method null to send no pings
     * @param interval the duration of one round
     * @param removeAfter unanswered pings after which a binding is removed; 0 to remove none
     */
    record Rules(@Nullable PingMethod method, Duration interval, int removeAfter) {}

    private final Rules rules;
    private final long intervalMillis;
    private final KnownClients clients;
    private final NatCounters counters;
    private final KeyedHash nonces;
    private final ProxyRuntime proxy;
    private final PingWriter writer;
    private final StoreThread store;
    private final Runnable tick = this::tick;

    // used by the timer thread only
    private long lastMillis;
    private double due;
    private int position;
    private long pingNumber;

    NatPinger(
            Rules rules,
            KnownClients clients,
            NatCounters counters,
            KeyedHash nonces,
            ProxyRuntime proxy,
            StoreThread store) {
        this.rules = rules;
        this.intervalMillis = rules.interval().toMillis();
        this.clients = clients;
        this.counters = counters;
        this.nonces = nonces;
        this.proxy = proxy;
        this.writer = new PingWriter(proxy);
        this.store = store;
        this.lastMillis = proxy.now().toEpochMilli();
        this.pingNumber = System.nanoTime();
    }

    void start() {
        proxy.schedule(TICK, tick);
    }

    private void tick() {
        try {
            long now = proxy.now().toEpochMilli();
            long elapsed = Math.max(0, Math.min(now - lastMillis, LONGEST_TICK_MILLIS));
            lastMillis = now;
            int slots = clients.slots();
            due += (double) slots * elapsed / intervalMillis;
            int count = (int) due;
            due -= count;
            for (int i = 0; i < count; i++) {
                position = position + 1 < slots ? position + 1 : 0;
                KeptFlow kept = clients.slot(position);
                if (kept != null) {
                    visit(kept, now);
                }
            }
        } finally {
            proxy.schedule(TICK, tick);
        }
    }

    private void visit(KeptFlow kept, long now) {
        Binding binding = removeExpired(kept, now);
        PingMethod method = rules.method();
        if (binding == null || method == null || kept.flow.kind() != TransportKind.UDP) {
            return;
        }
        if (kept.nonce != 0) {
            kept.nonce = 0;
            counters.unanswered.increment();
            int missed = kept.unanswered + 1;
            kept.unanswered = missed;
            if (rules.removeAfter() > 0 && missed >= rules.removeAfter()) {
                store.removeUnreachable(kept);
                return;
            }
        }
        if (kept.keepsItselfAlive(now, intervalMillis)) {
            counters.spared.increment();
            return;
        }
        counters.pings.increment();
        switch (method) {
            case CRLF -> proxy.send(kept.flow, LINE_ENDS);
            case EMPTY -> proxy.send(kept.flow, ZEROS);
            case OPTIONS -> {
                long nonce = nextNonce();
                kept.sentNanos = System.nanoTime();
                kept.nonce = nonce;
                proxy.send(kept.flow, writer.write(kept, binding.contact().asRequestUri(), nonce));
            }
        }
    }

    /** Returns a nonce that cannot be guessed without seeing the ping. */
    private long nextNonce() {
        pingNumber++;
        byte[] number = new byte[8];
        for (int i = 0; i < 8; i++) {
            number[i] = (byte) (pingNumber >>> (8 * i));
        }
        return nonces.hash(number, 0, number.length) | 1;
    }

    /** Removes expired bindings. Returns the first valid one with a SIP contact; null if there is none. */
    private @Nullable Binding removeExpired(KeptFlow kept, long now) {
        Binding valid = null;
        for (Client client : kept.clients) {
            Binding binding = client.binding;
            if (binding.expiresAtMillis() <= now) {
                clients.remove(binding.id());
            } else if (valid == null && binding.contact().isSip()) {
                valid = binding;
            }
        }
        return valid;
    }

    /**
     * Returns true if the response belongs to a ping. It is counted only with the flow's nonce and from the address of
     * the ping.
     */
    boolean isAnswer(SipResponse response, Flow flow) {
        Via via = PingWriter.branchOf(response);
        if (via == null) {
            return false;
        }
        KeptFlow kept = clients.slot(PingWriter.slot(response, via));
        if (kept == null
                || response.isProvisional()
                || kept.nonce != PingWriter.nonce(response, via)
                || !kept.flow.remoteAddress().equals(flow.remoteAddress())) {
            return true; // late, retransmitted or forged: not a response to any other request
        }
        long now = System.nanoTime();
        long nanos = now - kept.sentNanos;
        kept.answered(clients.now(), now);
        counters.answered(nanos);
        return true;
    }
}
