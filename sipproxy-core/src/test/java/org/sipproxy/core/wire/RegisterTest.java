package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.core.options.RegistrarPolicy;

/** REGISTER on the wire (RFC 3261 §10.3, RFC 3327). */
class RegisterTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start();
    private final WireClient.Udp bob = proxy.udp("bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    private Request register(String contact, String... lines) {
        return bob.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact(contact)
                .with(lines);
    }

    private WireMessage answer(Request request) {
        bob.send(request);
        return bob.awaitFinal(request);
    }

    private List<String> bindings() {
        WireMessage ok = answer(register(""));
        assertThat(ok.status()).isEqualTo(200);
        return ok.elements("Contact");
    }

    private static long expires(String contact) {
        return Long.parseLong(WireMessage.parameter(contact.substring(contact.indexOf('>') + 1), "expires")
                .orElseThrow());
    }

    // ---- response

    @Test
    void responseEchoesTheDialogHeadersAndTagsTo() {
        Request request = register("<sip:bob@127.0.0.1:5999>");

        WireMessage ok = answer(request);

        assertThat(ok.status()).isEqualTo(200);
        assertThat(ok.header("From")).isEqualTo(request.from());
        assertThat(ok.header("To")).startsWith("<sip:bob@sip.test>;tag=");
        assertThat(ok.toTag()).isNotEmpty();
        assertThat(ok.header("Call-ID")).isEqualTo(request.callId());
        assertThat(ok.header("CSeq")).isEqualTo("1 REGISTER");
        assertThat(ok.branch()).isEqualTo(request.branch());
        assertThat(ok.header("Content-Length")).isEqualTo("0");
        assertThat(ok.has("Record-Route")).isFalse();
    }

    @Test
    void responseListsTheBindingWithItsRemainingTime() {
        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>", "Expires: 300"));

        assertThat(ok.elements("Contact")).hasSize(1);
        assertThat(ok.header("Contact")).startsWith("<sip:bob@127.0.0.1:5999>");
        assertThat(expires(ok.header("Contact"))).isBetween(298L, 300L);
    }

    @Test
    void responseHasADateInGmt() {
        assertThat(answer(register("<sip:bob@127.0.0.1:5999>")).header("Date"))
                .matches(Pattern.compile(
                        "(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d \\w{3} \\d{4} \\d\\d:\\d\\d:\\d\\d GMT"));
    }

    @Test
    void everyBindingIsListedNotOnlyTheOnesOfTheRequest() {
        answer(register("<sip:bob@127.0.0.1:5998>"));

        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>"));

        assertThat(ok.elements("Contact").stream().map(WireMessage::uriOf))
                .containsExactlyInAnyOrder("sip:bob@127.0.0.1:5998", "sip:bob@127.0.0.1:5999");
    }

    @Test
    void queryListsWithoutChanging() {
        answer(register("<sip:bob@127.0.0.1:5999>", "Expires: 300"));

        WireMessage ok = answer(register("", "Expires: 0"));

        assertThat(ok.elements("Contact")).hasSize(1);
        assertThat(bindings()).hasSize(1);
    }

    @Test
    void queryOfAnUnregisteredUserHasNoContact() {
        assertThat(answer(register("")).has("Contact")).isFalse();
    }

    // ---- expiry

    @Test
    void expiresOfTheContactWinsOverTheHeader() {
        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>;expires=120", "Expires: 600"));

        assertThat(expires(ok.header("Contact"))).isBetween(118L, 120L);
    }

    @Test
    void eachContactHasItsOwnExpires() {
        WireMessage ok =
                answer(register("<sip:bob@127.0.0.1:5999>;expires=120, <sip:bob@127.0.0.1:5998>", "Expires: 600"));

        assertThat(ok.elements("Contact").stream()
                        .filter(c -> c.contains("5999"))
                        .map(RegisterTest::expires))
                .allMatch(e -> e > 115 && e <= 120);
        assertThat(ok.elements("Contact").stream()
                        .filter(c -> c.contains("5998"))
                        .map(RegisterTest::expires))
                .allMatch(e -> e > 595 && e <= 600);
    }

    @Test
    void withoutExpiresOneHourIsGranted() {
        assertThat(expires(answer(register("<sip:bob@127.0.0.1:5999>")).header("Contact")))
                .isBetween(3598L, 3600L);
    }

    @Test
    void unreadableExpiresOfTheContactCountsAsOneHour() {
        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>;expires=abc", "Expires: 120"));

        assertThat(expires(ok.header("Contact"))).isBetween(3598L, 3600L);
    }

    @ParameterizedTest
    @ValueSource(strings = {"7200", "4294967295", "4294967296", "99999999999999999999"})
    void longExpiresIsShortenedToTheMaximum(String asked) {
        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>;expires=" + asked));

        assertThat(expires(ok.header("Contact"))).isBetween(3598L, 3600L);
    }

    @ParameterizedTest
    @CsvSource({"1,423", "59,423", "60,200", "61,200"})
    void tooBriefIsRefusedWith423AndTheMinimum(String asked, int status) {
        WireMessage answer = answer(register("<sip:bob@127.0.0.1:5999>", "Expires: " + asked));

        assertThat(answer.status()).isEqualTo(status);
        if (status == 423) {
            assertThat(answer.header("Min-Expires")).isEqualTo("60");
            assertThat(answer.startLine()).isEqualTo("SIP/2.0 423 Interval Too Brief");
            assertThat(bindings()).isEmpty();
        }
    }

    @Test
    void oneContactTooBriefRefusesThemAll() {
        WireMessage answer =
                answer(register("<sip:bob@127.0.0.1:5999>;expires=300, <sip:bob@127.0.0.1:5998>;expires=10"));

        assertThat(answer.status()).isEqualTo(423);
        assertThat(bindings()).isEmpty();
    }

    @Test
    void bindingIsRemovedWhenItExpires() {
        try (ProxyUnderTest brief = ProxyUnderTest.start(b ->
                b.registrar(RegistrarPolicy.builder().minExpires(Duration.ZERO).build()))) {
            WireClient.Udp carol = brief.udp("carol");
            Request register = carol.request("REGISTER", "sip:sip.test")
                    .to("<sip:carol@sip.test>")
                    .contact("<" + carol.contact() + ">;expires=1");
            carol.send(register);
            assertThat(carol.awaitFinal(register).elements("Contact")).hasSize(1);

            org.awaitility.Awaitility.await().atMost(Duration.ofSeconds(5)).until(() -> {
                Request query = carol.request("REGISTER", "sip:sip.test").to("<sip:carol@sip.test>");
                carol.send(query);
                return !carol.awaitFinal(query).has("Contact");
            });
        }
    }

    // ---- removal

    @Test
    void zeroExpiresRemovesThatContactOnly() {
        answer(register("<sip:bob@127.0.0.1:5999>, <sip:bob@127.0.0.1:5998>"));

        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>;expires=0"));

        assertThat(ok.elements("Contact")).hasSize(1).allMatch(c -> c.contains("5998"));
    }

    @Test
    void oneRequestMayAddAndRemove() {
        answer(register("<sip:bob@127.0.0.1:5999>"));

        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>;expires=0, <sip:bob@127.0.0.1:5998>;expires=100"));

        assertThat(ok.elements("Contact")).hasSize(1).allMatch(c -> c.contains("5998"));
    }

    @Test
    void removalOfAnUnknownContactSucceeds() {
        assertThat(answer(register("<sip:bob@127.0.0.1:5999>", "Expires: 0")).status())
                .isEqualTo(200);
    }

    @Test
    void starRemovesAll() {
        answer(register("<sip:bob@127.0.0.1:5999>, <sip:bob@127.0.0.1:5998>"));

        WireMessage ok = answer(register("*", "Expires: 0"));

        assertThat(ok.status()).isEqualTo(200);
        assertThat(ok.has("Contact")).isFalse();
        assertThat(bindings()).isEmpty();
    }

    @Test
    void starWithoutExpiresIsRefused() {
        answer(register("<sip:bob@127.0.0.1:5999>"));

        assertThat(answer(register("*")).status()).isEqualTo(400);
        assertThat(answer(register("*", "Expires: 60")).status()).isEqualTo(400);
        assertThat(bindings()).hasSize(1);
    }

    @Test
    void starNextToAContactIsRefused() {
        answer(register("<sip:bob@127.0.0.1:5999>"));

        assertThat(answer(register("*, <sip:bob@127.0.0.1:5998>", "Expires: 0")).status())
                .isEqualTo(400);
        assertThat(answer(register("*", "Contact: <sip:bob@127.0.0.1:5998>", "Expires: 0"))
                        .status())
                .isEqualTo(400);
        assertThat(answer(register("<sip:bob@127.0.0.1:5998>", "Contact: *", "Expires: 0"))
                        .status())
                .isEqualTo(400);
        assertThat(bindings()).hasSize(1);
    }

    // ---- Call-ID and CSeq

    @Test
    void higherCSeqOfTheSameCallRefreshes() {
        Request request = register("<sip:bob@127.0.0.1:5999>;expires=100");
        answer(request);

        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>;expires=500")
                .callId(request.callId())
                .cseq(2));

        assertThat(ok.elements("Contact")).hasSize(1);
        assertThat(expires(ok.header("Contact"))).isGreaterThan(490);
    }

    @Test
    void lowerCSeqOfTheSameCallIsRefused() {
        Request request = register("<sip:bob@127.0.0.1:5999>;expires=100").cseq(10);
        answer(request);

        WireMessage refused = answer(register("<sip:bob@127.0.0.1:5999>;expires=0")
                .callId(request.callId())
                .cseq(9));

        assertThat(refused.status()).isIn(400, 500);
        assertThat(bindings()).hasSize(1);
    }

    @Test
    void lowerCSeqOfAnotherCallRefreshes() {
        answer(register("<sip:bob@127.0.0.1:5999>;expires=100").cseq(10));

        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>;expires=500").cseq(1));

        assertThat(ok.elements("Contact")).hasSize(1);
        assertThat(expires(ok.header("Contact"))).isGreaterThan(490);
    }

    @Test
    void starObeysTheOrderOfCSeqToo() {
        Request request = register("<sip:bob@127.0.0.1:5999>").cseq(10);
        answer(request);

        assertThat(answer(register("*", "Expires: 0").callId(request.callId()).cseq(9))
                        .status())
                .isIn(400, 500);
        assertThat(bindings()).hasSize(1);
    }

    @Test
    void retransmittedDatagramGetsTheSameResponse() {
        Request request = register("<sip:bob@127.0.0.1:5999>", "Expires: 300");
        WireMessage first = answer(request);

        WireMessage second = answer(request);

        assertThat(second.status()).isEqualTo(200);
        assertThat(second.header("To")).isEqualTo(first.header("To"));
        assertThat(second.elements("Contact")).hasSize(1);
        assertThat(bindings()).hasSize(1);
    }

    @Test
    void badContactRefusesTheGoodOneNextToIt() {
        WireMessage refused = answer(register("<sip:bob@127.0.0.1:5999>, <sip:bob@127.0.0.1:5998>;q=7"));

        assertThat(refused.status()).isEqualTo(400);
        assertThat(bindings()).isEmpty();
    }

    // ---- comparison of contacts

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "sip:bob@127.0.0.1:5999 | sip:bob@127.0.0.1:5999 | true",
                "sip:bob@EXAMPLE.com:5999 | sip:bob@example.COM:5999 | true",
                "sip:bob@example.com | SIP:bob@example.com | true",
                "sip:b%6fb@example.com | sip:bob@example.com | true",
                "sip:bob@example.com;transport=TCP | sip:bob@example.com;TRANSPORT=tcp | true",
                "sip:bob@example.com;a=1;b=2 | sip:bob@example.com;b=2;a=1 | true",
                "sip:bob@example.com;unknown | sip:bob@example.com | true",
                "sip:bob@example.com | sip:bob@example.com:5060 | false",
                "sip:bob@example.com | sip:BOB@example.com | false",
                "sip:bob@example.com | sip:bob@example.com;transport=udp | false",
                "sip:bob@example.com;a=1 | sip:bob@example.com;a=2 | false",
                "sip:bob@example.com | sips:bob@example.com | false",
            })
    void contactsAreComparedAsUris(String first, String second, boolean same) {
        answer(register("<" + first + ">"));
        answer(register("<" + second + ">"));

        assertThat(bindings()).hasSize(same ? 1 : 2);
    }

    @Test
    void addressOfRecordIgnoresParametersPortAndEscapes() {
        answer(register("<sip:bob@127.0.0.1:5999>").to("Bob <sip:b%6Fb@SIP.TEST:5060;x=y>"));

        assertThat(bindings()).hasSize(1);
    }

    @Test
    void userIsFoundWithoutCase() {
        answer(register("<sip:bob@127.0.0.1:5999>").to("<sip:BoB@sip.test>"));

        assertThat(bindings()).hasSize(1);
    }

    @Test
    void qIsKeptAndOrdersTheList() {
        WireMessage ok = answer(register(
                "<sip:bob@127.0.0.1:5997>;q=0.1, <sip:bob@127.0.0.1:5998>;q=0.9, <sip:bob@127.0.0.1:5999>;q=0.5"));

        assertThat(ok.elements("Contact").stream()
                        .map(c -> WireMessage.parameter(c, "q").orElse("")))
                .containsExactly("0.9", "0.5", "0.1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.1", "2", "-1", "0.5x", "abc", "1.001"})
    void qOutsideItsRangeIsRefused(String q) {
        assertThat(answer(register("<sip:bob@127.0.0.1:5999>;q=" + q)).status()).isEqualTo(400);
    }

    @Test
    void instanceAndRegIdComeBack() {
        String instance = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-000A95A0E128>\"";

        WireMessage ok = answer(register("<sip:bob@127.0.0.1:5999>;" + instance + ";reg-id=1"));

        assertThat(ok.header("Contact")).contains(instance).contains(";reg-id=1");
    }

    @Test
    void contactsMayStandInSeveralLinesInCompactFormAndFolded() {
        WireMessage ok = answer(register(
                "",
                "m: <sip:bob@127.0.0.1:5996>",
                "Contact:  \"Bob, the one\" <sip:bob@127.0.0.1:5997>",
                "CONTACT: <sip:bob@127.0.0.1:5998>,\r\n\t<sip:bob@127.0.0.1:5999>"));

        assertThat(ok.elements("Contact")).hasSize(4);
    }

    @Test
    void contactWithoutBracketsIsBound() {
        WireMessage ok = answer(register("sip:bob@127.0.0.1:5999;expires=100"));

        assertThat(ok.header("Contact")).startsWith("<sip:bob@127.0.0.1:5999>");
        assertThat(expires(ok.header("Contact"))).isBetween(98L, 100L);
    }

    @Test
    void manyContactsAreRefusedBeyondTheLimit() {
        for (int i = 0; i < 10; i++) {
            assertThat(answer(register("<sip:bob@127.0.0.1:60" + (10 + i) + ">"))
                            .status())
                    .isEqualTo(200);
        }

        assertThat(answer(register("<sip:bob@127.0.0.1:6099>")).status()).isEqualTo(503);
        assertThat(bindings()).hasSize(10);
    }

    // ---- users and domains

    @Test
    void foreignDomainInToIsNotFound() {
        assertThat(answer(register("<sip:bob@127.0.0.1:5999>").to("<sip:bob@elsewhere.test>"))
                        .status())
                .isEqualTo(404);
    }

    @Test
    void toWithoutUserIsNotFound() {
        assertThat(answer(register("<sip:bob@127.0.0.1:5999>").to("<sip:sip.test>"))
                        .status())
                .isIn(400, 404);
    }

    @Test
    void requestUriMayNameTheListeningPoint() {
        assertThat(answer(register("<sip:bob@127.0.0.1:5999>").uri("sip:" + proxy.udpHostPort()))
                        .status())
                .isEqualTo(200);
        assertThat(bindings()).hasSize(1);
    }

    @Test
    void thirdPartyMayRegister() {
        assertThat(answer(register("<sip:bob@127.0.0.1:5999>").from("<sip:boss@sip.test>;tag=1"))
                        .status())
                .isEqualTo(200);
        assertThat(bindings()).hasSize(1);
    }

    @Test
    void requiredExtensionThatIsUnknownIsRefused() {
        WireMessage refused = answer(register("<sip:bob@127.0.0.1:5999>", "Require: foo, bar"));

        assertThat(refused.status()).isEqualTo(420);
        assertThat(refused.elements("Unsupported")).containsExactly("foo", "bar");
        assertThat(bindings()).isEmpty();
    }

    @Test
    void maxForwardsOfZeroIsEnoughForTheRegistrar() {
        assertThat(answer(register("<sip:bob@127.0.0.1:5999>").maxForwards(0)).status())
                .isEqualTo(200);
    }

    // ---- Path

    @Test
    void pathNeedsAClientThatSupportsIt() {
        WireMessage refused = answer(register("<sip:bob@127.0.0.1:5999>", "Path: <sip:127.0.0.1:5997;lr>"));

        assertThat(refused.status()).isEqualTo(420);
        assertThat(refused.header("Unsupported")).isEqualTo("path");
        assertThat(bindings()).isEmpty();
    }

    @Test
    void pathIsEchoed() {
        WireMessage ok = answer(register(
                "<sip:bob@127.0.0.1:5999>",
                "Supported: path",
                "Path: <sip:127.0.0.1:5996;lr>, <sip:127.0.0.1:5997;lr>"));

        assertThat(ok.status()).isEqualTo(200);
        assertThat(ok.elements("Path")).containsExactly("<sip:127.0.0.1:5996;lr>", "<sip:127.0.0.1:5997;lr>");
    }

    @Test
    void callGoesAlongThePath() {
        WireClient.Udp edge = proxy.udp("edge");
        answer(register(
                "<" + bob.contact() + ">",
                "Supported: path",
                "Path: <sip:" + edge.hostPort() + ";lr>, <sip:198.51.100.1:5060;lr>"));
        WireClient.Udp alice = proxy.udp("alice");

        alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage invite = edge.awaitRequest("INVITE");
        assertThat(invite.uri()).isEqualTo(bob.contact());
        assertThat(invite.elements("Route"))
                .containsExactly("<sip:" + edge.hostPort() + ";lr>", "<sip:198.51.100.1:5060;lr>");
    }

    @Test
    void registrationOverTcpGetsItsResponseOnItsConnection() {
        WireClient.Tcp tcp = proxy.registeredByTcp("carol");

        assertThat(tcp.acceptedConnections()).isZero();
    }
}
