package org.sipproxy.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.sipproxy.gateway.Algorithm;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.message.SipUri;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/**
 * Options for all sets of gateways: probes, failover and recognition. Kept as text like those of {@link ProxyOptions}.
 */
@Section("Probes and failover of gateways")
final class GatewaySetOptions {

    @Reloadable
    @Option(
            names = "--gateway-probe",
            paramLabel = "DURATION",
            description = {
                "Interval of OPTIONS to each gateway, 1s to 1h; 0: none, so that only calls show its health.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "10s")
    String probe = "";

    @Reloadable
    @Option(
            names = "--gateway-probe-only-down",
            description = "Probes only gateways that are down or have failed recently.")
    boolean probeOnlyDown;

    @Reloadable
    @Option(
            names = "--gateway-probe-time-limit",
            paramLabel = "DURATION",
            description = "How long a probe waits for its response, 500ms to 35s. Default: ${DEFAULT-VALUE}.",
            defaultValue = "4s")
    String probeTimeLimit = "";

    @Reloadable
    @Option(
            names = "--gateway-probe-from",
            paramLabel = "URI",
            description = "From of the probes. Default: sip: and the first domain.")
    String probeFrom = "";

    @Reloadable
    @Option(
            names = "--gateway-accept",
            paramLabel = "STATUS",
            split = ",",
            description =
                    "Responses to OPTIONS, besides 2xx, of a gateway that is up, such as 404,405. May be repeated.")
    List<String> accepted = new ArrayList<>();

    @Reloadable
    @Option(
            names = "--gateway-down-after",
            paramLabel = "N",
            description =
                    "Successive failures after which a gateway gets no calls, 1 to 100. Default: ${DEFAULT-VALUE}.",
            defaultValue = "2")
    String downAfter = "";

    @Reloadable
    @Option(
            names = "--gateway-up-after",
            paramLabel = "N",
            description =
                    "Successive responses to OPTIONS after which it gets calls again, 1 to 100. Default: ${DEFAULT-VALUE}.",
            defaultValue = "1")
    String upAfter = "";

    @Reloadable
    @Option(
            names = "--gateway-recover-after",
            paramLabel = "DURATION",
            description =
                    "When a gateway that is down is tried again if it is not probed, 1s to 1h. Default: ${DEFAULT-VALUE}.",
            defaultValue = "30s")
    String recoverAfter = "";

    @Reloadable
    @Option(
            names = "--gateway-respond-within",
            paramLabel = "DURATION",
            description = {
                "How long a gateway may leave a call without any response before the next one is tried, 100ms to 32s.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "4s")
    String respondWithin = "";

    @Reloadable
    @Option(
            names = "--gateway-tries",
            paramLabel = "N",
            description = "How many gateways of a set are tried for a call, 1 to 10. Default: ${DEFAULT-VALUE}.",
            defaultValue = "3")
    String tries = "";

    @Reloadable
    @Option(
            names = "--gateway-as-proxy",
            description = {
                "Sends calls with their Request-URI unchanged and a Route to the gateway, like Kamailio's ds_select_dst,",
                "instead of writing the gateway's host into the Request-URI."
            })
    boolean asProxy;

    @Option(
            names = "--gateway-trust",
            paramLabel = "KIND",
            description = {
                "How calls of gateways are recognized: address, address-and-port, or off: like those of strangers, unless",
                "--trust names their network. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "address")
    String trust = "";

    @Option(
            names = "--gateway-call-lifetime",
            paramLabel = "DURATION",
            description = "How long a call without a BYE counts for maxload and least-calls, 1m to 7d. Default: 12h.")
    String callLifetime = "";

    @Option(
            names = "--gateway-counted-calls",
            paramLabel = "N",
            description = "Calls that are counted for maxload and least-calls, 100 to 1000000. Default: 100000.")
    String countedCalls = "";

    private SourceMatch match = SourceMatch.ADDRESS;
    private final List<Integer> statusCodes = new ArrayList<>();

    /** Applies the options to a dispatcher, and adds errors to {@code problems}. */
    void addTo(Dispatcher.Builder dispatcher, Algorithm algorithm, List<String> problems) {
        OptionReader reader = new OptionReader(problems);
        reader.choice("--gateway-trust", trust, SourceMatch.values(), kind -> match = kind);
        dispatcher.recognize(match);
        reader.duration("--gateway-call-lifetime", callLifetime, dispatcher::callLifetime);
        reader.number("--gateway-counted-calls", countedCalls, dispatcher::countedCalls);
        accepted.forEach(status -> reader.number("--gateway-accept", status, statusCodes::add));
        GatewaySet.Builder defaults =
                applyTo(GatewaySet.named("default"), reader).algorithm(algorithm);
        reader.apply(() -> dispatcher.defaults(defaults.build()));
    }

    /** Applies the options, which are valid, to a set. */
    GatewaySet.Builder applyTo(GatewaySet.Builder set) {
        return applyTo(set, new OptionReader(new ArrayList<>()));
    }

    private GatewaySet.Builder applyTo(GatewaySet.Builder set, OptionReader reader) {
        reader.duration("--gateway-probe", probe, interval -> interval(set, interval));
        reader.duration("--gateway-probe-time-limit", probeTimeLimit, set::probeTimeLimit);
        reader.read("--gateway-probe-from", probeFrom, text -> set.probeFrom(SipUri.of(text)));
        reader.number("--gateway-down-after", downAfter, set::downAfter);
        reader.number("--gateway-up-after", upAfter, set::upAfter);
        reader.duration("--gateway-recover-after", recoverAfter, set::recoverAfter);
        reader.duration("--gateway-respond-within", respondWithin, set::respondWithin);
        reader.number("--gateway-tries", tries, set::tries);
        if (probeOnlyDown) {
            set.probeOnlyDown();
        }
        if (asProxy) {
            set.asOutboundProxy();
        }
        return set.accept(statusCodes.stream().mapToInt(Integer::intValue).toArray());
    }

    private static void interval(GatewaySet.Builder set, Duration interval) {
        if (interval.isZero()) {
            set.noProbes();
        } else {
            set.probeEvery(interval);
        }
    }

    /** Returns true if calls are recognized by their address alone. */
    boolean recognizesAddresses() {
        return trust.equalsIgnoreCase("address");
    }

    /** Returns how gateways are probed, for the log. */
    String probes() {
        return probe.equals("0") || probe.equals("0s") ? "not probed" : "probed every " + probe;
    }
}
