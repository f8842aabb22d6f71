package org.sipproxy.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.control.ControlSink;

class FigureStreamTest {

    @Test
    void streamEndsIfTheFiguresCannotBeRead() throws InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        ServerComponents notStarted = new ServerComponents();
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .build()) {
            ServerOperations operations = new ServerOperations(proxy, notStarted, "1.2.3", () -> {});

            new FigureStream(operations, 100).open(new ControlSink() {
                @Override
                public boolean send(Object event) {
                    return true;
                }

                @Override
                public void end() {
                    ended.countDown();
                }
            });

            assertThat(ended.await(20, TimeUnit.SECONDS)).isTrue();
        }
    }
}
