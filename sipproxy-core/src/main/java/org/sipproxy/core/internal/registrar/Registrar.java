package org.sipproxy.core.internal.registrar;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.codec.SharedText;
import org.sipproxy.core.internal.guard.GuardedStore;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.PathWithoutSupported;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The registrar (RFC 3261 §10.3): carries out a REGISTER and produces the response. Does not know transports or
 * transactions. Thread-safe; blocks only as long as its store does.
 */
public final class Registrar {

    private static final int MAX_CALL_ID_CHARS = 255;
    private static final int MAX_AOR_CHARS = 512;
    private static final int MAX_PATH_CHARS = 512;

    /** Retry-After when the store fails, and the interval at which the failure is logged. */
    private static final int RETRY_AFTER_SECONDS = 10;

    private final GuardedStore store;
    private volatile RegistrarPolicy policy;
    private final ProxyTime time;
    private final AddressesOfRecord addresses;
    private final AddressPolicy destinations;
    private final LostConnections lost;
    private final Logger log;

    private volatile Lifetimes lifetimes;
    private final RegistrarResponses responses;
    private final RegistrationLog registrations;
    private final BindingIds ids = new BindingIds();
    private final SharedText userAgents = new SharedText(1024);
    private final AllowedMethods allowed = new AllowedMethods();
    private final ConnectionBindings connections;
    private final FailureLog warnings = new FailureLog(Duration.ofMinutes(1));
    private final AtomicLong nextStoreWarningMillis = new AtomicLong();

    /**
     * Creates a registrar that writes to {@code store} and logs every binding that is removed from it.
     *
     * @param addresses maps a URI to its canonical AOR (§10.3 step 5); null if it is not registered here
     * @param lost true for a binding whose connection is closed; {@link #hasClosedFlow} is all that the binding
     *     itself knows
     */
    public Registrar(
            LocationStore store,
            RegistrarPolicy policy,
            ProxyTime time,
            AddressesOfRecord addresses,
            AddressPolicy destinations,
            LostConnections lost) {
        this(store, policy, time, addresses, destinations, lost, LoggerFactory.getLogger(LoggerNames.REGISTRAR));
    }

    Registrar(
            LocationStore store,
            RegistrarPolicy policy,
            ProxyTime time,
            AddressesOfRecord addresses,
            AddressPolicy destinations,
            LostConnections lost,
            Logger log) {
        this.store = new GuardedStore(store);
        this.policy = policy;
        this.time = time;
        this.addresses = addresses;
        this.destinations = destinations;
        this.log = log;
        this.lifetimes = new Lifetimes(policy);
        this.lost = lost;
        this.connections = new ConnectionBindings(this.store, policy.connectionLoss(), lost, time::nanoTime);
        this.responses = new RegistrarResponses(time);
        this.registrations = new RegistrationLog(log, time::nanoTime);
        store.addListener(registrations);
    }

    /** Sets the rules from now on. The rule for the case of users must be the same. */
    public void policy(RegistrarPolicy changed) {
        policy = changed;
        lifetimes = new Lifetimes(changed);
        connections.policy(changed.connectionLoss());
    }

    /** Returns true if the client has closed the connection over which it registered the binding. */
    public static boolean hasClosedFlow(Binding binding) {
        return binding.flow().filter(flow -> !flow.isOpen()).isPresent();
    }

    /** Returns the bindings that end with their connection. */
    public ConnectionBindings connections() {
        return connections;
    }

    /**
     * Carries out the request and returns the response. The caller has checked the Request-URI and the client's
     * identity.
     *
     * @param behindNat true if the bindings must keep the address that the request came from
     */
    public RegistrarResponse register(SipRequest request, Flow flow, boolean behindNat) {
        return carryOut(request, flow, behindNat, null);
    }

    /**
     * Returns the response that {@link #register} would return. Changes nothing.
     *
     * @param notes receives the changes that it would make to the bindings: a name and a value
     */
    public RegistrarResponse rehearse(
            SipRequest request, Flow flow, boolean behindNat, BiConsumer<String, String> notes) {
        return carryOut(request, flow, behindNat, notes);
    }

