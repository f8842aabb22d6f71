package org.sipproxy.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

@Timeout(60)
class RecentRefusalsTest {

    private static final String FLOOD = "filtered on arrival by FloodGuard";

    private final RecentRefusals recent = new RecentRefusals();

    private void refuse(String address, int port, int status, String reason) {
        recent.refused(
                new Refusal(status, reason, new InetSocketAddress(address, port), TransportKind.UDP, Optional.empty()));
    }

    private AccessControl.Refusals all() {
        return recent.list(any -> true, Integer.MAX_VALUE);
    }

    private static SipRequest request(String method, String from) throws SipParseException {
        String text = """
                %s sip:1002@sip.test SIP/2.0
                Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1
                From: %s;tag=1
                To: <sip:1002@sip.test>
                Call-ID: 1
                CSeq: 1 %s
                Content-Length: 0

                """.formatted(method, from, method).replace("\n", "\r\n");
        return (SipRequest) SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
    }

    @Test
    void sourceAndReasonAreOneEntryWithTheLatestValues() throws Exception {
        Instant before = Instant.now().minus(Duration.ofSeconds(1));
        refuse("192.0.2.7", 5060, 0, FLOOD);
        refuse("192.0.2.7", 5062, 0, FLOOD);
        refuse("192.0.2.7", 5062, 403, "Relaying Denied");
        recent.refused(new Refusal(
                403,
                "Relaying Denied",
                new InetSocketAddress("192.0.2.7", 40_001),
                TransportKind.TLS,
                Optional.of(request("INVITE", "\"Alice\" <sip:1001@sip.test>"))));

        AccessControl.Refusals shown = all();
        assertThat(shown.total()).isEqualTo(2);
        assertThat(shown.evicted()).isZero();
        assertThat(shown.skipped()).isZero();
        AccessControl.RefusalInfo denied = shown.refusals().get(0);
        assertThat(denied.count()).isEqualTo(2);
        assertThat(denied.source()).isEqualTo("192.0.2.7");
        assertThat(denied.port()).isEqualTo(40_001);
        assertThat(denied.transport()).isEqualTo(TransportKind.TLS);
        assertThat(denied.status()).isEqualTo(403);
        assertThat(denied.method()).isEqualTo("INVITE");
        assertThat(denied.from()).isEqualTo("sip:1001@sip.test");
        assertThat(denied.reason()).isEqualTo("Relaying Denied");
        assertThat(denied.first()).isBetween(before, denied.last());
        AccessControl.RefusalInfo dropped = shown.refusals().get(1);
        assertThat(dropped.count()).isEqualTo(2);
        assertThat(dropped.port()).isEqualTo(5062);
        assertThat(dropped.status()).isZero();
        assertThat(dropped.method()).isEmpty();
        assertThat(dropped.from()).isEmpty();
    }

    @Test
    void latestIsFirstAndLimited() {
        refuse("192.0.2.1", 5060, 0, FLOOD);
        refuse("192.0.2.2", 5060, 0, FLOOD);
        refuse("192.0.2.3", 5060, 0, FLOOD);
        refuse("192.0.2.1", 5060, 0, FLOOD);

        assertThat(all().refusals())
                .extracting(AccessControl.RefusalInfo::source)
                .containsExactly("192.0.2.1", "192.0.2.3", "192.0.2.2");
        AccessControl.Refusals one =
                recent.list(source -> !source.getHostAddress().endsWith(".1"), 1);
        assertThat(one.total()).isEqualTo(2);
        assertThat(one.refusals()).extracting(AccessControl.RefusalInfo::source).containsExactly("192.0.2.3");
    }

    @Test
    void leastRecentlyUsedEntryIsEvicted() {
        refuse("192.0.2.1", 5060, 0, FLOOD);
        refuse("192.0.2.2", 5060, 0, FLOOD);
        for (int i = 0; i < RecentRefusals.MAX_ENTRIES - 1; i++) {
            refuse("192.0.2.1", 5060, 0, FLOOD); // stays in use
            refuse("198.51." + i / 250 + "." + i % 250, 5060, 0, FLOOD);
        }

        AccessControl.Refusals shown = all();
        assertThat(shown.total()).isEqualTo(RecentRefusals.MAX_ENTRIES);
        assertThat(shown.evicted()).isOne();
        assertThat(shown.refusals())
                .extracting(AccessControl.RefusalInfo::source)
                .contains("192.0.2.1")
                .doesNotContain("192.0.2.2");
    }

