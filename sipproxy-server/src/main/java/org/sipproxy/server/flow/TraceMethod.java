package org.sipproxy.server.flow;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.core.SipProxy;
import org.sipproxy.security.CidrBlock;
import org.sipproxy.server.control.ControlException;
import org.sipproxy.server.control.ControlMethods;
import org.sipproxy.server.control.ControlParams;
import org.sipproxy.server.control.ControlStream;
import org.sipproxy.server.part.ServerPart;

/**
 * The method {@code trace} of the control channel: a stream of {@link TraceEvent}s. Its parameters are optional: {@code
 * user}, {@code callId}, {@code source}, {@code keepalives}, {@code count} and {@code seconds}.
 */
public final class TraceMethod implements ServerPart {

    /** Name of the method. */
    public static final String NAME = "trace";

    private static final int MOST_TRACES = 4;
    /** An abandoned trace ends after a day. */
    private static final int LONGEST_SECONDS = 86_400;

    private static final int MOST_MESSAGES = 1_000_000;

    private final ControlMethods methods;
    private final AtomicInteger open = new AtomicInteger();
    private volatile @Nullable SipProxy proxy;

    /** Creates the method. It is registered when this part starts. */
    public TraceMethod(ControlMethods methods) {
        this.methods = methods;
    }

    @Override
    public void start(SipProxy started) {
        proxy = started;
        methods.register(NAME, this::trace);
    }

    @Override
    public void stop() {}

    private ControlStream trace(ControlParams params) {
        params.only("user", "callId", "source", "keepalives", "count", "seconds");
        TraceFilter filter = new TraceFilter(
                params.optionalText("user"),
                params.optionalText("callId"),
                params.optionalText("source").map(TraceMethod::network),
                params.flag("keepalives", false));
        Duration duration = Duration.ofSeconds(params.integer("seconds", LONGEST_SECONDS, 1, LONGEST_SECONDS));
        int count = params.integer("count", MOST_MESSAGES, 1, MOST_MESSAGES);
        SipProxy traced = proxy;
        if (traced == null || open.get() >= MOST_TRACES) {
            throw new ControlException(
                    ControlException.Kind.BUSY,
                    MOST_TRACES + " traces are in progress",
                    "end one of them, or use --pcap of run for a lasting record");
        }
        return sink -> {
            open.incrementAndGet();
            TraceStream stream = TraceStream.start(traced, filter, duration, count, sink::send, () -> {
                open.decrementAndGet();
                sink.end();
            });
            return stream::close;
        };
    }

    private static CidrBlock network(String text) {
        try {
            return CidrBlock.parse(text);
        } catch (ConfigurationException e) {
            throw ControlException.invalid(
                    "source: \"" + text + "\" is not a network", "use 192.0.2.7 or 192.0.2.0/24");
        }
    }

    /** Parameters of the method. */
    public record Params(
            Optional<String> user,
            Optional<String> callId,
            Optional<String> source,
            boolean keepalives,
            Optional<Integer> count,
            Optional<Integer> seconds) {}
}
