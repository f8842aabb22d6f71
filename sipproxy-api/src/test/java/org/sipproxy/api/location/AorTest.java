package org.sipproxy.api.location;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.SipUri;

class AorTest {

    @ParameterizedTest
    @CsvSource({
        "sip:alice@sip.test,                          alice,       sip.test",
        "sip:AlIcE%2E1@SIP.test,                      alice.1,     sip.test",
        "sips:alice:secret@sip.test:5061;transport=tcp, alice,     sip.test",
        "sip:%61lice@[2001:DB8::1]:5060,              alice,       [2001:db8::1]",
        "sip:+49-30@sip.test;user=phone,              +49-30,      sip.test",
    })
    void aorConsistsOfUserAndDomainOfTheUri(String uri, String user, String domain) {
        assertThat(Aor.of(SipUri.of(uri))).isEqualTo(new Aor(user, domain));
    }

    @Test
    void userKeepsItsCaseIfUsersAreCaseSensitive() {
        assertThat(Aor.of(SipUri.of("sip:AlIcE@SIP.test"), UserCase.SENSITIVE)).isEqualTo(new Aor("AlIcE", "sip.test"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"%00", "a%00b", "%0d%0a", "%1b", "%7f", "%c2%85", "%ff", "%c3", "%ed%a0%80", "%ef%bf%bd"})
    void userPartWithControlCharactersOrInvalidUtf8IsNotAUser(String user) {
        assertThat(Aor.isUser(SipUri.of("sip:" + user + "@sip.test").user())).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"alice", "%20", "%c3%89", "%e2%82%ac", "%f0%9f%98%80", "a%f0%9f%98%80b", "'--", "%25"})
    void anyOtherUserPartIsAUser(String user) {
        assertThat(Aor.isUser(SipUri.of("sip:" + user + "@sip.test").user())).isTrue();
    }

    @Test
    void halfASurrogatePairIsNotAUser() {
        assertThat(Aor.isUser("a\ud83d")).isFalse();
        assertThat(Aor.isUser("\ude00a")).isFalse();
        assertThat(Aor.isUser("\ud83d\ud83d\ude00")).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "sip:1001@sip.test,                       sip:1001@sip.test",
        "sip:a%0D%0AFORGED%20line@sip.test,       sip:a%0D%0Aforged%20line@sip.test",
        "sip:a%3E%20contact=%3Cb@sip.test,        sip:a%3E%20contact=%3Cb@sip.test",
        "sip:j%C3%BCrgen@sip.test,                sip:j%C3%BCrgen@sip.test",
        "sip:a%40b@sip.test,                      sip:a%40b@sip.test",
        "sip:sip.test,                            sip:sip.test",
    })
    void textIsAUriForEveryUser(String uri, String text) {
        Aor aor = Aor.of(SipUri.of(uri));

        assertThat(aor).hasToString(text);
        assertThat(Aor.of(SipUri.of(aor.toString()))).isEqualTo(aor);
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip:100%@h", "sip:a%zz@h", "sip:%4@h", "sip:%@h"})
    void percentThatIsNotAnEscapeIsNotAUser(String text) throws Exception {
        assertThat(Aor.isUser(SipUri.parse(text).user())).isFalse();
    }

    @Test
    void domainIsPutIntoNormalForm() {
        assertThat(new Aor("bob", "SIP.Test.")).isEqualTo(new Aor("bob", "sip.test"));
        assertThat(new Aor("bob", "[2001:DB8:0:0:0:0:0:1]").domain()).isEqualTo("[2001:db8::1]");
    }
}
