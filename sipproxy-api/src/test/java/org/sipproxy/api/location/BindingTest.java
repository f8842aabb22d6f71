package org.sipproxy.api.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sipproxy.message.SipUri;

/** Values of a binding that a host's store sets. */
class BindingTest {

    private static final SipUri CONTACT = SipUri.of("sip:alice@192.0.2.1:5060");

    private static Binding.Builder builder() {
        return Binding.builder("id-1", CONTACT);
    }

    @Test
    void valuesOfALongestLengthAreKept() {
        String text = "x".repeat(255);

        Binding binding = Binding.builder("a".repeat(64), CONTACT)
                .callId(text)
                .userAgent(text)
                .instance(text, Integer.MAX_VALUE)
                .build();

        assertThat(binding.callId()).isEqualTo(text);
        assertThat(binding.instanceId()).isEqualTo(text);
        assertThat(binding.toBuilder().build().regId()).isEqualTo(Integer.MAX_VALUE);
    }

    @ParameterizedTest
    @MethodSource("unusable")
    void aValueThatAHeaderOrALogLineCannotHoldIsRefused(ThrowingCallable given, String problem) {
        assertThatThrownBy(given).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(problem);
    }

    static Stream<Arguments> unusable() {
        String tooLong = "x".repeat(256);
        return Stream.of(
                value(() -> Binding.builder("", CONTACT), "id: \"\" (expected 1 to 64 printable"),
                value(() -> Binding.builder("a".repeat(65), CONTACT), "id: "),
                value(() -> Binding.builder("a\nb", CONTACT), "id: \"a"),
                value(() -> builder().callId(tooLong), "callId: 256 characters (expected at most 255)"),
                value(() -> builder().callId("a\r\nX: y"), "callId: has a line break or NUL"),
                value(() -> builder().userAgent(tooLong), "userAgent: 256 characters"),
                value(() -> builder().userAgent("a\0"), "userAgent: has a line break or NUL"),
                value(() -> builder().instance(tooLong, 0), "instance: 256 characters"),
                value(() -> builder().instance("<urn:x>\"\r\nX: y", 0), "instance: has a character that is not"),
                value(() -> builder().instance("<urn:\u00e4>", 0), "instance: has a character that is not"),
                value(() -> builder().instance("<urn:x>", -1), "reg: -1 (expected 0 or more)"));
    }

    private static Arguments value(ThrowingCallable given, String problem) {
        return Arguments.of(given, problem);
    }
}
