package org.sipproxy.core.internal.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import javax.sip.message.Message;
import javax.sip.message.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.Via;
import org.sipproxy.message.jain.JainRequest;
import org.sipproxy.message.jain.JainResponse;

/** The torture test messages of RFC 4475; {@code rfc4475/outcomes.txt} lists the expected outcomes. */
class Rfc4475Test {

    /** Headers of accepted messages that no grammar can parse; a proxy passes them on unchanged. */
    private static final Set<String> UNREADABLE = Set.of("baddate Date");

    record Row(String file, String section, String outcome) {

        byte[] wire() {
            return resource(file + ".dat");
        }

        @Override
        public String toString() {
            return file + " (§" + section + ") is " + outcome;
        }
    }

    static Stream<Row> rows() {
        return new String(resource("outcomes.txt"), StandardCharsets.UTF_8)
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(line -> line.split(" +", 4))
                .map(cells -> new Row(cells[0], cells[1], cells[2]));
    }

    static Stream<Row> accepted() {
        return rows().filter(row -> row.outcome().equals("accepted"));
    }

    private static byte[] resource(String name) {
        try (InputStream in = Rfc4475Test.class.getResourceAsStream("/rfc4475/" + name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void allMessagesOfTheRfcAreListed() {
        assertThat(rows().map(Row::file)).hasSize(49).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @MethodSource("rows")
    void messageHasTheOutcomeOfItsRow(Row row) {
        assertThat(outcome(row.wire())).isEqualTo(row.outcome());
    }

    private static String outcome(byte[] wire) {
        boolean response = new String(wire, 0, 8, StandardCharsets.US_ASCII).equals("SIP/2.0 ");
        try {
            SipMessage message = SipMessage.parse(wire, ParseLimits.DEFAULT);
            if (message instanceof SipRequest request) {
                MessageSanity.check(request);
            } else {
                MessageSanity.checkResponse((SipResponse) message);
            }
            return "accepted";
        } catch (SipParseException e) {
            return response ? "dropped" : Integer.toString(e.statusCode());
        }
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void untouchedMessageLeavesByteForByte(Row row) throws Exception {
        SipMessage message = SipMessage.parse(row.wire(), ParseLimits.DEFAULT);
        readEverything(row, view(message));

        assertThat(message.toBytes()).isEqualTo(row.wire());
    }

    @ParameterizedTest
    @MethodSource("accepted")
    void typedHeadersOfAcceptedMessageCanBeRead(Row row) throws Exception {
        SipMessage message = SipMessage.parse(row.wire(), ParseLimits.DEFAULT);

        List<String> read = readEverything(row, view(message));

        assertThat(read).contains("From", "To", "Call-ID", "CSeq", "Via");
        for (Via via : message.vias()) {
            assertThat(via.host()).isNotEmpty();
        }
    }

    private static Message view(SipMessage message) {
        return message instanceof SipRequest request ? JainRequest.of(request) : JainResponse.of((SipResponse) message);
    }

    private static List<String> readEverything(Row row, Message message) {
        List<String> names = new java.util.ArrayList<>();
        for (Iterator<?> i = message.getHeaderNames(); i.hasNext(); ) {
            String name = (String) i.next();
            names.add(name);
            if (!UNREADABLE.contains(row.file() + " " + name)) {
                for (Iterator<?> all = message.getHeaders(name); all.hasNext(); ) {
                    assertThat(all.next().toString()).isNotEmpty();
                }
            }
        }
        if (message instanceof Request request) {
            assertThat(request.getRequestURI().toString()).isNotEmpty();
        }
        return names;
    }

    @Test
    void messageWithFoldsAndSpacesEverywhereReadsAsItsMeaning() throws Exception {
        SipRequest wsinv = (SipRequest) SipMessage.parse(resource("wsinv.dat"), ParseLimits.DEFAULT);

        assertThat(wsinv.toTag()).isEqualTo("1918181833n");
        assertThat(wsinv.fromTag()).isEqualTo("98asjd8");
        assertThat(wsinv.number(HeaderName.MAX_FORWARDS, 255)).isEqualTo(68);
        assertThat(wsinv.cseq().number()).isEqualTo(9);
        assertThat(wsinv.vias()).extracting(Via::branch).containsExactly("390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239");
        assertThat(wsinv.vias()).extracting(Via::transport).containsExactly("UDP", "TCP", "UDP");
        assertThat(((javax.sip.header.ToHeader) view(wsinv).getHeader("To")).getTag())
                .isEqualTo("1918181833n");
        assertThat(((javax.sip.header.ContactHeader) view(wsinv).getHeader("Contact")).getQValue())
                .isEqualTo(0.33f);
    }

    @Test
    void methodKeepsItsCaseInTheTypedCSeq() throws Exception {
        SipMessage intmeth = SipMessage.parse(resource("intmeth.dat"), ParseLimits.DEFAULT);

        String method = ((javax.sip.header.CSeqHeader) view(intmeth).getHeader("CSeq")).getMethod();

        assertThat(method).isEqualTo("!interesting-Method0123456789_*+`.%indeed'~");
    }
}
