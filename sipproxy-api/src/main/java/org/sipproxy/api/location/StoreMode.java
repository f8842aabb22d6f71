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
        return new WriteBack(repository, Duration.ofSeconds(60));
    }

    /**
     * Memory answers, and changes go to the database in batches: a crash loses at most one interval. {@code db_mode 2}.
     *
     * @param interval the longest time between two flushes; each comes up to a fifth earlier, so that servers that were started
     *     together do not flush together. 100 ms to 5 min; Kamailio's default is 60 s
     * @throws IllegalArgumentException if the interval is outside that range
     */
    static StoreMode writeBack(BindingRepository repository, Duration interval) {
        return new WriteBack(repository, interval);
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
    record WriteBack(BindingRepository repository, Duration interval) implements StoreMode {

        private static final Duration SHORTEST = Duration.ofMillis(100);
        private static final Duration LONGEST = Duration.ofMinutes(5);

        /** Checks the interval. */
        public WriteBack {
            Objects.requireNonNull(repository, "repository");
            if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException("flushInterval: " + interval
                        + " (expected 100 ms to 5 min); use StoreMode.writeThrough to persist every change");
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
