package org.sipproxy.security;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.support.LineThrottle;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRuntime;

class AuditLogTest {

    private static final Instant START = Instant.parse("2031-05-06T07:08:09.123Z");

    private final AtomicLong passedNanos = new AtomicLong();
    private final List<String> lines = new ArrayList<>();
    private final AuditLog log =
            new AuditLog(() -> START.toEpochMilli() + passedNanos.get() / 1_000_000, passedNanos::get, lines::add);

    private static SecurityEvent.Origin from(String address, TransportKind transport) {
        return new SecurityEvent.Origin(new InetSocketAddress(address, 40_001), transport, "REGISTER");
    }

    private static SecurityEvent failed(String address, TransportKind transport) {
        return new SecurityEvent.AuthenticationFailed(from(address, transport), "1001", "WRONG_PASSWORD");
    }

    private void pass(Duration time) {
        passedNanos.addAndGet(time.toNanos());
    }

    /** Lets the time of the log and that of its proxy pass in step. */
    private void pass(FakeRuntime runtime, Duration time) {
        for (long left = time.toMillis(); left > 0; left -= 10) {
            pass(Duration.ofMillis(Math.min(left, 10)));
            runtime.advance(Duration.ofMillis(Math.min(left, 10)));
        }
    }

    private List<String> linesWith(String text) {
        return lines.stream().filter(line -> line.contains(text)).toList();
    }

    @Test
    void lineHasTheDocumentedFieldsInTheirOrder() {
        log.onEvent(failed("203.0.113.9", TransportKind.UDP));

        assertThat(lines)
                .containsExactly(
                        "date=2031-05-06T07:08:09.123Z event=authentication-failed source=203.0.113.9 port=40001"
                                + " transport=udp method=REGISTER user=1001 from=- call-id=- reason=WRONG_PASSWORD omitted=0");
    }

    @Test
    void lineNamesTheAddressOfRecordAndTheCallIdOfTheRequest() {
        log.onEvent(new SecurityEvent.AuthenticationFailed(
                new SecurityEvent.Origin(
                        new InetSocketAddress("203.0.113.9", 40_001),
                        TransportKind.UDP,
                        "REGISTER",
                        "sip:1001@other.test",
                        "call id=1"),
                "1001",
                "WRONG_PASSWORD"));

        assertThat(lines)
                .singleElement()
                .asString()
                .endsWith(" user=1001 from=sip:1001@other.test call-id=call%20id%3D1 reason=WRONG_PASSWORD omitted=0");
    }

    @Test
    void credentialsThatCannotBeUsedAreAKindOfTheirOwn() {
        for (AuthenticationOutcome outcome : AuthenticationOutcome.values()) {
            lines.clear();
            log.onEvent(new SecurityEvent.AuthenticationFailed(
                    from("203.0.113.9", TransportKind.UDP), "1001", outcome.name()));
            pass(Duration.ofSeconds(1));

            assertThat(linesWith("event=credentials-unusable")).hasSize(outcome.isUnusable() ? 1 : 0);
        }
    }

    @Test
    void eachKindOfEventHasALine() {
        SecurityEvent.Origin origin = from("2001:db8::9", TransportKind.WSS);
        SecurityEvent.Origin connection =
                new SecurityEvent.Origin(new InetSocketAddress("203.0.113.9", 1), TransportKind.TCP, "");
        log.onEvent(new SecurityEvent.AuthenticationLocked(origin, "1001", 60));
        log.onEvent(new SecurityEvent.AccessDenied(connection, "deny 203.0.113.0/24"));
        log.onEvent(new SecurityEvent.LimitHit(connection, "connections of the source"));
        log.onEvent(new SecurityEvent.ScannerSeen(origin, "User-Agent sipvicious"));

        assertThat(lines.stream().map(line -> line.substring(line.indexOf("event="))))
                .containsExactly(
                        "event=locked-out source=2001:db8::9 port=40001 transport=wss method=REGISTER"
                                + " user=1001 from=- call-id=- reason=60s omitted=0",
                        "event=access-denied source=203.0.113.9 port=1 transport=tcp method=- user=-"
                                + " from=- call-id=- reason=deny%20203.0.113.0/24 omitted=0",
                        "event=limit-hit source=203.0.113.9 port=1 transport=tcp method=- user=-"
                                + " from=- call-id=- reason=connections%20of%20the%20source omitted=0",
                        "event=scanner source=2001:db8::9 port=40001 transport=wss method=REGISTER user=-"
                                + " from=- call-id=- reason=User-Agent%20sipvicious omitted=0");
    }

