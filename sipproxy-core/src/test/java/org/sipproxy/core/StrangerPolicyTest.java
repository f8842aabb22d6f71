package org.sipproxy.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.Method;

class StrangerPolicyTest {

    @ParameterizedTest
    @CsvSource({
        "INVITE, true",
        "OPTIONS, true",
        "MESSAGE, true",
        "NOTIFY, false",
        "REFER, false",
        "SUBSCRIBE, false",
        "INFO, false",
        "PRACK, false",
        "UPDATE, false",
        "PUBLISH, false",
        "invite, false",
    })
    void defaultAllowsInviteOptionsAndMessage(String method, boolean allowed) {
        assertThat(StrangerPolicy.DEFAULT.allows(Method.of(method))).isEqualTo(allowed);
        assertThat(StrangerPolicy.ANY.allows(Method.of(method))).isTrue();
        assertThat(StrangerPolicy.allowing().allows(Method.of(method))).isFalse();
    }

    @Test
    void namesItsMethods() {
        assertThat(StrangerPolicy.allowing(Method.INVITE, Method.of("NEWTHING")))
                .hasToString("INVITE, NEWTHING");
        assertThat(StrangerPolicy.ANY).hasToString("all");
        assertThat(StrangerPolicy.allowing()).hasToString("none");
    }

    @Test
    void isGivenOnce() {
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .strangers(StrangerPolicy.ANY)
                .strangers(StrangerPolicy.DEFAULT);

        assertThatThrownBy(builder::build).hasMessageContaining("strangers: given twice");
    }
}
