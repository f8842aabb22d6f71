package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bindings that are identified by +sip.instance and reg-id (RFC 5626 §4.1, §6). */
class RegistrarInstanceTest {

    private static final String UUID = "<urn:uuid:00000000-0000-1000-8000-000A95A0E128>";

    private final RegistrarScene scene = new RegistrarScene();

    private static String contact(String uri, String instance, String more) {
        return "Contact: <" + uri + ">;+sip.instance=\"" + instance + "\"" + more;
    }

    @Test
    void sameInstanceAndRegIdWithAnotherUriIsTheSameBinding() {
        scene.send(contact("sip:a@192.0.2.1:1111", UUID, ";reg-id=1"));
        String id = scene.bindings().get(0).id();

        scene.send(contact("sip:a@192.0.2.1:2222", UUID, ";reg-id=1"));

        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1:2222");
        assertThat(scene.bindings().get(0).id()).isEqualTo(id);
    }

    @Test
    void sameUriWithAnotherRegIdIsAnotherFlow() {
        scene.send(contact("sip:a@192.0.2.1", UUID, ";reg-id=1"));
        scene.send(contact("sip:a@192.0.2.1", UUID, ";reg-id=2"));

        assertThat(scene.bindings()).extracting(b -> b.regId()).containsExactly(1, 2);
    }

    @Test
    void bracketsAndCaseOfTheInstanceDoNotCount() {
        scene.send(contact("sip:a@192.0.2.1:1", "<urn:uuid:ABC>", ";reg-id=1"));
        scene.send(contact("sip:a@192.0.2.1:2", "urn:uuid:abc", ";reg-id=1"));

        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1:2");
    }

    @Test
    void otherInstanceIsAnotherBinding() {
        scene.send(contact("sip:a@192.0.2.1:1", "<urn:uuid:1>", ";reg-id=1"));
        scene.send(contact("sip:a@192.0.2.1:2", "<urn:uuid:2>", ";reg-id=1"));

        assertThat(scene.contacts()).hasSize(2);
    }

    @Test
    void phoneWithoutRegIdThatMovedKeepsOneBinding() {
        scene.send(contact("sip:a@192.0.2.1", UUID, ""));
        scene.send(contact("sip:a@192.0.2.2", UUID, ""));

        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.2");
    }

    @Test
    void twoContactsOfOneInstanceInOneRequestAreBothBound() {
        for (int i = 0; i < 2; i++) {
            scene.send(contact("sip:a@192.0.2.1", UUID, ""), contact("sip:a@192.0.2.1;transport=tcp", UUID, ""));

            assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1", "sip:a@192.0.2.1;transport=tcp");
        }
    }

    @Test
    void bindingWithoutInstanceIsTakenOverByItsUri() {
        scene.send("Contact: <sip:a@192.0.2.1>");
        scene.send(contact("sip:a@192.0.2.1", UUID, ";reg-id=1"));

        assertThat(scene.bindings())
                .singleElement()
                .satisfies(b -> assertThat(b.instanceId()).isEqualTo(UUID))
                .satisfies(b -> assertThat(b.regId()).isEqualTo(1));
    }

    @Test
    void onlyTheRestartedClientLosesItsOtherFlows() {
        scene.send(contact("sip:a@192.0.2.1:1", UUID, ";reg-id=1"));
        scene.send(contact("sip:a@192.0.2.1:2", UUID, ";reg-id=2"));
        scene.send(contact("sip:b@192.0.2.9", "<urn:uuid:2>", ";reg-id=1"));
        List<String> removed = new ArrayList<>();
        scene.store.addListener(
                e -> e.removal().ifPresent(r -> removed.add(e.binding().contact() + " " + r)));

        scene.send(contact("sip:a@192.0.2.1:3", UUID, ";reg-id=1"), "Call-ID: after-restart", "CSeq: 1 REGISTER");

        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.1:3", "sip:b@192.0.2.9");
        assertThat(removed).containsExactly("sip:a@192.0.2.1:2 REPLACED");
    }