    @Test
    void senderCannotForgeAnotherFieldOrLine() {
        SecurityEvent.Origin origin = new SecurityEvent.Origin(
                new InetSocketAddress("203.0.113.9", 5060),
                TransportKind.UDP,
                "X\r\ndate=1 event=scanner source=8.8.8.8");
        log.onEvent(new SecurityEvent.AuthenticationFailed(
                origin, "a\" event=authentication-failed source=9.9.9.9 port=1\u0000\u00e9", "-"));

        assertThat(lines).singleElement().asString().hasSizeLessThan(600).doesNotContain("\r", "\n", "\"", "\u0000");
        assertThat(lines.get(0).split(" ")).hasSize(11);
        assertThat(lines.get(0).chars().filter(c -> c == '=')).hasSize(11);
        assertThat(lines.get(0)).contains(" source=203.0.113.9 ", " reason=%2D ");
    }

    @Test
    void longValuesAreTruncated() {
        log.onEvent(new SecurityEvent.AuthenticationFailed(
                new SecurityEvent.Origin(
                        new InetSocketAddress("203.0.113.9", 5060), TransportKind.UDP, "\u00e9".repeat(60_000)),
                " ".repeat(60_000),
                "=".repeat(60_000)));

        assertThat(lines.get(0)).hasSizeLessThan(1_200);
    }

    @Test
    void fewFailuresHaveALineEachAndAReusedNonceHasNone() {
        for (int user = 1001; user <= 1004; user++) {
            log.onEvent(new SecurityEvent.AuthenticationFailed(
                    from("203.0.113.9", TransportKind.UDP), Integer.toString(user), "WRONG_PASSWORD"));
        }
        log.onEvent(new SecurityEvent.AuthenticationFailed(
                from("203.0.113.10", TransportKind.WS), "1001", AuthenticationOutcome.NONCE_REUSED.name()));

        assertThat(lines).hasSize(4).allMatch(line -> line.contains("WRONG_PASSWORD"));
    }

    @Test
    void sourceHasABurstOfLinesThenOnePerSecondWithTheOmittedCount() {
        for (int i = 0; i < 100; i++) {
            log.onEvent(failed("203.0.113.9", TransportKind.UDP));
        }
        log.onEvent(new SecurityEvent.LimitHit(from("203.0.113.9", TransportKind.UDP), "source"));
        pass(Duration.ofMillis(1_001));
        log.onEvent(failed("203.0.113.9", TransportKind.UDP));

        assertThat(linesWith("event=authentication-failed")).hasSize(AuditThrottle.BURST + 1);
        assertThat(linesWith("event=limit-hit")).hasSize(1);
        assertThat(lines.get(AuditThrottle.BURST + 1)).endsWith("omitted=" + (100 - AuditThrottle.BURST));
    }

    private String sourceAndReason(String line) {
        return line.replaceFirst(".*(source=\\S+).*(reason=.*)", "$1 $2");
    }