    @Test
    void reasonsOfAHostAndTextsOfASenderAreBoundedAndEscaped() throws Exception {
        String red = "\u001b[31m";
        for (int i = 0; i < 2_000; i++) {
            refuse("192.0.2.1", 5060, 480, red + "x".repeat(2_000) + i);
        }
        recent.refused(new Refusal(
                403,
                "Forbidden",
                new InetSocketAddress("192.0.2.2", 5060),
                TransportKind.UDP,
                Optional.of(request("M".repeat(300), "<sip:" + "u".repeat(3_000) + "@sip.test>"))));
        recent.published(new SecurityEvent.AuthenticationFailed(
                new SecurityEvent.Origin(
                        new InetSocketAddress("192.0.2.3", 5060), TransportKind.UDP, red, "sip:\u009b\u202e", "id"),
                "1001",
                "WRONG_PASSWORD"));

        AccessControl.Refusals shown = all();
        assertThat(shown.refusals()).hasSize(3).allSatisfy(info -> {
            assertThat(info.reason()).hasSizeLessThan(170).doesNotContain("\u001b");
            assertThat(info.method()).hasSizeLessThan(30).matches("[ -~]*");
            assertThat(info.from()).hasSizeLessThan(110).matches("[ -~]*");
        });
        assertThat(shown.refusals().get(2).count()).isEqualTo(2_000);
    }

    @Test
    void requestWithoutAReadableFromIsListed() throws Exception {
        recent.refused(new Refusal(
                400,
                "Bad Request",
                new InetSocketAddress("192.0.2.2", 5060),
                TransportKind.UDP,
                Optional.of(request("INVITE", "<<"))));

        assertThat(all().refusals()).singleElement().satisfies(info -> {
            assertThat(info.method()).isEqualTo("INVITE");
            assertThat(info.from()).isEmpty();
        });
    }

    @Test
    void rejectedCredentialsAndLockoutsAreListed() {
        SecurityEvent.Origin origin = new SecurityEvent.Origin(
                new InetSocketAddress("2001:db8::7", 5060), TransportKind.UDP, "REGISTER", "sip:1001@sip.test", "id");
        recent.published(new SecurityEvent.AuthenticationFailed(origin, "1001", "WRONG_PASSWORD"));
        recent.published(new SecurityEvent.AuthenticationLocked(origin, "1001", 60));
        recent.published(new SecurityEvent.AuthenticationLocked(origin, "", 60));
        recent.published(new SecurityEvent.AccessDenied(origin, "deny all")); // its refusal is reported, too

        assertThat(all().refusals())
                .extracting(AccessControl.RefusalInfo::reason)
                .containsExactly(
                        "source locked out after too many failures",
                        "user locked out after too many failures",
                        "authentication failed: wrong password");
        assertThat(all().refusals()).allSatisfy(info -> {
            assertThat(info.source()).isEqualTo("2001:db8::7");
            assertThat(info.from()).isEqualTo("sip:1001@sip.test");
            assertThat(info.method()).isEqualTo("REGISTER");
        });
    }

    @Test
    void listenerDoesNotWaitForAListing() throws Exception {
        refuse("192.0.2.1", 5060, 0, FLOOD);
        ExecutorService receiver = Executors.newSingleThreadExecutor();
        try {
            recent.list(
                    any -> {
                        Future<?> done = receiver.submit(() -> refuse("192.0.2.2", 5060, 0, FLOOD));
                        try {
                            done.get(20, TimeUnit.SECONDS);
                        } catch (Exception e) {
                            throw new AssertionError("the listener waits", e);
                        }
                        return true;
                    },
                    10);
        } finally {
            receiver.shutdown();
        }

        assertThat(all().skipped()).isOne();
        assertThat(all().total()).isOne();
    }

    @Test
    void everyRefusalOfManyThreadsIsCountedOrSkipped() throws Exception {
        int threads = 4;
        int each = 50_000;
        CountDownLatch start = new CountDownLatch(1);
        ExecutorService receivers = Executors.newFixedThreadPool(threads);
        List<Future<?>> running = new ArrayList<>();
        try {
            for (int t = 0; t < threads; t++) {
                InetSocketAddress[] sources = new InetSocketAddress[100];
                for (int i = 0; i < sources.length; i++) {
                    sources[i] = new InetSocketAddress(
                            InetAddress.getByAddress(new byte[] {(byte) 198, 51, (byte) t, (byte) i}), 5060);
                }
                running.add(receivers.submit(() -> {
                    start.await();
                    for (int i = 0; i < each; i++) {
                        recent.refused(new Refusal(
                                0, FLOOD, sources[i % sources.length], TransportKind.UDP, Optional.empty()));
                    }
                    return null;
                }));
            }
            start.countDown();
            while (running.stream().anyMatch(one -> !one.isDone())) {
                assertThat(all().total()).isLessThanOrEqualTo(threads * 100);
            }
            for (Future<?> one : running) {
                one.get();
            }
        } finally {
            receivers.shutdown();
        }

        AccessControl.Refusals shown = all();
        long counted = shown.refusals().stream()
                .mapToLong(AccessControl.RefusalInfo::count)
                .sum();
        assertThat(counted + shown.skipped()).isEqualTo((long) threads * each);
    }
}
