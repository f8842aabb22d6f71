package org.sipproxy.core.options;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;

/**
 * The options of a proxy that may change while it runs; see {@link SipProxy#reconfigure}. Components change by their
 * own methods, such as {@code AccessList.replace}. Immutable; {@link SipProxy#settings()} returns the current ones.
 *
 * @param domains domains that the proxy is responsible for, the first one primary
 * @param aliases other names, {@code host} or {@code host:port}
 * @param registrar rules of the registrar
 * @param timers transaction timers
 * @param contacts addresses to which a client may direct traffic
 * @param strangers methods that strangers may send to users
 * @param revealsUsers true if strangers get 480 for a user without a binding
 * @param refusesOptions true if OPTIONS gets 503 while the proxy is not ready
 * @param calls limits of calls; empty if calls are not tracked
 * @param tls certificate; empty if the proxy has none
 * @param drainTime time that requests in progress have to complete while the proxy closes
 */
public record ProxySettings(
        List<String> domains,
        List<String> aliases,
        RegistrarPolicy registrar,
        SipTimers timers,
        ContactPolicy contacts,
        StrangerPolicy strangers,
        boolean revealsUsers,
        boolean refusesOptions,
        Optional<CallSettings> calls,
        Optional<TlsSettings> tls,
        Duration drainTime) {

    public ProxySettings {
        domains = List.copyOf(domains);
        aliases = List.copyOf(aliases);
        Objects.requireNonNull(registrar, "registrar");
        Objects.requireNonNull(timers, "timers");
        Objects.requireNonNull(contacts, "contacts");
        Objects.requireNonNull(strangers, "strangers");
        Objects.requireNonNull(calls, "calls");
        Objects.requireNonNull(tls, "tls");
        Objects.requireNonNull(drainTime, "drainTime");
    }

    /** Returns the defaults of {@link SipProxyBuilder} for these domains. */
    public static ProxySettings of(List<String> domains) {
        return new ProxySettings(
                domains,
                List.of(),
                RegistrarPolicy.DEFAULT,
                SipTimers.DEFAULT,
                ContactPolicy.DEFAULT,
                StrangerPolicy.DEFAULT,
                false,
                false,
                Optional.empty(),
                Optional.empty(),
                Duration.ofSeconds(2));
    }

    /** Returns these settings with other names of the proxy. */
    public ProxySettings withNames(List<String> newDomains, List<String> newAliases) {
        return new ProxySettings(
                newDomains,
                newAliases,
                registrar,
                timers,
                contacts,
                strangers,
                revealsUsers,
                refusesOptions,
                calls,
                tls,
                drainTime);
    }

    /** Returns these settings with other rules of the registrar. */
    public ProxySettings withRegistrar(RegistrarPolicy policy) {
        return new ProxySettings(
                domains,
                aliases,
                policy,
                timers,
                contacts,
                strangers,
                revealsUsers,
                refusesOptions,
                calls,
                tls,
                drainTime);
    }

    /** Returns these settings with other timers. */
    public ProxySettings withTimers(SipTimers values) {
        return new ProxySettings(
                domains,
                aliases,
                registrar,
                values,
                contacts,
                strangers,
                revealsUsers,
                refusesOptions,
                calls,
                tls,
                drainTime);
    }

    /** Returns these settings with other rules for strangers. */
    public ProxySettings withStrangers(StrangerPolicy policy, boolean reveals) {
        return new ProxySettings(
                domains, aliases, registrar, timers, contacts, policy, reveals, refusesOptions, calls, tls, drainTime);
    }

    /** Returns these settings with other limits of calls. */
    public ProxySettings withCalls(CallSettings limits) {
        return new ProxySettings(
                domains,
                aliases,
                registrar,
                timers,
                contacts,
                strangers,
                revealsUsers,
                refusesOptions,
                Optional.of(limits),
                tls,
                drainTime);
    }
}
