package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;

class NotifyMessageWaitingTest {

    @RegisterExtension
    final SipProxyExtension sip = SipProxyExtension.builder()
            .user("1001", "test1234")
            .user("1002", "test1234")
            .authentication(
                    users -> DigestAuthentication.builder().credentials(users).build())
            .build();

    private CompletableFuture<SipResponse> notify(String user, int newMessages) {
        return NotifyMessageWaiting.send(sip.proxy().requests(), user, newMessages)
                .orTimeout(10, TimeUnit.SECONDS);
    }

    @Test
    void phoneIsNotified() throws Exception {
        Phone phone = sip.registeredPhone("1001");
        phone.respondWith("NOTIFY", 200);

        SipResponse response = notify("1001", 3).join();
        SipRequest notify = phone.awaitRequest("NOTIFY");

        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(notify.header(HeaderName.EVENT)).hasValue("message-summary");
        assertThat(notify.from().uri()).hasToString("sip:voicemail@sip.test");
        assertThat(new String(notify.toBytes(), StandardCharsets.UTF_8))
                .endsWith("\r\n\r\nMessages-Waiting: yes\r\nVoice-Message: 3/0\r\n");
    }

    @Test
    void userWithoutAPhoneIsTemporarilyUnavailable() {
        assertThat(notify("1002", 1).join().statusCode()).isEqualTo(480);
        assertThat(notify("1003", 1).join().statusCode()).isEqualTo(404);
    }
}