    @Test
    void omittedEventsOfASourceThatHasNoFurtherLineAreCountedByALineOfTheirOwn() {
        FakeRuntime runtime = new FakeRuntime(START);
        FakeHooks hooks = FakeHooks.of(log, runtime);
        for (int i = 0; i < 30; i++) {
            hooks.publish(failed("203.0.113.9", TransportKind.UDP));
            hooks.publish(failed("2001:db8::9", TransportKind.TCP));
        }
        assertThat(lines).hasSize(2 * AuditThrottle.BURST);

        pass(runtime, Duration.ofSeconds(20));

        assertThat(lines.subList(2 * AuditThrottle.BURST, lines.size()).stream().map(this::sourceAndReason))
                .containsExactlyInAnyOrder(
                        "source=203.0.113.9 reason=authentication-failed omitted=25",
                        "source=2001:db8::9 reason=authentication-failed omitted=25");
        assertThat(lines.get(lines.size() - 1))
                .matches("date=\\S+ event=omitted source=\\S+ port=- transport=- method=- user=- from=- call-id=-"
                        + " reason=\\S+ omitted=25");
        assertThat(runtime.scheduled()).isZero();
        pass(runtime, Duration.ofMinutes(1));
        hooks.publish(failed("203.0.113.9", TransportKind.UDP));
        assertThat(lines).hasSize(2 * AuditThrottle.BURST + 3);
        assertThat(lines.get(lines.size() - 1)).endsWith("reason=WRONG_PASSWORD omitted=0");
    }

    @Test
    void sourceThatGoesOnCountsItsOmittedEventsInItsOwnLines() {
        FakeRuntime runtime = new FakeRuntime(START);
        FakeHooks hooks = FakeHooks.of(log, runtime);
        int events = 0;
        while (passedNanos.get() < Duration.ofMinutes(1).toNanos()) {
            hooks.publish(failed("203.0.113.9", TransportKind.UDP));
            events++;
            pass(runtime, Duration.ofMillis(100));
        }
        assertThat(linesWith("event=omitted")).isEmpty();

        log.close();

        assertThat(events).isEqualTo(lines.stream().mapToInt(this::events).sum());
    }

    /** Returns how many events a line stands for. */
    private int events(String line) {
        return Integer.parseInt(line.substring(line.lastIndexOf('=') + 1)) + (line.contains("event=omitted") ? 0 : 1);
    }

    @Test
    void closeCountsWhatWasOmitted() {
        FakeHooks hooks = FakeHooks.of(log, new FakeRuntime(START));
        for (int i = 0; i < 30; i++) {
            hooks.publish(failed("203.0.113.9", TransportKind.UDP));
        }

        log.close();
        log.close();

        assertThat(lines).hasSize(AuditThrottle.BURST + 1);
        assertThat(sourceAndReason(lines.get(AuditThrottle.BURST)))
                .isEqualTo("source=203.0.113.9 reason=authentication-failed omitted=25");
    }

    @Test
    void logThatIsNotAddedToAProxyCountsAtItsClose() {
        for (int i = 0; i < 30; i++) {
            log.onEvent(failed("203.0.113.9", TransportKind.UDP));
        }

        log.close();

        assertThat(lines).hasSize(AuditThrottle.BURST + 1);
    }

    @Test
    void omittedEventsOfManySourcesAreCountedInFewLinesAndEachOnce() {
        FakeRuntime runtime = new FakeRuntime(START);
        FakeHooks hooks = FakeHooks.of(log, runtime);
        Random random = new Random(11);
        int events = 0;
        for (int milli = 0; milli < 5_000; milli++) {
            for (int i = 0; i < 10; i++) {
                hooks.publish(failed("203.0." + random.nextInt(256) + "." + random.nextInt(256), TransportKind.UDP));
                events++;
            }
            hooks.publish(failed("203.0.113." + milli % 200, TransportKind.TLS));
            events++;
            pass(runtime, Duration.ofMillis(1));
        }
        int written = lines.size();

        pass(runtime, Duration.ofSeconds(20));

        assertThat(lines.size() - written).isLessThanOrEqualTo(2 * (LineThrottle.REPORTED + 1));
        assertThat(lines.stream().mapToInt(this::events).sum()).isEqualTo(events);
    }

    @Test
    void addressesOfOneNetworkOf64BitsAreOneSource() {
        for (int i = 1; i < 100; i++) {
            log.onEvent(failed("2001:db8::" + i, TransportKind.TCP));
        }

        assertThat(lines).hasSize(AuditThrottle.BURST);
    }

    @Test
    void twentyAttackersAreAllLoggedWithinASecond() {
        for (int event = 0; event < 50; event++) {
            for (int attacker = 0; attacker < 20; attacker++) {
                log.onEvent(failed("203.0.113." + attacker, TransportKind.UDP));
            }
            pass(Duration.ofMillis(20));
        }

        for (int attacker = 0; attacker < 20; attacker++) {
            assertThat(linesWith("source=203.0.113." + attacker + " ")).isNotEmpty();
        }
    }

