package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transport.RecordingTransport;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;

/** Tests which response a stage sees: the one that goes upstream, whatever was removed from the received one. */
class ResponseStagesTest {

    private static final Flow FROM = new RecordingTransport(new FakeClock()).flow(TransportKind.UDP, "192.0.2.9", 5060);

    private record Path(boolean isReliable) implements ResponsePath {

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            throw new AssertionError("nothing is sent");
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKown~Via: SIP/2.0/UDP 192.0.2.2~l: 0 | false",
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKown , SIP/2.0/UDP 192.0.2.2~l: 0   | false",
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKown~Via: SIP/2.0/UDP 192.0.2.2      | false",
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKown~Via: SIP/2.0/UDP 192.0.2.2      | true",
                "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKown,SIP/2.0/UDP 192.0.2.2           | true",
            })
    void stageSeesAndEditsTheResponseThatGoesUpstream(String lines, boolean reliable) throws SipParseException {
        SipResponse received =
                SipText.response("SIP/2.0 200 OK\n" + lines.strip().replace('~', '\n')
                        + "\nFrom: <sip:a@b>;tag=1\nTo: <sip:c@d>;tag=2\nCall-ID: c1\nCSeq: 1 INVITE\n\n");
        byte[] wire = ResponseRewriter.withoutTopVia(received, new Path(reliable));
        List<SipResponse> seen = new ArrayList<>();
        ResponseStages stages = new ResponseStages(
                List.of(context -> {
                    seen.add(context.response());
                    context.replace(context.response().withHeader(HeaderName.SUBJECT, "edited"));
                }),
                uri -> false);

        byte[] edited = stages.edited(received, wire, FROM, null);

        assertThat(seen.get(0)).hasToString(new String(wire, StandardCharsets.UTF_8));
        assertThat(seen.get(0).vias()).hasSize(1);
        assertThat(seen.get(0).topVia().host()).isEqualTo("192.0.2.2");
        assertThat(seen.get(0).callId()).isEqualTo("c1");
        assertThat(new String(edited, StandardCharsets.UTF_8))
                .isEqualTo(new String(wire, StandardCharsets.UTF_8)
                        .replaceFirst("\r\n\r\n$", "\r\nSubject: edited\r\n\r\n"));
    }
}
