package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sipproxy.api.component.FakeHooks;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.routing.FakeStageContext;
import org.sipproxy.api.routing.RequestStage;

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
    void identityThatAStrangerAssertsIsTakenOffAndTheRestStays() throws Exception {
        FakeStageContext stranger = FakeStageContext.of(Requests.invite(LINES)).from("198.51.100.7");

        stage.handle(stranger);

        assertThat(stranger.request().hasHeader(HeaderName.P_ASSERTED_IDENTITY)).isFalse();
        assertThat(stranger.request().hasHeader(HeaderName.P_PREFERRED_IDENTITY))
                .isFalse();
        assertThat(stranger.request().header(HeaderName.PRIVACY)).contains("id");
        assertThat(stranger.request().callId()).isEqualTo("3848276298220188511@198.51.100.7");
    }

    @Test
    void identityThatATrustedPeerAssertsGoesOn() throws Exception {
        FakeStageContext network = FakeStageContext.of(Requests.invite(LINES)).from("192.0.2.7");
        FakeStageContext earlier = FakeStageContext.of(Requests.invite(LINES)).from("198.51.100.7");
        earlier.trust();

        stage.handle(network);
        stage.handle(earlier);

        assertThat(network.request().headers(HeaderName.P_ASSERTED_IDENTITY)).hasSize(2);
        assertThat(earlier.request().headers(HeaderName.P_ASSERTED_IDENTITY)).hasSize(2);
    }

    @Test
    void requestWithoutSuchHeadersIsNotTouched() throws Exception {
        FakeStageContext plain = FakeStageContext.of(Requests.invite()).from("198.51.100.7");
        byte[] before = plain.request().wire();

        stage.handle(plain);

        assertThat(plain.request().wire()).isSameAs(before);
    }
}
