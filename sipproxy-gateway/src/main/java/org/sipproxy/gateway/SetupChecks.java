package org.sipproxy.gateway;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxySetup;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.message.SipUri;

/** Contradictions between dispatchers, trunks and the proxy that they belong to. */
final class SetupChecks {

    private static final String NO_CALLER = "is for authenticated users and trusted peers, and this proxy has neither";
    private static final String ADD_CALLERS = "set authentication, or trust the callers with an access list or a stage";

    private final ProxySetup proxy;
    private final OptionProblems found;

    private SetupChecks(ProxySetup proxy, String component) {
        this.proxy = proxy;
        this.found = new OptionProblems(component);
    }

    private List<ConfigurationProblem> problems() {
        return found.problems();
    }

    private List<Trunk> trunks() {
        return proxy.components().stream()
                .filter(Trunk.class::isInstance)
                .map(Trunk.class::cast)
                .toList();
    }

    private long dispatchers() {
        return proxy.components().stream().filter(Dispatcher.class::isInstance).count();
    }

    private void checkNotOwn(String option, SipUri uri) {
        if (uri.isSip() && uri.port() < 0 && proxy.domains().contains(uri.normalHost())) {
            found.add(
                    option,
                    uri.toString(),
                    "is a domain of this proxy, so that requests would return to it",
                    "give its own host name or address, or a port");
        }
    }

    // ---- a dispatcher

    /**
     * What a dispatcher sends where.
     *
     * @param sets the configured sets
     * @param routes the routes that are not open
     * @param servesMembers true if requests of a member may take the routes to another set
     */
    record Dispatching(
            Dispatcher dispatcher,
            List<GatewaySet> sets,
            List<Dispatcher.Route> routes,
            Map<String, Exit> prefixes,
            @Nullable Exit fallback,
            boolean servesMembers) {

        private boolean sendsUnknown() {
            return fallback != null || !prefixes.isEmpty();
        }

        private String firstOption() {
            return fallback != null ? "fallback" : prefixes.isEmpty() ? "route" : "prefix";
        }
    }

    static List<ConfigurationProblem> of(Dispatching dispatching, ProxySetup proxy) {
        SetupChecks checks = new SetupChecks(proxy, dispatching.dispatcher().name());
        checks.checkExits(dispatching);
        checks.checkOrder(dispatching);
        checks.checkCallers(dispatching);
        dispatching.sets().stream()
                .flatMap(set -> set.members().stream())
                .forEach(member -> checks.checkNotOwn("member", member.uri()));
        return checks.problems();
    }

    private void checkExits(Dispatching dispatching) {
        dispatching.prefixes().forEach((prefix, exit) -> checkExit("prefix", prefix + " to ", exit));
        Exit fallback = dispatching.fallback();
        if (fallback != null) {
            checkExit("fallback", "", fallback);
        }
    }

    private void checkExit(String option, String value, Exit exit) {
        Trunk trunk = exit.trunk();
        if (trunk != null && !proxy.components().contains(trunk)) {
            found.add(
                    option,
                    value + trunk.name(),
                    "is not a component of the proxy, so that it never registers",
                    "add the trunk to the proxy as well, before the dispatcher");
        }
    }

    private void checkOrder(Dispatching dispatching) {
        if (!dispatching.sendsUnknown()) {
            return;
        }
        List<ProxyComponent> later = proxy.after(dispatching.dispatcher());
        for (Trunk trunk : trunks()) {
            if (later.contains(trunk)) {
                found.add(
                        dispatching.firstOption(),
                        "",
                        trunk.name() + " is added after the dispatcher, so that calls of its provider could be sent out"
                                + " again",
                        "add the trunk before the dispatcher");
            }
        }
    }

    private void checkCallers(Dispatching dispatching) {
        boolean hasNoCaller =
                !proxy.hasProvenSenders() && trunks().isEmpty() && dispatchers() == 1 && !dispatching.servesMembers();
        if (hasNoCaller && (dispatching.sendsUnknown() || !dispatching.routes().isEmpty())) {
            found.add(dispatching.firstOption(), "", NO_CALLER, ADD_CALLERS);
        }
    }

    // ---- a trunk

    static List<ConfigurationProblem> of(Trunk trunk, ProxySetup proxy) {
        SetupChecks checks = new SetupChecks(proxy, trunk.name());
        checks.checkProvider(trunk);
        checks.checkName(trunk);
        checks.checkLater(trunk);
        boolean hasNoCaller = !proxy.hasProvenSenders() && checks.trunks().size() == 1 && checks.dispatchers() == 0;
        if (hasNoCaller && trunk.sendsUnknown()) {
            checks.found.add(trunk.isFallback() ? "fallback" : "prefix", "", NO_CALLER, ADD_CALLERS);
        }
        return checks.problems();
    }

    private void checkProvider(Trunk trunk) {
        checkNotOwn("provider", trunk.provider());
        trunk.loginRealm()
                .filter(realm -> proxy.domains().contains(realm.toLowerCase(Locale.ROOT)))
                .ifPresent(realm -> found.add(
                        "login",
                        "realm " + realm,
                        "is a domain of this proxy, so that the provider's password would answer challenges to its"
                                + " users",
                        "give the realm of the provider"));
    }

    private void checkName(Trunk trunk) {
        for (ProxyComponent other : proxy.after(trunk)) {
            if (other instanceof Trunk same && same.name().equals(trunk.name())) {
                found.add("name", "", "is the name of two trunks", "give each trunk a name of its own");
            }
        }
    }

    /** The first trunk that takes a number wins; a dispatcher comes after the trunks. */
    private void checkLater(Trunk trunk) {
        for (ProxyComponent other : proxy.after(trunk)) {
            if (other instanceof Trunk later) {
                later.prefixes().forEach(prefix -> checkPrefix(trunk, prefix, later.name()));
                checkFallback(trunk, later.isFallback(), later.name());
            } else if (other instanceof Dispatcher later) {
                later.prefixes().forEach(prefix -> checkPrefix(trunk, prefix, "the dispatcher"));
                checkFallback(trunk, later.hasFallback(), "the dispatcher");
            }
        }
    }

    private void checkPrefix(Trunk trunk, String prefix, String later) {
        if (trunk.takes(prefix)) {
            found.add(
                    trunk.isFallback() ? "fallback" : "prefix",
                    "",
                    "takes the numbers of prefix " + prefix + " before " + later,
                    "use Dispatcher.prefix for both: there the longest prefix wins");
        }
    }

    private void checkFallback(Trunk trunk, boolean again, String later) {
        if (trunk.isFallback() && again) {
            found.add(
                    "fallback",
                    "",
                    "comes before " + later + ", whose fallback is then never used",
                    "omit one of them");
        }
    }
}
