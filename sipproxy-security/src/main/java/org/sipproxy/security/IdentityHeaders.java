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
 * The trust domain of RFC 3325: headers by which one network element states to another who calls are passed on only if a trusted
 * peer sent them. From anybody else, authenticated users too, they are removed from requests and responses:
 *
 * <ul>
 *   <li>{@code P-Asserted-Identity} and {@code P-Preferred-Identity} (RFC 3325), and {@code Remote-Party-ID}, which came before
 *       them and which phones and gateways show as the caller.
 *   <li>{@code P-Served-User} (RFC 5502) and {@code P-Called-Party-ID} (RFC 7315 §4.2): on whose behalf a request is handled, and
 *       which address was called.
 *   <li>{@code P-Asserted-Service} and {@code P-Preferred-Service} (RFC 6050): the service that the request belongs to.
 *   <li>{@code P-Charging-Vector} and {@code P-Charging-Function-Addresses} (RFC 7315 §4.5, §4.6): who pays.
 * </ul>
 *
 * <p>Not removed are:
 *
 * <ul>
 *   <li>{@code Identity} (RFC 8224): it is signed, so a stranger cannot forge it, and without it nobody can verify the caller.
 *   <li>{@code Diversion} (RFC 5806) and {@code History-Info} (RFC 7044): they say how the request came to this callee and not
 *       who calls. Phones that forward calls write them, and voice mail needs them. A host application whose gateway bills by them
 *       removes them in a stage.
 *   <li>{@code Privacy} (RFC 3323): the user's own wish, left to the element that asserts an identity.
 * </ul>
 *
 * <p>A request's sender is trusted if a component before this one {@link StageContext#trust trusted} it, such as an
 * {@link AccessList}, or if it is of a network that is named here; a response's sender if it is of such a network.
 *
 * <p>Immutable and safe for use by several threads.
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

    private final NetworkTrie<Boolean> trusted;

    private IdentityHeaders(List<CidrBlock> networks) {
        NetworkTrie.Builder<Boolean> builder = new NetworkTrie.Builder<>();
        networks.forEach(network -> builder.add(network, true));
        this.trusted = builder.build();
    }

    /** Believes what peers of these networks assert, and those that an earlier component trusts. */
    public static IdentityHeaders trusting(CidrBlock... networks) {
        return new IdentityHeaders(List.of(networks));
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

    /** The removal of the asserted headers, null if there are none. */
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
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isRepeatable() {
            return true;
        }
    }
}
