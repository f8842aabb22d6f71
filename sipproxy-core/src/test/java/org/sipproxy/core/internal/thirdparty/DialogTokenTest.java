package org.sipproxy.core.internal.thirdparty;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipText;

class DialogTokenTest {

    private static SipRequest request(String uri) {
        return SipText.request("""
                BYE %s SIP/2.0
                Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
                Content-Length: 0

                """.formatted(uri));
    }

    @Test
    void tokenIsFoundInBothSchemes() {
        String token = DialogToken.next();

        for (String uri : new String[] {"sip:" + token + "@h", "SIPS:" + token + "@[::1]:5061;transport=ws"}) {
            assertThat(DialogToken.isIn(request(uri))).isTrue();
            assertThat(DialogToken.of(request(uri))).isEqualTo(token);
        }
        assertThat(DialogToken.next()).isNotEqualTo(token).hasSameSizeAs(token);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sip:h",
                "sip:3",
                "sip:3pcc.@h",
                "sip:3pcc.0123@sip.test",
                "sip:3pcc.0123456789abcdef0123456789abcdef",
                "sip:3pcc.0123456789abcdef0123456789abcdef0@sip.test",
                "sip:3pcd.0123456789abcdef0123456789abcdef@sip.test",
                "tel:3pcc.0123456789abcdef0123456789abcdef0@s"
            })
    void otherUrisHaveNoToken(String uri) {
        assertThat(DialogToken.isIn(request(uri))).isFalse();
    }
}
