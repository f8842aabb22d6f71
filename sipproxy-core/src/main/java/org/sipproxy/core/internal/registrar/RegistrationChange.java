package org.sipproxy.core.internal.registrar;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.RegistrarPolicy.ContactMatching;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;

/**
 * Change that one REGISTER makes to the bindings of its AOR, all or nothing (RFC 3261 §10.3 steps 6 and 7).
 *
 * <p>A contact is matched against the bindings as follows:
 *
 * <pre>
 * +sip.instance, reg-id   by both (RFC 5626 §6), otherwise a binding without an instance that has its URI
 * +sip.instance alone     by URI, otherwise by the instance, so that a phone with a new address keeps one binding
 * neither                 by URI
 * </pre>
 *
 * <p>If the matching binding has the same Call-ID, CSeq decides:
 *
 * <pre>
 * greater                             replaced
 * equal, bound less than 20 s ago     a retransmission: nothing changes
 * equal and later, or smaller         the whole request is refused with 400
 * </pre>
 *
 * <p>Another Call-ID means that the client has restarted: the binding is replaced whatever the CSeq, and other bindings
 * of the same instance with an older Call-ID are removed, as in Kamailio. If a contact is named twice, the last one
 * counts. A removal that names another URI of a flow does not remove the binding that the same request writes for it.
 *
 * <p>The store may run {@link #apply} more than once, so each run starts from scratch. Not thread-safe.
 */
final class RegistrationChange implements BindingChange {

    /** Kamailio's {@code cseq_delay}. */
    private static final long RETRANSMISSION_MILLIS = 20_000;

    private final RegistrarPolicy policy;
    private final BindingSource source;
    private final LostConnections lost;
    /** Empty for {@code Contact: *}. */
    private final List<RequestedContact> contacts;

    private final List<Binding> written = new ArrayList<>(1);
    /** The previous state of each of {@link #written}; null for a new one. */
    private final List<@Nullable Binding> before = new ArrayList<>(1);

    private List<Binding> replaced = List.of();
    private List<Binding> overLimit = List.of();
    private @Nullable RegistrationRefused refusal;

    RegistrationChange(
            RegistrarPolicy policy, BindingSource source, List<RequestedContact> contacts, LostConnections lost) {
        this.policy = policy;
        this.lost = lost;
        this.source = source;
        this.contacts = contacts;
    }

    /** Returns why nothing was changed, if the bindings did not allow the change. */
    @Nullable
    RegistrationRefused refusal() {
        return refusal;
    }

    /** Returns true if the bindings were written with the request's Path. */
    boolean hasPath() {
        return source.hasPath();
    }

    /** Returns the bindings that were inserted or refreshed. */
    List<Binding> written() {
        return written;
    }

    /** Returns true if the {@code i}th of {@link #written} is new. */
    boolean isNew(int i) {
        return before.get(i) == null;
    }

    /** Returns true if the {@code i}th of {@link #written} is new or leads elsewhere than before. */
    boolean isNews(int i) {
        Binding old = before.get(i);
        Binding binding = written.get(i);
        return old == null
                || !old.contact().equals(binding.contact())
                || !old.path().equals(binding.path())
                || !old.instanceId().equals(binding.instanceId());
    }

    @Override
    public RemovalReason reasonOf(Binding removed) {
        if (overLimit.contains(removed)) {
            return RemovalReason.LIMIT;
        }
        return replaced.contains(removed) ? RemovalReason.REPLACED : RemovalReason.UNREGISTERED;
    }

    @Override
    public List<Binding> apply(List<Binding> current) {
        written.clear();
        before.clear();
        replaced = List.of();
        overLimit = List.of();
        refusal = null;
        try {
            return contacts.isEmpty() ? withoutAny(current) : withContacts(current);
        } catch (RegistrationRefused e) {
            written.clear();
            before.clear();
            refusal = e;
            return current;
        }
    }

    /** Step 6: a star removes each binding as if it were named. */
    private List<Binding> withoutAny(List<Binding> current) throws RegistrationRefused {
        for (Binding binding : current) {
            if (binding.callId().equals(source.callId()) && source.cseq() <= binding.cseq()) {
                throw outOfOrder(binding);
            }
        }
        return List.of();
    }

    private List<Binding> withContacts(List<Binding> current) throws RegistrationRefused {
        List<Binding> next = new ArrayList<>(current.size() + contacts.size());
        next.addAll(current);
        boolean changed = false;
        for (RequestedContact contact : contacts) {
            int at = find(next, contact);
            if (at < 0) {
                changed |= add(next, contact);
            } else if (isWritten(next.get(at)) || isLater(next.get(at))) {
                replace(next, at, contact);
                changed = true;
            }
        }
        if (!changed) {
            return current;
        }
        if (next.size() > policy.maxContacts() && next.size() > current.size()) {
            makeRoom(next);
        }
        return next;
    }

    private int find(List<Binding> bindings, RequestedContact contact) {
        if (bindings.isEmpty()) {
            return -1;
        }
        if (contact.regId() > 0) {
            int at = findInstance(bindings, contact);
            return at >= 0 ? at : findUri(bindings, contact.uri(), true);
        }
        int at = findUri(bindings, contact.uri(), false);
        return at >= 0 || contact.instanceId().isEmpty() ? at : findInstance(bindings, contact);
    }

