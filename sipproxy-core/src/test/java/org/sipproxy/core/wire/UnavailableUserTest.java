package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;

/** Responses for users that cannot be reached. A stranger learns nothing from them (RFC 3261 §21.4.5, §21.4.18). */
class UnavailableUserTest {

    private static final HeaderName PROOF = HeaderName.of("X-Proof");
    private static final HeaderName PEER = HeaderName.of("X-Peer");

    private final AtomicInteger asked = new AtomicInteger();
    private ProxyUnderTest proxy = start(builder());

    /** Authenticates by a header line, and knows the users bob and carol. */
    private final class ByHeader implements Authentication {

        @Override
        public Verdict handle(StageContext context) {
            if (context.request().hasHeader(PROOF)
                    || Method.REGISTER.equals(context.request().method())) {
                context.authenticated("bob", "sip.test", -1);
            }
            return Verdict.proceed();
        }

        @Override
        public boolean isKnownUser(String user, String domain, UserCase userCase) {
            asked.incrementAndGet();
            return Set.of("bob@sip.test", "carol@sip.test").contains(userCase.canonical(user) + "@" + domain);
        }
    }

    private SipProxyBuilder builder() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .listen(Endpoint.tcp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(new ByHeader())
                .strangers(StrangerPolicy.ANY)
                .beforeAuthentication(context -> {
                    if (context.request().hasHeader(PEER)) {
                        context.trust();
                    }
                    return Verdict.proceed();
                });
    }

    private static ProxyUnderTest start(SipProxyBuilder builder) {
        return ProxyUnderTest.of(builder);
    }

    @AfterEach
    void close() {
        proxy.close();
    }

    private static int status(WireClient from, String method, String uri, String... lines) {
        Request request = from.request(method, uri)
                .from("<sip:caller@elsewhere.test>;tag=" + WireClient.unique("f"))
                .with(lines);
        WireMessage response = from.awaitFinal(from.send(request));
        if (method.equals("INVITE")) {
            from.send(request.ack(response).text());
        }
        return response.status();
    }

    @ParameterizedTest
    @ValueSource(strings = {"OPTIONS", "MESSAGE", "INVITE", "SUBSCRIBE", "NOTIFY", "PUBLISH", "REFER", "FOO"})
    void strangerCannotTellAnUnregisteredUserFromAnUnknownOne(String method) {
        WireClient stranger = proxy.udp("stranger");

        for (String user : List.of("bob", "BOB", "%62ob", "nobody")) {
            assertThat(status(stranger, method, "sip:" + user + "@sip.test"))
                    .as(user)
                    .isEqualTo(404);
            assertThat(status(stranger, method, "sips:" + user + "@sip.test"))
                    .as(user)
                    .isEqualTo(404);
        }
        assertThat(asked).as("look-ups, whose time would show").hasValue(0);
    }

    @Test
    void strangersGetTheSameResponseForBoth() {
        WireClient stranger = proxy.udp("stranger");
        Request toBob = stranger.request("MESSAGE", "sip:bob@sip.test").from("<sip:x@elsewhere.test>;tag=1");
        Request toNobody = stranger.request("MESSAGE", "sip:not@sip.test").from("<sip:x@elsewhere.test>;tag=1");

        String bob = stranger.awaitFinal(stranger.send(toBob)).text();
        String nobody = stranger.awaitFinal(stranger.send(toNobody)).text();

        String variable = "(?m)^(Via|Call-ID|To): .*$";
        assertThat(bob.replaceAll(variable, "$1")).isEqualTo(nobody.replaceAll(variable, "$1"));
    }

    @Test
    void strangerCannotTellAUserWithoutASecureContactFromAnUnknownOne() {
        WireClient bob = proxy.udp("bob");
        proxy.register(bob, "bob", "");
        WireClient stranger = proxy.udp("stranger");

        assertThat(status(stranger, "MESSAGE", "sips:bob@sip.test")).isEqualTo(404);
        assertThat(status(stranger, "MESSAGE", "sips:bob@sip.test", "X-Proof: 1"))
                .isEqualTo(480);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-Proof: 1", "X-Peer: 1"})
    void usersAndTrustedPeersGetThePreciseStatus(String line) {
        WireClient known = proxy.udp("known");

        assertThat(status(known, "MESSAGE", "sip:bob@sip.test", line)).isEqualTo(480);
        assertThat(status(known, "MESSAGE", "sip:Carol@sip.test", line)).isEqualTo(480);
        assertThat(status(known, "MESSAGE", "sip:nobody@sip.test", line)).isEqualTo(404);
        assertThat(status(known, "MESSAGE", "sip:%00@sip.test", line)).isEqualTo(404);
    }

    @ParameterizedTest
    @CsvSource({
        "bob,  X-Proof: 1, 480, the user is not registered",
        "not,  X-Proof: 1, 404, no such user",
        "bob,  X-None: 1,  404, no registered contact can be called",
        "not,  X-None: 1,  404, no registered contact can be called",
    })
    void logSaysWhyAsFarAsTheProxyHasLookedItUp(String user, String line, int status, String why) {
        proxy.close();
        try (CapturedLog log = new CapturedLog()) {
            proxy = start(builder());
            WireClient caller = proxy.udp("caller");
            assertThat(status(caller, "MESSAGE", "sip:" + user + "@sip.test", line))
                    .isEqualTo(status);

            // a worker writes the line after it has sent the response
            await().untilAsserted(() ->
                    assertThat(log.lines("REFUSED")).singleElement().asString().contains(" why=\"" + why + "\""));
        }
    }

    @Test
    void hostMayRevealItsUsersToStrangers() {
        proxy.close();
        proxy = start(builder().revealUsers(true));
        WireClient stranger = proxy.udp("stranger");

        assertThat(status(stranger, "INVITE", "sip:bob@sip.test")).isEqualTo(480);
        assertThat(status(stranger, "OPTIONS", "sip:nobody@sip.test")).isEqualTo(404);
    }

    @Test
    void registeredUserIsReachedByStrangers() {
        WireClient bob = proxy.udp("bob");
        proxy.register(bob, "bob", "");
        WireClient stranger = proxy.udp("stranger");
        Request options =
                stranger.send(stranger.request("OPTIONS", "sip:bob@sip.test").from("<sip:x@elsewhere.test>;tag=1"));

        bob.respond(bob.awaitRequest("OPTIONS"), 200);

        stranger.awaitResponse(options, 200);
    }
}
