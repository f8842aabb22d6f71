package org.sipproxy.core.internal.registrar;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.codec.SharedText;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.wire.MessageIndex;

/**
 * Factory for the bindings of one REGISTER. Bindings live for an hour and messages for a millisecond, so a binding must
 * not reference the message, and values that an older binding already holds are reused.
 */
final class BindingSource {

    /** The width of Kamailio's column; a longer User-Agent is truncated. */
    private static final int MAX_USER_AGENT_CHARS = 255;

    private final BindingIds ids;
    private final SharedText userAgents;
    private final SipRequest request;
    private final Flow flow;
    private final @Nullable SipUri received;
    private final Set<Method> methods;
    private final String callId;
    private final long cseq;
    private final List<SipUri> path;
    private final long nowMillis;

    BindingSource(
            BindingIds ids,
            SharedText userAgents,
            AllowedMethods allowed,
            SipRequest request,
            Flow flow,
            boolean behindNat,
            String callId,
            long cseq,
            List<SipUri> path,
            long nowMillis) {
        this.ids = ids;
        this.userAgents = userAgents;
        this.request = request;
        this.flow = flow;
        this.received = behindNat ? ReceivedAddress.of(flow) : null;
        this.methods = allowed.of(request);
        this.callId = callId;
        this.cseq = cseq;
        this.path = path;
        this.nowMillis = nowMillis;
    }

    String callId() {
        return callId;
    }

    long cseq() {
        return cseq;
    }

    boolean hasPath() {
        return !path.isEmpty();
    }

    long nowMillis() {
        return nowMillis;
    }

    /** Returns a new binding, or {@code old} updated with the request's values under the same id. */
    Binding binding(@Nullable Binding old, RequestedContact contact) {
        Binding.Builder builder;
        String instanceId = contact.instanceId();
        if (old == null) {
            builder = Binding.builder(ids.next(), contact.uri().compact())
                    .callId(callId)
                    .userAgent(userAgent(""));
        } else {
            builder = old.toBuilder().userAgent(userAgent(old.userAgent()));
            if (!old.contact().equals(contact.uri())) {
                builder.contact(contact.uri().compact());
            }
            if (!old.callId().equals(callId)) {
                builder.callId(callId);
            }
            if (old.instanceId().equals(instanceId)) {
                instanceId = old.instanceId();
            }
        }
        return builder.times(nowMillis, nowMillis + contact.lifetimeSeconds() * 1000L)
                .q(contact.q())
                .cseq(cseq)
                .path(path)
                .instance(instanceId, contact.regId())
                .flow(flow)
                .received(received)
                .methods(methods)
                .build();
    }

    private String userAgent(String known) {
        int line = request.firstHeader(HeaderName.USER_AGENT);
        if (line < 0) {
            return "";
        }
        if (isText(
                request.index(),
                request.index().valueStart(line),
                request.index().valueEnd(line),
                known)) {
            return known;
        }
        String text = request.value(line);
        return userAgents.of(text.length() > MAX_USER_AGENT_CHARS ? text.substring(0, MAX_USER_AGENT_CHARS) : text);
    }

    /** Returns true if the bytes are this ASCII text. */
    private static boolean isText(MessageIndex bytes, int from, int to, String text) {
        if (to - from != text.length()) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (bytes.byteAt(i) != text.charAt(i - from)) {
                return false;
            }
        }
        return true;
    }
}
