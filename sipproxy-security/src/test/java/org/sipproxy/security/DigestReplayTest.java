package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.event.SecurityEvent.AuthenticationFailed;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.testkit.DigestCredentials;
import org.sipproxy.testkit.fakes.FakeRuntime;
import org.sipproxy.testkit.fakes.FakeStageContext;

/** Digest with its default settings: captured requests are useless, and honest phones are not affected. */
class DigestReplayTest {

    private static final Instant START = FakeStageContext.START;

    private final InMemoryCredentials users =
            InMemoryCredentials.of(Credential.ofPassword("1001", "example.org", "secret"));
    private final DigestAuthentication authentication = with(DigestAuthentication.builder());

    private DigestAuthentication with(DigestAuthentication.Builder builder) {
        return builder.credentials(users).build();
    }

    private static FakeStageContext register(DigestCredentials phone) {
        return FakeStageContext.of(Requests.register("Authorization: " + phone.value()));
    }

    private static String nonce(DigestAuthentication from) {
        return nonceIn(from.handle(FakeStageContext.of(Requests.register())));
    }

    private static String nonceIn(Verdict verdict) {
        String line = ((Verdict.Respond) verdict).headerLines().get(0);
        int start = line.indexOf("nonce=\"") + 7;
        return line.substring(start, line.indexOf('"', start));
    }

    private static boolean isStale(Verdict verdict) {
        return verdict instanceof Verdict.Respond respond
                && respond.statusCode() == 401
                && respond.headerLines().stream().allMatch(line -> line.contains(", stale=true,"));
    }

    private static boolean isPlainChallenge(Verdict verdict) {
        return verdict instanceof Verdict.Respond respond
                && respond.statusCode() == 401
                && respond.headerLines().stream().noneMatch(line -> line.contains("stale"));
    }

    @Test
    void everyAlgorithmIsOfferedInItsOwnLineStrongestFirst() {
        DigestAuthentication all =
                with(DigestAuthentication.builder().algorithms(DigestAlgorithm.MD5, DigestAlgorithm.SHA_512_256));

        List<String> lines = ((Verdict.Respond) all.handle(FakeStageContext.of(Requests.register()))).headerLines();
        List<String> standard =
                ((Verdict.Respond) authentication.handle(FakeStageContext.of(Requests.register()))).headerLines();

        assertThat(lines)
                .hasSize(2)
                .allMatch(line -> line.startsWith("WWW-Authenticate: Digest realm=\"example.org\""));
        assertThat(lines.get(0)).endsWith(", algorithm=SHA-512-256, qop=\"auth\"");
        assertThat(lines.get(1)).endsWith(", algorithm=MD5, qop=\"auth\"");
        assertThat(standard).singleElement().asString().contains("algorithm=MD5,");
    }

    @Test
    void storeWithoutMd5HashesIsQueriedForItsOwnHashes() {
        DigestAuthentication hashes = DigestAuthentication.builder()
                .credentials(new CredentialStore() {
                    @Override
                    public Optional<Credential> find(String username, String realm) {
                        return Optional.empty();
                    }

                    @Override
                    public Set<DigestAlgorithm> algorithms() {
                        return EnumSet.of(DigestAlgorithm.SHA_256);
                    }
                })
                .build();

        assertThat(((Verdict.Respond) hashes.handle(FakeStageContext.of(Requests.register()))).headerLines())
                .singleElement()
                .asString()
                .contains("algorithm=SHA-256");
    }

    @ParameterizedTest
    @EnumSource(DigestAlgorithm.class)
    void passwordVerifiesEveryAlgorithm(DigestAlgorithm algorithm) {
        DigestAuthentication all = with(DigestAuthentication.builder().algorithms(DigestAlgorithm.values()));
        DigestCredentials phone = Requests.credentials(nonce(all)).with("algorithm", algorithm.token());

        assertThat(all.handle(register(phone))).isSameAs(Verdict.proceed());
        assertThat(isPlainChallenge(
                        all.handle(register(phone.with("nc", "00000002").password("guess")))))
                .isTrue();
    }

