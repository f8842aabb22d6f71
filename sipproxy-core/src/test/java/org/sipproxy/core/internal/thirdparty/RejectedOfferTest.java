package org.sipproxy.core.internal.thirdparty;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** Answer to an offer that is not accepted (RFC 3264 §6). */
class RejectedOfferTest {

    private static String crlf(String text) {
        return text.replace("\n", "\r\n");
    }

    private static String answer(String type, String offer) {
        Body body = RejectedOffer.answer(new Body(
                ("Content-Type: " + type + "\r\n").getBytes(StandardCharsets.US_ASCII),
                offer.getBytes(StandardCharsets.UTF_8)));
        return new String(body.content(), StandardCharsets.UTF_8);
    }

    @Test
    void eachStreamIsRejectedAndTheTimeIsThatOfTheOffer() {
        String offer = crlf("""
                v=0
                o=- 1 1 IN IP6 ::1
                s=x
                t=5 9
                c=IN IP6 ::1
                m=audio 4000/2 RTP/AVP 0 101
                a=sendrecv
                m=image 4002 udptl t38
                t=7 7
                """);

        assertThat(answer("Application/SDP; charset=utf-8", offer)).isEqualTo(crlf("""
                v=0
                o=- 0 0 IN IP4 0.0.0.0
                s=-
                c=IN IP4 0.0.0.0
                t=5 9
                m=audio 0 RTP/AVP 0 101
                m=image 0 udptl t38
                """));
    }

    @Test
    void linesThatEndWithLfAreRead() {
        assertThat(answer("application/sdp", "v=0\nm=audio 1 RTP/AVP 0\nm=bad\n"))
                .endsWith("t=0 0\r\nm=audio 0 RTP/AVP 0\r\n");
    }

    @Test
    void otherDescriptionsHaveNoAnswer() {
        assertThat(answer("application/xml", "<offer/>")).isEmpty();
        assertThat(RejectedOffer.answer(Body.NONE).isEmpty()).isTrue();
    }
}
