package org.sipproxy.core.internal.engine;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.message.SipMessage;

/**
 * Wire listeners of the host application. They are added and removed while the proxy runs; without one, a message costs
 * one volatile read. Their exceptions do not reach the message path.
 */
final class WireTap {

    private record Guarded(WireListener listener, HostCall host) {

        Guarded(WireListener listener) {
            this(listener, new HostCall("wire listener " + listener.getClass().getName()));
        }

        void show(WireMessage message) {
            try {
                listener.onMessage(message);
            } catch (Throwable e) {
                host.failed(e);
            }
        }
    }

    private final ProxyClock clock;
    /** Replaced as a whole under this object's monitor. */
    private volatile List<Guarded> listeners = List.of();

    WireTap(ProxyClock clock, List<WireListener> listeners) {
        this.clock = clock;
        listeners.forEach(this::add);
    }

    /** Adds a listener, unless it is there already. */
    synchronized void add(WireListener listener) {
        List<Guarded> more = new ArrayList<>(listeners);
        more.removeIf(one -> one.listener() == listener);
        more.add(new Guarded(listener));
        listeners = List.copyOf(more);
    }

    synchronized void remove(WireListener listener) {
        listeners = listeners.stream().filter(one -> one.listener() != listener).toList();
    }

    /** Returns true if there are listeners. */
    boolean isOn() {
        return !listeners.isEmpty();
    }

    /** Shows a message that was parsed; {@code wire} may have more bytes after it. */
    void received(SipMessage message, byte[] wire, Flow from) {
        List<Guarded> now = listeners;
        if (!now.isEmpty()) {
            show(now, WireMessage.received(message, wire, from, clock.instant()));
        }
    }

    /** Shows bytes that are not a SIP message. */
    void received(byte[] wire, Flow from) {
        List<Guarded> now = listeners;
        if (!now.isEmpty()) {
            show(now, WireMessage.received(wire, from, clock.instant()));
        }
    }

    void sent(byte[] wire, Flow to) {
        List<Guarded> now = listeners;
        if (!now.isEmpty()) {
            show(now, WireMessage.sent(wire, to, clock.instant()));
        }
    }

    private static void show(List<Guarded> now, WireMessage message) {
        for (int i = 0; i < now.size(); i++) {
            now.get(i).show(message);
        }
    }
}
