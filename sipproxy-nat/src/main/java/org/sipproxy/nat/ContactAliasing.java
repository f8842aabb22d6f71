package org.sipproxy.nat;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** What a Contact gets that leaves us, if its owner is behind a NAT: an alias, or a new address for hosts that asked for it. */
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
     * Returns a copy with the Contact of a message marked that came on {@code flow}; the message itself if it cannot be marked.
     *
     * @param user who the sender says to be; null if that cannot be read
     */
    <M extends SipMessage> M mark(M message, ContactSpan contact, Flow flow, @Nullable SipUri user) {
        try {
            M marked = fixesContact
                    ? ContactEdit.address(message, contact, flow)
                    : ContactEdit.alias(
                            message,
                            contact,
                            aliases.parameters(flow, owner(message, contact, flow, user), clients.now()));
            counters.aliasesWritten.increment();
            return marked;
        } catch (IllegalArgumentException e) {
            return message; // the header line would be longer than a line may be
        }
    }

    /** The owner of the registration that has this contact, if the sender is who registered it; else 0. */
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

    /** The URI in From or To; null if it cannot be read. */
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

    /** True if a URI names the user of an address-of-record, as far as the texts tell. */
    private static boolean isUser(SipUri uri, Aor aor) {
        return uri.user().equalsIgnoreCase(aor.user()) && uri.hostIs(aor.domain());
    }
}
