package org.sipproxy.core.internal.pipeline;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.StatusCode;

/** What a step of ours decided: a {@link Verdict} whose header lines are bytes already. */
public sealed interface Outcome {

    static Outcome proceed() {
        return Proceed.INSTANCE;
    }

    /** No response; {@code why} is for the log. */
    static Outcome discard(String why) {
        return new Discard(why);
    }

    static Outcome reply(int statusCode) {
        return new Reply(statusCode, StatusCode.reasonPhrase(statusCode), Reply.NO_LINES);
    }

    static Outcome reply(int statusCode, String reason, String... headerLines) {
        return new Reply(statusCode, reason, lines(List.of(headerLines)));
    }

    /** The refusal of a malformed request: its status, and in a Warning what is wrong where (RFC 3261 §20.43). */
    static Outcome malformed(SipParseException e) {
        String text = String.valueOf(e.getMessage()).replace('"', '\'').replace('\\', '/');
        return reply(e.statusCode(), StatusCode.reasonPhrase(e.statusCode()), "Warning: 399 sipproxy \"" + text + "\"");
    }

    /** The refusal of a request while something that it needs is away (§21.5.4). */
    static Outcome unavailable(TemporarilyUnavailableException e) {
        return reply(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: " + e.retryAfterSeconds());
    }

    static Outcome relay(Target target) {
        return new Relay(List.of(target));
    }

    static Outcome relay(List<Target> targets) {
        return new Relay(targets);
    }

    /** What a host's or an add-on's verdict means here. */
    static Outcome of(Verdict verdict) {
        if (verdict instanceof Verdict.Proceed) {
            return proceed();
        } else if (verdict instanceof Verdict.Respond respond) {
            return new Reply(respond.statusCode(), respond.reason(), lines(respond.headerLines()));
        } else if (verdict instanceof Verdict.Relay relay) {
            return new Relay(relay.targets());
        } else if (verdict instanceof Verdict.Discard) {
            return discard("a stage discarded it");
        }
        throw new IllegalStateException(
                "verdict of an unhandled type: " + verdict.getClass().getName());
    }

    /** The next step may wait, and this thread must not: the pipeline goes on where it is when it is run again on a worker. */
    static Outcome blocked() {
        return Blocked.INSTANCE;
    }

    private static byte[] lines(List<String> headerLines) {
        if (headerLines.isEmpty()) {
            return Reply.NO_LINES;
        }
        return (String.join("\r\n", headerLines) + "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    /** The next step decides. */
    enum Proceed implements Outcome {
        INSTANCE
    }

    /** To be continued on a worker thread. */
    enum Blocked implements Outcome {
        INSTANCE
    }

    /** No response. */
    record Discard(String why) implements Outcome {}

    /** A final answer; each header line ends with CR LF. */
    record Reply(int statusCode, String reason, byte[] headerLines) implements Outcome {
        static final byte[] NO_LINES = {};
    }

    /** Relay to these targets. */
    record Relay(List<Target> targets) implements Outcome {}
}