    @Test
    void ha1IsGoodForItsOwnAlgorithmOnlyAndTheOfferDoesNotShowIt() {
        users.put(Credential.ofHa1(
                "1002",
                "example.org",
                Map.of(
                        DigestAlgorithm.SHA_256,
                        DigestCredentials.ha1(DigestAlgorithm.SHA_256, "1002", "example.org", "secret"))));
        DigestAuthentication both =
                with(DigestAuthentication.builder().algorithms(DigestAlgorithm.SHA_256, DigestAlgorithm.MD5));
        DigestCredentials phone = Requests.credentials(nonce(both)).with("username", "1002");
        FakeStageContext other = FakeStageContext.of(Requests.request(
                "REGISTER sip:example.org",
                "<sip:1002@example.org>",
                "<sip:1002@example.org>",
                "Authorization: " + phone.with("algorithm", "MD5").value()));
        FakeStageContext own = FakeStageContext.of(Requests.request(
                "REGISTER sip:example.org",
                "<sip:1002@example.org>",
                "<sip:1002@example.org>",
                "Authorization: " + phone.with("algorithm", "SHA-256").value()));

        Verdict refused = both.handle(other);

        assertThat(isPlainChallenge(refused)).isTrue();
        assertThat(((Verdict.Respond) refused).headerLines()).hasSize(2);
        assertThat(both.handle(own)).isSameAs(Verdict.proceed());
    }

    @Test
    void responseOverTheBodyPassesOnlyIfOfferedAndTheBodyIsUnchanged() {
        DigestAuthentication covering = with(DigestAuthentication.builder().integrity(true));
        Verdict challenge = covering.handle(FakeStageContext.of(Requests.register()));
        String nonce = nonceIn(challenge);
        String body = "v=0\r\n";
        String text = Requests.register("Authorization: "
                        + Requests.credentials(nonce).body(body).value())
                .replace("Content-Length: 0\n\n", "Content-Length: 5\n\nv=0\n\n");

        assertThat(((Verdict.Respond) challenge).headerLines().get(0)).endsWith("qop=\"auth,auth-int\"");
        assertThat(covering.handle(FakeStageContext.of(text.replace("v=0\n\n", "v=1\n\n"))))
                .isInstanceOf(Verdict.Respond.class);
        assertThat(authentication.handle(FakeStageContext.of(text))).isInstanceOf(Verdict.Respond.class);
    }

    @Test
    void capturedRequestIsStaleAndThePhonesNextRequestPasses() {
        String nonce = nonce(authentication);
        DigestCredentials phone = Requests.credentials(nonce);
        assertThat(authentication.handle(register(phone))).isSameAs(Verdict.proceed());

        FakeStageContext replay = register(phone);

        assertThat(isStale(authentication.handle(replay))).isTrue();
        assertThat(replay.events())
                .singleElement()
                .isInstanceOfSatisfying(
                        AuthenticationFailed.class, e -> assertThat(e.reason()).isEqualTo("NONCE_REUSED"));
        assertThat(authentication.handle(register(phone.with("nc", "00000002"))))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void retransmissionPassesForAsLongAsTheClientRetransmits() {
        String text = Requests.register(
                "Authorization: " + Requests.credentials(nonce(authentication)).value());

        for (int second : new int[] {0, 1, 31}) {
            assertThat(authentication.handle(FakeStageContext.at(START.plusSeconds(second), text)))
                    .as("after " + second + " s")
                    .isSameAs(Verdict.proceed());
        }
        assertThat(isStale(authentication.handle(FakeStageContext.at(START.plusSeconds(33), text))))
                .isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Contact: <sip:attacker@127.0.0.91:2222>",
                "Contact: <sip:1001@192.0.2.7>;expires=7200",
                "Contact: *",
                "Expires: 0",
                "Path: <sip:127.0.0.91:2222;lr>",
                "Supported: path",
                "Supported: path, gruu",
                "Route: <sip:127.0.0.91;lr>",
                "From: <sip:1001@example.org>;tag=other",
                "User-Agent: other",
                "X-Other: 1"
            })
    void capturedRegisterWithAnotherHeaderIsStale(String line) {
        String name = line.substring(0, line.indexOf(':') + 1);
        String text = Requests.register(
                "Contact: <sip:1001@192.0.2.7>",
                "Expires: 3600",
                "User-Agent: phone",
                "Authorization: " + Requests.credentials(nonce(authentication)).value());
        assertThat(authentication.handle(FakeStageContext.of(text))).isSameAs(Verdict.proceed());

        String forged = text.contains("\n" + name)
                ? text.replaceFirst("(?m)^" + name + ".*$", line)
                : text.replace("Content-Length", line + "\nContent-Length");

        assertThat(forged).isNotEqualTo(text);
        assertThat(isStale(authentication.handle(FakeStageContext.of(forged)))).isTrue();
        assertThat(authentication.handle(FakeStageContext.of(text)))
                .as("the phone's own retransmission")
                .isSameAs(Verdict.proceed());
    }

