package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.SipUri;

class FlowTokensTest {

    private static final String SIGNATURE = "7a1200123456789abcdef";

    private final FlowTokens tokens = new FlowTokens();

    private String parameter(long connection) {
        byte[] signature = (";rs=" + SIGNATURE).getBytes(StandardCharsets.US_ASCII);
        return new String(tokens.parameter(connection, signature), StandardCharsets.US_ASCII);
    }

    private static SipUri route(String parameters) {
        return signedRoute(SIGNATURE, parameters);
    }

    private static SipUri signedRoute(String signature, String parameters) {
        return SipUri.of("sip:192.0.2.1:8080;transport=ws;r2=on;lr;rs=" + signature + parameters);
    }

    @Test
    void tokenNamesItsConnection() {
        for (long connection : new long[] {1, 15, 16, 1L << 40, (1L << 60) - 1}) {
            assertThat(tokens.connection(route(parameter(connection)))).isEqualTo(connection);
        }
    }

    @Test
    void tokenIsValidWithItsSignatureInItsProcess() {
        String token = parameter(7);

        assertThat(tokens.connection(signedRoute("7a1200123456789abcdee", token)))
                .isEqualTo(FlowTokens.NONE);
        assertThat(tokens.connection(SipUri.of("sip:192.0.2.1:8080;lr" + token)))
                .isEqualTo(FlowTokens.NONE);
        assertThat(new FlowTokens().connection(route(token))).isEqualTo(FlowTokens.NONE);
    }

    @Test
    void anotherNumberDoesNotFitTheHash() {
        assertThat(tokens.connection(route(parameter(7).replace("ft=7", "ft=8"))))
                .isEqualTo(FlowTokens.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";ft",
                ";ft=7",
                ";ft=7-",
                ";ft=-0000000000000000",
                ";ft=7-000000000000000g",
                ";ft=7-ffffffffffffffff",
                ";ft=fffffffffffffffffffffff-0000000000000000"
            })
    void malformedTokenNamesNone(String parameters) {
        assertThat(tokens.connection(route(parameters))).isEqualTo(FlowTokens.NONE);
    }
}
