package org.sipproxy.api.location;

import java.time.Duration;
import java.util.Objects;

/** How bindings are kept: in memory, in a database, or both, and what a crash may cost. The names are Kamailio's. */
public sealed interface StoreMode {

    /** In memory only; a restart forgets every binding. Kamailio's {@code db_mode 0}. */
    static StoreMode memory() {
        return Memory.INSTANCE;
    }

    /**
     * Memory answers, and every change is in the database before the 200 is sent: a crash loses nothing that was acknowledged.
     * {@code db_mode 1}.
     */
    static StoreMode writeThrough(BindingRepository repository) {
        return new WriteThrough(repository);
    }

    /** Like {@link #writeBack(BindingRepository, Duration)}, with an interval of 60 s. */
    static StoreMode writeBack(BindingRepository repository) {
        return writeBack(repository, Duration.ofSeconds(60));
    }

    /** Like {@link #writeBack(BindingRepository, Duration, Duration)}, with a stop limit of 10 min. */
    static StoreMode writeBack(BindingRepository repository, Duration interval) {
        return new WriteBack(repository, interval, Duration.ofMinutes(10));
    }

    /**
     * Memory answers, and changes go to the database in batches. A crash loses the changes of at most one interval while the
     * database keeps up: flushes begin early enough to end in time if they take as long as those before. While it is away or too
     * slow, changes wait longer; {@code StoreStatus.oldestWaiting} says how long. {@code db_mode 2}.
     *
     * @param interval how old a change may be when it is written; flushes come up to a fifth earlier, so that servers that were
     *     started together do not flush together. 100 ms to 5 min; Kamailio's default is 60 s
     * @param stopLimit how long closing the proxy may take to write what waits. It takes as long as rows are being written, and
     *     gives up earlier only if nothing could be written for 10 s. 1 s to 24 h
     * @throws IllegalArgumentException if one is outside its range
     */
    static StoreMode writeBack(BindingRepository repository, Duration interval, Duration stopLimit) {
        return new WriteBack(repository, interval, stopLimit);
    }

    /** Nothing in memory, each request reads and writes rows: several servers may share a database. {@code db_mode 3}. */
    static StoreMode databaseOnly(BindingRepository repository) {
        return new DatabaseOnly(repository);
    }

    /** Reads all rows at the start and never writes. {@code db_mode 4}. */
    static StoreMode loadAtStart(BindingRepository repository) {
        return new LoadAtStart(repository);
    }

    /** See {@link StoreMode#memory}. */
    enum Memory implements StoreMode {
        INSTANCE
    }

    /** See {@link StoreMode#writeThrough}. */
    record WriteThrough(BindingRepository repository) implements StoreMode {

        /** Checks that nothing is null. */
        public WriteThrough {
            Objects.requireNonNull(repository, "repository");
        }
    }

    /** See {@link StoreMode#writeBack}. */
    record WriteBack(BindingRepository repository, Duration interval, Duration stopLimit) implements StoreMode {

        private static final Duration SHORTEST = Duration.ofMillis(100);
        private static final Duration LONGEST = Duration.ofMinutes(5);
        private static final Duration SHORTEST_STOP = Duration.ofSeconds(1);
        private static final Duration LONGEST_STOP = Duration.ofHours(24);

        /** Checks the durations. */
        public WriteBack {
            Objects.requireNonNull(repository, "repository");
            if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException("flushInterval: " + interval
                        + " (expected 100 ms to 5 min); use StoreMode.writeThrough to persist every change");
            }
            if (stopLimit.compareTo(SHORTEST_STOP) < 0 || stopLimit.compareTo(LONGEST_STOP) > 0) {
                throw new IllegalArgumentException("stopLimit: " + stopLimit + " (expected 1 s to 24 h)");
            }
        }
    }

    /** See {@link StoreMode#databaseOnly}. */
    record DatabaseOnly(BindingRepository repository) implements StoreMode {

        /** Checks that nothing is null. */
        public DatabaseOnly {
            Objects.requireNonNull(repository, "repository");
        }
    }

    /** See {@link StoreMode#loadAtStart}. */
    record LoadAtStart(BindingRepository repository) implements StoreMode {

        /** Checks that nothing is null. */
        public LoadAtStart {
            Objects.requireNonNull(repository, "repository");
        }
    }
}
