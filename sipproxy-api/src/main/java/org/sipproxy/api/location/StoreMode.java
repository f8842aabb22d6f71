package org.sipproxy.api.location;

import java.time.Duration;
import java.util.Objects;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;

/**
 * Storage mode of bindings: in memory, in a database, or both, and what a crash may lose. The modes are those of
 * Kamailio.
 */
public sealed interface StoreMode {

    /**
     * Returns the mode that keeps bindings in memory only; a restart loses every binding. Kamailio's {@code db_mode 0}.
     */
    static StoreMode memory() {
        return Memory.INSTANCE;
    }

    /**
     * Returns the mode that reads from memory and writes every change to the database before the 200 is sent. A crash
     * loses nothing that was acknowledged. {@code db_mode 1}.
     */
    static StoreMode writeThrough(BindingRepository repository) {
        return new WriteThrough(repository);
    }

    /** Returns the same as {@link #writeBack(BindingRepository, Duration)} with an interval of 60 s. */
    static StoreMode writeBack(BindingRepository repository) {
        return writeBack(repository, Duration.ofSeconds(60));
    }

    /** Returns the same as {@link #writeBack(BindingRepository, Duration, Duration)} with a stop limit of 10 min. */
    static StoreMode writeBack(BindingRepository repository, Duration interval) {
        return new WriteBack(repository, interval, Duration.ofMinutes(10));
    }

    /**
     * Returns the mode that reads from memory and writes changes to the database in batches. While the database keeps
     * up, a crash loses the changes of at most one interval: a flush begins early enough to end in time if it takes as
     * long as those before it. A flush that takes longer than those before it, as on a machine that is suddenly busy,
     * adds that difference. While the database is unreachable or too slow, changes wait longer; {@code
     * StoreStatus.oldestWaiting} shows how long. {@code db_mode 2}.
     *
     * @param interval the greatest age of a change when it is written, 100 ms to 5 min; Kamailio's default is 60 s.
     *     Flushes begin up to a fifth earlier, so that servers that were started together do not flush together
     * @param stopLimit how long closing the proxy may take to write waiting changes, 1 s to 24 h. Closing continues
     *     while rows are being written, and gives up earlier only if nothing could be written for 10 s
     * @throws ConfigurationException if a duration is outside its range
     */
    static StoreMode writeBack(BindingRepository repository, Duration interval, Duration stopLimit) {
        return new WriteBack(repository, interval, stopLimit);
    }

    /**
     * Returns the mode that keeps nothing in memory: each request reads and writes rows, so several servers may share a
     * database. {@code db_mode 3}.
     */
    static StoreMode databaseOnly(BindingRepository repository) {
        return new DatabaseOnly(repository);
    }

    /** Returns the mode that reads all rows at startup and never writes. {@code db_mode 4}. */
    static StoreMode loadAtStart(BindingRepository repository) {
        return new LoadAtStart(repository);
    }

    /** Mode of {@link StoreMode#memory}. */
    enum Memory implements StoreMode {
        INSTANCE
    }

    /** Mode with rows in a database. */
    sealed interface WithRepository extends StoreMode {

        /** Returns the repository of the rows. */
        BindingRepository repository();
    }

    /** Mode of {@link StoreMode#writeThrough}. */
    record WriteThrough(BindingRepository repository) implements WithRepository {

        /** Checks that nothing is null. */
        public WriteThrough {
            Objects.requireNonNull(repository, "repository");
        }
    }

    /** Mode of {@link StoreMode#writeBack}. */
    record WriteBack(BindingRepository repository, Duration interval, Duration stopLimit) implements WithRepository {

        private static final Duration SHORTEST = Duration.ofMillis(100);
        private static final Duration LONGEST = Duration.ofMinutes(5);
        private static final Duration SHORTEST_STOP = Duration.ofSeconds(1);
        private static final Duration LONGEST_STOP = Duration.ofHours(24);

        /** Checks the durations. */
        public WriteBack {
            Objects.requireNonNull(repository, "repository");
            OptionProblems problems = new OptionProblems("");
            if (interval.compareTo(SHORTEST) < 0 || interval.compareTo(LONGEST) > 0) {
                problems.add(
                        "flushInterval",
                        OptionProblems.text(interval),
                        "expected " + OptionProblems.text(SHORTEST) + " to " + OptionProblems.text(LONGEST),
                        "use StoreMode.writeThrough to write every change at once");
            }
            problems.range("stopLimit", stopLimit, SHORTEST_STOP, LONGEST_STOP);
            problems.throwIfAny();
        }
    }

    /** Mode of {@link StoreMode#databaseOnly}. */
    record DatabaseOnly(BindingRepository repository) implements WithRepository {

        /** Checks that nothing is null. */
        public DatabaseOnly {
            Objects.requireNonNull(repository, "repository");
        }
    }

    /** Mode of {@link StoreMode#loadAtStart}. */
    record LoadAtStart(BindingRepository repository) implements WithRepository {

        /** Checks that nothing is null. */
        public LoadAtStart {
            Objects.requireNonNull(repository, "repository");
        }
    }
}
