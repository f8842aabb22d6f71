package org.sipproxy.jdbc;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wait for a database that starts at the same time as the proxy, such as in two containers. Components fail at the start
 * if they cannot read their tables, so call it before {@code SipProxy.start()}:
 *
 * <pre>{@code
 * DatabaseWait.untilReachable(dataSource, Duration.ofSeconds(30));
 * proxy.start();
 * }</pre>
 */
public final class DatabaseWait {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private static final Duration LONGEST = Duration.ofMinutes(10);
    private static final long PAUSE_MILLIS = 500;

    private DatabaseWait() {}

    /**
     * Waits until a connection can be opened. Tries twice a second while no connection is accepted, or the server says
     * that it is starting or stopping. Other failures, such as a wrong password, end the wait: the start reports them.
     * Blocks, for at most {@code limit} and one attempt; a data source needs a short connect time-out. If the thread is
     * interrupted, the wait ends and the thread stays interrupted.
     *
     * @param limit 0 to 10 min; with 0 it tries once
     * @return true if a connection could be opened
     * @throws IllegalArgumentException if {@code limit} is outside its range
     */
    public static boolean untilReachable(DataSource dataSource, Duration limit) {
        if (limit.isNegative() || limit.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException("limit: " + limit + " (expected 0 s to 10 min)");
        }
        long begun = System.nanoTime();
        boolean isLogged = false;
        while (true) {
            try {
                dataSource.getConnection().close();
                return true;
            } catch (SQLException | RuntimeException e) {
                long left = limit.toNanos() - (System.nanoTime() - begun);
                if (left <= 0 || !isStarting(e)) {
                    return false;
                }
                if (!isLogged) {
                    isLogged = true;
                    LOG.info("waiting up to {} s for the database: {}", limit.toSeconds(), SqlStates.text(e));
                }
                if (!pause(Math.min(left, TimeUnit.MILLISECONDS.toNanos(PAUSE_MILLIS)))) {
                    return false;
                }
            }
        }
    }

    private static boolean isStarting(Throwable failure) {
        return SqlStates.isConnectionClosed(failure);
    }

    private static boolean pause(long nanos) {
        try {
            TimeUnit.NANOSECONDS.sleep(nanos);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