    private int findUri(List<Binding> bindings, SipUri uri, boolean withoutInstance) {
        for (int i = 0; i < bindings.size(); i++) {
            Binding binding = bindings.get(i);
            if (withoutInstance && !binding.instanceId().isEmpty()) {
                continue;
            }
            if (hasUri(binding, uri)) {
                return i;
            }
        }
        return -1;
    }

    private boolean hasUri(Binding binding, SipUri uri) {
        // most contacts arrive again byte for byte
        return binding.contact().equals(uri)
                || (policy.contactMatching() == ContactMatching.RFC3261
                        && binding.contact().isEquivalentTo(uri));
    }

    /**
     * A second contact of one instance in one request is another contact, not a new address of the first. With reg-id
     * it is the same flow again; but a phone that has moved may remove its old address and name the new one first.
     */
    private int findInstance(List<Binding> bindings, RequestedContact contact) {
        for (int i = 0; i < bindings.size(); i++) {
            Binding binding = bindings.get(i);
            if (binding.regId() == contact.regId()
                    && sameInstance(binding.instanceId(), contact.instanceId())
                    && (!isWritten(binding) || isSameFlow(binding, contact))) {
                return i;
            }
        }
        return -1;
    }

    private boolean isSameFlow(Binding written, RequestedContact contact) {
        return contact.regId() > 0 && (!contact.isRemoval() || hasUri(written, contact.uri()));
    }

    /** Ignores angle brackets and case: the value is a URN (RFC 5626 §4.1), most often a UUID. */
    private static boolean sameInstance(String x, String y) {
        int xFrom = x.startsWith("<") ? 1 : 0;
        int yFrom = y.startsWith("<") ? 1 : 0;
        int length = x.length() - xFrom - (x.endsWith(">") ? 1 : 0);
        return length > 0
                && length == y.length() - yFrom - (y.endsWith(">") ? 1 : 0)
                && x.regionMatches(true, xFrom, y, yFrom, length);
    }

    private boolean isWritten(Binding binding) {
        for (Binding b : written) {
            if (b == binding) {
                return true;
            }
        }
        return false;
    }

    private boolean isLater(Binding binding) throws RegistrationRefused {
        if (!binding.callId().equals(source.callId()) || source.cseq() > binding.cseq()) {
            return true;
        }
        if (source.cseq() == binding.cseq() && source.nowMillis() - binding.updatedAtMillis() < RETRANSMISSION_MILLIS) {
            return false;
        }
        throw outOfOrder(binding);
    }

    private RegistrationRefused outOfOrder(Binding binding) {
        return new RegistrationRefused(
                StatusCode.BAD_REQUEST,
                "Invalid CSeq number: " + source.cseq() + " does not follow " + binding.cseq()
                        + " of the same Call-ID");
    }

    private boolean add(List<Binding> bindings, RequestedContact contact) {
        if (contact.isRemoval()) {
            return false; // not an error: the client wants it removed, and it does not exist
        }
        Binding binding = source.binding(null, contact);
        bindings.add(binding);
        written.add(binding);
        before.add(null);
        return true;
    }

    private void replace(List<Binding> bindings, int at, RequestedContact contact) {
        Binding old = bindings.get(at);
        Binding first = old;
        int again = written.indexOf(old);
        if (again >= 0) {
            written.remove(again);
            first = before.remove(again);
        }
        if (contact.isRemoval()) {
            bindings.remove(at);
            return;
        }
        Binding binding = source.binding(old, contact);
        bindings.set(at, binding);
        written.add(binding);
        before.add(first);
        if (!contact.instanceId().isEmpty() && !old.callId().equals(binding.callId())) {
            removeOthersOf(contact.instanceId(), bindings);
        }
    }

    private void removeOthersOf(String instanceId, List<Binding> bindings) {
        List<Binding> gone = new ArrayList<>(replaced);
        bindings.removeIf(b -> {
            boolean goes = sameInstance(b.instanceId(), instanceId)
                    && !isWritten(b)
                    && !b.callId().equals(source.callId());
            if (goes) {
                gone.add(b);
            }
            return goes;
        });
        replaced = gone;
    }

    /** Applies {@link RegistrarPolicy#whenFull()}; bindings that this request wrote stay. */
    private void makeRoom(List<Binding> bindings) throws RegistrationRefused {
        int tooMany = bindings.size() - policy.maxContacts();
        overLimit = bindings.stream()
                .filter(b -> !isWritten(b) && mayGo(b))
                .sorted(Comparator.comparingLong(Binding::updatedAtMillis))
                .limit(tooMany)
                .toList();
        if (overLimit.size() < tooMany) {
            throw new RegistrationRefused(
                    StatusCode.SERVICE_UNAVAILABLE,
                    "too many contacts: " + bindings.size() + " (at most " + policy.maxContacts() + ")");
        }
        bindings.removeAll(overLimit);
    }

    private boolean isLost(Binding binding) {
        return lost.isLost(binding, binding.callId().equals(source.callId()));
    }

    private boolean mayGo(Binding binding) {
        return switch (policy.whenFull()) {
            case REJECT -> false;
            case REPLACE_OLDEST -> true;
            case REPLACE_UNREACHABLE -> isLost(binding);
        };
    }
}
