package org.sipproxy.spring;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.SipProxy;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Starts the proxy after all other beans, and stops it before them. Keeps the JVM alive meanwhile, because the threads
 * of the proxy do not.
 */
final class SipProxyLifecycle implements SmartLifecycle {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    /** After the web server of Boot, which starts at 2,048 before the last phase and drains 1,024 before it. */
    static final int PHASE = DEFAULT_PHASE - 512;

    private static final long POLL_MILLIS = 50;

    private final SipProxy proxy;
    private final Runnable beforeStart;
    private final Runnable afterStart;
    private final Duration callDrainTime;
    /** Ends the thread that keeps the JVM alive; null if there is none. */
    private volatile @Nullable CountDownLatch stopped;

    SipProxyLifecycle(SipProxy proxy, Runnable beforeStart, Runnable afterStart, Duration callDrainTime) {
        this.proxy = proxy;
        this.beforeStart = beforeStart;
        this.afterStart = afterStart;
        this.callDrainTime = callDrainTime;
    }

    @Override
    public void start() {
        if (proxy.state() != SipProxy.State.NEW) {
            throw new IllegalStateException("the proxy was stopped, and a proxy starts once: close the context and"
                    + " refresh another one instead of stopping and starting it");
        }
        beforeStart.run();
        startProxy();
        CountDownLatch end = new CountDownLatch(1);
        stopped = end;
        Thread keeper = new Thread(() -> awaitEnd(end), "sipproxy-keep-alive");
        keeper.setDaemon(false);
        keeper.start();
        afterStart.run();
        LOG.info("SIP proxy of {} listens on {}", proxy.settings().domains(), proxy.boundEndpoints());
    }

    private void startProxy() {
        try {
            proxy.start();
        } catch (ConfigurationException e) { // files that cannot be used
            Problems problems = new Problems();
            e.problems().forEach(problems::add);
            throw new InvalidSipPropertiesException(problems.found(), e);
        }
    }

    private static void awaitEnd(CountDownLatch end) {
        try {
            end.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // ends the thread
        }
    }

    /** Stops on a thread of its own, so that the limit of the context ({@code timeout-per-shutdown-phase}) applies. */
    @Override
    public void stop(Runnable callback) {
        Thread stopper = new Thread(
                () -> {
                    try {
                        stop();
                    } finally {
                        callback.run();
                    }
                },
                "sipproxy-stop");
        stopper.setDaemon(true);
        stopper.start();
    }

    @Override
    public void stop() {
        CountDownLatch end = stopped;
        try {
            if (!callDrainTime.isZero()) {
                proxy.drain();
                awaitCalls();
            }
        } finally {
            proxy.close();
            if (end != null) {
                end.countDown();
            }
        }
    }

    /** Waits until there are no calls and no open requests, at most for the configured time. */
    private void awaitCalls() {
        long rounds = callDrainTime.toMillis() / POLL_MILLIS + 1;
        for (long i = 0; i < rounds && isBusy(); i++) {
            try {
                Thread.sleep(POLL_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    private boolean isBusy() {
        boolean tracksCalls = proxy.settings().calls().isPresent();
        return proxy.statistics().unanswered() > 0
                || !tracksCalls
                || proxy.calls().count() > 0;
    }

    @Override
    public boolean isRunning() {
        return stopped != null && proxy.state() != SipProxy.State.CLOSED;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }

    /**
     * Returns false: Spring Framework 7 pauses and resumes unused contexts of tests, and a proxy starts once. Overrides
     * a method that Spring Framework 6 does not have.
     */
    @SuppressWarnings({"MissingOverride", "EffectivelyPrivate"})
    public boolean isPauseable() {
        return false;
    }
}
