package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipUri;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

@Timeout(60)
class VoicemailTest {

    private static final InetSocketAddress SERVER = new InetSocketAddress("127.0.0.47", 5080);

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("1001", "test1001")
            .user("1002", "test1002")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .configure(proxy -> new Voicemail(SipUri.of("sip:voicemail@127.0.0.47:5080")).addTo(proxy))
            .build();

    private Phone voicemail;

    @BeforeEach
    void open() {
        voicemail = sip.phone("voicemail", phone -> phone.local(SERVER));
    }

    private void takesTheCall(OutgoingCall calling) {
        IncomingCall taken = voicemail.awaitCall().ring().answer();
        assertThat(taken.invite().header(HeaderName.of("Diversion")).orElseThrow())
                .startsWith("<sip:1001@");
        calling.awaitAnswer().hangUp();
        taken.awaitHangUp();
    }

    @Test
    void takesTheCallOfABusyPhone() {
        Phone callee = sip.registeredPhone("1001");

        OutgoingCall calling = sip.registeredPhone("1002").call("1001");
        callee.awaitCall().ring().busy();

        takesTheCall(calling);
    }

    @Test
    void takesTheCallOfAUserWithoutAPhone() {
        takesTheCall(sip.registeredPhone("1002").call("1001"));
    }

    @Test
    void doesNotTakeACallWhoseMediaThePhoneRefuses() {
        Phone callee = sip.registeredPhone("1001");

        OutgoingCall calling = sip.registeredPhone("1002").call("1001");
        callee.awaitCall().respond(488);

        calling.awaitStatus(488);
    }

    @Test
    void unknownUserHasNoVoicemail() {
        sip.registeredPhone("1002").call("1003").awaitStatus(404);
    }
}
