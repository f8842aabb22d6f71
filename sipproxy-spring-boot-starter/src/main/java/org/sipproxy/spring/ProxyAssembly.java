package org.sipproxy.spring;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.ClusterSettings;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.gateway.NumberPlan;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.FloodGuard;
import org.springframework.boot.ssl.SslBundles;

/** Builds the proxy of properties and beans. */
final class ProxyAssembly {

    private final SipProxyProperties properties;
    private final OptionProperties options;
    private final ProxyBeans beans;
    private final Problems problems;
    private final SipProxyBuilder builder = SipProxy.builder();
    /** Written when the bean of the proxy is created. */
    private volatile @Nullable BundleWatch bundleWatch;

    ProxyAssembly(SipProxyProperties properties, OptionProperties options, ProxyBeans beans, Problems problems) {
        this.properties = properties;
        this.options = options;
        this.beans = beans;
        this.problems = problems;
    }

    /** Builds the proxy, or throws all problems of the properties. */
    SipProxy build(List<SipProxyCustomizer> customizers) {
        addNames();
        addThreads();
        addCluster();
        addAuthentication();
        options.access().addTo(builder, problems);
        options.calls().addTo(builder, problems);
        options.limits().addTo(builder, problems);
        options.registrar().addTo(builder, problems);
        options.timers().addTo(builder, problems);
        Optional<SslBundles> bundles = beans.one(SslBundles.class);
        options.tls().addTo(builder, bundles, problems);
        addStore();
        addComponents();
        addStages();
        addListeners();
        customizers.forEach(customizer -> customizer.customize(builder));
        SipProxy proxy = null;
        try {
            proxy = builder.build();
        } catch (ConfigurationException e) {
            e.problems().forEach(problems::add);
        }
        problems.throwIfAny();
        if (proxy == null) {
            throw new IllegalStateException("no proxy and no problem");
        }
        bundleWatch = options.tls().follow(proxy, bundles);
        return proxy;
    }

    /** Called when the proxy that {@link #build} returned has started. */
    void onStarted() {
        BundleWatch watch = bundleWatch;
        if (watch != null) {
            watch.onStarted();
        }
    }

    private void addNames() {
        List<Endpoint> endpoints = new ArrayList<>();
        List<String> texts = properties.listen();
        for (int i = 0; i < texts.size(); i++) {
            String text = texts.get(i);
            problems.collectOf("sipproxy.listen[" + i + "]", text, () -> endpoints.add(Endpoint.parse(text)));
        }
        if (texts.isEmpty()) {
            problems.add(
                    "sipproxy.listen",
                    "",
                    "is missing",
                    "add a listening point, such as sipproxy.listen=udp:0.0.0.0:5060");
        }
        if (endpoints.isEmpty()) {
            endpoints.add(Endpoint.udp("127.0.0.1", 0)); // reported above; build() must not report it again
        }
        beans.one(ListeningPoints.class)
                .map(points -> points.of(endpoints))
                .orElse(endpoints)
                .forEach(builder::listen);
        properties.domain().forEach(builder::domain);
        if (properties.domain().isEmpty()) {
            problems.add(
                    "sipproxy.domain",
                    "",
                    "is missing",
                    "add the part after the @ of your users' addresses, such as sipproxy.domain=sip.test");
            builder.domain("missing.invalid");
        }
        properties.alias().forEach(builder::alias);
        if (!properties.wsOrigin().isEmpty()) {
            builder.webSocketOrigins(properties.wsOrigin().toArray(new String[0]));
        }
        builder.name(properties.name()).logContext(properties.logContext());
    }

    /** Other listening points than those of the properties, for tests. */
    interface ListeningPoints {

        List<Endpoint> of(List<Endpoint> configured);
    }

    private void addCluster() {
        String node = properties.node();
        String address = properties.nodeAddress();
        if (node != null && address != null) {
            problems.collectOf(
                    "sipproxy.node-address",
                    address,
                    () -> builder.cluster(new ClusterSettings(node, Endpoint.parse(address))));
        } else if (node != null || address != null) {
            problems.add(
                    node == null ? "sipproxy.node" : "sipproxy.node-address",
                    "",
                    "is missing",
                    "a node of a cluster has a name and an address for the others");
        }
    }

    private void addThreads() {
        builder.streamThreads(properties.streamThreads());
        builder.overloadTarget(properties.overloadTarget());
        if (properties.udpReceivers() != null) {
            builder.udpReceivers(properties.udpReceivers());
        }
        if (properties.workerThreads() != null) {
            builder.workerThreads(properties.workerThreads());
        }
    }

