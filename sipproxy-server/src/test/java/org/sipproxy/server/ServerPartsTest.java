package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.part.ServerPart;
import org.sipproxy.server.part.ServerPartException;
import org.sipproxy.server.part.ServerParts;

class ServerPartsTest {

    private final List<String> seen = new ArrayList<>();

    @Test
    void partsStopInReverseOrder() {
        try (SipProxy proxy = proxy()) {
            ServerParts.start(List.of(part("a", false), part("b", false)), proxy)
                    .stop();
        }

        assertThat(seen).containsExactly("start a", "start b", "stop b", "stop a");
    }

    @Test
    void partsBeforeOneThatCannotStartAreStopped() {
        try (SipProxy proxy = proxy()) {
            List<ServerPart> parts = List.of(part("a", false), part("b", true), part("c", false));

            assertThatThrownBy(() -> ServerParts.start(parts, proxy)).isInstanceOf(ServerPartException.class);
        }

        assertThat(seen).containsExactly("start a", "start b", "stop a");
    }

    @Test
    void partThatFailsToStopDoesNotKeepTheOthersRunning() {
        ServerPart failing = new ServerPart() {
            @Override
            public void start(SipProxy proxy) {}

            @Override
            public void stop() {
                throw new IllegalStateException("stuck");
            }
        };
        try (SipProxy proxy = proxy()) {
            ServerParts.start(List.of(part("a", false), failing), proxy).stop();
        }

        assertThat(seen).containsExactly("start a", "stop a");
    }

    private static SipProxy proxy() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .build();
    }

    private ServerPart part(String name, boolean fails) {
        return new ServerPart() {
            @Override
            public void start(SipProxy proxy) {
                seen.add("start " + name);
                if (fails) {
                    throw new ServerPartException("--part: in use");
                }
            }

            @Override
            public void stop() {
                seen.add("stop " + name);
            }
        };
    }
}
