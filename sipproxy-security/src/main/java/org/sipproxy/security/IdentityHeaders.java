package org.sipproxy.security;

import java.net.InetAddress;
import java.util.List;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.Splice;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;

/**
 * The trust domain of RFC 3325: {@code P-Asserted-Identity} and {@code P-Preferred-Identity} go on only if a trusted peer sends
 * them; from anybody else, authenticated users too, they are taken off requests and responses. {@code Privacy} (RFC 3323) is the
 * user's own wish and is left to whoever asserts an identity.
 *
 * <p>A request's sender is trusted if a component before this one {@link StageContext#trust trusted} it, such as an
 * {@link AccessList}, or if it is of a network that is named here; a response's sender if it is of such a network.
 *
 * <p>Immutable and safe for use by several threads.
 */
public final class IdentityHeaders implements ProxyComponent {

    private static final HeaderName[] ASSERTED = {HeaderName.P_ASSERTED_IDENTITY, HeaderName.P_PREFERRED_IDENTITY};

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
                strip(context.response());
            }
        });
    }

    private boolean isTrusted(InetAddress address) {
        return trusted.find(address) != null;
    }

    private static void strip(SipMessage message) {
        Splice splice = null;
        for (HeaderName name : ASSERTED) {
            for (int i = message.firstHeader(name); i >= 0; i = message.nextHeader(name, i)) {
                splice = splice == null ? new Splice() : splice;
                splice.delete(message.lineStart(i), message.lineEnd(i));
            }
        }
        if (splice != null) {
            message.edit(splice);
        }
    }

    private final class Requests implements RequestStage {

        @Override
        public Verdict handle(StageContext context) {
            if (!context.isTrusted()
                    && !isTrusted(context.flow().remoteAddress().getAddress())) {
                strip(context.request());
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
