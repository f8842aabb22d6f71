package org.sipproxy.server;

import java.util.List;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for timers and durations, kept as text like those of {@link ProxyOptions}. */
@Section("Timers")
final class TimerOptions {

    @Reloadable
    @Option(
            names = "--transaction-timeout",
            paramLabel = "DURATION",
            description =
                    "How long a request may remain without a response (Timers B and F). Default: ${DEFAULT-VALUE}.",
            defaultValue = "32s")
    String transactionTimeout = "";

    @Reloadable
    @Option(
            names = "--ring-timeout",
            paramLabel = "DURATION",
            description = "How long a phone may ring (Timer C). Default: ${DEFAULT-VALUE}.",
            defaultValue = "3m1s")
    String ringTimeout = "";

    @Option(
            names = "--t1",
            paramLabel = "DURATION",
            description = "First interval of retransmissions over UDP (T1), 10ms to 10s. Default: ${DEFAULT-VALUE}.",
            defaultValue = "500ms")
    String t1 = "";

    @Reloadable
    @Option(
            names = "--t2",
            paramLabel = "DURATION",
            description =
                    "Longest interval of retransmissions (T2), from T1 to 1m. Default: 4s, or T1 if that is longer.")
    String t2 = "";

    @Reloadable
    @Option(
            names = "--t4",
            paramLabel = "DURATION",
            description = "How long a message may stay in the network (T4), 10ms to 1m. Default: ${DEFAULT-VALUE}.",
            defaultValue = "5s")
    String t4 = "";

    @Reloadable
    @Option(
            names = "--drain-time",
            paramLabel = "DURATION",
            description = {
                "How long the proxy waits for requests in flight when it stops; the remaining ones get 503.",
                "0 to 1h. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "2s")
    String drainTime = "";

    @Option(
            names = "--longest-dialog",
            paramLabel = "DURATION",
            description = {
                "How long requests of a dialog are accepted, 1h to 30d in whole hours: later ones get 481, which ends a",
                "call. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "24h")
    String longestDialog = "";

    /** Applies the options to the builder, and adds errors to {@code problems}. */
    void addTo(SipProxyBuilder builder, List<String> problems) {
        OptionReader reader = new OptionReader(problems);
        SipTimers.Builder timers = SipTimers.builder();
        reader.duration("--transaction-timeout", transactionTimeout, timers::transactionTimeout);
        reader.duration("--ring-timeout", ringTimeout, timers::ringTimeout);
        reader.duration("--t1", t1, timers::t1);
        reader.duration("--t2", t2, timers::t2);
        reader.duration("--t4", t4, timers::t4);
        reader.apply(() -> builder.timers(timers.build()));
        reader.duration("--drain-time", drainTime, builder::drainTime);
        reader.duration("--longest-dialog", longestDialog, builder::longestDialog);
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        return "transaction " + transactionTimeout + ", ringing " + ringTimeout + ", draining " + drainTime;
    }
}
