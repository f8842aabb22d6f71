package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Requests that are challenged, and with what. */
class DigestChallengeTest extends DigestScene {

    @Test
    void registerWithoutCredentialsGets401() {
        Verdict verdict = authentication.handle(FakeStageContext.of(Requests.register()));

        Challenge challenge = challenge(verdict);
        assertThat(challenge.code()).isEqualTo(401);
        assertThat(challenge.header()).isEqualTo("WWW");
        assertThat(challenge.realm()).isEqualTo("example.org");
        assertThat(challenge.stale()).isFalse();
        assertThat(((Verdict.Respond) verdict).reason()).isEqualTo("Unauthorized");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE", "OPTIONS", "SUBSCRIBE", "BYE", "UPDATE", "NEWTHING"})
    void otherRequestOfALocalUserGets407(String method) {
        String request = Requests.request(
                method + " sip:bob@elsewhere.test", "<sip:1001@example.org>", "<sip:bob@elsewhere.test>");

        Challenge challenge = challenge(authentication.handle(FakeStageContext.of(request)));

        assertThat(challenge.code()).isEqualTo(407);
        assertThat(challenge.header()).isEqualTo("Proxy");
        assertThat(challenge.realm()).isEqualTo("example.org");
    }

    @Test
    void requestOfAForeignUserPassesUnauthenticatedEvenWithCredentials() {
        DigestCredentials phone = Requests.credentials(nonce()).method("INVITE").with("uri", "sip:1002@example.org");
        FakeStageContext context = FakeStageContext.of(Requests.request(
                "INVITE sip:1002@example.org",
                "<sip:1001@elsewhere.test>",
                "<sip:1002@example.org>",
                "Proxy-Authorization: " + phone.value()));

        assertPassedUnauthenticated(context, authentication.handle(context));
    }

    @ParameterizedTest
    @CsvSource({"ACK, ''", "CANCEL, ''", "ACK, ;tag=1"})
    void ackAndCancelAreNeverChallenged(String method, String toTag) {
        FakeStageContext context = FakeStageContext.of(Requests.request(
                method + " sip:1002@example.org", "<sip:1001@example.org>", "<sip:1002@example.org>" + toTag));

        assertPassedUnauthenticated(context, authentication.handle(context));
    }

    @ParameterizedTest
    @CsvSource({"PRACK, ''", "PRACK, ;tag=1", "BYE, ;tag=1", "INFO, ;tag=1", "NOTIFY, ;tag=1", "INVITE, ;tag=1"})
    void toTagDoesNotBypassTheChallenge(String method, String toTag) {
        FakeStageContext context = FakeStageContext.of(Requests.request(
                method + " sip:1002@example.org", "<sip:1001@example.org>", "<sip:1002@example.org>" + toTag));

        assertThat(challenge(authentication.handle(context)).code()).isEqualTo(407);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<tel:1001>",
                "<tel:+1-201-555-0123>",
                "<tel:1001;phone-context=elsewhere.test>",
                "<TEL:1001>",
                "<im:1001@example.org>",
                "<h323:1001@example.org>",
                "<sip:1001@example.org>",
                "<sips:1001@EXAMPLE.org>",
            })
    void requestIsChallengedUnlessFromNamesAnotherDomain(String from) {
        FakeStageContext context =
                FakeStageContext.of(Requests.request("MESSAGE sip:1002@example.org", from, "<sip:1002@example.org>"));

        assertThat(challenge(authentication.handle(context)).code()).isEqualTo(407);
    }

    @Test
    void userAtAListeningAddressIsAUserOfTheFirstDomain() {
        String register = Requests.request("REGISTER sip:192.0.2.1", "<sip:1001@192.0.2.1>", "<sip:1001@192.0.2.1>");
        String message =
                Requests.request("MESSAGE sip:bob@elsewhere.test", "<sip:1001@192.0.2.1>", "<sip:bob@elsewhere.test>");

        Challenge toRegister = challenge(authentication.handle(FakeStageContext.of(register)));
        Challenge toMessage = challenge(authentication.handle(FakeStageContext.of(message)));

        assertThat(toRegister.code()).isEqualTo(401);
        assertThat(toMessage.code()).isEqualTo(407);
        assertThat(toRegister.realm()).isEqualTo(toMessage.realm()).isEqualTo("example.org");
    }

    @Test
    void methodsAreCaseSensitive() {
        FakeStageContext context = FakeStageContext.of(
                Requests.request("ack sip:1002@example.org", "<sip:1001@example.org>", "<sip:1002@example.org>"));

        assertThat(challenge(authentication.handle(context)).code()).isEqualTo(407);
    }

    @Test
    void realmFollowsToForRegisterAndFromOtherwiseInLowerCase() {
        String register =
                Requests.request("REGISTER sip:example.net", "<sip:1001@example.org>", "<sip:1001@EXAMPLE.Net>");
        String message =
                Requests.request("MESSAGE sip:1002@example.org", "<sip:1001@Example.NET>", "<sip:1002@example.org>");

        assertThat(challenge(authentication.handle(FakeStageContext.of(register)))
                        .realm())
                .isEqualTo("example.net");
        assertThat(challenge(authentication.handle(FakeStageContext.of(message)))
                        .realm())
                .isEqualTo("example.net");
    }

    @Test
    void fixedRealmIsUsedForAllDomains() {
        DigestAuthentication fixed =
                plain().realm("example.org").credentials(users).build();
        String register = Requests.request("REGISTER sip:192.0.2.1", "<sip:1001@192.0.2.1>", "<sip:1001@192.0.2.1>");
        String message =
                Requests.request("MESSAGE sip:1002@example.net", "<sip:1001@example.net>", "<sip:1002@example.net>");

        assertThat(challenge(fixed.handle(FakeStageContext.of(register))).realm())
                .isEqualTo("example.org");
        assertThat(challenge(fixed.handle(FakeStageContext.of(message))).realm())
                .isEqualTo("example.org");
        assertThat(fixed.fixedRealms()).containsExactly("example.org");
        assertThat(authentication.fixedRealms()).isEmpty();
    }

    @Test
    void registerHereForAForeignDomainIsNotFound() {
        FakeStageContext context = FakeStageContext.of(
                Requests.request("REGISTER sip:192.0.2.1", "<sip:1001@elsewhere.test>", "<sip:1001@elsewhere.test>"));

        assertThat(authentication.handle(context))
                .isInstanceOfSatisfying(
                        Verdict.Respond.class, r -> assertThat(r.statusCode()).isEqualTo(404));
    }

    @Test
    void registerForAForeignRegistrarIsARequestLikeAnyOther() {
        FakeStageContext foreign = FakeStageContext.of(Requests.request(
                "REGISTER sip:elsewhere.test", "<sip:bob@elsewhere.test>", "<sip:bob@elsewhere.test>"));
        FakeStageContext local = FakeStageContext.of(
                Requests.request("REGISTER sip:elsewhere.test", "<sip:1001@example.org>", "<sip:bob@elsewhere.test>"));

        assertPassedUnauthenticated(foreign, authentication.handle(foreign));
        assertThat(challenge(authentication.handle(local)).code()).isEqualTo(407);
    }

    @Test
    void unreadableAddressIsABadRequest() {
        FakeStageContext context = FakeStageContext.of(
                Requests.request("INVITE sip:1002@example.org", "<sip:1001@[::1>", "<sip:1002@example.org>"));

        assertThat(authentication.handle(context))
                .isInstanceOfSatisfying(
                        Verdict.Respond.class, r -> assertThat(r.statusCode()).isEqualTo(400));
    }
}
