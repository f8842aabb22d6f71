package org.sipproxy.core.internal.dns;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sipproxy.core.internal.dns.DnsLookup.Naptr;
import org.sipproxy.core.internal.dns.DnsLookup.Srv;
import org.sipproxy.message.IpLiteral;

/**
 * DNS records as lines of a zone file: {@code NAME TYPE DATA…}, names absolute, {@code #} starts a comment.
 *
 * <pre>
 * example.com            NAPTR  10 20 s SIP+D2T - _sip._tcp.example.com
 * _sip._tcp.example.com  SRV    0 1 5060 sip.example.com
 * sip.example.com        A      192.0.2.1
 * </pre>
 */
final class Zone {

    record Entry(String name, String type, List<String> data) {

        Srv srv() {
            return new Srv(number(0), number(1), number(2), data.get(3));
        }

        Naptr naptr() {
            return new Naptr(number(0), number(1), text(2), text(3), text(4), data.get(5));
        }

        InetAddress address() {
            return IpLiteral.parse(data.get(0)).orElseThrow();
        }

        int number(int i) {
            return Integer.parseInt(data.get(i));
        }

        /** A dash stands for the empty text. */
        String text(int i) {
            return data.get(i).equals("-") ? "" : data.get(i);
        }
    }

    private final Map<String, List<Entry>> entries = new TreeMap<>();

    static Zone of(String text) {
        Zone zone = new Zone();
        text.lines()
                .map(line -> line.replaceFirst("#.*", "").strip())
                .filter(line -> !line.isEmpty())
                .forEach(zone::add);
        return zone;
    }

    private void add(String line) {
        List<String> words = List.of(line.split("\\s+"));
        Entry entry = new Entry(words.get(0), words.get(1), words.subList(2, words.size()));
        entries.computeIfAbsent(entry.name(), name -> new ArrayList<>()).add(entry);
    }

    boolean has(String name) {
        return entries.containsKey(name);
    }

    List<Entry> find(String name, String type) {
        return entries.getOrDefault(name, List.of()).stream()
                .filter(e -> e.type().equals(type))
                .toList();
    }
}
