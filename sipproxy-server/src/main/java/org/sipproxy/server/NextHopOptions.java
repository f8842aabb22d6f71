package org.sipproxy.server;

import java.util.List;
import java.util.function.UnaryOperator;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for the next hops of requests, kept as text like those of {@link ProxyOptions}. */
@Section("Next hops")
final class NextHopOptions {

    private static final String OFF = "off";

    @Option(
            names = "--largest-udp-request",
            paramLabel = "BYTES",
            description = {
                "Larger requests use TCP if the next hop accepts a connection in time, otherwise UDP (RFC 3261",
                "18.1.1).",
                "0 to 65535; 0 or off: requests of any size use UDP. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "1300")
    String largestUdpRequest = "";

    @Option(
            names = "--tcp-attempt",
            paramLabel = "DURATION",
            description = "Time limit for opening that connection, 1ms to 60s. Default: ${DEFAULT-VALUE}.",
            defaultValue = "500ms")
    String tcpAttempt = "";

    @Option(
            names = "--failed-hop-memory",
            paramLabel = "DURATION",
            description = {
                "How long a server that refused a connection or did not respond is tried after the others; at most 1h.",
                "0: not at all. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "60s")
    String failedHopMemory = "";

    void addTo(SipProxyBuilder builder, List<String> problems) {
        NextHopPolicy policy = NextHopPolicy.DEFAULT;
        policy = read("--largest-udp-request", policy, problems, p -> p.withLargestUdpRequest(bytes()));
        policy = read("--tcp-attempt", policy, problems, p -> p.withTcpAttempt(Durations.parse(tcpAttempt)));
        policy = read(
                "--failed-hop-memory", policy, problems, p -> p.withFailureMemory(Durations.parse(failedHopMemory)));
        builder.nextHops(policy);
    }

    private static NextHopPolicy read(
            String option, NextHopPolicy before, List<String> problems, UnaryOperator<NextHopPolicy> change) {
        try {
            return change.apply(before);
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
            return before;
        } catch (IllegalArgumentException e) {
            problems.add(option + ": " + Launcher.messageOf(e));
            return before;
        }
    }

    private int bytes() {
        if (largestUdpRequest.equals(OFF)) {
            return 0;
        }
        try {
            return Integer.parseInt(largestUdpRequest);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("\"" + largestUdpRequest + "\" (expected 0 to 65535 bytes, or off)", e);
        }
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        boolean never = largestUdpRequest.equals(OFF) || largestUdpRequest.equals("0");
        return (never ? "any size by UDP" : "more than " + largestUdpRequest + " bytes by TCP within " + tcpAttempt)
                + "; failed next hops are remembered for " + failedHopMemory;
    }
}