    /**
     * @param notes null to carry the request out
     */
    private RegistrarResponse carryOut(
            SipRequest request, Flow flow, boolean behindNat, @Nullable BiConsumer<String, String> notes) {
        long now = time.millis();
        try {
            refuseUnknownExtensions(request); // step 2; the caller does steps 3 and 4
            Aor aor = addressOfRecord(request); // step 5
            if (request.firstHeader(HeaderName.CONTACT) < 0) {
                return responses.ok(request, store.lookup(aor), false, now);
            }
            RegistrationChange change =
                    change(request, flow, behindNat, now); // checks the whole request before anything changes
            List<Binding> after = notes == null
                    ? store.update(aor, change) // steps 6 and 7
                    : RehearsedChange.apply(change, store.lookup(aor), now, notes);
            RegistrationRefused refusal = change.refusal();
            if (refusal != null) {
                return responses.refused(refusal);
            }
            if (notes == null) {
                registrations.registered(aor, change, now);
                if (!change.written().isEmpty()) {
                    connections.registered(flow, aor);
                }
            }
            return responses.ok(request, after, change.hasPath(), now); // step 8
        } catch (RegistrationRefused e) {
            return responses.refused(e);
        } catch (SipParseException e) {
            return responses.refused(e.statusCode(), String.valueOf(e.getMessage()), "");
        } catch (LocationStoreException e) {
            if (e.kind() == LocationStoreException.Kind.REFUSED) {
                String why = e.reason().orElse("the location store cannot hold this binding");
                return responses.refused(StatusCode.BAD_REQUEST, why, "");
            }
            warnOfStore(e, now);
            return responses.refused(
                    StatusCode.SERVER_INTERNAL_ERROR, "location store failed", "Retry-After: " + RETRY_AFTER_SECONDS);
        }
    }

    private static void refuseUnknownExtensions(SipRequest request) throws RegistrationRefused {
        if (request.firstHeader(HeaderName.REQUIRE) < 0) {
            return;
        }
        List<String> unknown = new ArrayList<>();
        for (String line : request.headers(HeaderName.REQUIRE)) {
            for (String tag : line.split(",", -1)) {
                if (!tag.isBlank() && !tag.strip().equalsIgnoreCase("path")) {
                    unknown.add(tag.strip());
                }
            }
        }
        if (!unknown.isEmpty()) {
            String tags = String.join(", ", unknown);
            throw new RegistrationRefused(
                    StatusCode.BAD_EXTENSION,
                    "required extension is not supported: " + SipParseException.excerpt(tags),
                    "Unsupported: " + tags);
        }
    }

    private Aor addressOfRecord(SipRequest request) throws SipParseException, RegistrationRefused {
        SipUri to = request.to().uri();
        if (!to.isSip() || !to.hasUser()) {
            throw new RegistrationRefused(StatusCode.NOT_FOUND, "To names no user of a domain");
        }
        Aor aor = addresses.of(to);
        if (aor == null) {
            throw new RegistrationRefused(
                    StatusCode.NOT_FOUND, "To names a domain that is not registered here, or not a user");
        }
        int length = aor.user().length() + aor.domain().length();
        if (length > MAX_AOR_CHARS) {
            throw tooLong("To", length, MAX_AOR_CHARS);
        }
        return aor;
    }

    private RegistrationChange change(SipRequest request, Flow flow, boolean behindNat, long now)
            throws SipParseException, RegistrationRefused {
        String callId = request.callId();
        if (callId.length() > MAX_CALL_ID_CHARS) {
            throw tooLong("Call-ID", callId.length(), MAX_CALL_ID_CHARS);
        }
        List<RequestedContact> contacts = contacts(request);
        List<SipUri> path = path(request);
        if (!path.isEmpty()) {
            refuse(
                    "Path",
                    destinations.refusal(path.get(0), flow)); // only that hop has to reach the others, and Contact
        }
        boolean bySource = behindNat || (path.isEmpty() && isWebSocket(flow));
        for (RequestedContact contact : contacts) {
            if (contact.isRemoval() || !path.isEmpty()) {
                continue;
            }
            // a client behind a NAT is reached at its source address, over the existing connection
            bySource |= flow.kind().isReliable() && destinations.isHidden(contact.uri(), flow);
            if (!bySource || !destinations.isHidden(contact.uri(), flow)) {
                refuse("Contact", destinations.refusal(contact.uri(), flow));
            }
        }
        BindingSource source = new BindingSource(
                ids,
                userAgents,
                allowed,
                request,
                flow,
                bySource,
                callId,
                request.cseq().number(),
                path,
                now);
        return new RegistrationChange(policy, source, contacts, lost);
    }

