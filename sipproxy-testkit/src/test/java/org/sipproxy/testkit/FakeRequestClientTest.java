package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeRequestClient;
import org.sipproxy.testkit.fakes.FakeRuntime;

class FakeRequestClientTest {

    private final FakeRequestClient client = new FakeRuntime(Instant.EPOCH).requests();
    private final OutgoingRequest options =
            OutgoingRequest.builder(Method.OPTIONS, SipUri.of("sip:gw.test")).build();

    @Test
    void testCompletesEachRequest() throws Exception {
        CompletableFuture<SipResponse> first = client.send(options);
        CompletableFuture<SipResponse> second = client.send(options);
        assertThat(first).isNotDone();

        client.sent().get(0).respond(503, "Retry-After: 5");
        client.sent().get(1).fail(Reason.TIMED_OUT);

        assertThat(first.join().statusCode()).isEqualTo(503);
        assertThat(first.join().header(HeaderName.RETRY_AFTER)).hasValue("5");
        assertThat(first.join().cseq().method()).isEqualTo(Method.OPTIONS);
        assertThatThrownBy(second::join)
                .cause()
                .isInstanceOfSatisfying(
                        RequestFailedException.class,
                        failure -> assertThat(failure.reason()).isEqualTo(Reason.TIMED_OUT));
    }

    @Test
    void scriptedStatusCompletesAtOnce() {
        client.respondWith(200);

        assertThat(client.send(options).join().statusCode()).isEqualTo(200);
        assertThat(client.sent())
                .singleElement()
                .extracting(FakeRequestClient.Sent::request)
                .isSameAs(options);
    }
}
