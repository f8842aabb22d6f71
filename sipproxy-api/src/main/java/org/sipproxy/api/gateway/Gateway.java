package org.sipproxy.api.gateway;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/**
 * Configuration of a gateway: a member of a set, over whose members requests are distributed. Immutable.
 *
 * <pre>{@code
 * Gateway.builder("media", SipUri.of("sip:192.0.2.10:5080;transport=tcp")).weight(70).maximumCalls(200).build()
 * }</pre>
 */
public final class Gateway {

    /** Whether OPTIONS are sent to the gateway. */
    public enum Probing {
        /** As the set says. */
        AS_SET,
        /** In every state, even if the set probes only gateways that are down. Kamailio's flag 8. */
        ALWAYS,
        /** Never. Kamailio's flag 32. */
        NEVER
    }

    /** What the gateway is when it becomes known. */
    public enum Start {
        /** It gets requests at once. */
        ACTIVE,
        /** It gets requests after its first successful probe. Kamailio's flag 1. */
        DOWN,
        /** It gets no request and no probe until an operator enables it. Kamailio's flag 4. */
        DISABLED
    }

    private final String set;
    private final String id;
    private final SipUri uri;
    private final @Nullable Endpoint socket;
    private final @Nullable SipUri outboundProxy;
    private final @Nullable SipUri probeFrom;
    private final int weight;
    private final int priority;
    private final int maximumCalls;
    private final Probing probing;
    private final Start start;
    private final Map<String, String> attributes;

    private Gateway(Builder b) {
        this.set = b.set;
        this.uri = b.uri.compact();
        this.id = b.id.isEmpty() ? uri.toString() : b.id;
        this.socket = b.socket;
        this.outboundProxy = b.outboundProxy;
        this.probeFrom = b.probeFrom;
        this.weight = b.weight;
        this.priority = b.priority;
        this.maximumCalls = b.maximumCalls;
        this.probing = b.probing;
        this.start = b.start;
        this.attributes = Map.copyOf(b.attributes);
    }

    /**
     * Returns a builder.
     *
     * @param set the name of the set; in Kamailio's table its number
     * @param uri a {@code sip:} or {@code sips:} URI without headers, such as {@code sip:192.0.2.10:5080}
     */
    public static Builder builder(String set, SipUri uri) {
        return new Builder(set, uri);
    }

    /** Returns a builder with the values of this gateway. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the name of the set. */
    public String set() {
        return set;
    }

    /** Returns the name that identifies the gateway in its set. */
    public String id() {
        return id;
    }

    /** Returns the gateway's URI. */
    public SipUri uri() {
        return uri;
    }

    /** Returns the listening point to send from; empty to use the one that leads to the gateway. */
    public Optional<Endpoint> socket() {
        return Optional.ofNullable(socket);
    }

    /** Returns the proxy through which the gateway is reached. */
    public Optional<SipUri> outboundProxy() {
        return Optional.ofNullable(outboundProxy);
    }

    /** Returns the From of probes; empty for the set's. */
    public Optional<SipUri> probeFrom() {
        return Optional.ofNullable(probeFrom);
    }

    /** Returns the share of the requests relative to the other gateways of the set. */
    public int weight() {
        return weight;
    }

    /** Returns the priority; a higher one is tried first. */
    public int priority() {
        return priority;
    }

    /** Returns how many calls the gateway may have; 0 for no limit. */
    public int maximumCalls() {
        return maximumCalls;
    }

    /** Returns whether OPTIONS are sent to the gateway. */
    public Probing probing() {
        return probing;
    }

    /** Returns what the gateway is when it becomes known. */
    public Start start() {
        return start;
    }

    /** Returns the attributes that have no meaning for the proxy, for the host application. */
    public Map<String, String> attributes() {
        return attributes;
    }

    /** Returns set and identifier. */
    @Override
    public String toString() {
        return set + "/" + id;
    }

    /** Builder of a {@link Gateway}. Not thread-safe. */
    public static final class Builder {

