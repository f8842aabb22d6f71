package org.sipproxy.security;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.wire.Splice;

/**
 * Trust domain of RFC 3325. Headers by which one network element asserts the caller to another are passed on only from
 * trusted peers. From all other senders, authenticated users included, they are removed from requests and responses:
 *
 * <ul>
 *   <li>{@code P-Asserted-Identity} and {@code P-Preferred-Identity} (RFC 3325), and the older {@code Remote-Party-ID},
 *       which phones and gateways show as the caller.
 *   <li>{@code P-Served-User} (RFC 5502) and {@code P-Called-Party-ID} (RFC 7315 §4.2): on whose behalf a request is
 *       handled, and which address was called.
 *   <li>{@code P-Asserted-Service} and {@code P-Preferred-Service} (RFC 6050): the service that the request belongs to.
 *   <li>{@code P-Charging-Vector} and {@code P-Charging-Function-Addresses} (RFC 7315 §4.5, §4.6): who pays.
 * </ul>
 *
 * <p>Not removed are:
 *
 * <ul>
 *   <li>{@code Identity} (RFC 8224): it is signed, so it cannot be forged, and without it the caller cannot be
 *       verified.
 *   <li>{@code Diversion} (RFC 5806) and {@code History-Info} (RFC 7044): they state how the request reached this
 *       callee, not who calls. Phones that forward calls write them, and voice mail needs them. A host application
 *       whose gateway bills by them removes them in a stage.
 *   <li>{@code Privacy} (RFC 3323): the user's own request, handled by the element that asserts an identity.
 * </ul>
 *
 * <p>The sender of a request is trusted if an earlier component {@link StageContext#trust trusted} it, such as an
 * {@link AccessList}, or if it is in a network given here. The sender of a response is trusted if it is in such a
 * network.
 *
 * <p>Thread-safe.
 */
public final class IdentityHeaders implements ProxyComponent {

    private static final HeaderName[] ASSERTED = {
        HeaderName.P_ASSERTED_IDENTITY,
        HeaderName.P_PREFERRED_IDENTITY,
        HeaderName.REMOTE_PARTY_ID,
        HeaderName.P_SERVED_USER,
        HeaderName.P_CALLED_PARTY_ID,
        HeaderName.P_ASSERTED_SERVICE,
        HeaderName.P_PREFERRED_SERVICE,
        HeaderName.P_CHARGING_VECTOR,
        HeaderName.P_CHARGING_FUNCTION_ADDRESSES
    };

    private volatile NetworkTrie<Boolean> trusted;

    private IdentityHeaders(List<CidrBlock> networks) {
        NetworkTrie.Builder<Boolean> builder = new NetworkTrie.Builder<>();
        networks.forEach(network -> builder.add(network, true));
        this.trusted = builder.build();
    }

    /** Returns a component that trusts the peers of these networks, and those that an earlier component trusts. */
    public static IdentityHeaders trusting(CidrBlock... networks) {
        return new IdentityHeaders(List.of(networks));
    }

    /** Trusts the networks of another component from now on, instead of its own. */
    public void replaceWith(IdentityHeaders other) {
        trusted = other.trusted;
    }

    /** A second one would remove what the first one keeps. */
    @Override
    public Object identity() {
        return IdentityHeaders.class;
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.atEntrance(new Requests());
        hooks.onResponse(context -> {
            if (!isTrusted(context.flow().remoteAddress().getAddress())) {
                Splice splice = asserted(context.response());
                if (splice != null) {
                    context.replace(context.response().with(splice));
                }
            }
        });
    }

    private boolean isTrusted(InetAddress address) {
        return trusted.find(address) != null;
    }

    /** Returns the removal of the asserted headers; null if there are none. */
    private static @Nullable Splice asserted(SipMessage message) {
        Splice splice = null;
        for (HeaderName name : ASSERTED) {
            for (int i = message.firstHeader(name); i >= 0; i = message.nextHeader(name, i)) {
                splice = splice == null ? new Splice() : splice;
                splice.delete(message.index().lineStart(i), message.index().lineEnd(i));
            }
        }
        return splice;
    }

    private final class Requests implements RequestStage {

        @Override
        public Verdict handle(StageContext context) {
            if (!context.isTrusted()
                    && !isTrusted(context.flow().remoteAddress().getAddress())) {
                Splice splice = asserted(context.request());
                if (splice != null) {
                    context.note("identity headers", "removed: the sender is not trusted");
                    context.replace(context.request().with(splice));
                }
            }
            return Verdict.proceed();
        }

        @Override
        public String name() {
            return "IdentityHeaders";
        }

        @Override
        public boolean isRehearsable() {
            return true;
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isRepeatable() {
            return true;
        }
    }
}