    private void addAuthentication() {
        if (!properties.noAuth()) {
            builder.authentication(beans.one(Authentication.class).orElseThrow());
            return;
        }
        if (!properties.subscriber().isEmpty()) {
            problems.add(
                    "sipproxy.no-auth",
                    "true",
                    "checks no password, so sipproxy.subscriber has no effect",
                    "remove one of them");
        }
        builder.noAuthentication();
    }

    private void addStore() {
        addSecret();
        Optional<LocationStore> store = beans.one(LocationStore.class);
        if (store.isEmpty()) {
            options.storage().addTo(builder, beans.one(BindingRepository.class).orElse(null), problems);
        } else if (options.storage().storage() != StorageProperties.Mode.MEMORY) {
            problems.add(
                    "sipproxy.storage",
                    OptionNames.of(options.storage().storage()),
                    "has no effect beside a LocationStore bean",
                    "remove one of them");
        } else {
            builder.locationStore(store.get());
        }
        if (options.calls().enabled()) {
            beans.one(CallRepository.class).ifPresent(builder::callRepository);
        }
    }

    private void addSecret() {
        String secret = properties.secret();
        if (secret == null) {
            beans.one(SecretSource.class).flatMap(SecretSource::secret).ifPresent(builder::secret);
            return;
        }
        try {
            builder.secret(HexFormat.of().parseHex(secret.strip()));
        } catch (IllegalArgumentException e) {
            problems.add(
                    "sipproxy.secret",
                    "",
                    "is not a text of hexadecimal digits",
                    "create one of 64 digits, such as with openssl rand -hex 32");
        }
    }

    /** Source of a secret that outlives the process. */
    interface SecretSource {

        Optional<byte[]> secret();
    }

    /** Adds the components: trust decisions first, because the others depend on them. */
    private void addComponents() {
        List<ProxyComponent> all = new ArrayList<>();
        TableSources tables = tables();
        beans.ordered(AccessList.class).forEach(all::add);
        beans.ordered(FloodGuard.class).forEach(all::add);
        all.addAll(routing(tables));
        all.addAll(tables.components()); // after the trunks, to whose calls aliases apply
        beans.ordered(ProxyComponent.class)
                .filter(component -> !(component instanceof ProxyListener) && !all.contains(component))
                .forEach(all::add);
        Map<String, Runnable> reloads = tables.reloads();
        Duration interval = options.tables().tablesReload();
        if (!reloads.isEmpty() && !interval.isZero()) {
            all.add(new TableReload(reloads, interval));
        }
        all.forEach(builder::component);
    }

    private TableSources tables() {
        Optional<TableSources> sources = beans.one(TableSources.class);
        options.tables().check(sources.isPresent(), problems);
        return sources.orElse(TableSources.NONE);
    }

    /** Returns trunks and gateways of the properties, and applies what changes the called number before them. */
    private List<ProxyComponent> routing(TableSources tables) {
        GatewayProperties gateways = options.gateways();
        RequestStage numbers = gateways.numbers(problems);
        if (numbers != null) {
            builder.beforeRouting(numbers);
        }
        String domain = properties.domain().isEmpty()
                ? "missing.invalid"
                : properties.domain().get(0);
        Map<String, Trunk> trunks = new LinkedHashMap<>(gateways.trunks(domain, tables, problems));
        List<ProxyComponent> components = new ArrayList<>(trunks.values());
        if (gateways.isUsed(tables)) {
            gateways.dispatcher(trunks, tables, options.tables().tablesReload(), problems)
                    .ifPresent(components::add);
        }
        return components;
    }

    private void addStages() {
        beans.ordered(NumberPlan.class).forEach(plan -> builder.beforeRouting(plan.stage()));
        beans.stages().forEach((stage, place) -> {
            if (stage instanceof ProxyComponent) {
                return; // registers itself
            }
            switch (place) {
                case BEFORE_AUTHENTICATION -> builder.beforeAuthentication(stage);
                case BEFORE_ROUTING -> builder.beforeRouting(stage);
                case ON_UNAVAILABLE_USER -> builder.onUnavailableUser(stage);
                case BEFORE_FORWARDING -> builder.beforeForwarding(stage);
            }
        });
        ownParts(ResponseStage.class).forEach(builder::onResponse);
    }

    private void addListeners() {
        ownParts(LocationListener.class).forEach(builder::locationListener);
        ownParts(RequestListener.class).forEach(builder::requestListener);
        ownParts(CallListener.class).forEach(builder::callListener);
        beans.ordered(ProxyListener.class).forEach(builder::listener); // one that is a component is added as one
        beans.ordered(WireListener.class).forEach(builder::wireListener); // a component cannot add it itself
        beans.one(ProxyClock.class).ifPresent(builder::clock);
    }

    /** Returns the beans that are not components, which register themselves. */
    private <T> List<T> ownParts(Class<T> type) {
        return beans.ordered(type)
                .filter(part -> !(part instanceof ProxyComponent))
                .toList();
    }
}
