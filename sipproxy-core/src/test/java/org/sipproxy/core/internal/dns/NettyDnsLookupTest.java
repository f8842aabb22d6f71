package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.resolver.dns.SequentialDnsServerAddressStreamProvider;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.DnsLookup.Answer;
import org.sipproxy.core.internal.dns.DnsLookup.Naptr;
import org.sipproxy.core.internal.dns.DnsLookup.Srv;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.netty.EventLoops;
import org.sipproxy.message.SipUri;

/** Real datagrams to a name server on loopback. */
class NettyDnsLookupTest {

    private static final Set<StandardProtocolFamily> BOTH =
            EnumSet.of(StandardProtocolFamily.INET, StandardProtocolFamily.INET6);

    private static EventLoopGroup group;

    private final List<AutoCloseable> opened = new ArrayList<>();
    private LoopbackDnsServer server;

    @BeforeAll
    static void startLoops() {
        group = EventLoops.open(2, ProxyThreads::daemon, false);
    }

    @AfterAll
    static void stopLoops() {
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
    }

    @AfterEach
    void closeAll() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    @Test
    void addressesOfBothFamiliesComeInTurn() throws Exception {
        DnsLookup dns = lookup("""
            sip.example.com A    192.0.2.1
            sip.example.com A    192.0.2.2
            sip.example.com AAAA 2001:db8::1
            """);

        Answer<InetAddress> answer = get(dns.addresses("sip.example.com"));

        assertThat(answer.records())
                .extracting(InetAddress::getHostAddress)
                .containsExactly("192.0.2.1", "2001:db8:0:0:0:0:0:1", "192.0.2.2");
        assertThat(answer.ttlSeconds()).isEqualTo(LoopbackDnsServer.TTL_SECONDS);
        assertThat(answer.failure()).isNull();
    }

    @Test
    void oneFamilyIsEnough() throws Exception {
        DnsLookup dns = lookup("four.example.com A 192.0.2.1\nsix.example.com AAAA 2001:db8::1");

        assertThat(get(dns.addresses("four.example.com")).records()).hasSize(1);
        assertThat(get(dns.addresses("four.example.com")).ttlSeconds()).isEqualTo(LoopbackDnsServer.TTL_SECONDS);
        assertThat(get(dns.addresses("six.example.com")).records()).hasSize(1);
    }

    @Test
    void aFamilyWithoutAListeningPointIsNotQueried() throws Exception {
        DnsLookup dns = lookup(
                "sip.example.com A 192.0.2.1\nsip.example.com AAAA 2001:db8::1",
                selectorLoop(),
                name -> List.of(),
                EnumSet.of(StandardProtocolFamily.INET6));

        assertThat(get(dns.addresses("sip.example.com")).records())
                .extracting(InetAddress::getHostAddress)
                .containsExactly("2001:db8:0:0:0:0:0:1");
        assertThat(server.asked).containsExactly("AAAA sip.example.com");
    }

    @Test
    void srvRecordsAreRead() throws Exception {
        DnsLookup dns =
                lookup("_sip._tcp.example.com SRV 10 60 5062 sip.example.com\n_sip._tcp.example.com SRV 20 0 0 .");

        Answer<Srv> answer = get(dns.srv("_sip._tcp.example.com"));

        assertThat(answer.records())
                .containsExactlyInAnyOrder(new Srv(10, 60, 5_062, "sip.example.com."), new Srv(20, 0, 0, "."));
        assertThat(answer.ttlSeconds()).isEqualTo(LoopbackDnsServer.TTL_SECONDS);
    }

    @Test
    void naptrRecordsAreRead() throws Exception {
        DnsLookup dns = lookup("""
            example.com NAPTR 50 20 s SIP+D2T - _sip._tcp.example.com
            example.com NAPTR 60 30 u E2U+sip !^.*$!sip:info@example.com! .
            """);

        assertThat(get(dns.naptr("example.com")).records())
                .containsExactlyInAnyOrder(
                        new Naptr(50, 20, "s", "SIP+D2T", "", "_sip._tcp.example.com."),
                        new Naptr(60, 30, "u", "E2U+sip", "!^.*$!sip:info@example.com!", "."));
    }

    @Test
    void aliasesAreFollowed() throws Exception {
        DnsLookup dns = lookup("""
            www.example.com   CNAME alias.example.com
            alias.example.com CNAME sip.example.com
            sip.example.com   A     192.0.2.1
            _sip._udp.example.com CNAME _sip._udp.example.net
            _sip._udp.example.net SRV 0 0 5060 sip.example.com
            """);

        assertThat(get(dns.addresses("www.example.com")).records()).hasSize(1);
        assertThat(get(dns.srv("_sip._udp.example.com")).records()).hasSize(1);
    }

