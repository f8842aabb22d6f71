package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.core.internal.dns.DnsLookup.Answer;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;

class CachingDnsLookupTest {

    private final AtomicLong nanos = new AtomicLong();

    @ParameterizedTest
    @CsvSource({
        // the server's TTL, the minimum and the maximum
        "60,         59,   61",
        "0,          0.9,  1.1",
        "86400,      3599, 3601",
        "2147483647, 3599, 3601",
        "-5,         0.9,  1.1",
    })
    void answersAreKeptForTheirTtlWithinOneSecondAndOneHour(int ttl, double keptSeconds, double gone) {
        FakeDns dns = new FakeDns("sip.example.com A 192.0.2.1");
        dns.ttlSeconds = ttl;

        assertKept(dns, "sip.example.com", keptSeconds, gone);
    }

    @Test
    void aNameThatDoesNotExistIsRememberedForFifteenSeconds() {
        assertKept(new FakeDns(""), "sip.example.com", 14, 16);
    }

    @Test
    void aServerThatFailedIsSkippedForFiveSeconds() {
        assertKept(new FakeDns("sip.example.com BROKEN A"), "sip.example.com", 4, 6);
    }

    private void assertKept(FakeDns dns, String name, double keptSeconds, double goneSeconds) {
        CachingDnsLookup cache = cache(dns);
        Answer<InetAddress> first = cache.addresses(name).join();

        at(keptSeconds);
        assertThat(cache.addresses(name).join()).isEqualTo(first);
        assertThat(dns.asked).hasSize(1);

        at(goneSeconds);
        assertThat(cache.addresses(name).join()).isEqualTo(first);
        assertThat(dns.asked).hasSize(2);
    }

    @Test
    void theKindsOfQuestionAreKeptApart() {
        FakeDns dns = new FakeDns("""
            example.com A     192.0.2.1
            example.com SRV   0 1 5060 sip.example.com
            example.com NAPTR 1 1 s SIP+D2U - sip.example.com
            """);
        CachingDnsLookup cache = cache(dns);

        for (int i = 0; i < 2; i++) {
            assertThat(cache.addresses("example.com").join().records()).hasSize(1);
            assertThat(cache.srv("example.com").join().records()).hasSize(1);
            assertThat(cache.naptr("example.com").join().records()).hasSize(1);
        }

        assertThat(dns.asked).containsExactly("A example.com", "SRV example.com", "NAPTR example.com");
    }

    @Test
    void allCallersOfOneQuestionShareItsAnswer() {
        FakeDns dns = new FakeDns("sip.example.com A 192.0.2.1");
        dns.hold = true;
        CachingDnsLookup cache = cache(dns);
        List<CompletableFuture<Answer<InetAddress>>> waiting = new ArrayList<>();
        for (int i = 0; i < 1_000; i++) {
            waiting.add(cache.addresses("sip.example.com"));
        }
        assertThat(waiting).noneMatch(CompletableFuture::isDone);

        dns.release();

        assertThat(dns.asked).hasSize(1);
        assertThat(waiting)
                .allSatisfy(answer ->
                        assertThat(answer.getNow(Answer.none()).records()).hasSize(1));
    }

    @Test
    void aFloodOfNamesIsRefusedBeyondTheLimitAndTheRefusalIsNotRemembered() {
        FakeDns dns = new FakeDns("late.example.com A 192.0.2.1");
        dns.hold = true;
        CachingDnsLookup cache = cache(dns);
        List<CompletableFuture<Answer<InetAddress>>> waiting = new ArrayList<>();
        for (int i = 0; i < CachingDnsLookup.MAX_OUTSTANDING; i++) {
            waiting.add(cache.addresses("random" + i + ".example.com"));
        }

        Answer<InetAddress> refused = cache.addresses("late.example.com").getNow(Answer.none());
        assertThat(refused.failure()).isNotNull();
        assertThat(refused.failure().reason()).isEqualTo(Reason.OVERLOADED);
        assertThat(dns.asked).hasSize(CachingDnsLookup.MAX_OUTSTANDING).doesNotContain("A late.example.com");

        dns.release();
        assertThat(waiting).allMatch(CompletableFuture::isDone);
        assertThat(cache.addresses("late.example.com").join().records()).hasSize(1);
    }

    @Test
    void memoryHoldsABoundedNumberOfNames() {
        FakeDns dns = new FakeDns("");
        CachingDnsLookup cache = cache(dns);
        int names = 10 * CachingDnsLookup.MAX_ENTRIES;
        for (int i = 0; i < names; i++) {
            cache.srv("random" + i + ".example.com").join();
        }
        dns.asked.clear();

        for (int i = 0; i < names; i++) {
            cache.srv("random" + i + ".example.com").join();
        }

        assertThat(dns.asked).hasSizeGreaterThanOrEqualTo(names - CachingDnsLookup.MAX_ENTRIES);
    }

    @Test
    void aSourceThatThrowsIsAFailureAndFreesItsPlace() {
        FakeDns dns = new FakeDns("");
        DnsLookup broken = new BrokenDns(dns);
        CachingDnsLookup cache = new CachingDnsLookup(broken, nanos::get);

        for (int i = 0; i < 2 * CachingDnsLookup.MAX_OUTSTANDING; i++) {
            Answer<InetAddress> answer =
                    cache.addresses("n" + i + ".example.com").join();
            assertThat(answer.failure()).isNotNull();
            assertThat(answer.failure().reason()).isEqualTo(Reason.DNS_FAILED);
            assertThat(answer.failure().text()).contains("no sockets left");
        }
    }

    @Test
    void theHostsFileIsReadEachTimeAndClosingClosesTheSource() {
        FakeDns dns = new FakeDns("pbx HOSTS 10.0.0.1");
        CachingDnsLookup cache = cache(dns);

        assertThat(cache.hostsFile("pbx")).hasSize(1);
        cache.close();

        assertThat(dns.closed).isTrue();
    }

    private CachingDnsLookup cache(FakeDns dns) {
        return new CachingDnsLookup(dns, nanos::get);
    }

    private void at(double seconds) {
        nanos.set(Duration.ofMillis(Math.round(seconds * 1_000)).toNanos());
    }

    /** Throws instead of answering. */
    private record BrokenDns(FakeDns other) implements DnsLookup {

        @Override
        public List<InetAddress> hostsFile(String name) {
            return other.hostsFile(name);
        }

        @Override
        public CompletableFuture<Answer<InetAddress>> addresses(String name) {
            throw new IllegalStateException("no sockets left");
        }

        @Override
        public CompletableFuture<Answer<Srv>> srv(String name) {
            return other.srv(name);
        }

        @Override
        public CompletableFuture<Answer<Naptr>> naptr(String name) {
            return other.naptr(name);
        }

        @Override
        public void close() {}
    }
}
