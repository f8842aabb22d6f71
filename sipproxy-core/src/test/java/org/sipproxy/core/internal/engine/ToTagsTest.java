package org.sipproxy.core.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.internal.codec.RequestHead;
import org.sipproxy.message.SipText;

/** A retransmission gets the same tag (RFC 3261 §8.2.7), whether it is parsed or not. */
class ToTagsTest {

    private static final String INVITE = """
      INVITE sip:bob@example.org SIP/2.0
      Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
      From: "Alice"  <sip:alice@example.org>;tag=1
      To: <sip:bob@example.org>
      i:  c1@host
      CSeq: 4711 INVITE

      """;

    private final ToTags tags = new ToTags();

    private String tagWithoutParsing(String text) {
        RequestHead head = RequestHead.read(text.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII), "INVITE");
        assertThat(head).isNotNull();
        return tags.tag(head);
    }

    @Test
    void tagDependsOnCallIdFromAndSequenceNumber() {
        String tag = tags.tag(SipText.request(INVITE));

        assertThat(tagWithoutParsing(INVITE)).isEqualTo(tag);
        assertThat(tagWithoutParsing(INVITE.replace("bob", "carol"))).isEqualTo(tag);
        assertThat(tagWithoutParsing(INVITE.replace("c1@host", "c2@host"))).isNotEqualTo(tag);
        assertThat(tagWithoutParsing(INVITE.replace("tag=1", "tag=2"))).isNotEqualTo(tag);
        assertThat(tagWithoutParsing(INVITE.replace("4711", "4712"))).isNotEqualTo(tag);
    }
}
