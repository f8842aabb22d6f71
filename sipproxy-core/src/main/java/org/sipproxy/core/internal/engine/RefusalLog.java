package org.sipproxy.core.internal.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.api.support.LineThrottle;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.guard.LogContext;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs what the proxy refuses or drops, one line each at INFO in {@code org.sipproxy.refusals}:
 *
 * <pre>
 * REFUSED status=403 why="Relaying Denied" method=INVITE source=udp:192.0.2.7:5060 from="…" to="…" uri="…" call-id="…"
 * REFUSED status=480 why="not sent to tcp:192.0.2.9:5060: 'Connection refused'" method=INVITE source=udp:…
 * DROPPED why="ACK does not match any dialog or INVITE of this proxy" method=ACK source=udp:…
 * REFUSED why="its handshake failed: …" source=tls:192.0.2.7:40001
 * OMITTED lines=37 status=403 why="Relaying Denied" source=192.0.2.7
 * </pre>
 *
 * Values in quotation marks come from the wire; they are escaped and truncated. {@link LineThrottle} bounds the lines.
 * Challenges and failed authentications are not refusals here: the event {@code AuthenticationFailed} reports them.
 */
final class RefusalLog {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.REFUSALS);

    private static final int NO_STATUS = 0;
    private static final byte[] NO_ADDRESS = {};
    /** In characters. A reason may name a next hop and the error of the system, or hold an excerpt of the message. */
    private static final int MAX_REASON = 160;

    /**
     * Lines that one source, status and reason may have at once; one sender behind the source may have a fifth of them.
     * A gateway is the source of many callers, of whom one that is always refused must not hide the others.
     */
    private static final int BURST = 40;
    /** Lines that they may have a second after that; one sender a fifth. */
    private static final int PER_SECOND = 5;
    /** Lines that all sources and reasons together may have at once. */
    private static final int LINES = 200;

    private static final int LINES_PER_SECOND = 10;
    private static final long SUMMARY_NANOS = TimeUnit.SECONDS.toNanos(5);

    /** The header lines that hold the reason of a locally generated response. */
    private static final Pattern REASON =
            Pattern.compile("(?im)^(?:Warning: *399 \\S+ \"([^\"\\r\\n]*)\"|P-Registrar-Error: *([^\\r\\n]*))");

    private final ProxyClock clock;
    private final TimerWheel wheel;
    private final KeyedHash key = KeyedHash.random();
    private final LineThrottle throttle;
    private final AtomicBoolean summaryIsDue = new AtomicBoolean();
    private final Timer summary = new Timer() {
        @Override
        protected void fire() {
            summarize();
        }
    };

    RefusalLog(ProxyClock clock, TimerWheel wheel) {
        this.clock = clock;
        this.wheel = wheel;
        this.throttle = new LineThrottle(BURST, PER_SECOND, LINES, LINES_PER_SECOND, clock.nanoTime());
    }

    /** Returns true if refusals are logged. */
    boolean isOn() {
        return LOG.isInfoEnabled();
    }

    /** Logs a request that got a locally generated failure. */
    void refused(SipRequest request, Flow from, int status, String why) {
        if (LOG.isInfoEnabled()) {
            write("REFUSED", status, why, from, request);
        }
    }

    /** Returns the reason of a locally generated response: the text of its header lines, otherwise its phrase. */
    static String why(String phrase, byte[] headerLines) {
        if (headerLines.length == 0) {
            return phrase;
        }
        Matcher reason = REASON.matcher(new String(headerLines, StandardCharsets.UTF_8));
        if (!reason.find()) {
            return phrase;
        }
        String text = reason.group(1) == null ? reason.group(2) : reason.group(1);
        return text.isEmpty() ? phrase : text;
    }

    /** Logs a request that got no response. */
    void dropped(SipRequest request, Flow from, String why) {
        if (LOG.isInfoEnabled()) {
            write("DROPPED", NO_STATUS, why, from, request);
        }
    }

    /** Logs bytes that are not a message. */
    void unreadable(Flow from, String why) {
        if (LOG.isInfoEnabled()) {
            write("DROPPED", why, from.kind(), from.remoteAddress());
        }
    }

    /** Logs a connection that was not allowed, or whose handshake failed. */
    void refusedConnection(InetSocketAddress remote, TransportKind kind, String why) {
        if (LOG.isInfoEnabled()) {
            write("REFUSED", why, kind, remote);
        }
    }

    private void write(String verb, int status, String why, Flow from, SipRequest request) {
        if (isDue(verb, status, why, from.remoteAddress(), () -> sender(request))) {
            LogContext.set(request);
            try {
                LOG.info("{} {} {}", verb, what(status, why), request(request, from));
            } finally {
                LogContext.clear();
            }
        }
    }

    private void write(String verb, String why, TransportKind kind, InetSocketAddress source) {
        if (isDue(verb, NO_STATUS, why, source, () -> "")) {
            LOG.info("{} {} {}", verb, what(NO_STATUS, why), source(kind, source));
        }
    }

    /**
     * Returns true if the throttle admits a line. Texts are built only for a line that is written, and the sender is read
     * only while the source may have lines, so in a flood each refusal costs a hash and a look-up.
     */
    private boolean isDue(String verb, int status, String why, InetSocketAddress source, Supplier<String> sender) {
        InetAddress address = source.getAddress();
        long kind = hash(status, verb + kindOf(why));
        byte[] raw = address == null ? NO_ADDRESS : address.getAddress();
        long sourceAndKind = key.hash(kind, raw, 0, raw.length);
        if (throttle.admits(
                sourceAndKind,
                () -> hash(sourceAndKind, sender.get()),
                clock.nanoTime(),
                () -> what(status, why) + " source=" + (address == null ? "-" : HostName.text(address)))) {
            return true;
        }
        if (!summaryIsDue.get() && summaryIsDue.compareAndSet(false, true)) {
            wheel.schedule(summary, clock.nanoTime(), SUMMARY_NANOS);
        }
        return false;
    }

    private long hash(long before, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return key.hash(before, bytes, 0, bytes.length);
    }

    /** Returns the URI in From, which the sender chose; empty if it cannot be read. */
    private static String sender(SipRequest request) {
        try {
            return request.from().uriText();
        } catch (SipParseException e) {
            return "";
        }
    }

    private static String what(int status, String why) {
        String quoted = "why=\"" + SipParseException.excerpt(why, MAX_REASON) + "\"";
        return status == NO_STATUS ? quoted : "status=" + status + " " + quoted;
    }

    /** Returns the reason without the parts that the sender chose: an excerpt, an offset, a number. */
    static String kindOf(String why) {
        for (int i = 0; i < why.length(); i++) {
            char c = why.charAt(i);
            if (c == '"' || c == '\'' || c >= '0' && c <= '9') {
                return withoutPunctuation(why, i);
            }
        }
        return why;
    }

    private static String withoutPunctuation(String text, int length) {
        int end = length;
        while (end > 0 && !Character.isLetter(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(0, end);
    }

    private static String request(SipRequest request, Flow from) {
        return "method=" + SipParseException.excerpt(request.method().toString()) + " "
                + source(from.kind(), from.remoteAddress())
                + value("from", request, HeaderName.FROM)
                + value("to", request, HeaderName.TO)
                + " uri=\"" + uri(request) + "\""
                + " call-id=\"" + callId(request) + "\"";
    }

    private static String source(TransportKind kind, InetSocketAddress remote) {
        InetAddress address = remote.getAddress();
        return "source=" + kind.name().toLowerCase(Locale.ROOT) + ":" + (address == null ? "-" : HostName.text(address))
                + ":" + remote.getPort();
    }

    private static String value(String name, SipRequest request, HeaderName header) {
        String text = request.header(header).map(SipParseException::excerpt).orElse("");
        return " " + name + "=\"" + text + "\"";
    }

    /** Returns a longer excerpt than of other headers: a Call-ID that is cut could not be found elsewhere. */
    private static String callId(SipRequest request) {
        return request.header(HeaderName.CALL_ID)
                .map(text -> SipParseException.excerpt(text, MAX_REASON))
                .orElse("");
    }

    private static String uri(SipRequest request) {
        try {
            return SipParseException.excerpt(request.requestUri().toString());
        } catch (SipParseException e) {
            return "";
        }
    }

    /** Logs the number of omitted lines. Called by the timer, and once when the proxy is closed. */
    void summarize() {
        summaryIsDue.set(false);
        for (LineThrottle.Burst burst : throttle.takeOmitted()) {
            LOG.info("OMITTED lines={} {}", burst.omitted(), burst.what());
        }
    }
}