    @Test
    void aliasesInACircleEnd() throws Exception {
        DnsLookup dns = lookup("a.example.com CNAME b.example.com\nb.example.com CNAME a.example.com");

        assertThat(get(dns.addresses("a.example.com")).records()).isEmpty();
        assertThat(get(dns.srv("a.example.com")).records()).isEmpty();
        assertThat(server.asked).hasSizeLessThan(3 * 10);
    }

    @Test
    void aNameThatDoesNotExistIsAnAnswer() throws Exception {
        DnsLookup dns = lookup("other.example.com A 192.0.2.1");

        assertThat(get(dns.addresses("gone.example.com"))).isEqualTo(Answer.none());
        assertThat(get(dns.srv("_sip._udp.gone.example.com"))).isEqualTo(Answer.none());
        assertThat(get(dns.naptr("gone.example.com"))).isEqualTo(Answer.none());
    }

    @Test
    void aNameWithoutRecordsOfTheTypeIsAnAnswer() throws Exception {
        DnsLookup dns = lookup("example.com NAPTR 1 1 s SIP+D2U - _sip._udp.example.com\nsip.example.com A 192.0.2.1");

        assertThat(get(dns.addresses("example.com")).failure()).isNull();
        assertThat(get(dns.addresses("example.com")).records()).isEmpty();
        assertThat(get(dns.srv("sip.example.com")).failure()).isNull();
        assertThat(get(dns.naptr("sip.example.com")).failure()).isNull();
    }

    @Test
    void serverFailureIsNotAnAnswer() throws Exception {
        DnsLookup dns = lookup("example.com RCODE 2");

        for (Answer<?> answer : List.of(get(dns.naptr("example.com")), get(dns.addresses("example.com")))) {
            assertThat(answer.failure()).isNotNull();
            assertThat(answer.failure().reason()).isEqualTo(Reason.DNS_FAILED);
            assertThat(answer.failure().text())
                    .contains(" example.com: ")
                    .contains("SERVFAIL")
                    .doesNotContain("\n");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 5})
    void aServerThatRefusesOrDoesNotKnowTheTypeHasNoRecords(int code) throws Exception {
        DnsLookup dns = lookup("example.com RCODE " + code);

        assertThat(get(dns.naptr("example.com"))).isEqualTo(Answer.none());
        assertThat(get(dns.addresses("example.com"))).isEqualTo(Answer.none());
    }

