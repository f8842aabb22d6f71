package org.sipproxy.gateway;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.message.SipUri;

/**
 * Configuration of a set: how requests are distributed over its members, and how their health is watched. Immutable.
 *
 * <pre>{@code
 * GatewaySet.named("media")
 *         .algorithm(Algorithm.LEAST_CALLS)
 *         .member("sip:192.0.2.10")
 *         .member("sip:192.0.2.11")
 *         .probeEvery(Duration.ofSeconds(10))
 *         .build()
 * }</pre>
 */
public final class GatewaySet {

    private static final Duration HOUR = Duration.ofHours(1);

    private final String name;
    private final Algorithm algorithm;
    private final int tries;
    private final boolean asOutboundProxy;
    private final Duration probeInterval;
    private final boolean probesOnlyDown;
    private final Duration probeTimeLimit;
    private final Duration silenceLimit;
    private final Set<Integer> acceptedStatus;
    private final @Nullable SipUri probeFrom;
    private final int downAfter;
    private final int upAfter;
    private final Duration recoverAfter;
    private final @Nullable NumberPlan numbers;
    private final Set<NumberField> numberFields;
    private final List<Gateway> members;

    private GatewaySet(Builder b) {
        this.name = b.name;
        this.algorithm = b.algorithm;
        this.tries = b.tries;
        this.asOutboundProxy = b.asOutboundProxy;
        this.probeInterval = b.probeInterval;
        this.probesOnlyDown = b.probesOnlyDown;
        this.probeTimeLimit = b.probeTimeLimit;
        this.silenceLimit = b.silenceLimit;
        this.acceptedStatus = Set.copyOf(b.acceptedStatus);
        this.probeFrom = b.probeFrom;
        this.downAfter = b.downAfter;
        this.upAfter = b.upAfter;
        this.recoverAfter = b.recoverAfter;
        this.numbers = b.numbers;
        this.numberFields = Set.copyOf(b.numberFields);
        this.members = List.copyOf(b.members);
    }

    /** Returns a builder of a set. A {@link org.sipproxy.api.gateway.GatewaySource} may add members to it. */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** Returns a builder with the options and members of this set. */
    public Builder toBuilder() {
        Builder builder = new Builder(name, this);
        builder.members.addAll(members);
        return builder;
    }

    /** Returns the name. */
    public String name() {
        return name;
    }

    /** Returns the members that were configured. */
    public List<Gateway> members() {
        return members;
    }

    Algorithm algorithm() {
        return algorithm;
    }

    int tries() {
        return tries;
    }

    boolean isOutboundProxy() {
        return asOutboundProxy;
    }

    /** Zero if the members are not probed. */
    Duration probeInterval() {
        return probeInterval;
    }

    Duration probeTimeLimit() {
        return probeTimeLimit;
    }

    Duration silenceLimit() {
        return silenceLimit;
    }

    Optional<SipUri> probeFrom() {
        return Optional.ofNullable(probeFrom);
    }

    boolean accepts(int statusCode) {
        return (statusCode >= 200 && statusCode < 300) || acceptedStatus.contains(statusCode);
    }

    Optional<NumberPlan> numbers() {
        return Optional.ofNullable(numbers);
    }

    Set<NumberField> numberFields() {
        return numberFields;
    }

    /** Returns true if the other set decides in the same way when a member is down and up. */
    boolean hasHealthOf(GatewaySet other) {
        return downAfter == other.downAfter && upAfter == other.upAfter && recoverAfter.equals(other.recoverAfter);
    }

    Health newHealth() {
        return new Health(downAfter, upAfter, recoverAfter);
    }

    /** Returns true if the set's options and the member's let it be probed in this state. */
    boolean probes(Gateway gateway, MemberState state) {
        if (probeInterval.isZero() || gateway.probing() == Gateway.Probing.NEVER || state == MemberState.DISABLED) {
            return false;
        }
        return !probesOnlyDown
                || gateway.probing() == Gateway.Probing.ALWAYS
                || state == MemberState.DOWN
                || state == MemberState.TRYING;
    }

