package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Input of attackers. */
class DigestHostileInputTest extends DigestScene {

    private final ParseLimits wide = ParseLimits.builder()
            .messageBytes(1 << 20)
            .headerLineBytes(1 << 20)
            .headers(1_000)
            .build();

    private void assertRefusedQuickly(String... lines) {
        FakeStageContext context = FakeStageContext.at(START, Requests.register(lines), wide);
        assertThat(context.request().defect()).isEmpty();
        long start = System.nanoTime();

        assertFreshChallenge(authentication.handle(context));

        // measured: under 3 ms cold; a parser that is quadratic in the input would need seconds
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @ValueSource(strings = {",", "a=b,", "\"", "\\", "\\\"", "=", " ", "x", "\n ", "é", "%41", "username=\"a\","})
    void longRepetitiveInputIsReadInLinearTime(String unit) {
        String run = unit.repeat(65_536 / unit.length());

        assertRefusedQuickly("Authorization: Digest " + run + "x");
        assertRefusedQuickly("Authorization: Digest realm=\"example.org\", x=\"" + run + "\"");
        assertRefusedQuickly("Authorization: Digest x=" + run + "\", realm=\"example.org\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"username", "realm", "nonce", "uri", "cnonce", "qop", "nc", "algorithm"})
    void parameterOf64KiBIsRefused(String name) {
        assertRefusedQuickly("Authorization: "
                + Requests.credentials("n")
                        .with(name, "a\\".repeat(32_768))
                        .password("x")
                        .value());
    }

    @Test
    void digestUriWithManyParametersIsComparedInLinearTime() {
        String params = IntStream.range(0, 10_000).mapToObj(i -> ";p" + i).reduce("", String::concat);
        DigestCredentials phone = Requests.credentials(nonce())
                .with("uri", "sip:example.org" + params)
                .password("guess");

        assertRefusedQuickly("Authorization: " + phone.value());
    }

    @Test
    void manyLinesOfCredentialsCostLittleEach() {
        String line = "Authorization: "
                + Requests.credentials("n").with("realm", "elsewhere.test").value();

        assertRefusedQuickly(IntStream.range(0, 900).mapToObj(i -> line).toArray(String[]::new));
    }
}