        private final String set;
        private final SipUri uri;
        private String id = "";
        private @Nullable Endpoint socket;
        private @Nullable SipUri outboundProxy;
        private @Nullable SipUri probeFrom;
        private int weight;
        private int priority;
        private int maximumCalls;
        private Probing probing = Probing.AS_SET;
        private Start start = Start.ACTIVE;
        private final Map<String, String> attributes = new TreeMap<>();

        private Builder(String set, SipUri uri) {
            this.set = Objects.requireNonNull(set, "set");
            this.uri = Objects.requireNonNull(uri, "uri");
        }

        private Builder(Gateway gateway) {
            this.set = gateway.set;
            this.uri = gateway.uri;
            this.id = gateway.id;
            this.socket = gateway.socket;
            this.outboundProxy = gateway.outboundProxy;
            this.probeFrom = gateway.probeFrom;
            this.weight = gateway.weight;
            this.priority = gateway.priority;
            this.maximumCalls = gateway.maximumCalls;
            this.probing = gateway.probing;
            this.start = gateway.start;
            this.attributes.putAll(gateway.attributes);
        }

        /** Sets the identifier, unique in the set, at most 255 characters. Default the URI. */
        public Builder id(String name) {
            this.id = Objects.requireNonNull(name, "name");
            return this;
        }

        /** Sets the listening point to send from. Default the one that leads to the gateway. */
        public Builder socket(Endpoint endpoint) {
            this.socket = Objects.requireNonNull(endpoint, "endpoint");
            return this;
        }

        /** Sets the proxy through which the gateway is reached, a {@code sip:} or {@code sips:} URI. Default none. */
        public Builder outboundProxy(SipUri proxy) {
            this.outboundProxy = Objects.requireNonNull(proxy, "proxy");
            return this;
        }

        /** Sets the From of probes. Default the set's. */
        public Builder probeFrom(SipUri from) {
            this.probeFrom = Objects.requireNonNull(from, "from");
            return this;
        }

        /**
         * Sets the share of the requests relative to the other gateways of the set, 0 to 1,000. Default 0. If all
         * gateways have 0, the shares are equal; otherwise those with 0 are tried only after the others.
         */
        public Builder weight(int share) {
            this.weight = share;
            return this;
        }

        /** Sets the priority, -1,000,000 to 1,000,000; a higher one is tried first. Default 0. */
        public Builder priority(int rank) {
            this.priority = rank;
            return this;
        }

        /** Sets how many calls the gateway may have at a time, 1 to 1,000,000; 0 for no limit, the default. */
        public Builder maximumCalls(int calls) {
            this.maximumCalls = calls;
            return this;
        }

        /** Sets whether OPTIONS are sent to the gateway. Default {@link Probing#AS_SET}. */
        public Builder probing(Probing mode) {
            this.probing = Objects.requireNonNull(mode, "mode");
            return this;
        }

        /** Sets what the gateway is when it becomes known. Default {@link Start#ACTIVE}. */
        public Builder start(Start state) {
            this.start = Objects.requireNonNull(state, "state");
            return this;
        }

        /** Adds an attribute that has no meaning for the proxy. */
        public Builder attribute(String name, String value) {
            attributes.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
            return this;
        }

        /**
         * Returns the gateway.
         *
         * @throws org.sipproxy.api.config.ConfigurationException if a value is outside its range or not such a URI
         */
        public Gateway build() {
            OptionProblems problems = new OptionProblems("gateway");
            if (set.isEmpty()) {
                problems.add("set", "", "empty", "name the set");
            }
            if (id.length() > 255) {
                problems.add("id", id.substring(0, 20) + "...", "has " + id.length() + " characters (at most 255)");
            }
            sip(problems, "uri", uri);
            sip(problems, "outboundProxy", outboundProxy);
            problems.range("weight", weight, 0, 1_000);
            problems.range("priority", priority, -1_000_000, 1_000_000);
            problems.range("maximumCalls", maximumCalls, 0, 1_000_000);
            problems.throwIfAny();
            return new Gateway(this);
        }

        private static void sip(OptionProblems problems, String option, @Nullable SipUri value) {
            if (value != null && (!value.isSip() || value.hasHeaders())) {
                problems.add(option, value.toString(), "expected a sip: or sips: URI without headers");
            }
        }
    }
}
