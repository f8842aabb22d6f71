package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.WhenFull;

/** Content of the 200 (RFC 3261 §10.3 step 8). */
class RegistrarResponseTest {

    private final RegistrarScene scene = new RegistrarScene();

    @Test
    void listsTheBestContactFirst() {
        scene.send("Contact: <sip:low@192.0.2.1>;q=0.1");
        scene.advance(Duration.ofSeconds(1));
        scene.send("Contact: <sip:older@192.0.2.1>;q=0.7");
        scene.advance(Duration.ofSeconds(1));
        scene.send("Contact: <sip:newer@192.0.2.1>;q=0.7");
        scene.advance(Duration.ofSeconds(1));
        RegistrarScene.Response response = scene.send("Contact: <sip:unspecified@192.0.2.1>");

        assertThat(response.value("Contact"))
                .isEqualTo("<sip:unspecified@192.0.2.1>;expires=3600, <sip:newer@192.0.2.1>;q=0.7;expires=3599, "
                        + "<sip:older@192.0.2.1>;q=0.7;expires=3598, <sip:low@192.0.2.1>;q=0.1;expires=3597");
    }

    @Test
    void remainingSecondsAreRoundedUpAndNeverZero() {
        scene.send("Contact: <sip:a@192.0.2.1>;expires=60");

        scene.advance(Duration.ofMillis(1));
        assertThat(scene.send().value("Contact")).endsWith(";expires=60");

        scene.advance(Duration.ofMillis(59_998));
        assertThat(scene.send().value("Contact")).endsWith(";expires=1");

        scene.advance(Duration.ofMillis(1));
        assertThat(scene.send().values("Contact")).isEmpty();
    }

    @Test
    void displayNameAndOtherParametersAreNotEchoed() {
        assertThat(scene.send("Contact: \"Alice\" <sip:a@192.0.2.1;ob>;audio;methods=\"INVITE\";x=y")
                        .value("Contact"))
                .isEqualTo("<sip:a@192.0.2.1;ob>;expires=3600");
    }

    @Test
    void everyResponseHasTheDateOfItsSecond() {
        assertThat(scene.send("Contact: <sip:a@192.0.2.1>").value("Date")).isEqualTo("Thu, 01 Jan 2026 00:00:00 GMT");

        scene.advance(Duration.ofMillis(999));
        assertThat(scene.send().value("Date")).isEqualTo("Thu, 01 Jan 2026 00:00:00 GMT");

        scene.advance(Duration.ofDays(40));
        assertThat(scene.send("Contact: bad <").value("Date")).isEqualTo("Tue, 10 Feb 2026 00:00:00 GMT");
    }

    @Test
    void contactLineThatWouldGrowTooLongIsContinuedInAnother() {
        RegistrarScene wide = new RegistrarScene(RegistrarPolicy.builder()
                .maxContacts(64)
                .whenFull(WhenFull.REJECT)
                .build());
        List<String> uris = IntStream.range(0, 60)
                .mapToObj(i -> "sip:" + "a".repeat(400) + i + "@192.0.2.1")
                .toList();
        for (int i = 0; i < 60; i += 10) {
            wide.send(uris.subList(i, i + 10).stream()
                    .map(u -> "<" + u + ">")
                    .collect(Collectors.joining(",", "Contact: ", "")));
        }

        List<String> lines = wide.send().values("Contact");

        assertThat(lines).hasSizeGreaterThan(1).allMatch(l -> l.length() <= 8_000);
        assertThat(String.join(", ", lines))
                .isEqualTo(uris.stream().map(u -> "<" + u + ">;expires=3600").collect(Collectors.joining(", ")));
    }

    @Test
    void refusalHasItsReasonAndNoLineEndOfThePeer() {
        RegistrarScene.Response response = scene.send("Contact: <sip:a@192.0.2.1>;q=\"x\\\u0001y\"");

        assertThat(response.status()).isEqualTo(400);
        assertThat(response.lines()).hasSize(2);
        assertThat(response.value("P-Registrar-Error")).contains("x\\x01y").doesNotContain("\u0001");
    }
}
