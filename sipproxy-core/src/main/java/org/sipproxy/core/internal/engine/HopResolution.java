package org.sipproxy.core.internal.engine;

import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.forwarding.HopResolver;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Forwarding's view of the resolver, which is there once the proxy has been started. */
final class HopResolution implements HopResolver {

    private static final Logger LOG = LoggerFactory.getLogger(HopResolution.class);

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
    public void resolve(SipUri uri, Sender sender, Consumer<List<NextHop>> done) {
        NextHopResolver opened = resolver;
        if (opened == null) {
            done.accept(List.of());
            return;
        }
        opened.resolve(uri, sender.trusted() ? null : sender.address(), new NextHopResolver.Callback() {
            @Override
            public void resolved(List<NextHop> nextHops) {
                done.accept(nextHops);
            }

            @Override
            public void failed(ResolutionFailure failure) {
                LOG.debug("no next hop: {}", failure.text());
                done.accept(List.of());
            }
        });
    }

    void close() {
        NextHopResolver opened = resolver;
        if (opened != null) {
            opened.close();
        }
    }
}
