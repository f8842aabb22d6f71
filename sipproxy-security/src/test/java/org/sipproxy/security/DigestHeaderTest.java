package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Several headers with credentials, old phones, and the digest URI. */
class DigestHeaderTest extends DigestScene {

    @Test
    void credentialsForThisRealmAreUsedInAnyPosition() {
        DigestCredentials foreign = Requests.credentials("abc").with("realm", "elsewhere.test");
        FakeStageContext context = FakeStageContext.of(Requests.register(
                "Authorization: " + foreign.value(),
                "Authorization: Basic MTAwMTpzZWNyZXQ=",
                "Authorization: Digest username=\"1001",
                "Authorization: " + Requests.credentials(nonce()).value(),
                "Authorization: " + foreign.value()));

        assertThat(authentication.handle(context)).isSameAs(Verdict.proceed());
        assertThat(context.request().value(context.credentialsHeader())).contains("realm=\"example.org\"");
    }

    @Test
    void credentialsInAnOfferedAlgorithmAreUsed() {
        FakeStageContext context = FakeStageContext.of(Requests.register(
                "Authorization: "
                        + Requests.credentials(nonce())
                                .with("algorithm", "SHA-256")
                                .value(),
                "Authorization: " + Requests.credentials(nonce()).value()));

        assertThat(authentication.handle(context)).isSameAs(Verdict.proceed());
        assertThat(context.request().value(context.credentialsHeader())).contains("algorithm=MD5");
    }

    @Test
    void oneRequestAllowsOneGuess() {
        FakeStageContext context = FakeStageContext.of(Requests.register(
                "Authorization: "
                        + Requests.credentials(nonce()).password("guess").value(),
                "Authorization: " + Requests.credentials(nonce()).value()));

        assertFreshChallenge(authentication.handle(context));
    }

    @Test
    void responseWithoutQopIsRefusedByDefault() {
        assertFreshChallenge(register(Requests.credentials(nonce()).withoutQop()));
    }

    @Test
    void responseWithoutQopPassesIfQopIsNotRequired() {
        DigestAuthentication lenient =
                plain().credentials(users).requireQop(false).build();
        DigestCredentials old = Requests.credentials(nonce(lenient)).withoutQop();
        DigestCredentials guess =
                Requests.credentials(nonce(lenient)).withoutQop().password("guess");
        DigestCredentials modern = Requests.credentials(nonce(lenient));

        assertThat(lenient.handle(FakeStageContext.of(Requests.register("Authorization: " + old.value()))))
                .isSameAs(Verdict.proceed());
        assertThat(lenient.handle(FakeStageContext.of(Requests.register("Authorization: " + modern.value()))))
                .isSameAs(Verdict.proceed());
        assertFreshChallenge(lenient.handle(FakeStageContext.of(Requests.register("Authorization: " + guess.value()))));
    }

    @Test
    void responseWithoutQopPassesOncePerNonce() {
        DigestAuthentication lenient =
                plain().credentials(users).requireQop(false).build();
        DigestCredentials old = Requests.credentials(nonce(lenient)).withoutQop();
        String credentials = "Authorization: " + old.value();
        assertThat(lenient.handle(FakeStageContext.of(Requests.register(credentials, "CSeq: 2 REGISTER"))))
                .isSameAs(Verdict.proceed());

        Verdict replayed =
                lenient.handle(FakeStageContext.of(Requests.register(credentials, "Contact: <sip:evil@192.0.2.66>")));

        assertThat(replayed).isInstanceOfSatisfying(Verdict.Respond.class, response -> {
            assertThat(response.statusCode()).isEqualTo(401);
            assertThat(String.join("\n", response.headerLines())).contains("stale=true");
        });
    }

    @Test
    void responseStrippedOfItsQopIsRefused() {
        DigestAuthentication lenient =
                plain().credentials(users).requireQop(false).build();
        String credentials = Requests.credentials(nonce(lenient)).value().replace("qop=auth, ", "");

        assertFreshChallenge(lenient.handle(FakeStageContext.of(Requests.register("Authorization: " + credentials))));
    }

    private Verdict invite(String requestUri, String digestUri) {
        DigestCredentials phone = Requests.credentials(nonce()).method("INVITE").with("uri", digestUri);
        return authentication.handle(FakeStageContext.of(Requests.request(
                "INVITE " + requestUri,
                "<sip:1001@example.org>",
                "<sip:1002@example.org>",
                "Proxy-Authorization: " + phone.value())));
    }

    @ParameterizedTest
    @CsvSource({
        "sip:1002@example.org, sip:1002@example.org",
        "sip:1002@example.org, sip:1002@EXAMPLE.org",
        "sip:1002@example.org, sip:1002@example.org:5060",
        "sip:1002@example.org;transport=tcp, sip:1002@example.org",
        "sip:1002@example.org, sip:1002@example.org;user=phone;transport=udp",
        "sip:1002@example.org, sip:%31002@example.org",
        "sip:1002@example.org, sips:1002@example.org",
        "sip:1002@192.0.2.1, sip:1002@example.org",
        "sip:example.org, sip:example.org:5060",
        "tel:+4930123456, tel:+4930123456",
        "tel:+4930123456, TEL:+4930123456",
        "sip:bob@elsewhere.test, sip:bob@elsewhere.test;lr",
        "sip:1002@example.org, sip:example.org",
        "sip:1002@example.org, sip:192.0.2.1:5060",
    })
    void sameUserAndHostPass(String requestUri, String digestUri) {
        assertThat(invite(requestUri, digestUri)).isSameAs(Verdict.proceed());
    }

    @ParameterizedTest
    @CsvSource({
        "sip:1002@example.org, sip:1003@example.org",
        "sip:bob@example.org, sip:Bob@example.org",
        "sip:1002@elsewhere.test, sip:1002@example.org",
        "sip:1002@example.org, sip:1002@elsewhere.test",
        "sip:1002@example.org, sip:elsewhere.test",
        "sip:1002@example.org, tel:1002",
        "tel:+4930123456, tel:+49900123456",
        "sip:1002@example.org, not a uri",
        "sip:1002@example.org, ''",
    })
    void responseForAnotherResourceIsRefused(String requestUri, String digestUri) {
        Challenge challenge = challenge(invite(requestUri, digestUri));

        assertThat(challenge.code()).isEqualTo(407);
        assertThat(challenge.stale()).isFalse();
    }
}
