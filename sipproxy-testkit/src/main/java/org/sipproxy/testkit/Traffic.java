package org.sipproxy.testkit;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.api.transport.TransportKind;

/**
 * Messages between phones and proxies that are in the buffers of sockets: sent by one side, and not received by the
 * other, whose thread may wait for a busy processor. Thread-safe.
 */
final class Traffic {

    /** Messages to the proxy and to the phone that have not arrived. */
    private record Between(AtomicInteger toProxy, AtomicInteger toPhone) {

        Between() {
            this(new AtomicInteger(), new AtomicInteger());
        }

        boolean isEmpty() {
            return toProxy.get() == 0 && toPhone.get() == 0;
        }
    }

    /** Keys: addresses of phones. */
    private final Map<InetSocketAddress, Between> phones = new ConcurrentHashMap<>();

    /** Counts a message that a proxy has received or sends. Ignores peers that are not phones of the clock. */
    void atProxy(WireMessage message) {
        Between phone = phones.get(message.flow().remoteAddress());
        if (phone == null) {
            return;
        }
        if (message.isReceived()) {
            phone.toProxy().decrementAndGet();
        } else {
            phone.toPhone().incrementAndGet();
        }
    }

    /** Returns true if a message has not arrived. */
    boolean isUnderWay() {
        return phones.values().stream().anyMatch(phone -> !phone.isEmpty());
    }

    /** Treats messages that have not arrived as lost: an arrival filter drops some, and a peer may be closed. */
    void forget() {
        phones.replaceAll((address, phone) -> phone.isEmpty() ? phone : new Between());
    }

    /** Returns a wire whose messages are counted. */
    Wire counted(Wire wire) {
        return new Counted(wire);
    }

    private final class Counted implements Wire {

        private final Wire wire;
        private final InetSocketAddress address;

        Counted(Wire wire) {
            this.wire = wire;
            this.address = wire.localAddress();
            phones.put(address, new Between());
        }

        private void sends() {
            phones.computeIfPresent(address, (a, phone) -> {
                phone.toProxy().incrementAndGet();
                return phone;
            });
        }

        @Override
        public TransportKind kind() {
            return wire.kind();
        }

        @Override
        public InetSocketAddress localAddress() {
            return wire.localAddress();
        }

        @Override
        public void start(String threadName, Receiver receiver) {
            wire.start(threadName, new Receiver() {
                @Override
                public void received(byte[] bytes, InetSocketAddress source) {
                    receiver.received(bytes, source);
                    phones.computeIfPresent(address, (a, phone) -> {
                        phone.toPhone().decrementAndGet();
                        return phone;
                    });
                }

                @Override
                public void ended() {
                    receiver.ended();
                }
            });
        }

        @Override
        public void send(byte[] bytes) {
            sends();
            wire.send(bytes);
        }

        @Override
        public void respond(byte[] bytes, InetSocketAddress source) {
            sends();
            wire.respond(bytes, source);
        }

        @Override
        public void close() {
            wire.close();
            phones.remove(address);
        }
    }
}
