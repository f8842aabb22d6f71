package org.sipproxy.api.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.routing.Target;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipUri;

/**
 * One of the two users of a {@link CallSetup}: whom to call, and what the user's INVITE says. Immutable; may be used
 * several times.
 *
 * <pre>{@code
 * Participant agent = Participant.builder(SipUri.of("sip:1001@sip.test"))
 *     .from(NameAddress.parse("\"Call back\" <sip:4930123456@sip.test>"))
 *     .ringFor(Duration.ofSeconds(20))
 *     .header(HeaderName.of("Alert-Info"), "<urn:alert:source:internal>")
 *     .build();
 * }</pre>
 */
public final class Participant {

    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofMinutes(3);

    private static final Map<HeaderName, String> OTHER_HEADERS = Map.of(
            HeaderName.CONTACT,
            HeaderText.OF_THE_PROXY,
            HeaderName.SUPPORTED,
            HeaderText.OF_THE_PROXY,
            HeaderName.REQUIRE,
            "the proxy supports no extension that a user could be required to use",
            HeaderName.CONTENT_ENCODING,
            "the body is that of the other user");

    private final SipUri uri;
    private final @Nullable NameAddress from;
    private final @Nullable Duration ringFor;
    private final List<OutgoingRequest.Header> headers;
    private final @Nullable Target target;
    private final List<DigestLogin> logins;

    private Participant(Builder builder) {
        this.uri = builder.uri;
        this.from = builder.from;
        this.ringFor = builder.ringFor;
        this.headers = List.copyOf(builder.headers);
        this.target = builder.target;
        this.logins = List.copyOf(builder.logins);
    }

    /** Returns a user with the defaults of {@link Builder}. */
    public static Participant of(SipUri uri) {
        return builder(uri).build();
    }

    /**
     * Returns a builder.
     *
     * @param uri the Request-URI of the INVITE and the URI in To: a user of this proxy, who is called at the registered
     *     contacts, or another URI, such as a number at a provider
     */
    public static Builder builder(SipUri uri) {
        return new Builder(uri);
    }

    /** Returns a builder with the values of this participant. */
    public Builder toBuilder() {
        return new Builder(this);
    }

    /** Returns the Request-URI. */
    public SipUri uri() {
        return uri;
    }

    /** Returns the address in From; empty for the URI of the other user. */
    public Optional<NameAddress> from() {
        return Optional.ofNullable(from);
    }

    /** Returns how long the user may be called; empty for the default, see {@link Builder#ringFor}. */
    public Optional<Duration> ringFor() {
        return Optional.ofNullable(ringFor);
    }

    /** Returns the additional headers in their order. */
    public List<OutgoingRequest.Header> headers() {
        return headers;
    }

    /** Returns where the INVITE is sent; empty to follow the Request-URI. */
    public Optional<Target> target() {
        return Optional.ofNullable(target);
    }

    /** Returns the logins for digest challenges. */
    public List<DigestLogin> logins() {
        return logins;
    }

    /** Returns the Request-URI. */
    @Override
    public String toString() {
        return uri.toString();
    }

    /** Builder of a {@link Participant}. Each method checks its values at once. Not thread-safe. */
    public static final class Builder {

        private final SipUri uri;
        private @Nullable NameAddress from;
        private @Nullable Duration ringFor;
        private final List<OutgoingRequest.Header> headers = new ArrayList<>();
        private @Nullable Target target;
        private final List<DigestLogin> logins = new ArrayList<>();

        private Builder(SipUri uri) {
            this.uri = Objects.requireNonNull(uri, "uri").asRequestUri().compact();
            HeaderText.require("uri", this.uri.toString());
        }

        private Builder(Participant participant) {
            this.uri = participant.uri;
            this.from = participant.from;
            this.ringFor = participant.ringFor;
            this.headers.addAll(participant.headers);
            this.target = participant.target;
            this.logins.addAll(participant.logins);
        }

        /**
         * Sets the address in From, which the user's phone shows as the caller. Default the URI of the other user.
         *
         * @throws IllegalArgumentException if it has a {@code tag}, which the proxy adds, or a control character
         */
        public Builder from(NameAddress address) {
            from = HeaderText.outsideADialog("from", address);
            return this;
        }

        /** Sets the URI in From, without a display name. */
        public Builder from(SipUri address) {
            from = HeaderText.outsideADialog("from", address);
            return this;
        }

        /**
         * Sets how long the user may be called, from the INVITE to the answer. 1 s to 3 min, as whole milliseconds.
         * Default 30 s for the first user, 25 s for the second. For the second user at most 30 s: the first one has
         * answered and waits for the ACK, and hangs up 64*T1 = 32 s after the answer (RFC 3261 §13.3.1.4).
         *
         * @throws IllegalArgumentException if it is outside the range
         */
        public Builder ringFor(Duration limit) {
            OptionProblems problems = new OptionProblems("");
            problems.range("ringFor", Objects.requireNonNull(limit, "limit"), SHORTEST, LONGEST);
            problems.throwIfAny();
            ringFor = limit;
            return this;
        }

        /**
         * Adds a header to the user's INVITE, below those that were added before. Headers by which a phone answers
         * without ringing are an example.
         *
         * @param value one line; may be empty
         * @throws IllegalArgumentException if the proxy writes this header itself, or {@code value} contains a control
         *     character such as a line end or NUL
         */
        public Builder header(HeaderName name, String value) {
            HeaderText.requireNoneOf(OTHER_HEADERS, name);
            headers.add(new OutgoingRequest.Header(name, value));
            return this;
        }

        /** Removes the headers of this name that were added. */
        public Builder withoutHeader(HeaderName name) {
            headers.removeIf(header -> header.name().equals(name));
            return this;
        }

        /**
         * Sets where the INVITE is sent, as {@link OutgoingRequest.Builder#target} does. Default: the bindings of the
         * user, or the next hops of the Request-URI.
         */
        public Builder target(Target value) {
            target = Objects.requireNonNull(value, "value");
            return this;
        }

        /** Adds a login for digest challenges, for a user at a provider. The first one for the realm is used. */
        public Builder login(DigestLogin login) {
            logins.add(Objects.requireNonNull(login, "login"));
            return this;
        }

        /** Returns the participant. */
        public Participant build() {
            return new Participant(this);
        }
    }
}
