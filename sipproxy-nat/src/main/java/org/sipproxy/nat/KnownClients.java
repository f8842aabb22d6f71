package org.sipproxy.nat;

import java.net.InetAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipUri;

/**
 * Clients that are reached over their flow, learned from the events of the location store. They are found by contact,
 * to route an in-dialog request, and by flow, to keep it open. A store in a database is not queried again for what an
 * event has reported.
 *
 * <p>A refresh or a look-up costs one map access and no lock; adding or removing a client takes one lock for a few
 * hundred nanoseconds. A binding whose row another server removed causes no event; it is removed when it expires.
 */
final class KnownClients implements LocationListener {

    private static final Client[] NO_CLIENTS = {};

    private final AliasWriter aliases;
    private final boolean keepsAll;
    private final ConcurrentMap<String, Client> byId = new ConcurrentHashMap<>();
    private final ConcurrentMap<SipUri, Client[]> byContact = new ConcurrentHashMap<>();
    private final ConcurrentMap<KeptFlow.Key, KeptFlow> flows = new ConcurrentHashMap<>();

    /** By {@link KeptFlow#slot}. Removed flows leave holes, which are reused. */
    private volatile AtomicReferenceArray<@Nullable KeptFlow> slots = new AtomicReferenceArray<>(64);

    private volatile int usedSlots;
    private int[] holes = new int[64];
    private int holeCount;

    private volatile @Nullable ProxyRuntime proxy;
    private volatile List<Endpoint> listeningPoints = List.of();

    /** @param keepsAll true if UDP clients that are not behind a NAT are kept too */
    KnownClients(AliasWriter aliases, boolean keepsAll) {
        this.aliases = aliases;
        this.keepsAll = keepsAll;
    }

    void start(ProxyRuntime runtime) {
        listeningPoints = List.copyOf(runtime.boundEndpoints());
        proxy = runtime;
    }

    /** Reads all bindings of the store; blocks as long as the store does. */
    void load(ProxyRuntime runtime) {
        runtime.locationStore().forEach((aor, bindings) -> bindings.forEach(binding -> put(aor, binding)));
    }

    /** Returns the wall clock minus the proxy's time. */
    Duration wallClockShift() {
        ProxyRuntime runtime = proxy;
        return runtime == null ? Duration.ZERO : Duration.between(runtime.now(), runtime.wallClock());
    }

    /** Returns the proxy's time in milliseconds; steps of the wall clock do not affect it. */
    long now() {
        ProxyRuntime runtime = proxy;
        return runtime == null ? 0 : runtime.now().toEpochMilli();
    }

    // ---- location events

    @Override
    public void onChange(LocationEvent event) {
        if (event.kind() == LocationEvent.Kind.REMOVED) {
            remove(event.binding().id());
        } else {
            put(event.aor(), event.binding());
        }
    }

    private void put(Aor aor, Binding binding) {
        Client known = byId.get(binding.id());
        Flow flow = flowOf(binding);
        if (flow == null) {
            if (known != null) {
                remove(binding.id());
            }
            return;
        }
        KeptFlow.Key key = KeptFlow.Key.of(flow);
        if (known != null
                && known.binding.contact().equals(binding.contact())
                && KeptFlow.Key.of(known.flow.flow).equals(key)
                && known.flow.flow.isOpen()) {
            known.binding = binding;
            known.flow.received(now());
            return;
        }
        synchronized (this) {
            remove(binding.id());
            KeptFlow kept = keptFlow(key, flow);
            Client client = new Client(aor, aliases.owner(aor), kept, binding);
            kept.clients = with(kept.clients, client);
            byId.put(binding.id(), client);
            byContact.compute(
                    binding.contact(), (contact, others) -> with(others == null ? NO_CLIENTS : others, client));
        }
    }