    /** Returns the same options for another set, without members. */
    GatewaySet optionsFor(String other) {
        return new GatewaySet(new Builder(other, this));
    }

    /** Builder of a {@link GatewaySet}. Not thread-safe. */
    public static final class Builder {

        private final String name;
        private Algorithm algorithm = Algorithm.ROUND_ROBIN;
        private int tries = 3;
        private boolean asOutboundProxy;
        private Duration probeInterval = Duration.ofSeconds(10);
        private boolean probesOnlyDown;
        private Duration probeTimeLimit = Duration.ofSeconds(4);
        private Duration silenceLimit = Duration.ofSeconds(4);
        private final Set<Integer> acceptedStatus = new TreeSet<>();
        private @Nullable SipUri probeFrom;
        private int downAfter = 2;
        private int upAfter = 1;
        private Duration recoverAfter = Duration.ofSeconds(30);
        private @Nullable NumberPlan numbers;
        private final Set<NumberField> numberFields = EnumSet.noneOf(NumberField.class);
        private final List<Gateway> members = new ArrayList<>();

        private Builder(String name) {
            this.name = Objects.requireNonNull(name, "name");
        }

        /** With the options of {@code set}, without its members. */
        private Builder(String name, GatewaySet set) {
            this.name = name;
            this.algorithm = set.algorithm;
            this.tries = set.tries;
            this.asOutboundProxy = set.asOutboundProxy;
            this.probeInterval = set.probeInterval;
            this.probesOnlyDown = set.probesOnlyDown;
            this.probeTimeLimit = set.probeTimeLimit;
            this.silenceLimit = set.silenceLimit;
            this.acceptedStatus.addAll(set.acceptedStatus);
            this.probeFrom = set.probeFrom;
            this.downAfter = set.downAfter;
            this.upAfter = set.upAfter;
            this.recoverAfter = set.recoverAfter;
            this.numbers = set.numbers;
            this.numberFields.addAll(set.numberFields);
        }

        /**
         * Adds a member without further options.
         *
         * @param uri a {@code sip:} or {@code sips:} URI, such as {@code sip:192.0.2.10:5080;transport=tcp}
         * @throws IllegalArgumentException if it is not such a URI
         */
        public Builder member(String uri) {
            return member(Gateway.builder(name, SipUri.of(uri)).build());
        }

        /** Adds a member. */
        public Builder member(Gateway gateway) {
            members.add(Objects.requireNonNull(gateway, "gateway"));
            return this;
        }

        /** Sets which member is tried first. Default {@link Algorithm#ROUND_ROBIN}. */
        public Builder algorithm(Algorithm choice) {
            this.algorithm = Objects.requireNonNull(choice, "choice");
            return this;
        }

        /**
         * Sets how many members are tried for a request, 1 to 10. Default 3. The next one is tried if one cannot be
         * reached, does not respond at all, or responds 430, 500, 502, 503 or 504; also if it responds 408 without
         * having rung. Every other failure, such as busy or a rejection, is the response.
         */
        public Builder tries(int count) {
            this.tries = count;
            return this;
        }

        /**
         * Sends requests to a member with their Request-URI unchanged and a Route to the member, like Kamailio's {@code
         * ds_select_dst}. Default: the Request-URI gets the member's host, port and parameters and keeps its user, like
         * {@code ds_select_domain}.
         */
        public Builder asOutboundProxy() {
            this.asOutboundProxy = true;
            return this;
        }

        /**
         * Sets the interval of OPTIONS to each member, 1 s to 1 h. Default 10 s.
         *
         * @see #noProbes
         */
        public Builder probeEvery(Duration interval) {
            this.probeInterval = Objects.requireNonNull(interval, "interval");
            return this;
        }

        /** Sends no OPTIONS: the health of members follows from requests only; see {@link #recoverAfter}. */
        public Builder noProbes() {
            this.probeInterval = Duration.ZERO;
            return this;
        }

