package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Binding;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.ContactMatching;
import org.sipproxy.message.Method;

/** Format of a Contact, and when it equals one that is already bound (RFC 3261 §10.3 steps 6 and 7, §19.1.4). */
class RegistrarContactTest {

    private final RegistrarScene scene = new RegistrarScene();

    // ---- query and several contacts

    @Test
    void withoutContactTheBindingsAreListedAndNothingChanges() {
        scene.send("Contact: <sip:a@192.0.2.1>", "Contact: <sip:b@192.0.2.1>");
        List<Binding> before = scene.bindings();

        RegistrarScene.Response response = scene.send("Expires: 0");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.value("Contact"))
                .isEqualTo("<sip:a@192.0.2.1>;expires=3600, <sip:b@192.0.2.1>;expires=3600");
        assertThat(scene.bindings()).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.1>, <sip:c@192.0.2.1>",
                "Contact: <sip:a@192.0.2.1>;Contact: <sip:b@192.0.2.1>;m: <sip:c@192.0.2.1>",
                "Contact: sip:a@192.0.2.1;Contact: \"B, <b>\" <sip:b@192.0.2.1>, sip:c@192.0.2.1",
            })
    void allContactsOfARequestAreBoundInTheirOrder(String headers) {
        assertThat(scene.send(headers.split(";(?=Contact|m:)")).status()).isEqualTo(200);

        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1", "sip:b@192.0.2.1", "sip:c@192.0.2.1");
    }

    @Test
    void methodsOfAllowAreKeptAndSharedBetweenBindings() {
        scene.send("Contact: <sip:a@192.0.2.1>", "Allow: INVITE, ACK ,BYE", "Allow: X-NEW,, b(d");
        scene.send("Contact: <sip:b@192.0.2.1>", "Allow: X-NEW, BYE, INVITE, ACK");
        scene.send("Contact: <sip:c@192.0.2.1>");

        List<Binding> bindings = scene.bindings();
        assertThat(bindings.get(0).methods())
                .containsExactlyInAnyOrder(Method.INVITE, Method.ACK, Method.BYE, Method.of("X-NEW"))
                .isSameAs(bindings.get(1).methods());
        assertThat(bindings.get(0).accepts(Method.MESSAGE)).isFalse();
        assertThat(bindings.get(2).methods()).isEmpty();
        assertThat(bindings.get(2).accepts(Method.MESSAGE)).isTrue();
    }

    @Test
    void numberAndLengthOfMethodsThatTheClientInventsAreLimited() {
        String invented = IntStream.range(0, 1_000).mapToObj(i -> "X" + i).collect(Collectors.joining(","));

        scene.send("Contact: <sip:a@192.0.2.1>", "Allow: INVITE," + "Y".repeat(1_000) + "," + invented);

        assertThat(scene.bindings().get(0).methods())
                .contains(Method.INVITE)
                .hasSize(AllowedMethods.MAX_OTHERS)
                .allMatch(method -> method.name().length() <= 6);
    }

    @Test
    void contactNamedTwiceIsBoundOnceAsNamedLast() {
        RegistrarScene.Response response =
                scene.send("Contact: <sip:a@192.0.2.1>;expires=100", "Contact: <sip:a@192.0.2.1>;expires=200;q=0.3");

        assertThat(response.value("Contact")).isEqualTo("<sip:a@192.0.2.1>;q=0.3;expires=200");
        assertThat(scene.log.lines()).hasSize(1);

        scene.send("Contact: <sip:a@192.0.2.1>;expires=100", "Contact: <sip:a@192.0.2.1>;expires=0");
        assertThat(scene.contacts()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "<sip:bad@>",
                "<sip:a@192.0.2.1",
                "<sip:a@192.0.2.1>;q=2",
                "<sip:a@192.0.2.1>;expires=30",
                "<sip:a@192.0.2.1>;+sip.instance=\"<urn:x:\u00e9>\"",
                "*",
            })
    void oneBadContactLeavesEverythingAsItWas(String bad) {
        scene.send("Contact: <sip:old@192.0.2.1>");
        List<Binding> before = scene.bindings();

        for (String[] contacts : List.of(
                new String[] {"Contact: <sip:new@192.0.2.1>", "Contact: " + bad},
                new String[] {"Contact: " + bad, "Contact: <sip:new@192.0.2.1>"},
                new String[] {"Contact: <sip:old@192.0.2.1>;expires=0, " + bad})) {
            assertThat(scene.send(contacts).status()).isIn(400, 423);
            assertThat(scene.bindings()).isEqualTo(before);
        }
    }

    @Test
    void lateConflictLeavesEverythingAsItWas() {
        scene.send("Contact: <sip:a@192.0.2.1>", "CSeq: 10 REGISTER");
        List<Binding> before = scene.bindings();

        // the first contact is valid and new, the second is out of order
        RegistrarScene.Response response =
                scene.send("Contact: <sip:b@192.0.2.1>, <sip:a@192.0.2.1>", "CSeq: 9 REGISTER");

        assertThat(response.status()).isEqualTo(400);
        assertThat(scene.bindings()).isEqualTo(before);
    }

    // ---- format

    @ParameterizedTest
    @CsvSource({
        "0,0",
        "1,1",
        "0.5,0.5",
        "0.,0",
        "1.,1",
        "0.05,0.05",
        "0.123,0.123",
        "1.0,1",
        "1.000,1",
        "0.700,0.7",
        "0.001,0.001",
        // as Kamailio reads them
        ".5,0.5",
        "00.5,0.5",
        "0.12345,0.123",
        "1.0000,1"
    })
    void qIsKeptAndEchoedShort(String q, String echoed) {
        assertThat(scene.send("Contact: <sip:a@192.0.2.1>;q=" + q).value("Contact"))
                .isEqualTo("<sip:a@192.0.2.1>;q=" + echoed + ";expires=3600");
        assertThat(scene.bindings().get(0).q()).isEqualTo(Float.parseFloat(echoed));
    }

    @ParameterizedTest
    @ValueSource(strings = {";q=", ";q", ";q=\"\""})
    void emptyQIsNone(String q) {
        assertThat(scene.send("Contact: <sip:a@192.0.2.1>" + q).value("Contact"))
                .isEqualTo("<sip:a@192.0.2.1>;expires=3600");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '!',
            value = {
                "<sip:9901#1@192.0.2.1>                      | sip:9901#1@192.0.2.1",
                "<sip:a@192.0.2.1;x-tiu=\"VGhdczoaJVQaHyQ3\"> | sip:a@192.0.2.1;x-tiu=\"VGhdczoaJVQaHyQ3\"",
                "<sip:a@192.0.2.1;thinfo=VG8=>               | sip:a@192.0.2.1;thinfo=VG8=",
                "<sip:a@192.0.2.1;lr=>                       | sip:a@192.0.2.1;lr=",
                "José Müller <sip:a@192.0.2.1>               | sip:a@192.0.2.1",
                "Doe, John <sip:a@192.0.2.1>                 | sip:a@192.0.2.1",
                "Bob (Home) <sip:a@192.0.2.1>                | sip:a@192.0.2.1",
                ",, <sip:a@192.0.2.1>,                       | sip:a@192.0.2.1",
            })
    void contactsAsPhonesWriteThemAreBound(String contact, String uri) {
        assertThat(scene.send("Contact: " + contact).status()).isEqualTo(200);
        assertThat(scene.contacts()).containsExactly(uri);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",", "*, <sip:a@192.0.2.1>", "*,", "garbage", "sip:b@192.0.2.1 <sip:a@192.0.2.1>"})
    void contactInDoubtChangesNothing(String contact) {
        scene.send("Contact: <sip:old@192.0.2.1>");

        assertThat(scene.send("Contact: " + contact, "Expires: 0", "CSeq: 9 REGISTER")
                        .status())
                .isEqualTo(400);
        assertThat(scene.contacts()).containsExactly("sip:old@192.0.2.1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2",
                "1.1",
                "1.001",
                "-1",
                "abc",
                ".",
                "0,5",
                "1e-1",
                "0.5x",
                "0.-5",
                "10",
                "0/5",
                "0.5.5",
                "99999999999999"
            })
    void qThatIsNotZeroToOneIsABadRequest(String q) {
        assertThat(scene.send("Contact: <sip:a@192.0.2.1>;q=" + q).status()).isEqualTo(400);
        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void anySchemeMayBeBound() {
        scene.send("Contact: <tel:+4930123>, <mailto:alice@sip.test>, <sips:alice@192.0.2.1?subject=x>");

        assertThat(scene.contacts())
                .containsExactly("tel:+4930123", "mailto:alice@sip.test", "sips:alice@192.0.2.1?subject=x");
    }

    @Test
    void overlongContactIsABadRequest() {
        String host = "@192.0.2.1";
        String longest = "sip:" + "a".repeat(512 - 4 - host.length()) + host;

        assertThat(scene.send("Contact: <" + longest + ">").status()).isEqualTo(200);
        assertThat(scene.send("Contact: <" + longest + "0>").status()).isEqualTo(400);
    }

    @Test
    void listBeyondTheParseLimitIsABadRequest() {
        String many = IntStream.range(0, 65)
                .mapToObj(i -> "<sip:a@192.0.2.1:" + (5000 + i) + ">")
                .collect(Collectors.joining(","));

        assertThat(scene.send("Contact: " + many).status()).isEqualTo(400);
    }

    @Test
    void userAgentIsKeptFromTheLastRequestAndCutAt255() {
        scene.send("Contact: <sip:a@192.0.2.1>", "User-Agent: Phone/1.0");
        assertThat(scene.bindings().get(0).userAgent()).isEqualTo("Phone/1.0");

        scene.send("Contact: <sip:a@192.0.2.1>", "User-Agent: " + "x".repeat(300));
        assertThat(scene.bindings().get(0).userAgent()).isEqualTo("x".repeat(255));

        scene.send("Contact: <sip:a@192.0.2.1>");
        assertThat(scene.bindings().get(0).userAgent()).isEmpty();
    }

    @Test
    void flowIsTheOneOfTheLastRequest() {
        FakeFlow first = new FakeFlow();
        FakeFlow second = new FakeFlow();
        scene.sendOn(first, "Contact: <sip:a@192.0.2.1>");
        assertThat(scene.bindings().get(0).flow()).containsSame(first);

        scene.sendOn(second, "Contact: <sip:a@192.0.2.1>");
        assertThat(scene.bindings().get(0).flow()).containsSame(second);
    }

    @Test
    void bindingDoesNotHoldTheMessage() {
        scene.send("Contact: <sip:a@192.0.2.1>", "X-Padding: " + "x".repeat(5000));
        scene.send("Contact: <sip:a@192.0.2.1;ob>", "X-Padding: " + "x".repeat(5000));

        assertThat(scene.bindings())
                .singleElement()
                .satisfies(b -> assertThat(b.contact().compact()).isSameAs(b.contact()));
    }

    // ---- matching

    @ParameterizedTest
    @CsvSource({
        "sip:a@192.0.2.1,                  sip:a@192.0.2.1;ob",
        "sip:a@Host.test,                  SIP:a@hOST.TEST",
        "sip:a@192.0.2.1;transport=tcp,    sip:a@192.0.2.1;Transport=TCP",
        "sip:%61@192.0.2.1,                sip:a@192.0.2.1",
    })
    void equivalentContactIsARefreshAndTakesTheNewText(String first, String second) {
        scene.send("Contact: <" + first + ">");
        String id = scene.bindings().get(0).id();

        scene.send("Contact: <" + second + ">");

        assertThat(scene.contacts()).containsExactly(second);
        assertThat(scene.bindings().get(0).id()).isEqualTo(id);
    }

    @ParameterizedTest
    @CsvSource({
        "sip:a@192.0.2.1,    sip:a@192.0.2.1:5060",
        "sip:a@192.0.2.1,    sip:A@192.0.2.1",
        "sip:a@192.0.2.1,    sip:a@192.0.2.1;transport=udp",
        "sip:a@192.0.2.1,    sips:a@192.0.2.1",
    })
    void otherContactIsAnotherBinding(String first, String second) {
        scene.send("Contact: <" + first + ">");
        scene.send("Contact: <" + second + ">");

        assertThat(scene.contacts()).containsExactly(first, second);
    }

    @Test
    void exactTextPolicyComparesLetters() {
        RegistrarScene exact = new RegistrarScene(RegistrarPolicy.builder()
                .contactMatching(ContactMatching.EXACT_TEXT)
                .build());
        exact.send("Contact: <sip:a@192.0.2.1>");
        exact.send("Contact: <sip:a@192.0.2.1;ob>");
        exact.send("Contact: <sip:a@192.0.2.1>");

        assertThat(exact.contacts()).containsExactly("sip:a@192.0.2.1", "sip:a@192.0.2.1;ob");
    }

    @Test
    void idsOfBindingsAreUniqueAndPlain() {
        scene.send("Contact: <sip:a@192.0.2.1>, <sip:b@192.0.2.1>");
        RegistrarScene other = new RegistrarScene();
        other.send("Contact: <sip:a@192.0.2.1>");

        List<String> ids = new java.util.ArrayList<>();
        scene.bindings().forEach(b -> ids.add(b.id()));
        other.bindings().forEach(b -> ids.add(b.id()));
        assertThat(ids).hasSize(3).doesNotHaveDuplicates().allMatch(id -> id.matches("[A-Za-z0-9-]{1,64}"));
    }
}
