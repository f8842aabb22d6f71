package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipText;

class BranchesTest {

    private static final String REQUEST = """
      INVITE sip:bob@example.org SIP/2.0
      Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
      Max-Forwards: 70
      Route: <sip:10.0.0.1;lr>
      Proxy-Require: x
      Proxy-Authorization: Digest y
      From: <sip:alice@example.org>;tag=1
      To: <sip:bob@example.org>
      Call-ID: c1
      CSeq: 1 INVITE
      Subject: s

      """;

    private final Branches branches = new Branches();

    private static SipRequest withBranch(String branch) {
        return SipText.request(REQUEST.replace("z9hG4bK1", branch));
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, -1, Long.MIN_VALUE, 0x0123456789abcdefL})
    void writtenBranchIsReadBack(long number) throws Exception {
        ByteWriter out = new ByteWriter(8);
        branches.write(out, number, ~number);
        SipRequest request = withBranch(new String(out.toBytes(), java.nio.charset.StandardCharsets.US_ASCII));

        assertThat(request.topVia().hasRfc3261Branch()).isTrue();
        assertThat(Branches.isOwnBranch(request.index(), request.topVia())).isTrue();
        assertThat(Branches.number(request.index(), request.topVia())).isEqualTo(number);
        assertThat(Branches.loopHash(request.index(), request.topVia().index().branchStart()))
                .isEqualTo(~number);
        assertThat(Branches.find(request.index(), 0, request.index().length()))
                .isEqualTo(request.topVia().index().branchStart());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "z9hG4bK1",
                "z9hG4bK0123456789abcdef0123456789abcde",
                "z9hG4bK0123456789abcdef0123456789abcdef0",
                "z9hG4bK0123456789abcdeg0123456789abcdef",
                "z9hG4bK0123456789ABCDEF0123456789ABCDEF",
                "z9hG4bK0123456789abcdef0123456789abcde-",
            })
    void branchOfAnotherFormatIsNotRecognized(String branch) throws Exception {
        SipRequest request = withBranch(branch);

        assertThat(Branches.isOwnBranch(request.index(), request.topVia())).isFalse();
    }

    @Test
    void viaWithoutABranchIsNotRecognized() throws Exception {
        SipRequest request = SipText.request(REQUEST.replace(";branch=z9hG4bK1", ""));

        assertThat(Branches.isOwnBranch(request.index(), request.topVia())).isFalse();
    }

    @Test
    void numbersAreUniqueAndDifferFromProxyToProxy() {
        Set<Long> seen = new HashSet<>();
        for (int i = 0; i < 100_000; i++) {
            seen.add(branches.next());
        }

        assertThat(seen).hasSize(100_000).doesNotContain(new Branches().next());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "INVITE sip:bob@     | INVITE sip:carol@",
                "Route: <sip:10.0.0.1| Route: <sip:10.0.0.2",
                "Proxy-Require: x    | Proxy-Require: z",
                "Digest y            | Digest z",
                "tag=1               | tag=2",
                "To: <sip:bob@       | To: <sip:carol@",
                "Call-ID: c1         | Call-ID: c2",
                "CSeq: 1             | CSeq: 2",
            })
    void loopHashChangesWithWhatDecidesAboutTheRoute(String part, String other) throws SipParseException {
        assertThat(REQUEST).contains(part);

        assertThat(branches.loopHash(SipText.request(REQUEST.replace(part, other))))
                .isNotEqualTo(branches.loopHash(SipText.request(REQUEST)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Via: SIP/2.0/UDP 192.0.2.1     | Via: SIP/2.0/UDP 192.0.2.9",
                "Max-Forwards: 70               | Max-Forwards: 69",
                "Subject: s                     | Record-Route: <sip:10.0.0.9;lr>",
            })
    void loopHashDoesNotChangeWithWhatAProxyAdds(String part, String other) throws SipParseException {
        assertThat(REQUEST).contains(part);

        assertThat(branches.loopHash(SipText.request(REQUEST.replace(part, other))))
                .isEqualTo(branches.loopHash(SipText.request(REQUEST)));
    }

    @Test
    void loopHashDiffersFromProxyToProxy() throws SipParseException {
        assertThat(new Branches().loopHash(SipText.request(REQUEST)))
                .isNotEqualTo(branches.loopHash(SipText.request(REQUEST)));
    }
}