        /** Probes only members that are down or have failed recently. Default: all that are not disabled. */
        public Builder probeOnlyDown() {
            this.probesOnlyDown = true;
            return this;
        }

        /** Sets how long a probe waits for its response, 500 ms to 35 s. Default 4 s. */
        public Builder probeTimeLimit(Duration limit) {
            this.probeTimeLimit = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /**
         * Sets how long a member may leave a request without any response, not even 100 (Trying), before the next
         * member is tried. 100 ms to 32 s. Default 4 s.
         */
        public Builder respondWithin(Duration limit) {
            this.silenceLimit = Objects.requireNonNull(limit, "limit");
            return this;
        }

        /** Accepts these status codes as a response to a probe, 300 to 699, in addition to 200 to 299. */
        public Builder accept(int... statusCodes) {
            for (int code : statusCodes) {
                acceptedStatus.add(code);
            }
            return this;
        }

        /** Sets the From of probes. Default {@code sip:} and the primary domain of the proxy. */
        public Builder probeFrom(SipUri from) {
            this.probeFrom = Objects.requireNonNull(from, "from");
            return this;
        }

        /**
         * Sets after how many failures in a row a member is down, 1 to 100. Default 2. Probes and requests count alike.
         * A request counts if it could not be sent, if there was no response, or if the response was a 503. A 503 with
         * Retry-After counts at once: the member gets no request for that time, at most 10 minutes.
         */
        public Builder downAfter(int failures) {
            this.downAfter = failures;
            return this;
        }

        /** Sets after how many accepted probes in a row a member is up again, 1 to 100. Default 1. */
        public Builder upAfter(int probes) {
            this.upAfter = probes;
            return this;
        }

        /**
         * Sets after which time a member that is down because of requests is tried again if it is not probed, 1 s to 1
         * h. Default 30 s.
         */
        public Builder recoverAfter(Duration time) {
            this.recoverAfter = Objects.requireNonNull(time, "time");
            return this;
        }

        /**
         * Writes numbers in the form that the members expect.
         *
         * @param fields which numbers
         */
        public Builder numbers(NumberPlan plan, NumberField... fields) {
            this.numbers = Objects.requireNonNull(plan, "plan");
            numberFields.clear();
            numberFields.addAll(List.of(fields));
            return this;
        }

        /**
         * Returns the set.
         *
         * @throws org.sipproxy.api.config.ConfigurationException if an option is outside its range, or two members have
         *     the same identifier
         */
        public GatewaySet build() {
            OptionProblems problems = new OptionProblems("gateway set " + name);
            if (name.isEmpty()) {
                problems.add("name", "", "empty", "name the set");
            }
            problems.range("tries", tries, 1, 10);
            problems.range("downAfter", downAfter, 1, 100);
            problems.range("upAfter", upAfter, 1, 100);
            if (!probeInterval.isZero()) {
                problems.range("probeEvery", probeInterval, Duration.ofSeconds(1), HOUR);
            }
            if (probesOnlyDown && probeInterval.isZero()) {
                problems.add("probeOnlyDown", "", "{noProbes} is given as well", "use one or the other");
            }
            problems.range("probeTimeLimit", probeTimeLimit, Duration.ofMillis(500), Duration.ofSeconds(35));
            problems.range("respondWithin", silenceLimit, Duration.ofMillis(100), Duration.ofSeconds(32));
            problems.range("recoverAfter", recoverAfter, Duration.ofSeconds(1), HOUR);
            acceptedStatus.forEach(code -> problems.range("accept", code, 300, 699));
            if (numbers != null && numberFields.isEmpty()) {
                problems.add("numbers", "", "no field", "name the fields, such as NumberField.REQUEST_URI");
            }
            Set<String> ids = new TreeSet<>();
            for (Gateway member : members) {
                if (!member.set().equals(name)) {
                    problems.add("member", member.toString(), "belongs to another set");
                } else if (!ids.add(member.id())) {
                    problems.add("member", member.toString(), "given twice", "give each member an id of its own");
                }
            }
            problems.throwIfAny();
            return new GatewaySet(this);
        }
    }
}
