package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

class IdentityHeadersTest {

    private static final String[] LINES = {
        "P-Asserted-Identity: <sip:boss@example.org>",
        "p-asserted-identity: <tel:+4930>",
        "P-Preferred-Identity: <sip:boss@example.org>",
        "Privacy: id"
    };

    private final RequestStage stage = stage(IdentityHeaders.trusting(CidrBlock.parse("192.0.2.0/28")));

    private static RequestStage stage(IdentityHeaders headers) {
        FakeHooks hooks = new FakeHooks();
        headers.install(hooks);
        return hooks.stages().get(0);
    }

    @Test
    void identityAssertedByAnUntrustedSenderIsRemovedAndTheRestKept() throws Exception {
        FakeStageContext stranger = FakeStageContext.of(Requests.invite(LINES)).from("198.51.100.7");

        stage.handle(stranger);

        assertThat(stranger.request().hasHeader(HeaderName.P_ASSERTED_IDENTITY)).isFalse();
        assertThat(stranger.request().hasHeader(HeaderName.P_PREFERRED_IDENTITY))
                .isFalse();
        assertThat(stranger.request().header(HeaderName.PRIVACY)).contains("id");
        assertThat(stranger.request().callId()).isEqualTo("3848276298220188511@198.51.100.7");
    }

    @Test
    void identityAssertedByATrustedPeerIsPassedOn() throws Exception {
        FakeStageContext network = FakeStageContext.of(Requests.invite(LINES)).from("192.0.2.7");
        FakeStageContext earlier = FakeStageContext.of(Requests.invite(LINES)).from("198.51.100.7");
        earlier.trust();

        stage.handle(network);
        stage.handle(earlier);

        assertThat(network.request().headers(HeaderName.P_ASSERTED_IDENTITY)).hasSize(2);
        assertThat(earlier.request().headers(HeaderName.P_ASSERTED_IDENTITY)).hasSize(2);
    }

    @Test
    void requestWithoutSuchHeadersIsUnchanged() throws Exception {
        FakeStageContext plain = FakeStageContext.of(Requests.invite()).from("198.51.100.7");
        SipRequest before = plain.request();

        stage.handle(plain);

        assertThat(plain.request()).isSameAs(before);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Remote-Party-ID: \"Boss\" <sip:boss@example.org>;party=calling;screen=yes",
                "REMOTE-PARTY-ID:<sip:boss@example.org>",
                "remote-party-id \t: <sip:boss@example.org>",
                "Remote-Party-ID:\n <sip:boss@example.org>;\n\tprivacy=off",
                "P-Served-User: <sip:boss@example.org>;sescase=orig;regstate=reg",
                "P-Called-Party-ID: <sip:boss@example.org>",
                "P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.mmtel",
                "P-Preferred-Service: urn:urn-7:3gpp-service.ims.icsi.mmtel",
                "P-Charging-Vector: icid-value=1234bc9876e;icid-generated-at=192.0.6.8",
                "p-charging-function-addresses: ccf=192.0.8.1",
            })
    void networkAssertedHeaderIsRemoved(String line) throws Exception {
        FakeStageContext stranger = FakeStageContext.of(Requests.invite("X-A: 1", line, line, "X-B: 2"))
                .from("198.51.100.7");
        FakeStageContext peer = FakeStageContext.of(Requests.invite(line)).from("192.0.2.7");
        int headers = FakeStageContext.of(Requests.invite("X-A: 1", "X-B: 2"))
                .request()
                .headerCount();

        stage.handle(stranger);
        stage.handle(peer);

        assertThat(stranger.request().headerCount()).isEqualTo(headers);
        assertThat(stranger.request().toString()).doesNotContain("boss").contains("X-A: 1\r\nX-B: 2\r\n");
        assertThat(peer.request().toString()).contains(line.replace("\n", "\r\n") + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Identity: eyJhbGciOiJFUzI1NiJ9..signature;info=<https://example.org/cert>;ppt=shaken",
                "Diversion: <sip:1003@example.org>;reason=no-answer",
                "History-Info: <sip:1003@example.org>;index=1",
                "P-Access-Network-Info: IEEE-802.11",
                "X-Remote-Party-ID: <sip:1003@example.org>",
            })
    void headerThatDoesNotAssertTheCallerIsKept(String line) throws Exception {
        FakeStageContext stranger = FakeStageContext.of(Requests.invite(line)).from("198.51.100.7");

        stage.handle(stranger);

        assertThat(stranger.request().toString()).contains(line + "\r\n");
    }

    @Test
    void replacedNetworksAreTrustedInsteadOfTheFirst() {
        IdentityHeaders headers = IdentityHeaders.trusting(CidrBlock.parse("192.0.2.0/24"));
        FakeHooks hooks = FakeHooks.of(headers, new FakeRuntime(FakeStageContext.START));

        headers.replaceWith(IdentityHeaders.trusting(CidrBlock.parse("198.51.100.0/24")));

        assertThat(asserted(hooks, "192.0.2.1")).isFalse();
        assertThat(asserted(hooks, "198.51.100.1")).isTrue();
    }

    private static boolean asserted(FakeHooks hooks, String from) {
        FakeStageContext context = FakeStageContext.of("""
                INVITE sip:bob@example.org SIP/2.0
                Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1
                From: <sip:alice@example.org>;tag=1
                To: <sip:bob@example.org>
                Call-ID: 1
                CSeq: 1 INVITE
                P-Asserted-Identity: <sip:alice@example.org>
                Content-Length: 0
                """).from(from);
        hooks.send(context);
        return context.request().firstHeader(org.sipproxy.message.HeaderName.P_ASSERTED_IDENTITY) >= 0;
    }
}
