package org.sipproxy.core.internal.registrar;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.location.MemoryLocationStore;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.message.SipText;
import org.slf4j.event.Level;

/** A registrar for sip.test with its clock and store. Its requests show only the subject of a test. */
final class RegistrarScene {

    static final Aor ALICE = new Aor("alice", "sip.test");

    private static final Set<String> DOMAINS = Set.of("sip.test", "other.test", "[2001:db8::1]");

    private static final AddressPolicy ANYWHERE = new AddressPolicy(ContactPolicy.ANYWHERE, uri -> false);

    final FakeClock clock = new FakeClock();
    private final ProxyTime time = new ProxyTime(clock);
    final TimerWheel wheel = new TimerWheel(clock.nanoTime());
    final LocationStore store;
    final Registrar registrar;
    final RecordingLog log;

    private int cseq;

    RegistrarScene() {
        this(RegistrarPolicy.DEFAULT);
    }

    RegistrarScene(RegistrarPolicy policy) {
        this(policy, Level.INFO);
    }

    RegistrarScene(RegistrarPolicy policy, Level level) {
        log = new RecordingLog(level);
        store = new MemoryLocationStore(time, wheel);
        registrar = new Registrar(
                store,
                policy,
                time,
                addresses(policy),
                ANYWHERE,
                (binding, sameClient) -> Registrar.hasClosedFlow(binding),
                log);
    }

    RegistrarScene(LocationStore store) {
        log = new RecordingLog(Level.INFO);
        this.store = store;
        registrar = new Registrar(
                store,
                RegistrarPolicy.DEFAULT,
                time,
                addresses(RegistrarPolicy.DEFAULT),
                ANYWHERE,
                (binding, sameClient) -> Registrar.hasClosedFlow(binding),
                log);
    }

    private static AddressesOfRecord addresses(RegistrarPolicy policy) {
        return uri -> {
            Aor aor = Aor.of(uri, policy.userCase());
            return DOMAINS.contains(aor.domain()) ? aor : null;
        };
    }

    /** Sends a REGISTER with these header lines; adds To, Call-ID and a CSeq above the last one if they are missing. */
    Response send(String... headers) {
        return sendOn(new FakeFlow(), headers);
    }

    Response sendOn(FakeFlow flow, String... headers) {
        List<String> lines = new ArrayList<>();
        lines.add("REGISTER sip:sip.test SIP/2.0");
        lines.add("Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1");
        lines.add("From: <sip:alice@sip.test>;tag=1");
        addIfMissing(lines, headers, "To: <sip:alice@sip.test>");
        addIfMissing(lines, headers, "Call-ID: call-1");
        addIfMissing(lines, headers, "CSeq: " + ++cseq + " REGISTER");
        lines.addAll(Arrays.asList(headers));
        return new Response(registrar.register(SipText.request(String.join("\n", lines) + "\n\n"), flow, false));
    }

    private static void addIfMissing(List<String> lines, String[] headers, String line) {
        String name = line.substring(0, line.indexOf(':') + 1).toLowerCase(Locale.ROOT);
        if (Arrays.stream(headers).noneMatch(h -> h.toLowerCase(Locale.ROOT).startsWith(name))) {
            lines.add(line);
        }
    }

    void advance(Duration by) {
        clock.advance(by);
        wheel.advance(clock.nanoTime());
    }

    List<Binding> bindings() {
        return store.lookup(ALICE);
    }

    /** Returns the contact URIs in the order in which they were added. */
    List<String> contacts() {
        return bindings().stream().map(b -> b.contact().toString()).toList();
    }

    /** A response, parsed into header lines. */
    record Response(int status, String reason, List<String> lines) {

        Response(RegistrarResponse response) {
            this(response.statusCode(), response.reason(), split(response.headerLines()));
        }

        private static List<String> split(byte[] headerLines) {
            String text = new String(headerLines, StandardCharsets.UTF_8);
            if (!text.endsWith("\r\n")) {
                throw new AssertionError("the last header line is not ended: " + text);
            }
            return List.of(text.substring(0, text.length() - 2).split("\r\n", -1));
        }

        /** Returns the values of all lines with this name. */
        List<String> values(String name) {
            return lines.stream()
                    .filter(l -> l.startsWith(name + ": "))
                    .map(l -> l.substring(name.length() + 2))
                    .toList();
        }

        /** Returns the value of the only line with this name. */
        String value(String name) {
            List<String> values = values(name);
            if (values.size() != 1) {
                throw new AssertionError(name + " stands " + values.size() + " times in " + lines);
            }
            return values.get(0);
        }
    }
}
