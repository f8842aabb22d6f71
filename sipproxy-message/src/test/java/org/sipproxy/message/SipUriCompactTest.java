package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SipUriCompactTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sip:alice:pw@host.test:5070;transport=tcp;ob?subject=x",
                "sips:host.test",
                "sip:[2001:db8::1]:5060;lr",
                "tel:+49-30-123",
            })
    void compactUriReadsLikeTheOriginal(String text) throws SipParseException {
        byte[] message = ("Contact: <" + text + ">;expires=60").getBytes(StandardCharsets.UTF_8);
        SipUri inMessage = SipUri.parse(message, 10, 10 + text.length());

        SipUri compact = inMessage.compact();
        java.util.Arrays.fill(message, (byte) 'x'); // a read from the message would now return x

        SipUri expected = SipUri.of(text);
        assertThat(compact).isEqualTo(expected).hasToString(text);
        assertThat(compact.isEquivalentTo(expected)).isTrue();
        assertThat(compact.user()).isEqualTo(expected.user());
        assertThat(compact.host()).isEqualTo(expected.host());
        assertThat(compact.port()).isEqualTo(expected.port());
        assertThat(compact.parameter("transport")).isEqualTo(expected.parameter("transport"));
        assertThat(compact.hasHeaders()).isEqualTo(expected.hasHeaders());
        assertThat(compact.asRequestUri()).isEqualTo(expected.asRequestUri());
    }

    @Test
    void compactOfACompactUriIsTheSameObject() {
        SipUri uri = SipUri.of("sip:alice@host.test");

        assertThat(uri.compact()).isSameAs(uri);
    }
}