    @Test
    void floodUnderForgedSourcesNeitherFillsTheLogNorHidesTheAttackersBehindIt() {
        Random random = new Random(7);
        for (int milli = 0; milli < 5_000; milli++) {
            for (int i = 0; i < 40; i++) {
                int a = random.nextInt();
                log.onEvent(failed(
                        (a >>> 24) % 200 + 1 + "." + (a >>> 16 & 255) + "." + (a >>> 8 & 255) + "." + (a & 255),
                        TransportKind.UDP));
            }
            if (milli % 50 == 10) {
                log.onEvent(failed("203.0.113.9", TransportKind.UDP));
                log.onEvent(failed("203.0.113.10", TransportKind.TLS));
            }
            pass(Duration.ofMillis(1));
        }

        assertThat(lines).hasSizeLessThan(6 * 151);
        assertThat(linesWith("source=203.0.113.9 ")).hasSizeBetween(3, 10);
        assertThat(linesWith("source=203.0.113.10 ")).hasSizeBetween(5, 10);
        assertThat(linesWith("event=omitted"))
                .hasSizeBetween(4, 5)
                .allSatisfy(line -> assertThat(line)
                        .matches(
                                ".* source=- port=- transport=- method=- user=- from=- call-id=- reason=lines%20a%20second"
                                        + " omitted=\\d+"));
    }

    // ---- the filter of fail2ban

    private static String setting(String name) throws IOException {
        return Files.readAllLines(Path.of("fail2ban", "sipproxy.conf")).stream()
                .filter(line -> line.startsWith(name + " = "))
                .findFirst()
                .orElseThrow()
                .substring(name.length() + 3);
    }

    @Test
    void filterOfFail2banFindsTheSourceOfEachLine() throws IOException {
        Pattern failregex = Pattern.compile(setting("failregex").replace("<ADDR>", "(?<addr>[0-9a-fA-F:.]+)"));
        Pattern date = Pattern.compile(setting("datepattern")
                .replace("%%Y", "\\d{4}")
                .replace("%%f", "\\d{1,6}")
                .replace("%%z", "Z")
                .replaceAll("%%[mdHMS]", "\\\\d{2}"));
        log.onEvent(failed("203.0.113.9", TransportKind.UDP));
        log.onEvent(failed("2001:db8::9", TransportKind.TCP));
        log.onEvent(new SecurityEvent.AuthenticationLocked(from("203.0.113.10", TransportKind.TLS), "", 30));
        log.onEvent(new SecurityEvent.AccessDenied(from("203.0.113.11", TransportKind.UDP), "default policy"));
        log.onEvent(new SecurityEvent.ScannerSeen(from("203.0.113.12", TransportKind.UDP), "User-Agent sipcli"));
        log.onEvent(new SecurityEvent.LimitHit(from("203.0.113.13", TransportKind.UDP), "source"));
        log.onEvent(new SecurityEvent.AuthenticationFailed(
                from("203.0.113.15", TransportKind.UDP), "1001", AuthenticationOutcome.WRONG_REALM.name()));
        log.onEvent(new SecurityEvent.AuthenticationFailed(
                from("203.0.113.14", TransportKind.UDP), "x event=scanner source=9.9.9.9 port=1", "UNKNOWN_USER"));

        List<String> found = new ArrayList<>();
        for (String line : lines) {
            Matcher when = date.matcher(line);
            assertThat(when.find()).as(line).isTrue();
            // as after a logger's own date and level; fail2ban removes the date
            Matcher match = failregex.matcher("07:08:09.123 WARN  audit - " + when.replaceFirst(""));
            found.add(match.find() ? match.group("addr") : "none");
        }

        assertThat(found)
                .containsExactly(
                        "203.0.113.9",
                        "2001:db8::9",
                        "203.0.113.10",
                        "203.0.113.11",
                        "203.0.113.12",
                        "none",
                        "none",
                        "203.0.113.14");
    }
}
