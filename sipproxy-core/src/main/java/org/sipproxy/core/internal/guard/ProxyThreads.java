package org.sipproxy.core.internal.guard;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Threads of one proxy, named {@code <proxy>-<role>}. They are daemons, unless the factory of the host application
 * makes others. Does not start them.
 */
public final class ProxyThreads {

    private final String proxy;
    private final ThreadFactory factory;

    /**
     * Threads that a factory makes; their names are set here.
     *
     * @param proxy name of the proxy, the first part of each thread's name
     */
    public ProxyThreads(String proxy, ThreadFactory factory) {
        this.proxy = proxy;
        this.factory = factory;
    }

    /** Returns daemon threads of the JDK. */
    public static ProxyThreads named(String proxy) {
        return new ProxyThreads(proxy, ProxyThreads::daemon);
    }

    /** Returns a daemon thread of the JDK, without a name of its own. */
    public static Thread daemon(Runnable task) {
        Thread thread = new Thread(task);
        thread.setDaemon(true);
        return thread;
    }

    /**
     * Returns a thread that is not started.
     *
     * @throws IllegalStateException if the factory of the host application returns null
     */
    public Thread create(String role, Runnable task) {
        Thread thread = factory.newThread(task);
        if (thread == null) {
            throw new IllegalStateException(
                    "threadFactory: " + factory.getClass().getName() + " returned null for " + proxy + "-" + role
                            + "; return a new thread");
        }
        thread.setName(nameOf(role));
        return thread;
    }

    /** Returns the name of threads of a role. */
    public String nameOf(String role) {
        return proxy + "-" + role;
    }

    /** Returns a factory of threads of one role, numbered from 1. */
    public ThreadFactory factory(String role) {
        AtomicInteger count = new AtomicInteger();
        return task -> create(role + "-" + count.incrementAndGet(), task);
    }
}
