package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.Method;

/** Stages of the host application that fail, block, or see retransmissions. */
class HostStageTest {

    @Test
    void stageThatFailsIs500AndHasNoOtherEffect() {
        RequestStage broken = context -> {
            if (context.request().method().name().equals("BREAK")) {
                throw new IllegalStateException("on purpose");
            }
            return Verdict.proceed();
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(broken))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");

            Request request = alice.send(alice.request("BREAK", "sip:bob@sip.test"));

            alice.awaitResponse(request, 500);
            alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            bob.awaitRequest("MESSAGE");
        }
    }

    @Test
    void stageThatBlocksWithoutDeclaringItIsDetected() {
        RequestStage sleeping = new RequestStage() {
            @Override
            public Verdict handle(StageContext context) throws InterruptedException {
                TimeUnit.MILLISECONDS.sleep(context.request().method() == Method.MESSAGE ? 3_000 : 0);
                return Verdict.respond(486);
            }

            @Override
            public boolean mayBlock() {
                return false;
            }
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(sleeping))) {
            proxy.mayHoldThreads(1);
            WireClient.Udp alice = proxy.udp("alice");
            alice.awaitResponse(alice.send(alice.request("INFO", "sip:bob@sip.test")), 486);

            Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            alice.awaitResponse(message, 486);
            assertThat(proxy.proxy().statistics().stalledReceivers()).isOne();
        }
    }

    @Test
    void stageThatCannotDoItsWorkNowIs503WithRetryAfter() {
        RequestStage waiting = context -> {
            throw new TemporarilyUnavailableException("thrown by the test", 7, null);
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(waiting))) {
            WireClient.Udp alice = proxy.udp("alice");

            Request request = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            assertThat(alice.awaitResponse(request, 503).header("Retry-After")).isEqualTo("7");
        }
    }

    @Test
    void stageSeesARetransmittedRequestOnce() {
        List<String> seen = java.util.Collections.synchronizedList(new ArrayList<>());
        RequestStage counting = context -> {
            seen.add(context.request().callId());
            return Verdict.respond(486);
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(counting))) {
            WireClient.Udp alice = proxy.udp("alice");
            Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            alice.awaitResponse(message, 486);

            alice.send(message);

            alice.awaitResponse(message, 486);
            assertThat(seen).containsExactly(message.callId());
        }
    }
}
