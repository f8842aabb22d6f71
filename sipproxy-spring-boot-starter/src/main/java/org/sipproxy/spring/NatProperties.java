package org.sipproxy.spring;

import java.time.Duration;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.sipproxy.nat.NatTest;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.nat.PingMethod;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Clients behind NATs.
 *
 * @param enabled Whether clients behind NATs are reached.
 * @param test Tests that detect a client behind a NAT, by names or as a sum of Kamailio's nat_uac_test flags. Default 19
 *     and websocket.
 * @param ping Interval of pings to each UDP client behind a NAT; 0 for no pings.
 * @param pingMethod Method of the pings. Only OPTIONS gets responses.
 * @param pingAll Whether UDP clients that are not behind a NAT are pinged too.
 * @param removeAfter Removes a registration after this many pings without a response, 1 to 100. Default never.
 * @param privateNetwork Further networks whose addresses are private, such as 203.0.113.0/24.
 * @param reachableNetwork Parts of the private networks that this server reaches without a NAT.
 * @param fixContact Whether the address in the Contact is replaced instead of adding an alias.
 * @param foreignAliases Whether aliases that another server wrote are followed; any sender could then choose where its
 *     requests go.
 */
@ConfigurationProperties("sipproxy.nat")
record NatProperties(
        @DefaultValue("false") boolean enabled,
        @DefaultValue List<String> test,
        @DefaultValue("15s") Duration ping,
        @DefaultValue("options") PingMethod pingMethod,
        @DefaultValue("false") boolean pingAll,
        @Nullable Integer removeAfter,
        @DefaultValue List<String> privateNetwork,
        @DefaultValue List<String> reachableNetwork,
        @DefaultValue("false") boolean fixContact,
        @DefaultValue("false") boolean foreignAliases) {

    NatTraversal component(Problems problems) {
        NatTraversal.Builder nat = NatTraversal.builder();
        Set<NatTest> chosen = tests(problems);
        if (!chosen.isEmpty()) {
            nat.tests(chosen);
        }
        if (ping.isZero()) {
            nat.noPing();
        } else {
            nat.ping(pingMethod, ping);
        }
        if (pingAll) {
            nat.pingAll();
        }
        if (removeAfter != null) {
            nat.removeAfter(removeAfter);
        }
        privateNetwork.forEach(network ->
                problems.collectOf("sipproxy.nat.private-network", network, () -> nat.privateNetwork(network)));
        reachableNetwork.forEach(network ->
                problems.collectOf("sipproxy.nat.reachable-network", network, () -> nat.reachableNetwork(network)));
        if (fixContact) {
            nat.fixContact();
        }
        if (foreignAliases) {
            nat.foreignAliases();
        }
        return problems.get(nat::build, () -> NatTraversal.builder().build());
    }

    private Set<NatTest> tests(Problems problems) {
        Set<NatTest> chosen = EnumSet.noneOf(NatTest.class);
        for (String text : test) {
            if (text.matches("\\d{1,9}")) {
                problems.collectOf(
                        "sipproxy.nat.test",
                        text,
                        () -> chosen.addAll(NatTest.fromKamailioFlags(Integer.parseInt(text))));
            } else {
                Arrays.stream(NatTest.values())
                        .filter(one -> one.optionName().equalsIgnoreCase(text))
                        .findFirst()
                        .ifPresentOrElse(
                                chosen::add,
                                () -> problems.add(
                                        "sipproxy.nat.test",
                                        '"' + text + '"',
                                        "expected "
                                                + Arrays.stream(NatTest.values())
                                                        .map(NatTest::optionName)
                                                        .collect(Collectors.joining(", "))
                                                + ", or a number such as 19",
                                        ""));
            }
        }
        return chosen;
    }
}
