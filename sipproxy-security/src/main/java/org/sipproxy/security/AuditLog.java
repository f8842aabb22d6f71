package org.sipproxy.security;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writer of security events to the log {@code org.sipproxy.audit}, level WARN, one line per event:
 *
 * <pre>{@code
 * date=2031-05-06T07:08:09.123Z event=authentication-failed source=203.0.113.9 port=40001 transport=udp method=REGISTER
 *     user=1001 from=sip:1001@sip.test call-id=a84b4c76e66710 reason=WRONG_PASSWORD omitted=0
 * }</pre>
 *
 * <p>(on one line). The fields always have this order and are separated by one space:
 *
 * <ul> <li>{@code date}: UTC, with milliseconds. <li>{@code event}: {@code authentication-failed}, {@code
 * credentials-unusable} for credentials that were refused before their digest was compared, {@code locked-out}, {@code
 * access-denied}, {@code limit-hit}, {@code scanner} or {@code omitted}. <li>{@code source}, {@code port}: the peer's
 * numeric address, IPv6 without brackets and zone, and its port. Over UDP a source may be forged. <li>{@code
 * transport}: {@code udp}, {@code tcp}, {@code tls}, {@code ws} or {@code wss}. <li>{@code method}: the method of the
 * request, {@code -} if no request was parsed. <li>{@code user}: the digest user of the credentials, {@code -} for
 * none. A lockout without a user is that of the source. <li>{@code from}, {@code call-id}: the URI of the request's
 * From, and its Call-ID; {@code -} if no request was parsed. <li>{@code reason}: the reason of a failure, the access
 * rule, the exceeded limit, or the sign of a scanner. For a lockout its duration in seconds. <li>{@code omitted}: the
 * number of events of the same kind and source without a line since the previous line.
 * </ul>
 *
 * <p>A value is printable ASCII without spaces, quotes, backslashes, {@code %} and {@code =}; any other byte of its
 * UTF-8 is written as {@code %} and two hexadecimal digits. So a value chosen by a sender cannot look like another
 * field. A line contains no credentials and has at most 1200 characters.
 *
 * <p>Each kind of event has, per source (an IPv4 address or an IPv6 /64), a burst of five lines and then one line per
 * second. All sources together have at most 150 lines per second: 50 for connections, 50 for sources of datagrams
 * that were seen before, and 50 for new ones. Events without a line are counted by {@code omitted} of the next line of
 * their kind and source. If there is none within 20 s, and when the proxy closes, a line with {@code event=omitted}
 * counts them: {@code source} is theirs and {@code reason} their kind. Events of too many sources are counted together,
 * without a source, by at most one line per second. Memory is bounded.
 *
 * <p>{@code SipProxyBuilder.listener} and {@code SipProxyBuilder.component} both add the log to a proxy. A log that only
 * gets the events of another listener has no timer: what it omitted is counted by the next line, or at {@link #close}.
 *
 * <p>The folder {@code fail2ban} of this module has a filter for these lines.
 *
 * <p>Thread-safe. Use one instance per proxy.
 */
public final class AuditLog implements ProxyListener, ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.AUDIT);

    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** Time in which a source may have another line, before one of its own counts its omitted events. */
    private static final Duration SUMMARY = Duration.ofSeconds(10);

    private static final Set<String> UNUSABLE = Arrays.stream(AuthenticationOutcome.values())
            .filter(AuthenticationOutcome::isUnusable)
            .map(Enum::name)
            .collect(Collectors.toUnmodifiableSet());

    private static final int MAX_VALUE_BYTES = 64;
    private static final String NOTHING = "-";
    private static final String HEX = "0123456789ABCDEF";

    private final KeyedHash key = KeyedHash.random();
    private final AuditThrottle throttle = new AuditThrottle();
    private final LongSupplier wallMillis;
    private final LongSupplier nanoTime;
    private final Consumer<String> lines;
    private final AtomicBoolean summaryIsDue = new AtomicBoolean();
    /** Set from start to close. */
    private volatile @Nullable ProxyRuntime runtime;

    /** Creates a log with its own throttle. */
    public AuditLog() {
        this(System::currentTimeMillis, System::nanoTime, line -> LOG.warn("{}", line));
    }

    AuditLog(LongSupplier wallMillis, LongSupplier nanoTime, Consumer<String> lines) {
        this.wallMillis = wallMillis;
        this.nanoTime = nanoTime;
        this.lines = lines;
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.onEvent(this);
    }

    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
    }

    @Override
    public void onEvent(SecurityEvent event) {
        if (event instanceof SecurityEvent.AuthenticationFailed e) {
            if (e.reason().equals(AuthenticationOutcome.NONCE_REUSED.name())) {
                return; // the password was right, and some phones count each nonce from 1 again: a challenge is enough
            }
            write(
                    UNUSABLE.contains(e.reason()) ? "credentials-unusable" : "authentication-failed",
                    event.origin(),
                    e.user(),
                    e.reason());
        } else if (event instanceof SecurityEvent.AuthenticationLocked e) {
            write("locked-out", event.origin(), e.user(), e.seconds() + "s");
        } else if (event instanceof SecurityEvent.AccessDenied e) {
            write("access-denied", event.origin(), "", e.rule());
        } else if (event instanceof SecurityEvent.LimitHit e) {
            write("limit-hit", event.origin(), "", e.limit());
        } else if (event instanceof SecurityEvent.ScannerSeen e) {
            write("scanner", event.origin(), "", e.evidence());
        } else {
            throw new IllegalArgumentException("event: " + event.getClass() + " has no line");
        }
    }

    private void write(String name, SecurityEvent.Origin origin, String user, String reason) {
        InetAddress address = origin.source().getAddress();
        long source = address == null ? 0 : SourcePrefix.DEFAULT.hash(key, address);
        byte[] kind = name.getBytes(StandardCharsets.US_ASCII);
        int omitted = throttle.admit(
                key.hash(source, kind, 0, kind.length),
                name,
                address,
                origin.transport() == TransportKind.UDP,
                nowMillis());
        if (omitted == AuditThrottle.NO_LINE) {
            scheduleSummary();
            return;
        }
        writeOthers(throttle.takeOthers());
        lines.accept(line(
                name,
                sourceOf(address),
                Integer.toString(origin.source().getPort()),
                origin.transport().lowerCase(),
                origin.method(),
                user,
                origin.from(),
                origin.callId(),
                reason,
                omitted));
    }

    private long nowMillis() {
        return nanoTime.getAsLong() / 1_000_000;
    }

    private void scheduleSummary() {
        ProxyRuntime proxy = runtime;
        if (proxy != null && !summaryIsDue.get() && summaryIsDue.compareAndSet(false, true)) {
            proxy.schedule(SUMMARY, this::summarize);
        }
    }

    /** Counts the events of sources that have had no line since. Others get their turn, or have a line meanwhile. */
    private void summarize() {
        summaryIsDue.set(false);
        writeUnreported(nowMillis() - SUMMARY.toMillis());
        if (throttle.hasUnreported()) {
            scheduleSummary();
        }
    }

    private void writeUnreported(long untilMillis) {
        for (AuditThrottle.Unreported of : throttle.takeUnreported(untilMillis)) {
            writeOmitted(sourceOf(of.source()), of.event(), of.count());
        }
        writeOthers(throttle.takeAllOthers());
    }

    private void writeOthers(long count) {
        if (count > 0) {
            writeOmitted(NOTHING, "lines a second", count);
        }
    }

    private void writeOmitted(String source, String reason, long count) {
        lines.accept(line("omitted", source, NOTHING, NOTHING, "", "", "", "", reason, count));
    }

    /** Writes the counts of all omitted events. */
    @Override
    public void close() {
        runtime = null;
        writeUnreported(nowMillis());
    }

    private static String sourceOf(@Nullable InetAddress address) {
        return address == null ? NOTHING : HostName.literal(address);
    }

    private String line(
            String event,
            String source,
            String port,
            String transport,
            String method,
            String user,
            String from,
            String callId,
            String reason,
            long omitted) {
        StringBuilder line = new StringBuilder(200);
        line.append("date=").append(DATE.format(Instant.ofEpochMilli(wallMillis.getAsLong())));
        line.append(" event=").append(event);
        line.append(" source=").append(source);
        line.append(" port=").append(port);
        line.append(" transport=").append(transport);
        appendValue(line.append(" method="), method);
        appendValue(line.append(" user="), user);
        appendValue(line.append(" from="), from);
        appendValue(line.append(" call-id="), callId);
        appendValue(line.append(" reason="), reason);
        return line.append(" omitted=").append(omitted).toString();
    }

    private static void appendValue(StringBuilder line, String value) {
        if (value.isEmpty()) {
            line.append(NOTHING);
            return;
        }
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        boolean looksLikeNothing = value.equals(NOTHING);
        for (int i = 0; i < Math.min(bytes.length, MAX_VALUE_BYTES); i++) {
            byte b = bytes[i];
            if (b > ' ' && b < 0x7f && b != '"' && b != '\\' && b != '%' && b != '=' && !looksLikeNothing) {
                line.append((char) b);
            } else {
                line.append('%').append(HEX.charAt(b >> 4 & 15)).append(HEX.charAt(b & 15));
            }
        }
    }
}
