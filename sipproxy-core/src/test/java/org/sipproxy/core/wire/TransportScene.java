package org.sipproxy.core.wire;

import org.junit.jupiter.api.AfterEach;

/** A proxy with UDP and TCP, and a UDP element alice. */
abstract class TransportScene {

    final ProxyUnderTest proxy = ProxyUnderTest.start();
    final WireClient.Udp alice = proxy.udp("alice");

    @AfterEach
    void close() {
        proxy.close();
    }
}
