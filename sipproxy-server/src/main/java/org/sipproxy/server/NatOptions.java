package org.sipproxy.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.nat.NatTest;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.nat.PingMethod;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for clients behind NATs, kept as text like those of {@link ProxyOptions}. */
@Section("Clients behind NATs")
final class NatOptions {

    private static final String NO_REMOVAL = "0";

    @Option(
            names = "--nat",
            description = {
                "Reaches clients behind NATs: requests are sent to the address that they register from, their Contacts",
                "get a signed alias, and pings keep their mappings open. The other --nat- options require it."
            })
    boolean nat;

    @Option(
            names = "--nat-test",
            paramLabel = "NAME|N",
            split = ",",
            description = {
                "Tests that detect a client behind a NAT, one or more of: private-contact, via-address-mismatch,",
                "private-via, private-sdp, via-port-mismatch, private-source, websocket, contact-port-mismatch,",
                "sdp-mismatch, contact-address-mismatch; or a sum of Kamailio's nat_uac_test flags, such as 19.",
                "Default: 19 and websocket."
            })
    List<String> tests = new ArrayList<>();

    @Option(
            names = "--nat-ping",
            paramLabel = "DURATION",
            description = "Interval of pings to each UDP client behind a NAT; 0: no pings. Default: 15s.")
    String ping = "";

    @Option(
            names = "--nat-ping-method",
            paramLabel = "METHOD",
            description = "OPTIONS, CRLF or EMPTY (four zero bytes). Only OPTIONS gets responses. Default: OPTIONS.")
    String pingMethod = "";

    @Option(names = "--nat-ping-all", description = "Also pings UDP clients that are not behind a NAT.")
    boolean pingAll;

    @Option(
            names = "--nat-remove-after",
            paramLabel = "N",
            description = "Removes a registration after N pings without a response, 1 to 100. Default: never.")
    String removeAfter = "";

    @Option(
            names = "--nat-private-network",
            paramLabel = "NETWORK",
            description = "A further network whose addresses are private, such as 203.0.113.0/24. May be repeated.")
    List<String> privateNetworks = new ArrayList<>();

    @Option(
            names = "--nat-reachable-network",
            paramLabel = "NETWORK",
            description =
                    "A part of the private networks that this server reaches without a NAT, such as 10.1.0.0/16. May be repeated.")
    List<String> reachableNetworks = new ArrayList<>();

    @Option(
            names = "--nat-fix-contact",
            description =
                    "Replaces the address in the Contact instead of adding an alias, for peers that drop URI parameters.")
    boolean fixContact;

    @Option(
            names = "--nat-foreign-aliases",
            description = {
                "Follows aliases that another server wrote, such as a Kamailio before: any sender could then choose where its",
                "requests go."
            })
    boolean foreignAliases;

    /** Returns the component. Returns empty without {@code --nat}, or after adding errors to {@code problems}. */
    Optional<NatTraversal> component(List<String> problems) {
        if (!nat) {
            String alone = firstGiven();
            if (!alone.isEmpty()) {
                problems.add(alone + ": has no effect without --nat; add --nat");
            }
            return Optional.empty();
        }
        int before = problems.size();
        NatTraversal.Builder builder = NatTraversal.builder();
        Set<NatTest> chosen = tests(problems);
        if (!chosen.isEmpty()) {
            builder.tests(chosen);
        }
        ping(builder, problems);
        OptionReader reader = new OptionReader(problems);
        privateNetworks.forEach(text -> reader.read("--nat-private-network", text, builder::privateNetwork));
        reachableNetworks.forEach(text -> reader.read("--nat-reachable-network", text, builder::reachableNetwork));
        if (fixContact) {
            builder.fixContact();
        }
        if (foreignAliases) {
            builder.foreignAliases();
        }
        if (pingAll) {
            builder.pingAll();
        }
        if (!removeAfter.isEmpty() && !removeAfter.equals(NO_REMOVAL)) {
            reader.number("--nat-remove-after", removeAfter, builder::removeAfter);
        }
        try {
            NatTraversal component = builder.build();
            return problems.size() == before ? Optional.of(component) : Optional.empty();
        } catch (ConfigurationException e) {
            problems.addAll(LibraryProblems.texts(e));
            return Optional.empty();
        }
    }

    private String firstGiven() {
        Map<String, Boolean> given = new LinkedHashMap<>();
        given.put("--nat-test", !tests.isEmpty());
        given.put("--nat-ping", !ping.isEmpty());
        given.put("--nat-ping-method", !pingMethod.isEmpty());
        given.put("--nat-ping-all", pingAll);
        given.put("--nat-remove-after", !removeAfter.isEmpty());
        given.put("--nat-private-network", !privateNetworks.isEmpty());
        given.put("--nat-reachable-network", !reachableNetworks.isEmpty());
        given.put("--nat-fix-contact", fixContact);
        given.put("--nat-foreign-aliases", foreignAliases);
        given.values().removeIf(isGiven -> !isGiven);
        return given.keySet().stream().findFirst().orElse("");
    }

    private Set<NatTest> tests(List<String> problems) {
        Set<NatTest> chosen = EnumSet.noneOf(NatTest.class);
        for (String text : tests) {
            try {
                chosen.addAll(
                        text.matches("\\d{1,9}")
                                ? NatTest.fromKamailioFlags(Integer.parseInt(text))
                                : Set.of(testNamed(text)));
            } catch (ConfigurationException e) {
                problems.addAll(LibraryProblems.texts(e, "--nat-test"));
            }
        }
        return chosen;
    }

    private static NatTest testNamed(String text) {
        for (NatTest test : NatTest.values()) {
            if (test.optionName().equalsIgnoreCase(text)) {
                return test;
            }
        }
        throw new ConfigurationException(ConfigurationProblem.of(
                "tests",
                '"' + text + '"',
                "expected "
                        + Arrays.stream(NatTest.values())
                                .map(NatTest::optionName)
                                .collect(Collectors.joining(", "))
                        + ", or a number such as 19",
                ""));
    }

    private void ping(NatTraversal.Builder builder, List<String> problems) {
        PingMethod method = PingMethod.OPTIONS;
        if (!pingMethod.isEmpty()) {
            try {
                method = PingMethod.valueOf(pingMethod.toUpperCase(Locale.ROOT));
            } catch (IllegalArgumentException e) {
                problems.add("--nat-ping-method: \"" + pingMethod + "\" (expected OPTIONS, CRLF or EMPTY)");
            }
        }
        try {
            Duration interval = Durations.parse(ping.isEmpty() ? "15s" : ping);
            if (interval.isZero()) {
                builder.noPing();
            } else {
                builder.ping(method, interval);
            }
        } catch (IllegalArgumentException e) {
            problems.add("--nat-ping: " + e.getMessage());
        }
    }

    /** Returns the line that {@code check} prints. */
    String summary() {
        if (!nat) {
            return "off";
        }
        return "on, " + (tests.isEmpty() ? "tests 19 and websocket" : "tests " + String.join(" ", tests))
                + (ping.equals("0")
                        ? ", no pings"
                        : ", " + (pingMethod.isEmpty() ? "OPTIONS" : pingMethod.toUpperCase(Locale.ROOT)) + " every "
                                + (ping.isEmpty() ? "15s" : ping));
    }
}
