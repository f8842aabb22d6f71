package org.sipproxy.core.internal.pipeline;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.message.SipUri;

class LocalNamesTest {

    private final AtomicReference<Set<String>> further = new AtomicReference<>(Set.of());
    private final LocalNames names = new LocalNames(
            List.of("sip.test", "second.test"),
            List.of("alias.test:5080"),
            UserCase.INSENSITIVE,
            List.of(further::get));

    private static SipUri uri(String text) {
        return SipUri.of(text);
    }

    @Test
    void domainOfASourceIsLocalAsLongAsTheSourceNamesIt() {
        SipUri uri = uri("sip:Bob@Third.Test:5099");
        assertThat(names.isMyself(uri)).isFalse();
        assertThat(names.aorOf(uri)).isNull();

        further.set(Set.of("third.test"));

        assertThat(names.isDomain("THIRD.test")).isTrue();
        assertThat(names.isMyself(uri)).isTrue();
        assertThat(names.domainOf(uri)).isEqualTo("third.test");
        assertThat(names.aorOf(uri)).isEqualTo(new Aor("bob", "third.test"));

        further.set(Set.of());

        assertThat(names.isDomain("third.test")).isFalse();
        assertThat(names.isMyself(uri)).isFalse();
    }

    @Test
    void aliasWithAPortThatBecomesADomainGoesWithAnyPort() {
        assertThat(names.domainOf(uri("sip:bob@alias.test:5080"))).isEqualTo("sip.test");
        assertThat(names.domainOf(uri("sip:bob@alias.test"))).isNull();

        further.set(Set.of("alias.test"));

        assertThat(names.domainOf(uri("sip:bob@alias.test"))).isEqualTo("alias.test");
        assertThat(names.domainOf(uri("sip:bob@alias.test:5080"))).isEqualTo("alias.test");
    }

    @Test
    void aUriWithoutAPortMeansTheOneOfItsTransport() {
        LocalNames listening = new LocalNames(List.of("sip.test"), List.of(), UserCase.INSENSITIVE);
        listening.add("192.0.2.1", 5060);
        listening.add("192.0.2.2", 5061);
        listening.add("192.0.2.3", 443);

        assertThat(listening.isMyself(uri("sip:192.0.2.1"))).isTrue();
        assertThat(listening.isMyself(uri("sip:192.0.2.1;transport=tcp"))).isTrue();
        assertThat(listening.isMyself(uri("sip:192.0.2.1;transport=tls"))).isFalse();
        assertThat(listening.isMyself(uri("sip:192.0.2.2"))).isFalse();
        assertThat(listening.isMyself(uri("sip:192.0.2.2;transport=tls"))).isTrue();
        assertThat(listening.isMyself(uri("sips:192.0.2.2;transport=tcp"))).isTrue();
        assertThat(listening.isMyself(uri("sips:192.0.2.3;transport=ws"))).isTrue();
        assertThat(listening.isMyself(uri("sip:192.0.2.3;transport=ws"))).isFalse();
    }

    @Test
    void userPartWithAControlCharacterOrThatIsNotUtf8HasNoAddressOfRecord() {
        for (String user : List.of("%00", "bob%00", "%0d", "%7F", "%c2%80", "%ff", "%c3")) {
            assertThat(names.aorOf(uri("sip:" + user + "@sip.test"))).as(user).isNull();
            assertThat(names.domainOf(uri("sip:" + user + "@sip.test"))).isEqualTo("sip.test");
        }
    }

    @Test
    void caseOfTheUserCountsOnlyIfThePolicyIsCaseSensitive() {
        LocalNames sensitive = new LocalNames(List.of("sip.test"), List.of(), UserCase.SENSITIVE);

        assertThat(names.aorOf(uri("sip:%42ob@SIP.test"))).isEqualTo(new Aor("bob", "sip.test"));
        assertThat(names.aorOf(uri("sip:%C3%89@sip.test"))).isEqualTo(new Aor("\u00c9", "sip.test"));
        assertThat(sensitive.aorOf(uri("sip:%42ob@SIP.test"))).isEqualTo(new Aor("Bob", "sip.test"));
    }

    @Test
    void domainsAreThoseThatStayAndThenTheOthers() {
        further.set(Set.of("second.test", "third.test"));

        assertThat(names.domains()).containsExactly("sip.test", "second.test", "third.test");
    }

    @ParameterizedTest
    @CsvSource({
        "sip:1001@sip.test.,                     true",
        "sip:1001@SIP.TEST.:5099,                true",
        "sip:1001@203.0.113.01:5060,             true",
        "sip:1001@203.0.113.1.,                  true",
        "sip:1001@[::ffff:203.0.113.1],          true",
        "sip:1001@[2001:db8:0:0::7],             true",
        "sip:1001@[2001:DB8::0007]:5060,         true",
        "sip:1001@[2001:db8::7]:5061,            false",
        "sip:1001@[2001:db8::8],                 false",
        "sip:1001@203.0.113.10,                  false",
        "sip:1001@sip.test.example,              false",
        "sip:1001@localhost,                     false",
    })
    void hostsAreComparedByTheirNormalForm(String text, boolean ours) {
        LocalNames listening = new LocalNames(List.of("Sip.Test."), List.of(), UserCase.INSENSITIVE);
        listening.add("203.0.113.1", 5060);
        listening.add("2001:db8::7", 5060);

        assertThat(listening.isMyself(uri(text))).isEqualTo(ours);
        assertThat(listening.domainOf(uri(text))).isEqualTo(ours ? "sip.test" : null);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, sip:1002@localhost:15700,         true",
        "127.0.0.1, sip:1002@LocalHost.:15700,        true",
        "127.0.0.1, sip:1002@a.b.localhost:15700,     true",
        "::1,       sip:1002@localhost:15700,         true",
        "127.0.0.1, sip:1002@0.0.0.0:15700,           true",
        "0.0.0.0,   sip:1002@localhost:15700,         true",
        "0.0.0.0,   sip:1002@127.0.0.77:15700,        true",
        "::,        sip:1002@[0::1]:15700,            true",
        "127.0.0.1, sip:1002@127.0.0.77:15700,        false",
        "127.0.0.1, sip:1002@localhost:15701,         false",
        "127.0.0.1, sip:1002@localhost.example:15700, false",
        "192.0.2.1, sip:1002@localhost:15700,         false",
    })
    void localhostIsThisProxyWhereALoopbackAddressLeadsToIt(String listening, String text, boolean ours) {
        LocalNames local = new LocalNames(List.of("sip.test"), List.of(), UserCase.INSENSITIVE);
        local.add(listening, 15700);

        assertThat(local.isMyself(uri(text))).isEqualTo(ours);
    }
}