    /**
     * A connection to a browser cannot be opened, whatever its contact (RFC 7118 §5.2): it is reached at its source
     * address.
     */
    private static boolean isWebSocket(Flow flow) {
        return flow.kind() == TransportKind.WS || flow.kind() == TransportKind.WSS;
    }

    /** Returns all contacts, or an empty list for a star. */
    private List<RequestedContact> contacts(SipRequest request) throws SipParseException, RegistrationRefused {
        long headerExpires = Lifetimes.expiresHeader(request);
        if (request.hasStarContact()) {
            if (headerExpires != 0) {
                throw bad("Contact: * is allowed only with Expires: 0");
            }
            if (request.nextHeader(HeaderName.CONTACT, request.firstHeader(HeaderName.CONTACT)) >= 0) {
                throw bad("Contact: * must be the only Contact");
            }
            return List.of();
        }
        List<NameAddress> addresses = request.addresses(HeaderName.CONTACT);
        if (addresses.isEmpty()) {
            throw bad("Contact is empty"); // neither a query nor a removal of all
        }
        if (addresses.size() == 1) {
            return List.of(RequestedContact.of(addresses.get(0), lifetimes, headerExpires));
        }
        List<RequestedContact> contacts = new ArrayList<>(addresses.size());
        for (NameAddress address : addresses) {
            contacts.add(RequestedContact.of(address, lifetimes, headerExpires));
        }
        return contacts;
    }

    /** RFC 3327 §5.3: a client that does not support Path would not know that its calls follow one. */
    private List<SipUri> path(SipRequest request) throws SipParseException, RegistrationRefused {
        if (request.firstHeader(HeaderName.PATH) < 0) {
            return List.of();
        }
        if (!request.listContains(HeaderName.SUPPORTED, "path") && !request.listContains(HeaderName.REQUIRE, "path")) {
            if (policy.pathWithoutSupported() == PathWithoutSupported.IGNORE) {
                return List.of();
            }
            if (policy.pathWithoutSupported() == PathWithoutSupported.REFUSE) {
                throw pathWithoutSupported(request);
            }
        }
        List<SipUri> path = new ArrayList<>(2);
        int chars = 0;
        for (NameAddress hop : request.addresses(HeaderName.PATH)) {
            SipUri uri = hop.uri();
            if (!uri.isSip()) {
                throw bad("Path holds a URI that is neither sip nor sips");
            }
            chars += (path.isEmpty() ? 2 : 3) + uri.length(); // as it is stored: in angle brackets, with commas between
            path.add(uri.compact());
        }
        if (chars > MAX_PATH_CHARS) {
            throw tooLong("Path", chars, MAX_PATH_CHARS);
        }
        return List.copyOf(path);
    }

    /** The operator of an edge proxy has to learn from the log what to change. */
    private RegistrationRefused pathWithoutSupported(SipRequest request) throws SipParseException {
        warnings.warn(
                log,
                "REGISTER of " + SipParseException.excerpt(request.to().uri().toString())
                        + " refused with 420: it has a Path and no \"Supported: path\"; to accept it, use"
                        + " RegistrarPolicy.Builder.pathWithoutSupported or --path-without-supported store (or"
                        + " ignore)");
        return new RegistrationRefused(
                StatusCode.BAD_EXTENSION, "Path needs a client that supports it", "Unsupported: path");
    }

    private static void refuse(String header, @Nullable String why) throws RegistrationRefused {
        if (why != null) {
            throw new RegistrationRefused(StatusCode.FORBIDDEN, header + " " + why);
        }
    }

    private static RegistrationRefused bad(String why) {
        return new RegistrationRefused(StatusCode.BAD_REQUEST, why);
    }

    private static RegistrationRefused tooLong(String what, int length, int most) {
        return bad(what + " is too long: " + length + " characters (at most " + most + ")");
    }

    /** Every client retries while the store fails, so one line in ten seconds is enough. */
    private void warnOfStore(LocationStoreException cause, long now) {
        long due = nextStoreWarningMillis.get();
        if (now >= due && nextStoreWarningMillis.compareAndSet(due, now + RETRY_AFTER_SECONDS * 1000L)) {
            log.warn("location store failed; REGISTER requests get 500: {}", cause.getMessage());
        }
    }
}
