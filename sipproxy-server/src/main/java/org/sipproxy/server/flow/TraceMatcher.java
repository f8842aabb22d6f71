package org.sipproxy.server.flow;

import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.Set;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.message.HostName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** Applies a {@link TraceFilter} to messages in their order, and follows the Call-IDs that it selects. Thread-safe. */
final class TraceMatcher {

    /** Number of Call-IDs that are followed; with more, the oldest is dropped. */
    private static final int MOST_CALL_IDS = 10_000;

    private final TraceFilter filter;
    private final Set<String> followed = new LinkedHashSet<>();

    TraceMatcher(TraceFilter filter) {
        this.filter = filter;
    }

    /** Returns true if the message is to be recorded. */
    boolean accepts(WireMessage wire) {
        if (wire.isKeepalive()) {
            return filter.keepalives() && concernsNoMessage() && isFromSource(wire);
        }
        if (filter.isOpen()) {
            return true;
        }
        SipMessage message = wire.message().orElse(null);
        if (message == null) {
            return concernsNoMessage() && isFromSource(wire);
        }
        String callId;
        try {
            callId = message.callId();
        } catch (SipParseException e) {
            return isSelected(wire, message, "");
        }
        synchronized (followed) {
            if (followed.contains(callId)) {
                return true;
            }
        }
        if (!isSelected(wire, message, callId)) {
            return false;
        }
        follow(callId);
        return true;
    }

    private void follow(String callId) {
        synchronized (followed) {
            followed.add(callId);
            if (followed.size() > MOST_CALL_IDS) {
                followed.remove(followed.iterator().next());
            }
        }
    }

    private boolean concernsNoMessage() {
        return filter.user().isEmpty() && filter.callId().isEmpty();
    }

    private boolean isSelected(WireMessage wire, SipMessage message, String callId) {
        return filter.callId().map(callId::equals).orElse(true)
                && isFromSource(wire)
                && filter.user().map(user -> concerns(user, message)).orElse(true);
    }

    private boolean isFromSource(WireMessage wire) {
        InetAddress remote = wire.flow().remoteAddress().getAddress();
        return filter.source()
                .map(network -> remote != null && network.contains(remote))
                .orElse(true);
    }

    private static boolean concerns(String user, SipMessage message) {
        try {
            if (message instanceof SipRequest request && isOf(user, request.requestUri())) {
                return true;
            }
        } catch (SipParseException e) {
            // the headers may be readable
        }
        return isIn(user, message::from) || isIn(user, message::to);
    }

    private interface Header {
        NameAddress address() throws SipParseException;
    }

    private static boolean isIn(String user, Header header) {
        try {
            return isOf(user, header.address().uri());
        } catch (SipParseException e) {
            return false;
        }
    }

    private static boolean isOf(String user, SipUri uri) {
        if (!uri.isSip()) {
            return uri.toString().equals(user);
        }
        int at = user.lastIndexOf('@');
        return at < 0
                ? uri.user().equals(user)
                : uri.user().equals(user.substring(0, at)) && HostName.same(uri.host(), user.substring(at + 1));
    }
}
