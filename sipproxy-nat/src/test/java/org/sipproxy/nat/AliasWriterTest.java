package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeFlow;

class AliasWriterTest {

    private static final long NOW = 1_764_000_000_123L;
    private static final Flow FLOW = FakeFlow.udp("203.0.113.9", 40_001);

    private final AliasWriter aliases = writer("0123456789abcdef", false);

    private static AliasWriter writer(String secret, boolean foreign) {
        AliasWriter made = new AliasWriter(foreign);
        made.start(KeyedHash.of(secret.getBytes(StandardCharsets.UTF_8), "test"), List.of(FakeFlow.UDP));
        return made;
    }

    private SipUri uri(String tail) {
        return SipUri.of("sip:alice@192.168.1.7:5060;ob" + tail);
    }

    @Test
    void aliasIsReadAsItWasWritten() {
        int owner = aliases.owner(new Aor("alice", "example.org"));
        String parameters = aliases.parameters(FLOW, owner, NOW);

        assertThat(parameters).matches(";alias=203\\.0\\.113\\.9~40001~1;alias-key=[A-Za-z0-9_-]{30}");
        ContactAlias alias = aliases.read(uri(parameters));
        assertThat(alias)
                .isEqualTo(new ContactAlias(
                        uri(""), SipUri.of("sip:203.0.113.9:40001"), Endpoint.udp("192.0.2.1", 5060), owner, NOW));
    }

    @ParameterizedTest
    @CsvSource({
        "UDP, 203.0.113.9, 203.0.113.9~7~1, sip:203.0.113.9:7",
        "TCP, 203.0.113.9, 203.0.113.9~7~2, sip:203.0.113.9:7;transport=tcp",
        "TLS, 203.0.113.9, 203.0.113.9~7~3, sip:203.0.113.9:7;transport=tls",
        "WS, 203.0.113.9, 203.0.113.9~7~5, sip:203.0.113.9:7;transport=ws",
        "WSS, 2001:db8::1, [2001:db8::1]~7~6, sip:[2001:db8::1]:7;transport=wss"
    })
    void everyTransportHasKamailiosNumber(TransportKind kind, String ip, String text, String received) {
        String parameters = aliases.parameters(FakeFlow.of(kind, ip, 7), 0, NOW);

        assertThat(parameters).startsWith(";alias=" + text + ";");
        ContactAlias alias = aliases.read(uri(parameters));
        assertThat(alias).isNotNull();
        assertThat(alias.received()).isEqualTo(SipUri.of(received));
    }

    @Test
    void aliasChangedAtAnyPositionIsRefused() {
        String parameters = aliases.parameters(FLOW, 7, NOW);

        for (int i = parameters.indexOf('=') + 1; i < parameters.length(); i++) {
            char c = parameters.charAt(i);
            if (c == ';' || c == '=' || parameters.startsWith("alias-key", i - 8)) {
                continue;
            }
            char other = c == '1' ? '2' : '1';
            String changed = parameters.substring(0, i) + other + parameters.substring(i + 1);
            ContactAlias alias;
            try {
                alias = aliases.read(uri(changed));
            } catch (IllegalArgumentException e) {
                continue;
            }
            // the last of the 30 characters contains two unused bits
            boolean idle = i == parameters.length() - 1
                    && alias != null
                    && alias.received().equals(SipUri.of("sip:203.0.113.9:40001"));
            assertThat(alias == null || idle).as(changed).isTrue();
        }
    }

    @Test
    void aliasOfAnotherSecretOrWithoutAKeyIsRefused() {
        assertThat(aliases.read(uri(writer("another secret...", false).parameters(FLOW, 0, NOW))))
                .isNull();
        assertThat(aliases.read(uri(";alias=203.0.113.9~40001~1"))).isNull();
        assertThat(aliases.read(uri(""))).isNull();
    }

    @Test
    void foreignAliasIsReadOnlyIfEnabled() {
        ContactAlias alias = writer("0123456789abcdef", true).read(uri(";alias=203.0.113.9~40001~1;x=y"));

        assertThat(alias).isEqualTo(new ContactAlias(uri(";x=y"), SipUri.of("sip:203.0.113.9:40001"), null, 0, 0));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "224.0.0.1~5060~1",
                "255.255.255.255~5060~1",
                "0.0.0.0~5060~1",
                "192.0.2.1~5060~1",
                "[ff02::1]~5060~1"
            })
    void foreignAliasOfManyHostsOrOfThisProxyIsRefused(String alias) {
        assertThat(writer("0123456789abcdef", true).read(uri(";alias=" + alias)))
                .isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "~",
                "~~",
                "1.2.3.4",
                "1.2.3.4~5060",
                "1.2.3.4~5060~",
                "1.2.3.4~5060~4",
                "1.2.3.4~5060~12",
                "1.2.3.4~0~1",
                "1.2.3.4~65536~1",
                "1.2.3.4~~1",
                "1.2.3.4~+5~1",
                "host~5060~1",
                "~5060~1",
                "1.2.3~5060~1",
                "[::1~5060~1"
            })
    void malformedAliasIsIgnored(String text) {
        assertThat(AliasWriter.received(text)).isNull();
    }
}
