package org.sipproxy.core.internal.registrar;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;

/** A connection that a test can close. */
final class FakeFlow implements Flow {

    private volatile boolean open = true;

    void close() {
        open = false;
    }

    @Override
    public TransportKind kind() {
        return TransportKind.TCP;
    }

    @Override
    public Endpoint endpoint() {
        return Endpoint.tcp("127.0.0.1", 5060);
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return InetSocketAddress.createUnresolved("192.0.2.9", 5060);
    }

    @Override
    public boolean isOpen() {
        return open;
    }
}