    @Test
    void capturedRegisterWithAnotherRequestUriParameterOrBodyIsStale() {
        String text = Requests.register(
                "Authorization: " + Requests.credentials(nonce(authentication)).value());
        assertThat(authentication.handle(FakeStageContext.of(text))).isSameAs(Verdict.proceed());

        String otherUri = text.replace("REGISTER sip:example.org ", "REGISTER sip:example.org;maddr=127.0.0.91 ");
        String otherBody = text.replace("Content-Length: 0\n\n", "Content-Length: 4\n\nab\n\n");

        assertThat(isStale(authentication.handle(FakeStageContext.of(otherUri))))
                .isTrue();
        assertThat(isStale(authentication.handle(FakeStageContext.of(otherBody))))
                .isTrue();
    }

    @Test
    void capturedMessageAndInviteWithAnotherBodyAreStale() {
        for (String method : List.of("MESSAGE", "INVITE")) {
            String uri = "sip:1002@example.org";
            FakeStageContext first = FakeStageContext.of(
                    Requests.request(method + " " + uri, "<sip:1001@example.org>", "<" + uri + ">"));
            DigestCredentials phone = Requests.credentials(nonceIn(authentication.handle(first)))
                    .method(method)
                    .with("uri", uri);
            String text = Requests.request(
                            method + " " + uri,
                            "<sip:1001@example.org>",
                            "<" + uri + ">",
                            "Proxy-Authorization: " + phone.value())
                    .replace("Content-Length: 0\n\n", "Content-Length: 4\n\nab\n\n");
            assertThat(authentication.handle(FakeStageContext.of(text))).isSameAs(Verdict.proceed());

            Verdict forged = authentication.handle(FakeStageContext.of(text.replace("\nab\n", "\nxy\n")));

            assertThat(forged).isInstanceOfSatisfying(Verdict.Respond.class, r -> {
                assertThat(r.statusCode()).isEqualTo(407);
                assertThat(r.headerLines().get(0)).contains("stale=true");
            });
            assertThat(authentication.handle(FakeStageContext.of(text))).isSameAs(Verdict.proceed());
        }
    }

    @Test
    void sameBytesFromAnotherSourceAreNotARetransmission() {
        DigestAuthentication anywhere = with(DigestAuthentication.builder().bindNonceTo());
        String text = Requests.register(
                "Authorization: " + Requests.credentials(nonce(anywhere)).value());
        assertThat(anywhere.handle(FakeStageContext.of(text).from("192.0.2.1", 40_000)))
                .isSameAs(Verdict.proceed());

        // the hash codes of these socket addresses equal that of the first one
        assertThat(isStale(anywhere.handle(FakeStageContext.of(text).from("192.0.2.2", 39_999))))
                .isTrue();
        assertThat(isStale(anywhere.handle(FakeStageContext.of(text).from("192.0.1.1", 40_256))))
                .isTrue();
        assertThat(isStale(anywhere.handle(
                        FakeStageContext.of(text).from("192.0.2.1", 40_000).over(TransportKind.TCP))))
                .isTrue();
        assertThat(anywhere.handle(FakeStageContext.of(text).from("192.0.2.1", 40_000)))
                .isSameAs(Verdict.proceed());
    }

