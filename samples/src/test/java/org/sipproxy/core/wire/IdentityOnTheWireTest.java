package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.testkit.DigestCredentials;

/** Bindings that a proven password gives access to, with digest and registrar together. */
class IdentityOnTheWireTest {

    private static final Pattern NONCE = Pattern.compile("nonce=\"([^\"]+)\"");

    private ProxyUnderTest proxy;

    @AfterEach
    void close() {
        proxy.close();
    }

    private void start(boolean userCaseSensitive, InMemoryCredentials users) {
        proxy = ProxyUnderTest.of(SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .listen(Endpoint.tcp("127.0.0.1", 0))
                .domain("sip.test")
                .registrar(RegistrarPolicy.builder()
                        .userCaseSensitive(userCaseSensitive)
                        .build())
                .authentication(
                        DigestAuthentication.builder().credentials(users).build()));
    }

    private static Credential user(String name) {
        return Credential.ofPassword(name, "sip.test", "pw-" + name);
    }

    /** Returns a REGISTER of an authenticated user for this AOR. */
    private static Request register(WireClient phone, String user, String aor, String contact, String... lines) {
        Request first = request(phone, aor, contact, lines);
        WireMessage challenge = phone.awaitResponse(phone.send(first), 401);
        Matcher nonce = NONCE.matcher(challenge.text());
        assertThat(nonce.find()).isTrue();
        return request(phone, aor, contact, lines)
                .with("Authorization: "
                        + DigestCredentials.of(user, "sip.test", "pw-" + user, nonce.group(1))
                                .value());
    }

    private static Request request(WireClient phone, String aor, String contact, String... lines) {
        return phone.request("REGISTER", "sip:sip.test")
                .from("<sip:" + aor + "@sip.test>;tag=" + WireClient.unique("r"))
                .to("<sip:" + aor + "@sip.test>")
                .contact(contact)
                .with(lines);
    }

    private static WireMessage send(WireClient phone, Request request) {
        return phone.awaitFinal(phone.send(request));
    }

    @Test
    void capturedRegisterWithAnotherContactBindsNothingAndTheRetransmissionPasses() {
        start(false, InMemoryCredentials.of(user("bob")));
        WireClient bob = proxy.udp("bob");
        Request register = register(bob, "bob", "bob", "<" + bob.contact() + ">");
        assertThat(send(bob, register).status()).isEqualTo(200);
        String text = register.text();

        for (String forged : new String[] {
            text.replace("Contact: <" + bob.contact() + ">", "Contact: <sip:attacker@127.0.0.91:2222>"),
            text.replace("Contact: <" + bob.contact() + ">", "Contact: *\r\nExpires: 0"),
            text.replace("Contact: ", "Supported: path\r\nPath: <sip:127.0.0.91:2222;lr>\r\nContact: ")
        }) {
            assertThat(forged).isNotEqualTo(text);
            bob.send(forged); // from the phone's own address and port, as a forged source would be
            WireMessage refused = bob.awaitFinal(register);
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.text()).contains("stale=true");
        }
        bob.send(text);
        WireMessage again = bob.awaitFinal(register);

        assertThat(again.status()).isEqualTo(200);
        assertThat(again.elements("Contact")).singleElement().asString().startsWith("<" + bob.contact() + ">");
        assertThat(again.text()).doesNotContain("127.0.0.91");
    }

    @Test
    void loneSubscriberRegistersInAnySpellingOfItsAddress() {
        start(false, InMemoryCredentials.of(user("Alice")));
        WireClient phone = proxy.udp("phone");

        for (String aor : new String[] {"Alice", "alice", "%41LICE"}) {
            WireMessage ok = send(phone, register(phone, "Alice", aor, "<" + phone.contact() + ">"));
            assertThat(ok.status()).as(aor).isEqualTo(200);
            assertThat(ok.elements("Contact")).hasSize(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Alice", "alice", "%61lice"})
    void subscriberWhoseNameDiffersInCaseOnlyCannotReadOrRemoveBindingsOfTheOther(String aor) {
        start(false, InMemoryCredentials.caseSensitive(user("alice"), user("Alice"))); // as a database may hold it
        WireClient alice = proxy.udp("alice");
        WireClient other = proxy.udp("other");
        assertThat(send(alice, register(alice, "alice", "alice", "<" + alice.contact() + ">"))
                        .status())
                .isEqualTo(200);

        assertThat(send(other, register(other, "Alice", aor, "")).status()).isEqualTo(403);
        assertThat(send(other, register(other, "Alice", aor, "*", "Expires: 0")).status())
                .isEqualTo(403);
        assertThat(send(other, register(other, "Alice", aor, "<" + other.contact() + ">"))
                        .status())
                .isEqualTo(403);

        assertThat(send(alice, register(alice, "alice", "ALICE", "")).elements("Contact"))
                .singleElement()
                .asString()
                .startsWith("<" + alice.contact() + ">");
    }

    @Test
    void usersThatDifferInCaseAreTwoUsersWhereTheyAreCaseSensitive() {
        start(true, InMemoryCredentials.caseSensitive(user("alice"), user("Alice")));
        WireClient lower = proxy.udp("lower");
        WireClient upper = proxy.udp("upper");
        assertThat(send(lower, register(lower, "alice", "alice", "<" + lower.contact() + ">"))
                        .status())
                .isEqualTo(200);
        assertThat(send(upper, register(upper, "Alice", "Alice", "<" + upper.contact() + ">"))
                        .status())
                .isEqualTo(200);

        assertThat(send(upper, register(upper, "Alice", "alice", "*", "Expires: 0"))
                        .status())
                .isEqualTo(403);
        assertThat(send(lower, register(lower, "alice", "alice", "")).elements("Contact"))
                .singleElement()
                .asString()
                .startsWith("<" + lower.contact() + ">");
        assertThat(send(upper, register(upper, "Alice", "Alice", "")).elements("Contact"))
                .singleElement()
                .asString()
                .startsWith("<" + upper.contact() + ">");
    }
}