    /**
     * Returns the flow to a binding's client; null if the client is not reached over a flow of this proxy. Behind a
     * Path the edge proxy keeps the flow. A binding received on another server's listening point is kept by that
     * server.
     */
    private @Nullable Flow flowOf(Binding binding) {
        Optional<SipUri> received = binding.received();
        if (!binding.path().isEmpty() || (received.isEmpty() && !keepsAll)) {
            return null;
        }
        Flow flow = binding.flow().orElse(null);
        if (flow == null) {
            SipUri address = received.orElse(binding.contact());
            Endpoint socket = binding.socket().orElse(null);
            ProxyRuntime runtime = proxy;
            flow = runtime == null || socket == null || !isListeningPoint(socket) || !isNumeric(address)
                    ? null
                    : runtime.flow(address, socket, Instant.ofEpochMilli(binding.updatedAtMillis()))
                            .orElse(null);
        }
        return flow != null && (received.isPresent() || flow.kind() == TransportKind.UDP) ? flow : null;
    }

    private boolean isListeningPoint(Endpoint socket) {
        for (Endpoint point : listeningPoints) {
            if (point.hasAddressOf(socket)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isNumeric(SipUri uri) {
        Optional<InetAddress> address = uri.numericHost();
        return address.isPresent();
    }

    private KeptFlow keptFlow(KeptFlow.Key key, Flow flow) {
        KeptFlow kept = flows.get(key);
        if (kept != null && kept.flow.isOpen()) {
            kept.received(now());
            return kept;
        }
        int slot = holeCount > 0 ? holes[--holeCount] : usedSlots;
        AtomicReferenceArray<@Nullable KeptFlow> all = slots;
        if (slot == all.length()) {
            AtomicReferenceArray<@Nullable KeptFlow> larger = new AtomicReferenceArray<>(slot * 2);
            for (int i = 0; i < slot; i++) {
                larger.set(i, all.get(i));
            }
            slots = larger;
            all = larger;
        }
        KeptFlow made = new KeptFlow(flow, slot, now());
        all.set(slot, made);
        if (slot == usedSlots) {
            usedSlots = slot + 1;
        }
        flows.put(key, made);
        return made;
    }

    /** Removes a client, and its flow if no other client uses it. */
    synchronized void remove(String bindingId) {
        Client client = byId.remove(bindingId);
        if (client == null) {
            return;
        }
        byContact.computeIfPresent(client.binding.contact(), (contact, all) -> {
            Client[] left = without(all, client);
            return left.length == 0 ? null : left;
        });
        KeptFlow kept = client.flow;
        kept.clients = without(kept.clients, client);
        if (kept.clients.length == 0) {
            flows.remove(KeptFlow.Key.of(kept.flow), kept);
            slots.set(kept.slot, null);
            if (holeCount == holes.length) {
                holes = Arrays.copyOf(holes, holeCount * 2);
            }
            holes[holeCount++] = kept.slot;
        }
    }

    private static Client[] with(Client[] some, Client one) {
        Client[] more = Arrays.copyOf(some, some.length + 1);
        more[some.length] = one;
        return more;
    }

    private static Client[] without(Client[] some, Client one) {
        return Arrays.stream(some).filter(c -> c != one).toArray(Client[]::new);
    }

    // ---- look-ups

    /** Records that something arrived on a flow, so that its clients count as alive. */
    void received(Flow flow) {
        KeptFlow kept = flows.get(KeptFlow.Key.of(flow));
        if (kept != null) {
            kept.received(now());
        }
    }

    /** Returns the clients that registered this contact, compared as they wrote it. */
    List<Client> at(SipUri contact) {
        Client[] all = byContact.get(contact);
        return all == null ? List.of() : List.of(all);
    }

    /** Returns the number of slots, holes included. */
    int slots() {
        return usedSlots;
    }

    @Nullable
    KeptFlow slot(int number) {
        AtomicReferenceArray<@Nullable KeptFlow> all = slots;
        return number >= 0 && number < all.length() ? all.get(number) : null;
    }

    long clients() {
        return byId.size();
    }

    long flows() {
        return flows.size();
    }

    void forEachFlow(Consumer<KeptFlow> visitor) {
        flows.values().forEach(visitor);
    }
}
