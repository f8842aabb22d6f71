package org.sipproxy.nat;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Rewriting of the Contact of a client behind a NAT: adds an alias, or replaces the address if {@code fixContact} is
 * set.
 */
final class ContactAliasing {

    private final AliasWriter aliases;
    private final KnownClients clients;
    private final NatCounters counters;
    private final boolean fixesContact;

    ContactAliasing(AliasWriter aliases, KnownClients clients, NatCounters counters, boolean fixesContact) {
        this.aliases = aliases;
        this.clients = clients;
        this.counters = counters;
        this.fixesContact = fixesContact;
    }

    /**
     * Returns a copy of a message that arrived on {@code flow}, with its Contact marked. Returns the message itself if
     * it cannot be marked.
     *
     * @param user the URI that the sender claims; null if it cannot be read
     */
    <M extends SipMessage> M mark(M message, ContactSpan contact, Flow flow, @Nullable SipUri user) {
        try {
            M marked = edited(message, contact, flow, user);
            counters.aliasesWritten.increment();
            return marked;
        } catch (IllegalArgumentException e) {
            return message; // the header line would exceed the maximum line length
        }
    }

    /** Does the same as {@link #mark} without counting it. */
    <M extends SipMessage> M rehearse(M message, ContactSpan contact, Flow flow, @Nullable SipUri user) {
        try {
            return edited(message, contact, flow, user);
        } catch (IllegalArgumentException e) {
            return message;
        }
    }

    private <M extends SipMessage> M edited(M message, ContactSpan contact, Flow flow, @Nullable SipUri user) {
        return fixesContact
                ? ContactEdit.address(message, contact, flow)
                : ContactEdit.alias(
                        message, contact, aliases.parameters(flow, owner(message, contact, flow, user), clients.now()));
    }

    /** Returns the owner of the registration with this contact, if the sender is that owner; otherwise 0. */
    private int owner(SipMessage message, ContactSpan contact, Flow flow, @Nullable SipUri user) {
        SipUri uri = uri(message, contact);
        if (uri == null) {
            return 0;
        }
        InetSocketAddress remote = flow.remoteAddress();
        for (Client client : clients.at(ContactEdit.withoutAlias(uri))) {
            if (client.flow.flow.remoteAddress().equals(remote) || (user != null && isUser(user, client.aor))) {
                return client.owner;
            }
        }
        return 0;
    }

    /** Returns the URI in From or To; null if it cannot be read. */
    static @Nullable SipUri user(SipMessage message, HeaderName fromOrTo) {
        try {
            return (fromOrTo.equals(HeaderName.FROM) ? message.from() : message.to()).uri();
        } catch (SipParseException e) {
            return null;
        }
    }

    private static @Nullable SipUri uri(SipMessage message, ContactSpan contact) {
        try {
            return SipUri.parse(message.index().text(contact.uriStart(), contact.uriEnd()));
        } catch (SipParseException e) {
            return null;
        }
    }

    /** Returns true if the user and domain of a URI are those of an AOR, compared as texts. */
    private static boolean isUser(SipUri uri, Aor aor) {
        return uri.user().equalsIgnoreCase(aor.user()) && uri.hostIs(aor.domain());
    }
}