    @Test
    void reorderedRequestsPassOnceEach() {
        String nonce = nonce(authentication);
        for (String nc : List.of("00000003", "00000001", "00000041", "00000002", "0000000a")) {
            assertThat(authentication.handle(
                            register(Requests.credentials(nonce).with("nc", nc))))
                    .as(nc)
                    .isSameAs(Verdict.proceed());
        }
        for (String nc : List.of("00000003", "00000001", "00000041", "00000002", "0000000a")) {
            assertThat(isStale(authentication.handle(
                            register(Requests.credentials(nonce).with("nc", nc)))))
                    .as(nc)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000001", "0000000f"})
    void countFarBelowTheHighestIsStale(String nc) {
        String nonce = nonce(authentication);
        assertThat(authentication.handle(register(Requests.credentials(nonce).with("nc", "00000050"))))
                .isSameAs(Verdict.proceed());

        assertThat(isStale(authentication.handle(
                        register(Requests.credentials(nonce).with("nc", nc)))))
                .isTrue();
    }

    @Test
    void capturedRequestIsStaleAndAPhoneThatMovedPassesWithTheNewNonce() {
        DigestCredentials phone = Requests.credentials(nonce(authentication));
        assertThat(authentication.handle(register(phone))).isSameAs(Verdict.proceed());

        Verdict moved =
                authentication.handle(register(phone.with("nc", "00000002")).from("198.51.100.9"));

        assertThat(isStale(moved)).isTrue();
        DigestCredentials again = phone.with("nonce", nonceIn(moved)).with("nc", "00000001");
        assertThat(authentication.handle(register(again).from("198.51.100.9"))).isSameAs(Verdict.proceed());
    }

    @Test
    void nonceOfARegistrationIsStaleForACallAndValidForTheNextRegistration() {
        DigestCredentials phone = Requests.credentials(nonce(authentication));
        assertThat(authentication.handle(register(phone))).isSameAs(Verdict.proceed());
        DigestCredentials call =
                Requests.credentials(nonceOf(phone)).method("INVITE").with("uri", "sip:1002@example.org");

        Verdict challenge = authentication.handle(FakeStageContext.of(Requests.invite(
                "Proxy-Authorization: " + call.with("nc", "00000002").value())));

        assertThat(((Verdict.Respond) challenge).statusCode()).isEqualTo(407);
        assertThat(((Verdict.Respond) challenge).headerLines().get(0)).contains("stale=true");
        call.with("nonce", nonceIn(challenge)).with("nc", "00000001");
        assertThat(authentication.handle(FakeStageContext.of(Requests.invite("Proxy-Authorization: " + call.value()))))
                .isSameAs(Verdict.proceed());
        assertThat(authentication.handle(register(phone.with("nc", "00000002"))))
                .isSameAs(Verdict.proceed());
    }

    private static String nonceOf(DigestCredentials phone) {
        String text = phone.value();
        int start = text.indexOf("nonce=\"") + 7;
        return text.substring(start, text.indexOf('"', start));
    }

    @Test
    void capturedRequestFromBeforeARestartIsStaleEvenWithASharedSecret() {
        byte[] secret = new byte[16];
        DigestAuthentication before = with(DigestAuthentication.builder().secret(secret));
        DigestAuthentication after = with(DigestAuthentication.builder().secret(secret));
        DigestCredentials phone = Requests.credentials(nonce(before));
        assertThat(before.handle(register(phone))).isSameAs(Verdict.proceed());

        after.start(new FakeRuntime(START.plusMillis(1)));

        assertThat(isStale(after.handle(register(phone)))).isTrue();
        assertThat(isStale(after.handle(register(phone.with("nc", "00000002")))))
                .isTrue();
    }

    @Test
    void proxiesAcceptEachOthersNoncesWhileTheSharedSecretChanges() {
        byte[] old = new byte[16];
        byte[] next = "another secret of 28 bytes..".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        DigestAuthentication first = with(DigestAuthentication.builder().secret(old));
        DigestAuthentication second = with(DigestAuthentication.builder().secrets(next, old));
        DigestAuthentication third = with(DigestAuthentication.builder().secret(next));
        List.of(first, second, third).forEach(proxy -> proxy.start(new FakeRuntime(START)));

        assertThat(second.handle(register(Requests.credentials(nonce(first))))).isSameAs(Verdict.proceed());
        assertThat(third.handle(register(Requests.credentials(nonce(second))))).isSameAs(Verdict.proceed());
        assertThat(isStale(third.handle(register(Requests.credentials(nonce(first))))))
                .isTrue();
    }

    @Test
    void oneTimeNoncePassesOnce() {
        DigestAuthentication once = with(DigestAuthentication.builder().oneTimeNonces(true));
        DigestCredentials phone = Requests.credentials(nonce(once));

        assertThat(once.handle(register(phone))).isSameAs(Verdict.proceed());
        Verdict second = once.handle(register(phone.with("nc", "00000002")));
        assertThat(isStale(second)).isTrue();
        assertThat(once.handle(register(phone.with("nonce", nonceIn(second))))).isSameAs(Verdict.proceed());
    }

    @Test
    void identityAllowedByTheHostIsAccepted() {
        DigestAuthentication numbers = with(DigestAuthentication.builder()
                .allowIdentity((user, uri) -> user.equals("1001") && uri.user().equals("+49301001")));

        assertThat(numbers.handle(as("+49301001", numbers))).isSameAs(Verdict.proceed());
        assertThat(numbers.handle(as("+49301002", numbers)))
                .isInstanceOfSatisfying(
                        Verdict.Respond.class, r -> assertThat(r.statusCode()).isEqualTo(403));
    }

    private static FakeStageContext as(String user, DigestAuthentication at) {
        String address = "<sip:" + user + "@example.org>";
        return FakeStageContext.of(Requests.request(
                "REGISTER sip:example.org",
                address,
                address,
                "Authorization: " + Requests.credentials(nonce(at)).value()));
    }

    private static boolean use(NonceCounts counts, long number, long issued, int count, long request, long now) {
        return counts.use(new NonceIssuer.Nonce(NonceIssuer.State.FRESH, number, issued, true), count, request, now);
    }

    @Test
    void unauthenticatedRequestsCostNoMemoryAndEvictedNoncesAreStale() {
        NonceCounts counts = new NonceCounts(64, 1_000, false);

        assertThat(use(counts, 64, 100, 1, 641, 100)).isTrue();
        assertThat(use(counts, 128, 110, 1, 1281, 110)).isTrue(); // the same stripe, which holds one entry
        assertThat(counts.size()).isEqualTo(1);
        assertThat(use(counts, 64, 100, 2, 642, 120)).isFalse();
        assertThat(use(counts, 192, 101, 1, 1921, 120)).isTrue();
        assertThat(use(counts, 128, 110, 2, 1282, 120)).isFalse();
    }

    @Test
    void expiredEntriesAreEvictedFirst() {
        NonceCounts counts = new NonceCounts(128, 1_000, false);
        assertThat(use(counts, 64, 100, 1, 641, 100)).isTrue();
        assertThat(use(counts, 128, 2_000, 1, 1281, 2_000)).isTrue();
        assertThat(use(counts, 192, 2_001, 1, 1921, 2_001)).isTrue();

        assertThat(counts.size()).isEqualTo(2);
        assertThat(use(counts, 256, 1_999, 1, 2561, 2_001)).isTrue(); // so far 128 is the only unexpired one evicted
        assertThat(use(counts, 128, 2_000, 2, 1282, 2_002)).isFalse();
    }
}