    @Test
    void aSilentServerIsAbandonedAfterTwoSeconds() throws Exception {
        DnsLookup dns = lookup("example.com SILENT");
        long start = System.nanoTime();

        Answer<Naptr> answer = get(dns.naptr("example.com"));

        assertThat(answer.failure()).isNotNull();
        assertThat(answer.failure().reason()).isEqualTo(Reason.DNS_FAILED);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(4_500));
        assertThat(server.asked).as("a lost datagram is sent again").hasSize(2);
    }

    @Test
    void aLostDatagramCostsASecondNotTheAnswer() throws Exception {
        DnsLookup dns = lookup("example.com SILENT_ONCE\nexample.com A 192.0.2.1");

        assertThat(get(dns.addresses("example.com")).records()).hasSize(1);
        assertThat(server.asked).contains("A example.com").hasSize(4);
    }

    @Test
    void anotherServerAnswersForASilentOne() throws Exception {
        DnsLookup silent = lookup("_sip._udp.example.com SILENT");
        InetSocketAddress first = server.address();
        LoopbackDnsServer second = new LoopbackDnsServer(group, "_sip._udp.example.com SRV 0 0 5060 sip.example.com");
        opened.add(second);
        silent.close();
        DnsLookup dns = lookup(selectorLoop(), name -> List.of(), BOTH, first, second.address());

        assertThat(get(dns.srv("_sip._udp.example.com")).records()).hasSize(1);
    }

    @Test
    void aTruncatedAnswerIsFetchedByTcp() throws Exception {
        String zone = IntStream.range(0, 12)
                .mapToObj(i -> "_sip._udp.example.com SRV " + i + " 0 5060 " + "a".repeat(60) + i + ".example.com")
                .collect(Collectors.joining("\n"));
        DnsLookup dns = lookup(zone + "\n_sip._udp.example.com TRUNCATED");

        assertThat(get(dns.srv("_sip._udp.example.com")).records()).hasSize(12);
        assertThat(server.asked).containsExactly("SRV _sip._udp.example.com", "TCP SRV _sip._udp.example.com");
    }

    @Test
    void malformedRecordsCountAsAbsent() throws Exception {
        DnsLookup dns = lookup("""
            bad.example.com RAW SRV   00
            bad.example.com RAW SRV   000000000000
            bad.example.com RAW SRV   0000000013c43f61
            bad.example.com SRV       1 1 5060 sip.example.com
            bad.example.com RAW NAPTR 00010001ff73
            bad.example.com RAW NAPTR 000100010173
            bad.example.com NAPTR     1 1 s SIP+D2U - sip.example.com
            bad.example.com RAW A     c00002
            bad.example.com RAW A     c0000201ff
            bad.example.com A         192.0.2.1
            """);

        assertThat(get(dns.srv("bad.example.com")).records()).contains(new Srv(1, 1, 5060, "sip.example.com."));
        assertThat(get(dns.naptr("bad.example.com")).records()).hasSize(1);
        assertThat(get(dns.addresses("bad.example.com")).records()).hasSize(1);
    }

    @Test
    void aNameThatPointsAtItselfIsNotReadForEver() throws Exception {
        // the target is a compression pointer: one to offset 12, the question's name, and one to its own position
        DnsLookup dns = lookup("""
            example.com RAW SRV 0001000113c4c00c
            example.com RAW SRV 0001000113c4c02f
            """);

        assertThat(get(dns.srv("example.com")).records()).contains(new Srv(1, 1, 5_060, "example.com."));
    }

    @Test
    void onlySixteenRecordsOfAnAnswerAreTaken() throws Exception {
        String zone = IntStream.range(0, 40)
                .mapToObj(i -> "example.com A 192.0.2." + i)
                .collect(Collectors.joining("\n"));
        DnsLookup dns = lookup(zone);

        assertThat(get(dns.addresses("example.com")).records()).hasSize(NettyDnsLookup.MAX_RECORDS);
    }

    @Test
    void eachQuestionHasItsOwnPort() throws Exception {
        DnsLookup dns = lookup("example.com A 192.0.2.1");

        for (int i = 0; i < 8; i++) {
            get(dns.srv("_sip._udp.example.com"));
        }

        assertThat(new HashSet<>(server.clientPorts)).hasSizeGreaterThan(4);
    }

    @Test
    void localhostAndTheHostsFileNeedNoServer() throws Exception {
        InetAddress pbx = InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
        DnsLookup dns =
                lookup("", selectorLoop(), name -> name.equals("pbx.example.com") ? List.of(pbx) : List.of(), BOTH);

        assertThat(dns.hostsFile("pbx.example.com")).containsExactly(pbx);
        assertThat(dns.hostsFile("localhost")).isNotEmpty().allMatch(InetAddress::isLoopbackAddress);
        assertThat(dns.hostsFile("sip.localhost")).isNotEmpty().allMatch(InetAddress::isLoopbackAddress);
        assertThat(dns.hostsFile("notlocalhost")).isEmpty();
        assertThat(server.asked).isEmpty();
    }

    @Test
    void anEpollLoopWorksToo() throws Exception {
        assumeThat(Epoll.isAvailable()).as("native epoll").isTrue();
        try (EpollLoop loop = new EpollLoop(EventLoops.open(1, ProxyThreads::daemon, true))) {
            DnsLookup dns = lookup(
                    "example.com A 192.0.2.1\nbig.example.com A 192.0.2.2\nbig.example.com TRUNCATED",
                    new DnsLoop(loop.group().next(), true),
                    name -> List.of(),
                    BOTH);

            assertThat(get(dns.addresses("example.com")).records()).hasSize(1);
            assertThat(get(dns.addresses("big.example.com")).records()).hasSize(1);
            dns.close();
        }
    }

    private record EpollLoop(EventLoopGroup group) implements AutoCloseable {
        @Override
        public void close() {
            group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        }
    }

    // ---- from a URI to next hops

    @Test
    void aDomainBecomesNextHopsAndTheSecondRequestAsksNothing() throws Exception {
        NextHopResolver resolver = resolver("""
            example.com            NAPTR 10 0 s SIP+D2T - _sip._tcp.example.com
            example.com            NAPTR 20 0 s SIP+D2U - _sip._udp.example.com
            _sip._tcp.example.com  SRV   1 0 5070 a.example.com
            _sip._tcp.example.com  SRV   2 0 5071 b.example.com
            _sip._udp.example.com  SRV   1 0 5072 a.example.com
            a.example.com          A     192.0.2.1
            a.example.com          AAAA  2001:db8::1
            b.example.com          CNAME c.example.com
            c.example.com          A     192.0.2.2
            """);
        String expected =
                "tcp 192.0.2.1:5070, tcp [2001:db8::1]:5070, tcp 192.0.2.2:5071, udp 192.0.2.1:5072, udp [2001:db8::1]:5072";

        assertThat(resolve(resolver, "sip:user@example.com")).isEqualTo(expected);
        int questions = server.asked.size();
        Answered again = new Answered();
        resolver.resolve(SipUri.of("sip:user@EXAMPLE.com."), Sender.HOST, again);

        assertThat(again.now()).as("completed by the calling thread").isEqualTo(expected);
        assertThat(server.asked).hasSize(questions);
    }

    @Test
    void aNameServerThatIsSilentAboutServicesStillLeadsToAnAddress() throws Exception {
        NextHopResolver resolver = resolver("example.com A 192.0.2.1\n_sip._tcp.example.com SILENT");

        assertThat(resolve(resolver, "sip:example.com;transport=tcp")).isEqualTo("tcp 192.0.2.1:5060");
    }

    @Test
    void unknownDomainFailsWithNoSuchHost() throws Exception {
        assertThat(resolve(resolver(""), "sip:nowhere.example"))
                .isEqualTo("NO_SUCH_HOST: nowhere.example has no address in the DNS");
    }

    @Test
    void localhostIsFoundThroughTheSystemsConfiguration() throws Exception {
        NextHopResolver resolver = new NextHopResolver();
        resolver.open(
                ProxyThreads::daemon,
                NettyDnsLookupTest::selectorLoop,
                EnumSet.of(TransportKind.UDP),
                EnumSet.of(StandardProtocolFamily.INET));
        opened.add(resolver);

        assertThat(resolve(resolver, "sip:localhost")).startsWith("udp 127.").endsWith(":5060");
    }

    @Test
    void closingFailsPendingLookups() throws Exception {
        NextHopResolver resolver = resolver("example.com SILENT");
        Answered answered = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, answered);

        resolver.close();

        assertThat(answered.now()).isEqualTo("DNS_FAILED: the resolver is closed");
    }

    private static String resolve(NextHopResolver resolver, String uri) throws InterruptedException {
        Answered answered = new Answered();
        resolver.resolve(SipUri.of(uri), Sender.HOST, answered);
        return answered.await();
    }

    private NextHopResolver resolver(String zone) throws InterruptedException {
        EventLoop loop = group.next();
        NextHopResolver resolver = new NextHopResolver(
                NameServers.of(
                        new CachingDnsLookup(lookup(zone), System::nanoTime),
                        task -> loop.schedule(task, NextHopResolver.DEADLINE_MILLIS, TimeUnit.MILLISECONDS)),
                new Capabilities(EnumSet.of(TransportKind.UDP, TransportKind.TCP), BOTH),
                bound -> 0);
        opened.add(resolver);
        return resolver;
    }

    private DnsLookup lookup(String zone) throws InterruptedException {
        return lookup(zone, selectorLoop(), name -> List.of(), BOTH);
    }

    private DnsLookup lookup(
            String zone, DnsLoop loop, Function<String, List<InetAddress>> hosts, Set<StandardProtocolFamily> families)
            throws InterruptedException {
        server = new LoopbackDnsServer(group, zone);
        opened.add(server);
        return lookup(loop, hosts, families, server.address());
    }

    private DnsLookup lookup(
            DnsLoop loop,
            Function<String, List<InetAddress>> hosts,
            Set<StandardProtocolFamily> families,
            InetSocketAddress... servers) {
        DnsLookup lookup = new NettyDnsLookup(
                loop,
                new SequentialDnsServerAddressStreamProvider(servers),
                hosts,
                new Capabilities(EnumSet.allOf(TransportKind.class), families));
        opened.add(lookup);
        return lookup;
    }

    private static DnsLoop selectorLoop() {
        return new DnsLoop(group.next(), false);
    }

    private static <T> T get(CompletableFuture<T> answer)
            throws ExecutionException, InterruptedException, TimeoutException {
        return answer.get(10, TimeUnit.SECONDS);
    }
}
