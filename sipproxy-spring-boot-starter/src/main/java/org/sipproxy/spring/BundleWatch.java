package org.sipproxy.spring;

import java.util.concurrent.atomic.AtomicBoolean;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.core.SipProxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a changed SSL bundle into use. A proxy that is starting has read the bundle and cannot read it again, so a change
 * during the start is kept until it is complete.
 */
final class BundleWatch {

    private static final Logger LOG = LoggerFactory.getLogger(SipProxyAutoConfiguration.class);

    private final SipProxy proxy;
    private final String bundle;
    private final AtomicBoolean isChanged = new AtomicBoolean();

    BundleWatch(SipProxy proxy, String bundle) {
        this.proxy = proxy;
        this.bundle = bundle;
    }

    /** Called by any thread when the application has read the bundle again. */
    void onChange() {
        isChanged.set(true);
        SipProxy.State state = proxy.state();
        if (state != SipProxy.State.NEW && state != SipProxy.State.STARTING) {
            apply();
        }
    }

    /** Called when the proxy has started. Whichever of the two methods sees the change last applies it. */
    void onStarted() {
        apply();
    }

    private void apply() {
        if (!isChanged.getAndSet(false)) {
            return;
        }
        try {
            proxy.reloadTls();
            LOG.info("SSL bundle {} reloaded", bundle);
        } catch (ConfigurationException e) {
            LOG.error("SSL bundle {} cannot be used; the old certificate stays in use", bundle, e);
        } catch (IllegalStateException e) {
            LOG.debug("SSL bundle {} changed, but the proxy does not use it now", bundle, e);
        }
    }
}
