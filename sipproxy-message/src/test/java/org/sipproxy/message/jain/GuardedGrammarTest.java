package org.sipproxy.message.jain;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;

/** Texts at which the RI loops endlessly, takes seconds, or throws unexpected exceptions. */
class GuardedGrammarTest {

    private static final Duration BOUND = Duration.ofSeconds(2);

    private static void read(SipMessage message) {
        JainMessage view = message instanceof SipRequest request
                ? JainRequest.of(request)
                : JainResponse.of((SipResponse) message);
        view.getHeaderNames()
                .forEachRemaining(name -> view.getHeaders(name)
                        .forEachRemaining(h -> assertThat(h.toString()).isNotEmpty()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Via: SIP/2.0/UDP a (\\",
                "Via: SIP/2.0/UDP a (",
                "Server: /",
                "Server: (\\",
                "User-Agent: (\\",
                "RAck: x",
                "RAck: 1 2",
                "RSeq: x",
                "RSeq: 99999999999999999999",
                "MIME-Version: x.y",
                "MIME-Version: 1",
                "Min-Expires: x",
                "Min-Expires: 99999999999",
                "Content-Type: x",
                "Date: \\",
                "Warning: 1812 o \"x\"",
                "Warning: 399 h \"",
                "Retry-After: 949302838503028349304023988",
                "Timestamp: x",
                "Session-Expires: x",
                "Event: ;",
                "Contact: \"Joe\" <sip:joe@example.org>;;;;",
                "Contact: <sip:a@b>;x=\"\\",
                "Contact: \"\\",
                "Accept: (\\",
                "Subject: x\\",
                "Authorization: Digest a=\"\\",
                "Alert-Info: <\\",
                "X-Any: \\\\\\"
            })
    void malformedHeaderIsRejectedInBoundedTime(String line) {
        SipRequest request = SipText.requestWith(line);

        assertTimeoutPreemptively(
                BOUND,
                () -> assertThatThrownBy(() -> read(request))
                        .isInstanceOfSatisfying(
                                MalformedHeaderException.class,
                                e -> assertThat(e.statusCode()).isEqualTo(400)));
    }

    @Test
    void longListsAndParametersAreRejectedInBoundedTime() throws Exception {
        String[] lines = {
            "P-Asserted-Identity: <tel:+1" + ";".repeat(64_000) + ">",
            "P-Asserted-Identity: <tel:+1" + ";a=b".repeat(16_000) + ">",
            "P-Asserted-Identity: tel:+1" + ";a=b".repeat(16_000),
            "Contact: " + "<sip:a@b>,".repeat(6_000) + "<sip:a@b>",
            "Contact: <sip:a@b" + ";x=y".repeat(16_000) + ">",
            "Supported: " + "a,".repeat(32_000) + "a",
            "Privacy: " + "id;".repeat(20_000) + "id",
            "Via: SIP/2.0/UDP a"
                    + IntStream.range(0, 9_000).mapToObj(i -> "\r\n ;b" + i).collect(Collectors.joining()),
            "Via: SIP/2.0/UDP a" + "\r\n ".repeat(16_000) + ";branch=z9hG4bK1",
            "Reply-To: \"" + "\\\"".repeat(31_000),
        };
        // without the limit of the line, to test the other limits alone
        ParseLimits wide = ParseLimits.builder()
                .messageBytes(200_000)
                .headerLineBytes(200_000)
                .headers(256)
                .listElements(64)
                .build();
        for (String line : lines) {
            byte[] wire =
                    ("BYE sip:a SIP/2.0\r\n" + line + "\r\n\r\n").getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            SipMessage message = SipMessage.parse(wire, wide);

            assertTimeoutPreemptively(
                    BOUND,
                    () -> {
                        if (line.startsWith("Via") && line.endsWith("z9hG4bK1")) {
                            read(message);
                        } else if (line.startsWith("Via")) {
                            // this library's own parser accepts these
                            assertThat(message.vias()).hasSize(1);
                            read(message);
                        } else {
                            assertThatThrownBy(() -> read(message)).isInstanceOf(MalformedHeaderException.class);
                        }
                    },
                    line.substring(0, 30));
        }
    }

    @Test
    void lineOverTheLimitIsADefect() throws Exception {
        assertThat(SipText.requestWith("Subject: " + "x".repeat(9_000)).defect())
                .isEmpty();
        byte[] message = ("BYE sip:a SIP/2.0\r\nSubject: " + "x".repeat(66_000) + "\r\n\r\n").getBytes(US_ASCII);
        assertThat(SipMessage.parse(
                                message,
                                ParseLimits.builder().messageBytes(100_000).build())
                        .defect()
                        .orElseThrow())
                .hasMessageContaining("65536");
    }

    @Test
    void elementOverEightKibibytesIsNotPassedToTheRi() {
        SipRequest request = SipText.requestWith("Identity: " + "x".repeat(9_000));

        assertThatThrownBy(() -> JainRequest.of(request).getHeader("Identity"))
                .isInstanceOf(MalformedHeaderException.class);
        assertThat(request.header(HeaderName.of("Identity"))).contains("x".repeat(9_000));
    }

    @Test
    void nulIsAcceptedOnlyIfEscaped() {
        SipRequest escaped = SipText.requestWith("Reply-To: \"a\\\u0000b\" <sip:a@b>");
        SipRequest elsewhere = SipText.requestWith("Subject: a\\\u0000b");

        assertThat(escaped.defect()).isEmpty();
        assertThatCode(() -> read(escaped)).doesNotThrowAnyException();
        assertThat(elsewhere.defect()).isEmpty();
        assertThatThrownBy(() -> read(elsewhere)).hasMessageContaining("NUL");
    }

    @Test
    void messageWithoutHeadersIsParsed() {
        SipRequest request = SipText.request("INVITE sip:a SIP/2.0\n\n");

        assertThatCode(() -> read(request)).doesNotThrowAnyException();
        assertThat(JainRequest.of(request).getHeader("From")).isNull();
        assertThat(JainRequest.of(request).getRequestURI()).hasToString("sip:a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip:", "<sip:a@b>", "sip:a@b c", "tel:", "x y"})
    void malformedRequestUriIsRejected(String uri) {
        SipRequest request = SipText.request("INVITE " + uri + " SIP/2.0\n\n");

        assertThatThrownBy(JainRequest.of(request)::getRequestURI).isInstanceOf(MalformedHeaderException.class);
    }

    @Test
    void log4jIsNeitherOnTheClassPathNorRequired() {
        assertThatThrownBy(() -> Class.forName("org.apache.log4j.Logger")).isInstanceOf(ClassNotFoundException.class);
        assertThat(gov.nist.core.CommonLogger.legacyLogger).isNotNull();
        assertThatCode(() -> gov.nist.core.CommonLogger.getLogger("x").logError("y"))
                .doesNotThrowAnyException();
    }
}
