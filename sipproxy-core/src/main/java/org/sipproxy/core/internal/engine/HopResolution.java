package org.sipproxy.core.internal.engine;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.forwarding.HopResolver;
import org.sipproxy.message.SipUri;

/** Resolver of next hops for the forwarder. Fails until the proxy is started. */
final class HopResolution implements HopResolver {

    /** Written once, before the first message can arrive. */
    private volatile @Nullable NextHopResolver resolver;

    void use(NextHopResolver opened) {
        resolver = opened;
    }

    @Override
    public @Nullable NextHop numeric(SipUri uri) {
        NextHopResolver opened = resolver;
        return opened == null ? null : opened.resolveNumeric(uri);
    }

    @Override
    public void resolve(SipUri uri, Sender sender, NextHopResolver.Callback callback) {
        NextHopResolver opened = resolver;
        if (opened == null) {
            callback.failed(new ResolutionFailure(ResolutionFailure.Reason.OVERLOADED, "the proxy is not started"));
        } else {
            opened.resolve(uri, sender.trusted() ? null : sender.address(), callback);
        }
    }

    void close() {
        NextHopResolver opened = resolver;
        if (opened != null) {
            opened.close();
        }
    }
}
