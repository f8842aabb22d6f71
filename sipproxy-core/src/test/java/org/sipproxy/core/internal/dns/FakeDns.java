package org.sipproxy.core.internal.dns;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;
import org.sipproxy.core.internal.dns.Zone.Entry;

/**
 * A DNS that answers from a {@link Zone} at once, and records the questions. Besides the real types: {@code HOSTS} is
 * an entry of the hosts file, {@code SILENT t} never answers type t, {@code BROKEN t} answers it with an error, and
 * {@code BUSY t} with too many questions.
 */
final class FakeDns implements DnsLookup {

    final List<String> asked = new ArrayList<>();
    private final List<Runnable> held = new ArrayList<>();
    private final Zone zone;
    int ttlSeconds = 60;
    boolean hold;
    boolean closed;

    FakeDns(String zone) {
        this.zone = Zone.of(zone);
    }

    /** Answers all questions that were asked while {@link #hold} was set. */
    void release() {
        hold = false;
        List<Runnable> answers = List.copyOf(held);
        held.clear();
        answers.forEach(Runnable::run);
    }

    @Override
    public List<InetAddress> hostsFile(String name) {
        return zone.find(name, "HOSTS").stream().map(Entry::address).toList();
    }

    @Override
    public CompletableFuture<Answer<InetAddress>> addresses(String name) {
        Stream<Entry> both = Stream.concat(zone.find(name, "A").stream(), zone.find(name, "AAAA").stream());
        return answer("A", name, both.map(Entry::address).toList());
    }

    @Override
    public CompletableFuture<Answer<Srv>> srv(String name) {
        return answer(
                "SRV", name, zone.find(name, "SRV").stream().map(Entry::srv).toList());
    }

    @Override
    public CompletableFuture<Answer<Naptr>> naptr(String name) {
        return answer(
                "NAPTR",
                name,
                zone.find(name, "NAPTR").stream().map(Entry::naptr).toList());
    }

    private <T> CompletableFuture<Answer<T>> answer(String type, String name, List<T> records) {
        asked.add(type + " " + name);
        CompletableFuture<Answer<T>> future = new CompletableFuture<>();
        if (is("SILENT", type, name)) {
            return future;
        }
        Answer<T> answer = Answer.of(records, ttlSeconds);
        if (is("BROKEN", type, name)) {
            answer = Answer.failed(Reason.DNS_FAILED, type + " " + name + ": ServFail");
        } else if (is("BUSY", type, name)) {
            answer = Answer.failed(Reason.OVERLOADED, "too many questions");
        }
        Answer<T> result = answer;
        if (hold) {
            held.add(() -> future.complete(result));
        } else {
            future.complete(result);
        }
        return future;
    }

    private boolean is(String trouble, String type, String name) {
        return zone.find(name, trouble).stream().anyMatch(e -> e.data().get(0).equals(type));
    }

    @Override
    public void close() {
        closed = true;
    }

    /** Returns a next hop as tests write it, such as {@code tcp 192.0.2.1:5060}. */
    static String text(NextHop hop) {
        InetAddress address = hop.address().getAddress();
        String host = address.getHostAddress().replaceFirst("(^|:)(0(:|$)){2,}", "::");
        return hop.kind().lowerCase() + " " + (address instanceof Inet4Address ? host : "[" + host + "]") + ":"
                + hop.address().getPort();
    }
}
