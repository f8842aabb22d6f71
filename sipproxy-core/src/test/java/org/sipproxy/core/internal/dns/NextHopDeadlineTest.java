package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.message.SipUri;

/** Look-ups that take long, fail or are too many. */
class NextHopDeadlineTest extends ResolverScene {

    @Test
    void aSilentDnsEndsAtTheDeadline() {
        Answered answered = new Answered();
        resolver(new FakeDns("example.com SILENT NAPTR"), ALL, BOTH)
                .resolve(SipUri.of("sip:example.com"), Sender.HOST, answered);
        assertThat(answered.now()).isEmpty();

        deadlines.get(0).run();

        assertThat(answered.now()).isEqualTo("DNS_FAILED: no answer from the DNS for example.com in 5000 ms");
    }

    @Test
    void atTheDeadlineTheResolvedTargetsAreUsed() {
        FakeDns dns = new FakeDns("""
            _sip._udp.example.com SRV 10 0 5060 a.example.com
            _sip._udp.example.com SRV 20 0 5060 b.example.com
            a.example.com SILENT A
            b.example.com A 192.0.2.3
            """);
        Answered answered = new Answered();
        resolver(dns, ALL, BOTH).resolve(SipUri.of("sip:example.com;transport=udp"), Sender.HOST, answered);
        assertThat(answered.now()).isEmpty();

        deadlines.get(0).run();

        assertThat(answered.now()).isEqualTo("udp 192.0.2.3:5060");
    }

    @Test
    void answerAfterTheDeadlineIsIgnoredAndCausesNoQuestion() {
        FakeDns dns = new FakeDns(RFC_3263);
        dns.hold = true;
        Answered answered = new Answered();
        resolver(dns, ALL, BOTH).resolve(SipUri.of("sip:example.com"), Sender.HOST, answered);
        deadlines.get(0).run();

        dns.release();

        assertThat(answered.calls()).isEqualTo(1);
        assertThat(dns.asked).containsExactly("NAPTR example.com");
    }

    @Test
    void anAnswerInTimeCancelsTheDeadline() {
        FakeDns dns = new FakeDns(ADDRESSES_ONLY);
        dns.hold = true;
        Answered answered = new Answered();
        resolver(dns, ALL, BOTH).resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, answered);
        assertThat(deadlines).hasSize(1);

        dns.release();
        deadlines.get(0).run();

        assertThat(answered.now()).isEqualTo("udp 192.0.2.1:5060, udp [2001:db8::1]:5060");
        assertThat(deadlinesCancelled).isEqualTo(1);
    }

    @Test
    void immediateResultNeedsNoDeadline() {
        resolve(new FakeDns(RFC_3263), ALL, "sip:example.com");

        assertThat(deadlines).isEmpty();
    }

    @Test
    void beyondAThousandWaitingRequestsTheNextFailsAtOnceUntilOneHasItsAnswer() {
        FakeDns dns = new FakeDns("example.com A 192.0.2.1");
        dns.hold = true;
        NextHopResolver resolver = resolver(dns, ALL, BOTH);
        Answered waiting = new Answered();
        for (int i = 0; i < NextHopResolver.MAX_OUTSTANDING; i++) {
            resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, waiting);
        }
        assertThat(waiting.calls()).isZero();

        Answered refused = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, refused);
        assertThat(refused.now()).isEqualTo("OVERLOADED: 1000 requests already wait for the DNS");

        Answered numeric = new Answered();
        resolver.resolve(SipUri.of("sip:192.0.2.9"), Sender.HOST, numeric);
        assertThat(numeric.now()).isEqualTo("udp 192.0.2.9:5060");

        dns.release();
        assertThat(waiting.calls()).isEqualTo(NextHopResolver.MAX_OUTSTANDING);
        Answered again = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, again);
        assertThat(again.now()).isEqualTo("udp 192.0.2.1:5060");
    }

    @Test
    void senderWithManyWaitingRequestsLeavesRoomForOthers() throws UnknownHostException {
        FakeDns dns = new FakeDns("example.com A 192.0.2.1");
        dns.hold = true;
        NextHopResolver resolver = resolver(dns, ALL, BOTH);
        Answered waiting = new Answered();
        for (int i = 0; i < NextHopResolver.MAX_OF_SENDER; i++) {
            InetAddress host = InetAddress.getByName("2001:db8::" + Integer.toHexString(i + 1));
            resolver.resolve(SipUri.of("sip:example.com:5060"), client(host), waiting);
        }

        Answered refused = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), client(InetAddress.getByName("2001:db8::ffff")), refused);
        assertThat(refused.now()).isEqualTo("OVERLOADED: 16 requests of one sender already wait for the DNS");
        Answered other = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), client(InetAddress.getByName("2001:db8:0:1::1")), other);
        Answered host = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, host);
        assertThat(other.calls() + host.calls()).isZero();

        dns.release();
        assertThat(other.now()).isEqualTo("udp 192.0.2.1:5060");
        assertThat(host.now()).isEqualTo("udp 192.0.2.1:5060");
        Answered again = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), client(InetAddress.getByName("2001:db8::1")), again);
        assertThat(again.now()).as("all places are returned").isEqualTo("udp 192.0.2.1:5060");
    }

    @Test
    void closingFailsWhatWaitsAndWhatComesAfter() {
        FakeDns dns = new FakeDns(ADDRESSES_ONLY);
        dns.hold = true;
        NextHopResolver resolver = resolver(dns, ALL, BOTH);
        Answered before = new Answered();
        resolver.resolve(SipUri.of("sip:example.com"), Sender.HOST, before);

        resolver.close();
        dns.release();
        Answered after = new Answered();
        resolver.resolve(SipUri.of("sip:example.com"), Sender.HOST, after);

        assertThat(before.now()).isEqualTo("DNS_FAILED: the resolver is closed");
        assertThat(after.now()).isEqualTo("DNS_FAILED: the resolver is closed");
        assertThat(dns.closed).isTrue();
        assertThat(deadlinesCancelled).isEqualTo(1);
    }

    @Test
    void aDefectInALookupFailsTheRequestInsteadOfLeavingItToWait() {
        FakeDns dns = new FakeDns("example.com A 192.0.2.1");
        NextHopResolver resolver = new NextHopResolver(
                NameServers.of(dns, task -> {
                    throw new IllegalStateException("loop is shut down");
                }),
                new Capabilities(ALL, BOTH),
                bound -> 0);
        dns.hold = true;
        Answered answered = new Answered();

        resolver.resolve(SipUri.of("sip:example.com"), Sender.HOST, answered);

        assertThat(answered.now())
                .startsWith("DNS_FAILED: looking up example.com failed:")
                .contains("loop is shut down");
    }
}
