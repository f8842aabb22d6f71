package org.sipproxy.jdbc;

import java.util.concurrent.Executor;

/** Source of threads: a running proxy, or the JDK where there is none. Does not start them. */
@FunctionalInterface
interface ThreadSource {

    /** Daemons named {@code sipproxy-<role>}, for use outside a running proxy. */
    ThreadSource DAEMONS = (role, task) -> {
        Thread thread = new Thread(task, "sipproxy-" + role);
        thread.setDaemon(true);
        return thread;
    };

    /** Returns a thread for the task, named after its role. */
    Thread newThread(String role, Runnable task);

    /** Returns an executor that runs each task on a new thread. */
    default Executor executor(String role) {
        return task -> newThread(role, task).start();
    }
}