    @Test
    void restartedClientThatNamesAllItsFlowsKeepsThem() {
        scene.send(contact("sip:a@192.0.2.1:1", UUID, ";reg-id=1"), contact("sip:a@192.0.2.1:2", UUID, ";reg-id=2"));

        scene.send(
                contact("sip:a@192.0.2.1:3", UUID, ";reg-id=1"),
                contact("sip:a@192.0.2.1:4", UUID, ";reg-id=2"),
                "Call-ID: after-restart");

        assertThat(scene.contacts()).containsExactlyInAnyOrder("sip:a@192.0.2.1:3", "sip:a@192.0.2.1:4");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void phoneThatMovedMayRemoveItsOldUriInTheSameRequest(boolean newFirst) {
        scene.send(contact("sip:a@192.0.2.1", UUID, ";reg-id=1"));
        String moved = contact("sip:a@192.0.2.2", UUID, ";reg-id=1;expires=600");
        String old = contact("sip:a@192.0.2.1", UUID, ";reg-id=1;expires=0");

        RegistrarScene.Response response =
                scene.send(newFirst ? moved : old, newFirst ? old : moved, "CSeq: 9 REGISTER");

        assertThat(response.status()).isEqualTo(200);
        assertThat(scene.contacts()).containsExactly("sip:a@192.0.2.2");
    }

    @Test
    void flowNamedTwiceIsBoundAsNamedLast() {
        String uri = "sip:a@192.0.2.1";

        scene.send(contact(uri, UUID, ";reg-id=1"), contact(uri, UUID, ";reg-id=1;expires=0"));

        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void flowIsRemovedByItsRegIdEvenIfItsUriHasChanged() {
        scene.send(contact("sip:a@192.0.2.1", UUID, ";reg-id=1"));

        scene.send(contact("sip:a@192.0.2.2", UUID, ";reg-id=1;expires=0"), "CSeq: 9 REGISTER");

        assertThat(scene.contacts()).isEmpty();
    }

    @Test
    void instanceAndRegIdAreEchoed() {
        assertThat(scene.send(contact("sip:a@192.0.2.1", UUID, ";reg-id=7;q=0.5"))
                        .value("Contact"))
                .isEqualTo("<sip:a@192.0.2.1>;q=0.5;expires=3600;+sip.instance=\"" + UUID + "\";reg-id=7");
    }

    @Test
    void regIdWithoutInstanceDoesNotCount() {
        assertThat(scene.send("Contact: <sip:a@192.0.2.1>;reg-id=7").value("Contact"))
                .isEqualTo("<sip:a@192.0.2.1>;expires=3600");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                ";reg-id=0",
                ";reg-id=",
                ";reg-id",
                "",
                ";reg-id=-1",
                ";reg-id=abc",
                ";reg-id=1.5",
                ";reg-id=2147483648",
                ";reg-id=99999999999",
            })
    void regIdThatIsNoPositiveNumberIsNone(String regId) {
        assertThat(scene.send(contact("sip:a@192.0.2.1", UUID, regId)).status()).isEqualTo(200);
        assertThat(scene.bindings()).singleElement().satisfies(b -> {
            assertThat(b.instanceId()).isEqualTo(UUID);
            assertThat(b.regId()).isZero();
        });
    }

    @Test
    void instanceWithoutQuotesIsTheSameInstance() {
        scene.send("Contact: <sip:a@192.0.2.1>;+sip.instance=\"" + UUID + "\"");
        scene.send("Contact: <sip:b@192.0.2.1>;+sip.instance=" + UUID, "CSeq: 9 REGISTER");

        assertThat(scene.contacts()).containsExactly("sip:b@192.0.2.1");
        assertThat(scene.bindings().get(0).instanceId()).isEqualTo(UUID);
    }

    @Test
    void instanceWithABlankIsKept() {
        assertThat(scene.send(contact("sip:a@192.0.2.1", "<Phone 7 001122>", ""))
                        .value("Contact"))
                .isEqualTo("<sip:a@192.0.2.1>;expires=3600;+sip.instance=\"<Phone 7 001122>\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"<urn:x:\\\"quoted\\\">", "<urn:x:\\\\>", "<urn:x:\u00fc>"})
    void instanceThatWouldBreakTheResponseIsABadRequest(String instance) {
        assertThat(scene.send(contact("sip:a@192.0.2.1", instance, ";reg-id=1")).status())
                .isEqualTo(400);
    }

    @Test
    void overlongInstanceIsABadRequest() {
        assertThat(scene.send(contact("sip:a@192.0.2.1", "<" + "x".repeat(254) + ">", ""))
                        .status())
                .isEqualTo(400);
    }
}
