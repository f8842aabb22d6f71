package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.message.ParseLimits;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipUri;

class FlowTokensTest {

    private final FlowTokens tokens = new FlowTokens();
    private final SipRequest request = request("call-1");

    private static SipRequest request(String callId) {
        try {
            return (SipRequest) SipMessage.parse(
                    ("BYE sip:a@b.invalid SIP/2.0\r\nCall-ID: " + callId + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII),
                    ParseLimits.DEFAULT);
        } catch (SipParseException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private String parameter(long connection) {
        return new String(tokens.parameter(connection, request), StandardCharsets.US_ASCII);
    }

    private static SipUri route(String parameters) {
        return SipUri.of("sip:192.0.2.1:8080;transport=ws;r2=on;lr" + parameters);
    }

    @Test
    void aTokenNamesItsConnection() {
        for (long connection : new long[] {1, 15, 16, 1L << 40, (1L << 60) - 1}) {
            assertThat(tokens.connection(route(parameter(connection)), request)).isEqualTo(connection);
        }
    }

    @Test
    void itIsForOneDialogOfOneProcess() {
        SipUri route = route(parameter(7));

        assertThat(tokens.connection(route, request("call-2"))).isEqualTo(FlowTokens.NONE);
        assertThat(new FlowTokens().connection(route, request)).isEqualTo(FlowTokens.NONE);
    }

    @Test
    void anotherNumberDoesNotFitTheSignature() {
        assertThat(tokens.connection(route(parameter(7).replace("ft=7", "ft=8")), request))
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
    void whatIsNoTokenNamesNone(String parameters) {
        assertThat(tokens.connection(route(parameters), request)).isEqualTo(FlowTokens.NONE);
    }
}
