package org.sipproxy.message.jain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;

class MessagePropertyTest {

    private static final Duration BOUND = Duration.ofSeconds(2);

    private static final String[] NAMES = {
        "Via",
        "From",
        "To",
        "Contact",
        "Route",
        "CSeq",
        "Call-ID",
        "Accept",
        "Accept-Encoding",
        "Accept-Language",
        "Alert-Info",
        "Allow",
        "Allow-Events",
        "Authorization",
        "Authentication-Info",
        "Call-Info",
        "Content-Disposition",
        "Content-Encoding",
        "Content-Language",
        "Content-Type",
        "Date",
        "Error-Info",
        "Event",
        "Expires",
        "In-Reply-To",
        "Join",
        "Max-Forwards",
        "MIME-Version",
        "Min-Expires",
        "Min-SE",
        "Organization",
        "P-Asserted-Identity",
        "P-Access-Network-Info",
        "P-Charging-Vector",
        "P-Visited-Network-ID",
        "Path",
        "Priority",
        "Privacy",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Require",
        "RAck",
        "RSeq",
        "Reason",
        "Record-Route",
        "Refer-To",
        "References",
        "Referred-By",
        "Replaces",
        "Reply-To",
        "Require",
        "Retry-After",
        "Security-Client",
        "Server",
        "Service-Route",
        "Session-Expires",
        "SIP-ETag",
        "SIP-If-Match",
        "Subject",
        "Subscription-State",
        "Supported",
        "Timestamp",
        "Unsupported",
        "User-Agent",
        "WWW-Authenticate",
        "Warning",
        "X"
    };

    private static final String[] PIECES = {
        "sip:",
        "tel:",
        "a",
        "b@c",
        "1",
        "0.5",
        "SIP/2.0/UDP ",
        "Digest ",
        "realm=",
        "q=",
        "\"",
        "\\",
        "<",
        ">",
        "(",
        ")",
        ";",
        ",",
        "=",
        "/",
        ":",
        "[",
        "]",
        "%",
        "%4",
        "@",
        "?",
        "&",
        "*",
        " ",
        "\t",
        "\r\n ",
        "\r\n",
        "~",
        "é",
        "\u0000",
        "-",
        ".",
        "+",
        "INVITE"
    };

    private static void readEverything(byte[] wire) throws SipParseException {
        SipMessage message;
        try {
            message = SipMessage.parse(wire, ParseLimits.DEFAULT);
        } catch (SipParseException e) {
            return;
        }
        attempt(message::topVia);
        attempt(message::secondVia);
        attempt(message::vias);
        attempt(message::from);
        attempt(message::fromTag);
        attempt(message::to);
        attempt(message::cseq);
        attempt(message::callId);
        attempt(() -> message.addresses(HeaderName.CONTACT));
        attempt(() -> message.number(HeaderName.EXPIRES, 10));
        message.hasStarContact();
        message.listContains(HeaderName.SUPPORTED, "path");
        if (message instanceof SipRequest request) {
            attempt(request::requestUri);
            attempt(JainRequest.of(request)::getRequestURI);
        }
        List<String> names = new ArrayList<>();
        JainMessage view = message instanceof SipRequest request
                ? JainRequest.of(request)
                : JainResponse.of((SipResponse) message);
        view.getHeaderNames().forEachRemaining(names::add);
        for (String name : names) {
            attempt(() -> view.getHeader(name));
            attempt(() -> {
                view.getHeaders(name)
                        .forEachRemaining(h -> assertThat(h.toString()).isNotEmpty());
                return null;
            });
        }
        view.commit();
        assertThat(view.current()).as("reading must not write").isSameAs(message);
    }

    private interface Access {
        Object call() throws SipParseException;
    }

    /** Any exception but the two documented ones fails the property. */
    private static void attempt(Access access) {
        try {
            access.call();
        } catch (SipParseException | MalformedHeaderException e) {
            assertThat(e.getMessage()).isNotEmpty().doesNotContain("\n").doesNotContain("\r");
        }
    }

    @Property(tries = 1_000)
    void anyBytesEitherParseOrAreRejected(@ForAll @Size(max = 300) byte[] bytes) {
        assertTimeoutPreemptively(BOUND, () -> readEverything(bytes));
    }

    @Property(tries = 3_000)
    void anyHeaderValueEitherParsesOrIsRejected(@ForAll("headerLines") List<String> lines) {
        byte[] wire = ("INVITE sip:a@b SIP/2.0\r\n" + String.join("\r\n", lines) + "\r\n\r\n")
                .getBytes(StandardCharsets.UTF_8);

        assertTimeoutPreemptively(BOUND, () -> readEverything(wire));
    }

    @Property(tries = 500)
    void anyRequestUriEitherParsesOrIsRejected(@ForAll("values") String value) {
        byte[] wire = ("INVITE " + value + " SIP/2.0\r\n\r\n").getBytes(StandardCharsets.UTF_8);

        assertTimeoutPreemptively(BOUND, () -> readEverything(wire));
    }

    @Property(tries = 500)
    void truncatedMessageEitherParsesOrIsRejected(@ForAll("cuts") int cut) {
        byte[] whole = SipText.requestWith("Contact: \"x\" <sip:a@[::1]:5060;lr>;q=0.5", "Accept: a/b,", " c/d")
                .toBytes();

        assertTimeoutPreemptively(BOUND, () -> readEverything(Arrays.copyOf(whole, Math.min(cut, whole.length))));
    }

    @Property(tries = 500)
    void editOfOneHeaderLeavesTheRest(@ForAll("plainLines") List<String> lines, @ForAll("cuts") int pick)
            throws Exception {
        String edited = "X-Edited: before";
        List<String> all = new ArrayList<>(lines);
        int at = pick % (all.size() + 1);
        all.add(at, edited);
        String head = "INVITE sip:a@b SIP/2.0\r\n" + String.join("\r\n", all.subList(0, at)) + (at == 0 ? "" : "\r\n");
        String tail = String.join("\r\n", all.subList(at + 1, all.size())) + (at + 1 == all.size() ? "" : "\r\n")
                + "\r\nbody";
        JainRequest request = JainRequest.of((SipRequest) SipMessage.parse(
                (head + edited + "\r\n" + tail).getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT));

        ((javax.sip.header.ExtensionHeader) request.getHeader("X-Edited")).setValue("after, and longer");

        assertThat(request.toString()).isEqualTo(head + "X-Edited: after, and longer\r\n" + tail);
        request.removeHeader("X-Edited");
        assertThat(request.toString()).isEqualTo(head + tail);
    }

    @Provide
    Arbitrary<String> values() {
        return Arbitraries.of(PIECES).list().ofMaxSize(14).map(pieces -> String.join("", pieces));
    }

    @Provide
    Arbitrary<List<String>> headerLines() {
        return Arbitraries.of(NAMES)
                .flatMap(name -> values().map(value -> name + ": " + value))
                .list()
                .ofMinSize(1)
                .ofMaxSize(4);
    }

    @Provide
    Arbitrary<List<String>> plainLines() {
        Arbitrary<String> value = Arbitraries.of("a", "\"b, c\"", ";;,,", "<x>", "d\r\n e", " ", "f  ", "\\")
                .list()
                .ofMaxSize(4)
                .map(pieces -> String.join(" ", pieces));
        return Arbitraries.of("Via", "v ", "Contact", "m", "X-Other", "Subject", "To")
                .flatMap(name -> value.map(v -> name + ":" + v))
                .list()
                .ofMaxSize(6);
    }

    @Provide
    Arbitrary<Integer> cuts() {
        return Arbitraries.integers().between(0, 500);
    }
}
